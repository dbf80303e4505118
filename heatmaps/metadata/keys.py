"""Secrets that open something: personal API keys, share tokens, and the tokens browsers send with."""

import hashlib
import secrets

PERSONAL_API_KEY_PREFIX = "phx_"
SHARE_TOKEN_PREFIX = "phs_"  # noqa: S105 -- a prefix, no secret
PROJECT_TOKEN_PREFIX = "phc_"  # noqa: S105 -- a prefix, no secret


def new_personal_api_key() -> str:
    # 35 bytes are the 280 bits that the contract asks for.
    return PERSONAL_API_KEY_PREFIX + secrets.token_urlsafe(35)


def new_share_token() -> str:
    return SHARE_TOKEN_PREFIX + secrets.token_urlsafe(35)


def new_project_token() -> str:
    return PROJECT_TOKEN_PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    # A random key needs no salt and no slow hash: there is nothing to guess. A key may come in as any text at all.
    return "sha256$" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def mask(key: str) -> str:
    """What a list shows of a key or a share token."""
    return f"{key[:4]}...{key[-4:]}"
