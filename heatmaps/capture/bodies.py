"""Reading the body of a request, up to a limit, and never more of them at once than there is memory for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from django.http import HttpRequest

from heatmaps.capture.refusals import busy, malformed, too_large

# Of bodies that are being read and understood, before and after decompression together.
MAX_BYTES_AT_ONCE = 256 * 1024**2
# A body that is not wanted is read all the same, up to here: a browser that is still sending cannot hear an answer,
# and would send it again.
MAX_BYTES_UNREAD = 128 * 1024**2
_CHUNK_BYTES = 64 * 1024

_taken = 0
_lock = threading.Lock()


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Raises Refused when there is no room at the moment."""
    global _taken  # noqa: PLW0603 -- one memory for the process
    with _lock:
        if _taken + size > MAX_BYTES_AT_ONCE:
            raise busy()
        _taken += size
    try:
        yield
    finally:
        with _lock:
            _taken -= size


def announced(request: HttpRequest, limit: int) -> int:
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


def read(request: HttpRequest, size: int) -> bytes:
    """The body, which may be as long as was announced. Raises Refused when it is longer, or breaks off."""
    is_chunked = _is_chunked(request)
    body = b"".join(_chunks(request, size + is_chunked))
    if is_chunked and len(body) > size:
        discard(request)
        raise too_large(size)
    if not is_chunked and len(body) < size:
        raise malformed("The body breaks off.")
    return body


def discard(request: HttpRequest) -> None:
    """Reads a body that nobody wants."""
    for _ in _chunks(request, MAX_BYTES_UNREAD):
        pass


def _chunks(request: HttpRequest, size: int) -> Iterator[bytes]:
    # The framework reads nothing where no length is announced.
    source = cast("IO[bytes]", request.META["wsgi.input"] if _is_chunked(request) else request)
    try:
        while size and (chunk := source.read(min(size, _CHUNK_BYTES))):
            yield chunk
            size -= len(chunk)
    except OSError as error:
        raise malformed("The body breaks off.") from error


def _is_chunked(request: HttpRequest) -> bool:
    return "CONTENT_LENGTH" not in request.META and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
