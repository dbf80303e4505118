"""Share tokens in what browsers send: the overlay takes one out of the page's address at once, and an SDK may have read
the address before. None is stored, wherever it stands. Knows no Django."""

import re
from typing import Any

# What is in every text that has one, as bytes of JSON.
MARK = b"phs_"
# With what stands before it, and the ampersand behind it, one of which goes with it; also as a part of another URL.
_SHARED = re.compile(r"(?:(#|\?|&|%23|%3F|%26)|(?<![\w-]))heatmap(?:=|%3D)phs_[\w-]*(&|%26)?", re.IGNORECASE)
# Deeper than anything that is kept: JSON that is nested more deeply cannot be written again.
_MAX_DEPTH = 260


def without_tokens(document: Any) -> Any:
    """The document with every such part of its texts and its keys cut out. All else stays as it is."""
    return _without(document, _MAX_DEPTH)


def _without(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _SHARED.sub(_rest, value) if "phs_" in value else value
    if not depth:
        return None
    if isinstance(value, list):
        return [_without(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return _object(value, depth - 1)
    return value


def _object(value: dict[str, Any], depth: int) -> dict[str, Any]:
    """Two keys may become one, such as the URL with and without the token: lists of points are put together, and of
    other values the one stays whose key was that before."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        cut, rest = _without(key, depth), _without(item, depth)
        there = found.get(cut)
        if isinstance(there, list) and isinstance(rest, list):
            found[cut] = there + rest
        elif cut not in found or cut == key:
            found[cut] = rest
    return found


def _rest(shared: re.Match[str]) -> str:
    """What stays of a part: where more parameters follow, what stood before it."""
    before, behind = shared[1] or "", shared[2] or ""
    return before if behind else ""
