"""Reading the body of a request, up to a limit, and never more at once than there is memory for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from django.http import HttpRequest

from heatmaps.capture.refusals import busy, malformed, too_large

# Of bodies that are being read and understood. What they become meanwhile can be twenty times as large, so of the large
# ones only one is understood at a time; the interpreter would not do it faster side by side.
MAX_BYTES_AT_ONCE = 128 * 1024**2
LARGE_BYTES = 64 * 1024
MAX_SECONDS_WAITING = 10
# A body that is not wanted is read all the same, up to here: a browser that is still sending cannot hear an answer,
# and would send it again.
MAX_BYTES_UNREAD = 128 * 1024**2
_CHUNK_BYTES = 64 * 1024

_taken = 0
_lock = threading.Lock()
_one_large = threading.Lock()


class _Room:
    """What one body takes of the memory for all: as much as has come of it, whatever was announced."""

    def __init__(self) -> None:
        self._size = 0

    def take(self, size: int) -> bool:
        global _taken  # noqa: PLW0603 -- one memory for the process
        with _lock:
            if _taken + size > MAX_BYTES_AT_ONCE:
                return False
            _taken += size
        self._size += size
        return True

    def give_back(self) -> None:
        global _taken  # noqa: PLW0603 -- as above
        with _lock:
            _taken -= self._size


@contextmanager
def body_of(request: HttpRequest, limit: int) -> Iterator[bytes]:
    """The body, which counts as being in memory until the end of the block. Raises Refused when it is too long, breaks
    off, or there is no room for it at the moment."""
    size = _announced(request, limit)
    room = _Room()
    try:
        yield _read(request, size, room)
    finally:
        room.give_back()


@contextmanager
def turn_for(size: int) -> Iterator[None]:
    """Lets one large text be understood at a time. Raises Refused when the turn does not come."""
    if size <= LARGE_BYTES:
        yield
    elif _one_large.acquire(timeout=MAX_SECONDS_WAITING):
        try:
            yield
        finally:
            _one_large.release()
    else:
        raise busy()


def _announced(request: HttpRequest, limit: int) -> int:
    """How many bytes the body has; the limit when it does not say. Raises Refused when they are too many."""
    if _is_chunked(request):
        return limit
    text = request.META.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise malformed("Content-Length is not a number.")
    if len(text) > 12 or int(text) > limit:
        discard(request)
        raise too_large(limit)
    return int(text)


def _read(request: HttpRequest, size: int, room: _Room) -> bytes:
    """The body, which may be as long as was announced. Raises Refused when it is longer, breaks off, or finds no
    room."""
    is_chunked = _is_chunked(request)
    pieces = []
    for piece in _chunks(request, size + is_chunked, _CHUNK_BYTES):
        if not room.take(len(piece)):
            discard(request)
            raise busy()
        pieces.append(piece)
    body = b"".join(pieces)
    if is_chunked and len(body) > size:
        discard(request)
        raise too_large(size)
    if not is_chunked and len(body) < size:
        raise malformed("The body breaks off.")
    return body


def discard(request: HttpRequest) -> None:
    """Reads a body that nobody wants."""
    for _ in _chunks(request, MAX_BYTES_UNREAD, _CHUNK_BYTES):
        pass


def _chunks(request: HttpRequest, size: int, at_once: int) -> Iterator[bytes]:
    # The framework reads nothing where no length is announced.
    source = cast("IO[bytes]", request.META["wsgi.input"] if _is_chunked(request) else request)
    try:
        while size and (chunk := source.read(min(size, at_once))):
            yield chunk
            size -= len(chunk)
    except OSError as error:
        raise malformed("The body breaks off.") from error


def _is_chunked(request: HttpRequest) -> bool:
    return "CONTENT_LENGTH" not in request.META and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
