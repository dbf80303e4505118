"""Addresses of pages as they are asked for: the host, the port and what stands in the request line."""

import re
from collections.abc import Container
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

PORTS = {"http": 80, "https": 443}
MOST_CHARS = 8_000
# Names as DNS has them, and what is left of IP addresses in their odd forms.
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_.])?")
# What browsers drop or turn around in a URL means here that it is none.
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_KEPT = "%/:?#[]@!$&'()*+,;=~-._"


class BadPlace(ValueError):
    """Not an address that is asked for. The message is a sentence for who sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    scheme: str
    host: str
    port: int
    # Path and query, in ASCII.
    target: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    @property
    def url(self) -> str:
        return self.origin + self.target

    @property
    def name(self) -> str:
        """The host and port, as the Host header has them."""
        return self.origin.partition("://")[2]


def place_of(url: str, ports: Container[int]) -> Place:
    """Reads a URL, whose port has to be one of these. Raises BadPlace."""
    if len(url) > MOST_CHARS:
        raise BadPlace(f"The URL is longer than {MOST_CHARS:,} characters.")
    if _NOT_IN_URLS.search(url):
        raise BadPlace("Spaces, control characters and backslashes have to be percent-encoded.")
    try:
        parts = urlsplit(url)
        port = parts.port
        has_user = parts.username is not None or parts.password is not None
    except ValueError:
        raise BadPlace("That is not a URL.") from None
    if parts.scheme not in PORTS or not parts.netloc:
        raise BadPlace("Give the whole URL of a page, with http:// or https://.")
    if has_user or "@" in parts.netloc:
        raise BadPlace("A URL with a user name or a password is not asked for.")
    port = PORTS[parts.scheme] if port is None else port
    if port not in ports:
        raise BadPlace("Only pages at the usual ports of http and https are asked for, 80 and 443.")
    try:
        host = _ascii(parts.hostname or "")
    except ValueError:
        raise BadPlace(
            "The URL names no host. One of other letters than a to z may have to be written as xn--…."
        ) from None
    target = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
    return Place(scheme=parts.scheme, host=host, port=port, target=target)


def _ascii(host: str) -> str:
    """A host as DNS has it. Raises ValueError, also where the standard library's rules would make another of it than
    browsers do."""
    if ":" in host:
        if "%" in host:
            raise ValueError(host)
        return ip_address(host).compressed
    name = host.encode("idna").decode() if not host.isascii() else host
    if not _HOST.fullmatch(name) or ".." in name or (name != host and name.encode().decode("idna") != host):
        raise ValueError(host)
    return name
