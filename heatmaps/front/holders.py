"""For whom a request is, as far as can be told without asking a database: what is given out fairly goes by it."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any

from django.http import HttpRequest

from heatmaps.access.failed_attempts import address_of
from heatmaps.front.paths import SCHEMA, Area, area_of

_PROJECT = re.compile(r"/api/(?:projects|environments)/(\d{1,18})(?:/|$)")
_KEY_IN_QUERY = re.compile(r"(?:^|&)personal_api_key=([^&]+)")
MOST_KNOWN = 10_000


class Holders:
    """Remembers which credentials opened something: others share the turn of their address, because anybody can make
    up a new one for each request."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def holder_of(self, environ: Mapping[str, Any]) -> Hashable:
        """The project whose route is asked by a known caller, else that caller, else the address."""
        credential = _credential(environ)
        if credential is None:
            return address(environ)
        try:
            self._known.move_to_end(credential)
        except KeyError:
            return address(environ)
        project = _PROJECT.match(environ["PATH_INFO"])
        return int(project[1]) if project else credential

    def opened(self, environ: Mapping[str, Any]) -> None:
        """Notes that a request was not refused."""
        credential = _credential(environ) if _is_locked(environ) else None
        if credential is not None and credential not in self._known:
            self._known[credential] = None
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)


def _is_locked(environ: Mapping[str, Any]) -> bool:
    """Whether a request needs a credential; pages, the document of the API and preflights are for anybody."""
    path = environ["PATH_INFO"]
    is_for_anybody = path.startswith(SCHEMA) or environ["REQUEST_METHOD"] == "OPTIONS"
    return area_of(path) in {Area.API, Area.MCP} and not is_for_anybody


def address(environ: Mapping[str, Any]) -> str:
    return _address(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""))


@lru_cache(MOST_KNOWN)
def _address(peer: str, forwarded: str) -> str:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    return address_of(request)


def _credential(environ: Mapping[str, Any]) -> bytes | None:
    text = environ.get("HTTP_AUTHORIZATION")
    if not text and (found := _KEY_IN_QUERY.search(environ.get("QUERY_STRING", ""))):
        text = found[1]
    text = text or environ.get("HTTP_COOKIE")
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() if text else None
