"""Compressed replies: zstd or gzip, whichever the caller takes, a chunk at a time."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from backports import zstd
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from heatmaps.front.paths import Area, area_of

View = Callable[[HttpRequest], HttpResponseBase]

# Below this a reply fits one packet anyway.
WORTH_BYTES = 1_000
# Pictures that are compressed already.
_COMPRESSED = frozenset({"image/png", "image/webp", "image/jpeg"})
# Fast levels: the network is to be the slow part, not we.
GZIP_LEVEL = 1
ZSTD_LEVEL = 1


class Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


# In the order of preference.
ENCODINGS: dict[str, Callable[[], Compressor]] = {
    "zstd": lambda: zstd.ZstdCompressor(level=ZSTD_LEVEL),
    "gzip": lambda: zlib.compressobj(GZIP_LEVEL, wbits=zlib.MAX_WBITS | 16),
}


def compress_replies(next_view: View) -> View:
    """Compresses what the API says, for callers who take it. Pages with secrets and forms are not of the API."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = next_view(request)
        if area_of(request.path_info) not in {Area.API, Area.MCP}:
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        encoding = preferred(request.headers.get("Accept-Encoding", ""))
        if (
            encoding
            and response.get("Content-Type") not in _COMPRESSED
            and not response.has_header("Content-Encoding")
            and response.status_code == 200
        ):
            _compress(response, encoding)
        return response

    return middleware


def preferred(accepted: str) -> str | None:
    """The first of our encodings that an Accept-Encoding header takes; None when it takes none."""
    weights = {}
    for item in accepted.lower().split(","):
        name, _, parameters = item.partition(";")
        weights[name.strip()] = parameters.strip().removeprefix("q=").strip() or "1"
    return next((name for name in ENCODINGS if _is_taken(weights.get(name, weights.get("*", "0")))), None)


def _is_taken(weight: str) -> bool:
    try:
        return float(weight) > 0
    except ValueError:
        return False


def _compress(response: HttpResponseBase, encoding: str) -> None:
    compressor = ENCODINGS[encoding]()
    if isinstance(response, StreamingHttpResponse):
        # The response closes what it streamed before, too, when it is closed.
        response.streaming_content = _compressed(response.streaming_content, compressor)  # type: ignore[arg-type]
    elif isinstance(response, HttpResponse) and len(response.content) >= WORTH_BYTES:
        response.content = compressor.compress(response.content) + compressor.flush()
        if response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
    else:
        return
    response["Content-Encoding"] = encoding


def _compressed(chunks: Iterable[bytes], compressor: Compressor) -> Iterator[bytes]:
    for chunk in chunks:
        if data := compressor.compress(chunk):
            yield data
    yield compressor.flush()
