"""Query parameters that nobody read: a misspelt filter leaves nothing out, and its caller is to hear of it."""

from collections.abc import Collection, Iterable
from urllib.parse import quote

HEADER = "Heatmaps-Ignored"
# Not read by a form, and known all the same: to the authentication, or to callers who were written for upstream.
KNOWN_ELSEWHERE = frozenset({"personal_api_key", "token", "api_key", "format"})
MAX_NAMES = 10
MAX_BYTES = 200
_SEPARATOR = ", "


def ignored_parameters(given: Iterable[str], known_names: Collection[str]) -> str:
    """The header's value: the given names that are not known, percent-encoded, in their order; empty when there are
    none. A name that has no room any more is left out."""
    told: list[str] = []
    room = MAX_BYTES
    for name in dict.fromkeys(given):
        encoded = quote(name, safe="")
        needed = len(encoded) + (len(_SEPARATOR) if told else 0)
        if encoded and name not in known_names and name not in KNOWN_ELSEWHERE and needed <= room:
            told.append(encoded)
            room -= needed
        if len(told) == MAX_NAMES:
            break
    return _SEPARATOR.join(told)
