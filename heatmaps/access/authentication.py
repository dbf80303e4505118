"""Who is asking: a personal API key, a share token, or a session that began at the admin's login."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import DEFAULT_DB_ALIAS, OperationalError
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from rest_framework import authentication
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from heatmaps.access import failed_attempts
from heatmaps.metadata import keys
from heatmaps.models import PersonalAPIKey, Share, User

BEARER = re.compile(r"bearer\s+(\S.*)", re.IGNORECASE | re.DOTALL)
# A write for every request would cost more than the request.
LAST_USED_EVERY = timedelta(hours=1)

# As it stands, for every request: putting the same text together anew took longer than the answer.
_WITH_DIGEST = """
SELECT key.* FROM heatmaps_personalapikey AS key JOIN heatmaps_user AS owner ON owner.id = key.user_id
WHERE key.digest = %s AND owner.is_active
"""


class PersonalAPIKeyAuthentication(BaseAuthentication):
    """Tries one candidate: the header's, else the body's, else the query's. `request.auth` becomes the key."""

    def authenticate(self, request: Request) -> tuple[User, PersonalAPIKey] | None:
        candidate, place = self._candidate(request)
        if candidate is None:
            return None
        key = _known(
            request,
            candidate,
            lambda digest: next(iter(PersonalAPIKey.objects.raw(_WITH_DIGEST, [digest])), None),
            f"Personal API key found in request {place} is invalid.",
        )
        # What else there is to know of the user is looked up when somebody asks, and the API never does.
        return User.from_db(DEFAULT_DB_ALIAS, ["id"], [key.user_id]), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    @staticmethod
    def _candidate(request: Request) -> tuple[str | None, str]:
        if header := BEARER.fullmatch(request.headers.get("Authorization", "").strip()):
            return header[1], "Authorization header"
        places: list[tuple[Any, str]] = [(request.query_params, "query string")]
        # In a file, no key is looked for.
        if not getattr(request.parser_context.get("view"), "body_is_file", False):
            # Read as a whole first, so that a body of any size meets the one limit for bodies.
            _ = request._request.body  # noqa: SLF001 -- Django's request has no other name in DRF's
            places.insert(0, (request.data, "body"))
        for source, place in places:
            value: Any = source.get("personal_api_key") if hasattr(source, "get") else None
            if value and isinstance(value, str):
                return value, place
        return None, ""


class ShareAuthentication(BaseAuthentication):
    """A share token, in the header alone: addresses are kept in too many places. There is no user behind it, so that
    whatever asks for one stays closed. `request.auth` becomes the token's row."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Share] | None:
        http_request: HttpRequest = request._request  # noqa: SLF001 -- Django's request has no other name in DRF's
        token = share_token(http_request)
        if token is None:
            return None
        share = _known(request, token, _live_share, "The share token is unknown, revoked or has expired.")
        # The middleware that tells browsers who may read the reply is outside of the framework.
        http_request.share = share  # type: ignore[attr-defined]
        return AnonymousUser(), share

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def share_token(request: HttpRequest) -> str | None:
    """The share token that a request comes with."""
    header = BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    return header[1] if header and header[1].startswith(keys.SHARE_TOKEN_PREFIX) else None


def _live_share(digest: str) -> Share | None:
    return Share.objects.select_related("project").filter(digest=digest, expires_at__gt=timezone.now()).first()


K = TypeVar("K", PersonalAPIKey, Share)


def _known(request: Request, candidate: str, find: Callable[[str], K | None], refusal: str) -> K:
    """The key or token that opens something, whose use is noted. Raises AuthenticationFailed, or Throttled for an
    address that was wrong too often."""
    digest, address = keys.digest(candidate), failed_attempts.address_of(request._request)  # noqa: SLF001 -- as above
    is_known = failed_attempts.is_known(address, digest)
    if not is_known and (wait := failed_attempts.BAD_KEYS.seconds_to_wait(address)):
        raise Throttled(wait, "Too many keys from this address were invalid.")
    key = find(digest)
    if key is None:
        failed_attempts.BAD_KEYS.failed(address)
        raise AuthenticationFailed(refusal)
    if not is_known:
        failed_attempts.remember(address, digest)
    _note_use(key, timezone.now())
    return key


def _note_use(key: PersonalAPIKey | Share, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_EVERY:
        is_due = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_EVERY)
        # Nobody is kept from reading because this cannot be noted, as on a full disk.
        with suppress(OperationalError):
            type(key).objects.filter(is_due, pk=key.pk).update(last_used_at=now)


class SessionAuthentication(authentication.SessionAuthentication):
    """A session. Its CSRF token is asked for where a method changes something; elsewhere a POST is to be told 405."""

    def enforce_csrf(self, request: Request) -> None:
        if request.method in getattr(request.parser_context.get("view"), "changing_methods", ()):
            super().enforce_csrf(request)
