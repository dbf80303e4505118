"""From an event to its points on the page. Pure functions, no Django."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import floor
from typing import Any

from heatmaps.population.filters import SCROLL_DEPTH
from heatmaps.population.wildcards import Test

HEATMAP_EVENT = "$$heatmap"
SCALE_FACTOR = 16
_SMALLEST, _LARGEST = -(2**15), 2**15 - 1
# Origin, path, and what comes after it.
_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*)([^?#]*)(.*)", re.DOTALL)
# What programs say when they do not know who it is.
_NOBODY_IN_ANY_CASE = frozenset(
    [
        "anonymous",
        "guest",
        "distinctid",
        "distinct_id",
        "id",
        "not_authenticated",
        "email",
        "undefined",
        "true",
        "false",
    ]
)
_NOBODY = frozenset(["[object Object]", "NaN", "None", "none", "null", "0"])
_QUOTES = "'\""


class Skip(StrEnum):
    """Why points are not kept."""

    NO_VISITOR = "no usable distinct_id"
    NO_VIEWPORT = "no numeric viewport"
    NO_POINTS = "heatmap data that is no object"
    NO_URL = "no usable URL"
    NOT_LISTED = "page that is not on the allow-list"
    NO_LIST = "no list of points under a URL"
    NO_POINT = "a point that is no object"
    NO_POSITION = "no numeric x and y"
    NO_TYPE = "no type"
    NO_TARGET = "target_fixed that is no boolean"
    EXPIRED = "older than RETENTION_DAYS"
    TOO_DEEP = "properties of an event that are nested too deeply"


@dataclass(slots=True)
class Points:
    """The points of one event, column by column, as they are stored."""

    viewport_width: int = 0
    viewport_height: int = 0
    x: list[int] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    is_fixed: list[bool] = field(default_factory=list)
    url: list[str] = field(default_factory=list)
    type: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.x)


def points(
    properties: Mapping[str, Any], distinct_id: str, skips: Counter[Skip], captures: Test | None = None
) -> Points:
    """The event's points, on the URLs that the project captures. Those that cannot be kept are counted in `skips`."""
    found = Points()
    by_url = properties.get("$heatmap_data")
    left, arrived = properties.get("$prev_pageview_pathname"), properties.get("$current_url")
    has_scrolled = bool(left and arrived)
    if by_url is None and not has_scrolled:
        return found
    if not is_visitor(distinct_id):
        skips[Skip.NO_VISITOR] += _number(by_url) + has_scrolled
        return found
    width, height = properties.get("$viewport_width"), properties.get("$viewport_height")
    if type(width) not in _NUMBERS or type(height) not in _NUMBERS:
        skips[Skip.NO_VIEWPORT] += _number(by_url) + has_scrolled
        return found
    found.viewport_width, found.viewport_height = cell(width), cell(height)  # type: ignore[arg-type]
    if isinstance(by_url, dict):
        for url, some in by_url.items():
            _add(found, url, some, skips, captures)
    elif by_url is not None:
        skips[Skip.NO_POINTS] += 1
    if has_scrolled:
        depth = properties.get("$prev_pageview_max_scroll")
        scrolled = {"x": 0, "y": depth, "target_fixed": False, "type": SCROLL_DEPTH}
        _add(found, page_left(arrived, left), [scrolled], skips, captures)
    return found


def is_visitor(distinct_id: str) -> bool:
    """Whether it tells one visitor from another."""
    if len(distinct_id) > 1 and distinct_id[0] == distinct_id[-1] and distinct_id[0] in _QUOTES:
        distinct_id = distinct_id[1:-1]
    return not (
        not distinct_id or distinct_id.isspace() or distinct_id in _NOBODY or distinct_id.lower() in _NOBODY_IN_ANY_CASE
    )


def page_left(arrived: Any, path: Any) -> str:
    """The URL of the page before: the new one's with the path replaced. Query and fragment belong to the new page, and
    stay only where the path is its own. Empty when the URL cannot be told."""
    if not (isinstance(arrived, str) and isinstance(path, str)):
        return ""
    url = _URL.fullmatch(arrived)
    if url is None:
        return ""
    path = path if path.startswith("/") else f"/{path}"
    return f"{url[1]}{path}{url[3] if path == (url[2] or '/') else ''}"


def cell(pixels: float) -> int:
    """CSS pixels in steps of 16, half a step rounded up, as far as the column reaches."""
    return max(_SMALLEST, min(_LARGEST, floor(pixels / SCALE_FACTOR + 0.5)))


_NUMBERS = (int, float)


def _add(found: Points, url: str, some: Any, skips: Counter[Skip], captures: Test | None) -> None:
    if not url or url.isspace():
        skips[Skip.NO_URL] += len(some) if isinstance(some, list) else 1
    elif not isinstance(some, list):
        skips[Skip.NO_LIST] += 1
    elif captures is not None and not captures(url):
        skips[Skip.NOT_LISTED] += len(some)
    else:
        for point in some:
            if problem := _problem(point):
                skips[problem] += 1
                continue
            found.x.append(cell(point["x"]))
            found.y.append(cell(point["y"]))
            found.is_fixed.append(point["target_fixed"])
            found.url.append(url)
            found.type.append(point["type"])


def _problem(point: Any) -> Skip | None:
    if type(point) is not dict:
        return Skip.NO_POINT
    # A boolean is an int to Python, and no number here.
    if type(point.get("x")) not in _NUMBERS or type(point.get("y")) not in _NUMBERS:
        return Skip.NO_POSITION
    kind = point.get("type")
    if type(kind) is not str or not kind or kind.isspace():
        return Skip.NO_TYPE
    if type(point.get("target_fixed")) is not bool:
        return Skip.NO_TARGET
    return None


def _number(by_url: Any) -> int:
    """How many points there are, of whatever quality."""
    if isinstance(by_url, dict):
        return sum(len(some) if isinstance(some, list) else 1 for some in by_url.values())
    return int(by_url is not None)
