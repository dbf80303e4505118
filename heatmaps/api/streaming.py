"""Chunks of a body onto the socket. Nothing on this way holds the whole answer."""

from collections.abc import Iterator
from itertools import islice

import structlog
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from heatmaps import engine

logger = structlog.get_logger(__name__)


def streamed(chunks: Iterator[bytes], media_type: str) -> HttpResponseBase:
    """Asks the engine now, so that its refusal can still be an error reply; short answers are sent as one piece."""
    head = list(islice(chunks, 3))
    if len(head) < 3:
        return HttpResponse(b"".join(head), content_type=media_type)
    return StreamingHttpResponse(_Stream(head, chunks), content_type=media_type)


class _Stream:
    """Chunks of a body whose first ones were made before the status line; closing it lets go of the engine."""

    def __init__(self, head: list[bytes], rest: Iterator[bytes]) -> None:
        self._head = head
        self._rest = rest

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._head:
            return self._head.pop(0)
        try:
            return next(self._rest)
        except engine.EngineError as error:
            # The status is long gone. The body ends here, and what has arrived is no JSON document.
            logger.error("A reply broke off", cause=" ".join(str(error).split())[:500])  # noqa: TRY400 -- one line
            raise

    def close(self) -> None:
        self._rest.close()  # type: ignore[attr-defined]
