"""Scripts, styles and pictures under names that change with their contents, so that browsers keep them for ever.

One hash stands for all files of a folder, `/static/viewer.<hash>/main.js`: our modules import each other in circles by
relative names, so none of them can have a hash of its own. Whoever got one file of a state gets no file of another.
"""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from backports import zstd
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware

from heatmaps.front.compression import WORTH_BYTES, preferred

FOREVER = "public, max-age=31536000, immutable"
HASH_BYTES = 6
_HASHED = re.compile(rf"(?P<folder>[^/]+)\.(?P<hash>[0-9a-f]{{{2 * HASH_BYTES}}})/(?P<rest>.+)")
# What is text, and gets shorter.
_COMPRESSED = ("text/", "application/json", "image/svg+xml")
# Done once for each file, so better than what is compressed for one reply.
_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda content: zstd.compress(content, level=12),
    "gzip": lambda content: zlib.compress(content, level=9, wbits=zlib.MAX_WBITS | 16),
}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was when it was looked at."""

    path: str
    changed_ns: int
    size: int


def _look_at(path: str) -> File | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return File(path, found.st_mtime_ns, found.st_size)


def _list() -> dict[str, File]:
    """All files that the apps bring along, by their names below `/static/`. The first one of a name counts."""
    found: dict[str, File] = {}
    for finder in finders.get_finders():
        for path, storage in finder.list(None):
            prefix = getattr(storage, "prefix", None)
            name = f"{prefix}/{path}" if prefix else path
            if name not in found and (file := _look_at(storage.path(path))):
                found[name] = file
    return found


files_once = lru_cache(1)(_list)


def files() -> dict[str, File]:
    """The files that are served. They are looked at once, and anew each time where somebody is at work on them."""
    return _list() if settings.DEBUG else files_once()


@lru_cache(4_096)
def _digest(file: File) -> bytes:
    return blake2b(Path(file.path).read_bytes(), digest_size=16).digest()


def _hash(folder: str, found: dict[str, File]) -> str | None:
    whole = blake2b(digest_size=HASH_BYTES)
    names = sorted(name for name in found if name.startswith(f"{folder}/"))
    for name in names:
        whole.update(f"{name}\0".encode() + _digest(found[name]))
    return whole.hexdigest() if names else None


@lru_cache(256)
def hash_once(folder: str) -> str | None:
    return _hash(folder, files_once())


def hash_of(folder: str) -> str | None:
    """What stands for the contents of a folder below `/static/`; None when there is no such folder."""
    return _hash(folder, _list()) if settings.DEBUG else hash_once(folder)


def hashed(name: str) -> str:
    """The name below `/static/` that changes with what is in the folder of a file."""
    folder, slash, rest = name.partition("/")
    found = hash_of(folder) if slash else None
    return f"{folder}.{found}/{rest}" if found else name


class HashedFolders(StaticFilesStorage):
    """What `{% static %}` asks for the address of a file."""

    def url(self, name: str | None) -> str:
        return super().url(hashed(name) if name else name)


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # it has no types
    """Answers with files: under hashed names for ever, compressed for who takes that."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        address = request.path_info
        if address.startswith(self.static_prefix):
            return self._answer(request, address.removeprefix(self.static_prefix))
        response: HttpResponseBase = super().__call__(request)
        return response

    def _answer(self, request: HttpRequest, asked: str) -> HttpResponseBase:
        named = _HASHED.fullmatch(asked)
        is_hashed = named is not None and hash_of(named["folder"]) is not None
        name = f"{named['folder']}/{named['rest']}" if named and is_hashed else asked
        file = files().get(name)
        static_file = self._found(self.static_prefix + name)
        if static_file is None or (is_hashed and not _is_as_asked(asked, name, file)):
            response: HttpResponseBase = self.get_response(request)
            return response
        found: FileResponse = self.serve(static_file, request)
        if is_hashed:
            found["Cache-Control"] = FOREVER
        return _shortened(found, request, file) if file else found

    def _found(self, address: str) -> Any:
        return self.find_file(address) if self.autorefresh else self.files.get(address)


def _is_as_asked(asked: str, name: str, file: File | None) -> bool:
    """Whether a hash is that of the folder, and the file still the one that it was made of."""
    return asked == hashed(name) and file is not None and _look_at(file.path) == file


def _shortened(response: FileResponse, request: HttpRequest, file: File) -> HttpResponseBase:
    """A whole file, compressed for a caller who takes that."""
    if response.status_code != 200 or not response.get("Content-Type", "").startswith(_COMPRESSED):
        return response
    patch_vary_headers(response, ["Accept-Encoding"])
    encoding = preferred(request.headers.get("Accept-Encoding", ""))
    if not encoding or file.size < WORTH_BYTES:
        return response
    content = _compressed(file, encoding)
    # Closing the response itself would mean that the request is over.
    if response.file_to_stream:
        response.file_to_stream.close()
    short = HttpResponse(b"" if request.method == "HEAD" else content, headers=dict(response.items()))
    short["Content-Length"] = str(len(content))
    short["Content-Encoding"] = encoding
    return short


@lru_cache(1_024)
def _compressed(file: File, encoding: str) -> bytes:
    return _ENCODERS[encoding](Path(file.path).read_bytes())
