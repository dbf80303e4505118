"""Looks at the headers of a page: at pinned addresses, with its redirects, within limits."""

import asyncio
import re
import ssl
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from urllib.parse import urljoin

from heatmaps import __version__
from heatmaps.framing.network import Network
from heatmaps.framing.places import Place, place_of

SECONDS = 5.0
MOST_BYTES = 64 * 1024
MOST_REDIRECTS = 5
# Of a host with several addresses, of which some may be out of order.
_MOST_ADDRESSES = 4
_CONNECT_SECONDS = 2.0
_REDIRECTS = {301, 302, 303, 307, 308}
_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})(?: [^\r\n]*)?")

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a page answered: of which place in the end, with which status, and its headers in small letters."""

    place: Place
    status: int
    headers: Headers

    def values(self, name: str) -> list[str]:
        return [value for one, value in self.headers if one == name]


class NothingSeen(Exception):
    """No page answered. `status` is that of the redirect that led nowhere, and None where there was none."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


def look(place: Place, network: Network, *, seconds: float = SECONDS) -> Seen:
    """What a visitor without cookies is answered there, after redirects. Raises NothingSeen.

    Each host is looked up once, and what it is connected to is one of the addresses that were found and judged then.
    """
    until = monotonic() + seconds
    status: int | None = None
    for _ in range(MOST_REDIRECTS + 1):
        try:
            seen = _ask(place, network, until)
        except (OSError, ssl.SSLError, TimeoutError, _Unreadable) as error:
            raise NothingSeen(f"{type(error).__name__}: {error}", status) from error
        status = seen.status
        led_to = next(iter(seen.values("location")), None)
        if status not in _REDIRECTS or led_to is None:
            return seen
        try:
            place = place_of(urljoin(place.url, led_to).partition("#")[0], network.ports)
        except ValueError as error:
            raise NothingSeen("A redirect leads to what is not asked for", status) from error
    raise NothingSeen("Too many redirects", status)


class _Unreadable(Exception):
    """What came is no reply of HTTP, or has too long a head."""


class _Closed(OSError):
    """An address that is not asked."""


def _ask(place: Place, network: Network, until: float) -> Seen:
    addresses = network.addresses_of(place.host, max(0.0, until - monotonic()))
    # All of them: a name that has both kinds of addresses is up to something.
    if not all(map(network.is_open, addresses)):
        raise _Closed("not an address of the internet")
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError("late")
    head = asyncio.run(_head(place, addresses[:_MOST_ADDRESSES], network, left))
    return _read(place, head)


async def _head(place: Place, addresses: list[str], network: Network, seconds: float) -> bytes:
    """The bytes of a reply until its headers end."""
    async with asyncio.timeout(seconds):
        reader, writer = await _connected(place, addresses, network)
        try:
            writer.write(_request(place))
            await writer.drain()
            return await _until_end(reader)
        finally:
            # Not closed in order, for which the other side could let us wait.
            writer.transport.abort()


async def _connected(
    place: Place, addresses: list[str], network: Network
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    failed: Exception = OSError("no address")
    for address in addresses:
        # These are numbers, so that nothing is looked up again; the certificate has to be of the name.
        secure = (
            {"ssl": _tls(network.authority), "server_hostname": place.host.rstrip(".")}
            if place.scheme == "https"
            else {}
        )
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await asyncio.open_connection(address, place.port, limit=MOST_BYTES, **secure)  # type: ignore[arg-type]
        except (OSError, TimeoutError) as error:
            failed = error
    raise failed


@lru_cache
def _tls(authority: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(cadata=authority)
    return context


def _request(place: Place) -> bytes:
    lines = [
        f"GET {place.target} HTTP/1.1",
        f"Host: {place.name}",
        f"User-Agent: heatmaps-service/{__version__} (looks whether a page may be framed)",
        "Accept: text/html,application/xhtml+xml,*/*;q=0.8",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


async def _until_end(reader: asyncio.StreamReader) -> bytes:
    """A head, without those that only say that it is still to come (1xx)."""
    came = b""
    read = 0
    while True:
        end = _END.search(came)
        if end is None:
            if read >= MOST_BYTES:
                raise _Unreadable("longer than 64 KiB")
            piece = await reader.read(min(4096, MOST_BYTES - read))
            if not piece:
                raise _Unreadable("ends too early")
            read += len(piece)
            came += piece
        elif came.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):
            came = came[end.end() :]
        else:
            return came[: end.start()]


def _read(place: Place, head: bytes) -> Seen:
    first, *lines = re.split(rb"\r?\n", head)
    status = _STATUS.fullmatch(first)
    if status is None:
        raise _Unreadable("not HTTP")
    headers: Headers = []
    for line in lines:
        text = line.decode("latin-1")
        if text[:1] in {" ", "\t"} and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {text.strip()}")
            continue
        name, colon, value = text.partition(":")
        if colon:
            headers.append((name.strip().lower(), value.strip()))
    return Seen(place=place, status=int(status[1]), headers=headers)
