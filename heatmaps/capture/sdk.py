"""The SDK's own scripts, as npm has them, for pages that load them from the service."""

import hashlib
import re
import zlib
from functools import lru_cache
from pathlib import Path

import orjson
from backports import zstd
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt

from heatmaps.front.compression import preferred
from heatmaps.front.envelope import error

# Nothing that leads out of the folder.
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*\.js")
MAIN = "array.js"
# The SDK asks for it on every page with heatmaps, whatever it is told, and first for that of its own version. A 404
# would be a red line in each visitor's console.
ALWAYS_ASKED_FOR = "dead-clicks-autocapture.js"
TYPE = "application/javascript"
_LONG = "public, max-age=31536000, immutable"
_HOUR = "public, max-age=3600"
# Where npm's package has them, and where they are when only they were copied.
_FOLDERS = ("dist", "package/dist", ".")
# As array.js has it, minified or not.
_VERSION = re.compile(rb'\bLIB_VERSION ?[:=] ?"([0-9][0-9A-Za-z.+-]*)"')
_SCRIPTS_KEPT = 64
_LEVELS = {"gzip": 9, "zstd": 15}


@csrf_exempt
def script(request: HttpRequest, name: str, version: str = "") -> HttpResponse:
    """One of the SDK's scripts. `version` is that of the SDK which is there, or its first number. No other is found,
    but for the script that the SDK would then ask for without a version."""
    response = _script(request, name, version)
    # Pages of every origin load them, those that ask for CORS or CORP as well.
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def is_there() -> bool:
    return _folder() is not None


def is_dead_click_seen() -> bool:
    """Whether the script is there that sees clicks on which nothing happens; old releases have none."""
    folder = _folder()
    return folder is not None and (folder / ALWAYS_ASKED_FOR).is_file()


def complaint(*, is_awaited: bool = False) -> str:
    """What is wrong where SDK_DIRECTORY is set, or the usual directory is there, and no SDK is in it; else nothing.
    When it is awaited, the usual directory has to be there, too."""
    directory = settings.SDK_DIRECTORY
    if not directory or is_there():
        return ""
    if directory == settings.DEFAULT_SDK_DIRECTORY and not Path(directory).exists() and not is_awaited:
        return ""
    return f"SDK_DIRECTORY is {directory}, which has no {MAIN}: pages cannot load it."


def version_there() -> str | None:
    """The version of the SDK that is there, as its package.json has it, or array.js where only that is there."""
    folder = _folder()
    if folder is None:
        return None
    for path in (folder / "package.json", folder.parent / "package.json"):
        try:
            about = orjson.loads(path.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            continue
        if isinstance(about, dict) and about.get("name") == "posthog-js":
            return str(about.get("version"))
    try:
        path = folder / MAIN
        return _version_in(path, _mark(path))
    except OSError:
        return None


def _script(request: HttpRequest, name: str, version: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Access-Control-Allow-Methods": "GET, HEAD, OPTIONS"})
    if request.method not in {"GET", "HEAD"}:
        refusal = error(405, type="invalid_request", code="method_not_allowed", detail="Scripts are only read.")
        refusal["Allow"] = "GET, HEAD, OPTIONS"
        return refusal
    folder = _folder()
    there = version_there() if version else None
    if name == ALWAYS_ASKED_FOR:
        if not is_dead_click_seen():
            return HttpResponse(status=204, content_type=TYPE, headers={"Cache-Control": _HOUR})
        version = version if version == there else ""
    if folder is None or not _NAME.fullmatch(name) or (version and version not in _names_of(there)):
        return _not_found(folder, name, version)
    encoding = preferred(request.headers.get("Accept-Encoding", "")) or ""
    try:
        path = folder / name
        content, tag = _packed(path, encoding, _mark(path))
    except OSError:
        return _not_found(folder, name, version)
    response = get_conditional_response(request, etag=tag)
    if response is None:
        response = HttpResponse(content, content_type=TYPE)
        if encoding:
            response["Content-Encoding"] = encoding
    # Asked again, since another release may have been put there while the script was read.
    response["Cache-Control"] = _LONG if version and version == there == version_there() else _HOUR
    response["ETag"] = tag
    response["Vary"] = "Accept-Encoding"
    return response


def _folder() -> Path | None:
    """Where the scripts are; None without any."""
    if not settings.SDK_DIRECTORY:
        return None
    places = (Path(settings.SDK_DIRECTORY, folder) for folder in _FOLDERS)
    return next((place for place in places if (place / MAIN).is_file()), None)


def _names_of(version: str | None) -> set[str]:
    return {version, version.partition(".")[0]} if version else set()


def _not_found(folder: Path | None, name: str, version: str) -> HttpResponse:
    if folder is None:
        detail = "This service has no scripts of the SDK. `manage.py fetch_sdk` gets them."
    elif version and version not in _names_of(version_there()):
        detail = f"This service has version {version_there() or 'unknown'} of the SDK."
    else:
        detail = f"The SDK has no {name}."
    return error(404, type="invalid_request", code="not_found", detail=detail)


def _mark(path: Path) -> tuple[int, ...]:
    """What tells a file from another one in its place. Size and time of change do not: all of npm's have the same time,
    and a release often has the length of the one before."""
    found = path.stat()
    return found.st_ino, found.st_ctime_ns, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=1)
def _version_in(path: Path, mark: tuple[int, ...]) -> str | None:
    found = _VERSION.search(path.read_bytes())
    return found[1].decode() if found else None


@lru_cache(maxsize=_SCRIPTS_KEPT)
def _packed(path: Path, encoding: str, mark: tuple[int, ...]) -> tuple[bytes, str]:
    """The bytes to send and their ETag. Once for each file, so that it may take long; anew for one that was changed."""
    content = path.read_bytes()
    match encoding:
        case "zstd":
            content = zstd.compress(content, _LEVELS["zstd"])
        case "gzip":
            compressor = zlib.compressobj(_LEVELS["gzip"], wbits=zlib.MAX_WBITS | 16)
            content = compressor.compress(content) + compressor.flush()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'
