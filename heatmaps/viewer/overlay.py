"""The script that a site has on its pages, so that whoever has a share token sees the map over them."""

import gzip
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from heatmaps.front.compression import preferred

LOADER = Path(__file__).parent / "static" / "viewer" / "overlay" / "loader.js"
# As the loader names it, and where static files have it.
MAIN, MAIN_FILE = "./main.js", "viewer/overlay/main.js"
# A new version names its modules otherwise, and browsers have to learn of it.
KEPT_SECONDS = 600


@require_safe
def loader(request: HttpRequest) -> HttpResponseBase:
    """A script for any page. It asks nothing of the service until a page's address has a token."""
    content = _content(static(MAIN_FILE))
    etag = f'W/"{blake2b(content, digest_size=8).hexdigest()}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        is_short = preferred(request.headers.get("Accept-Encoding", "").replace("zstd", "")) == "gzip"
        response = HttpResponse(
            _compressed(content) if is_short else content, content_type="text/javascript; charset=utf-8"
        )
        if is_short:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    response["Access-Control-Allow-Origin"] = "*"
    # For pages that take in only what says so.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _content(main: str) -> bytes:
    return _source().replace(MAIN, main).encode()


@lru_cache(1)
def _source() -> str:
    return LOADER.read_text()


@lru_cache(4)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=9, mtime=0)
