"""The URLs that a project captures, as an operator writes them: full URLs, in which `*` stands for any characters."""

from typing import Any
from urllib.parse import urlsplit

MAX_URLS = 100
MAX_URL_CHARS = 2_000
_MAX_SHOWN = 50


class BadAllowlist(ValueError):
    """A list that cannot be used; the text says which entry, and why."""


def parse(raw: Any) -> list[str]:
    """The URLs of a JSON list, each once, sorted; raises BadAllowlist."""
    if not isinstance(raw, list):
        raise BadAllowlist('url_allowlist must be a list of URLs, such as ["https://example.com/*"].')
    if len(raw) > MAX_URLS:
        raise BadAllowlist(f"url_allowlist must have at most {MAX_URLS} URLs.")
    return sorted({_url(entry, place) for place, entry in enumerate(raw)})


def _url(entry: Any, place: int) -> str:
    if not isinstance(entry, str):
        raise _refused(place, "", "must be a text.")
    url = entry.strip()
    if len(url) > MAX_URL_CHARS:
        raise _refused(place, url, f"must have at most {MAX_URL_CHARS:,} characters.")
    if not url.isprintable() or " " in url:
        raise _refused(place, url, "must not have spaces or control characters.")
    if not _is_full(url):
        raise _refused(place, url, "must be a full URL that begins with http:// or https://.")
    return url


def _is_full(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _refused(place: int, url: str, reason: str) -> BadAllowlist:
    shown = "".join(letter if letter.isprintable() else "?" for letter in url[:_MAX_SHOWN])
    return BadAllowlist(f"url_allowlist[{place}] ({shown}) {reason}" if shown else f"url_allowlist[{place}] {reason}")
