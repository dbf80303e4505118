"""The parameter `areas`: parts of a page, as rectangles and polygons."""

import math
from typing import Any

from rest_framework import serializers

from heatmaps.population.areas import MAX_AREAS, Area
from heatmaps.requests.fields import JSONText

MIN_CORNERS, MAX_CORNERS = 3, 200
MAX_NAME_LENGTH = 200
MAX_COORDINATE = 1e9
_RECTANGLE, _POLYGON = {"x", "y"}, {"polygon"}
_EXAMPLES = [
    '[{"name":"cta","x":[0.1,0.4],"y":[400,560]}]',
    '[{"name":"hero","polygon":[[0.1,400],[0.4,400],[0.25,560]],"target_fixed":false}]',
]


class Areas(JSONText):
    """JSON list of areas."""

    examples = _EXAMPLES

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(not_json="areas must be valid JSON", **kwargs)

    def to_internal_value(self, data: Any) -> tuple[Area, ...]:  # type: ignore[override]
        items = super().to_internal_value(data)
        if not isinstance(items, list) or not items:
            raise serializers.ValidationError("areas must be a non-empty array")
        if len(items) > MAX_AREAS:
            raise serializers.ValidationError(f"areas must have at most {MAX_AREAS} entries")
        areas: dict[str, Area] = {}
        for place, item in enumerate(items):
            area = _area(item, place)
            if area.name in areas:
                raise _refused(place, item, "has the name of another area")
            areas[area.name] = area
        return tuple(areas.values())


def areas(help_text: str, *, required: bool) -> Areas:
    return Areas(
        required=required,
        help_text=(
            f"{help_text} JSON list of 1 to {MAX_AREAS} areas, each a rectangle "
            '`{"name": …, "x": [from, to], "y": [from, to], "target_fixed": false}` with its bounds included, or a '
            'polygon `{"name": …, "polygon": [[x, y], …]}` of 3 to 200 corners, filled by the even-odd rule. x in '
            "shares of the viewport's width, compared as hundredths; y in CSS px."
        ),
    )


def _area(item: Any, place: int) -> Area:
    if not isinstance(item, dict):
        raise _refused(place, item, "must be an object")
    name, is_fixed = item.get("name"), item.get("target_fixed", False)
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_LENGTH or "\0" in name:
        raise _refused(place, item, f"must have a name, a text of 1 to {MAX_NAME_LENGTH} characters")
    if not isinstance(is_fixed, bool):
        raise _refused(place, item, "must have true or false as its target_fixed")
    kind = item.keys() - {"name", "target_fixed"}
    if kind == _RECTANGLE:
        (left, right), (top, bottom) = _bounds(item, "x", place), _bounds(item, "y", place)
        # As the engine rounds, so that an area of one cell is what a point of it is.
        x, y = (round(left * 100), round(right * 100)), (math.ceil(top), math.floor(bottom))
        return Area(name=name, is_fixed=is_fixed, x=x, y=y)
    if kind != _POLYGON:
        raise _refused(place, item, "must have x and y, or a polygon, and nothing else")
    corners = tuple((x * 100, y) for x, y in _corners(item, place))
    xs, ys = zip(*corners, strict=True)
    bounds = [(math.ceil(min(values)), math.floor(max(values))) for values in (xs, ys)]
    return Area(name=name, is_fixed=is_fixed, x=bounds[0], y=bounds[1], corners=corners)


def _bounds(item: dict[str, Any], axis: str, place: int) -> tuple[float, float]:
    given = item[axis]
    if not isinstance(given, list) or len(given) != 2:
        raise _refused(place, item, f"must have [from, to] as its {axis}")
    start, end = (_number(value, item, place) for value in given)
    if start > end:
        raise _refused(place, item, f"has a from above its to in {axis}")
    return start, end


def _corners(item: dict[str, Any], place: int) -> list[tuple[float, float]]:
    given = item["polygon"]
    if not isinstance(given, list) or not MIN_CORNERS <= len(given) <= MAX_CORNERS:
        raise _refused(place, item, f"must have {MIN_CORNERS} to {MAX_CORNERS} corners")
    if not all(isinstance(corner, list) and len(corner) == 2 for corner in given):
        raise _refused(place, item, "must have [x, y] as each of its corners")
    return [(_number(x, item, place), _number(y, item, place)) for x, y in given]


def _number(value: Any, item: dict[str, Any], place: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(place, item, "must have numbers as its coordinates")
    if not abs(value) <= MAX_COORDINATE:
        raise _refused(place, item, "must have finite coordinates within ±1e9")
    return float(value)


def _refused(place: int, item: Any, reason: str) -> serializers.ValidationError:
    """Names the entry by its number, and by its name where it has one."""
    name = item.get("name") if isinstance(item, dict) else None
    entry = f"areas[{place}] ({name[:50]})" if isinstance(name, str) and name else f"areas[{place}]"
    return serializers.ValidationError(f"{entry} {reason}.")
