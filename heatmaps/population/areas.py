"""Parts of a page, as a caller draws them, and which of them a cell lies in, in SQL.

A cell is looked up twice, by its x and by its y: each time a number tells, bit by bit, which areas have that x or that
y within their bounds. So it takes no longer to ask about a hundred areas than about one. Polygons are gone around only
for cells within their bounds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from heatmaps.population.binding import Binder
from heatmaps.population.cells import CELL, X_BITS, X_FROM, Y_BITS, Y_FROM
from heatmaps.population.layout import Layout

MAX_AREAS = 100
# So many areas share a number.
_BITS = 64
# Each row of a block gets a copy of a polygon's corners.
SMALL_BLOCKS = "SETTINGS max_block_size = 8192"
# Beyond what a cell can say of y, in CSS px, and of x, in hundredths of the viewport's width.
_Y_END, _X_END = 1 << 31, 1 << 23

Bounds = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of a page. Bounds are included, x in hundredths of the viewport's width, y in CSS px. Corners are those of
    a polygon, in the same units, which the bounds are around; a rectangle has none."""

    name: str
    is_fixed: bool
    x: Bounds
    y: Bounds
    corners: tuple[tuple[float, float], ...] = ()


def region(areas: Sequence[Area], binder: Binder, cell: str = "cell") -> str:
    """A number, of 128 bits, whose nth bit says whether a cell of the finest grid lies in the nth area; both in SQL."""
    numbers = [
        f"bitShiftLeft(toUInt128({_word(areas[start : start + _BITS], cell, binder)}), {start})"
        for start in range(0, len(areas), _BITS)
    ]
    return numbers[0] if len(numbers) == 1 else f"bitOr({', '.join(numbers)})"


def in_areas(areas: Sequence[Area], layout: Layout, binder: Binder) -> str:
    """Whether a row lies in one of the areas. What a question calls `cell` may be one of a caller's grid."""
    return f"{region(areas, binder, 'heatmaps.cell' if layout.has_keys else f'({CELL})')} != 0"


def has_polygons(areas: Sequence[Area]) -> bool:
    return any(area.corners for area in areas)


def _word(areas: Sequence[Area], cell: str, binder: Binder) -> str:
    x = f"(toInt64(bitAnd({cell}, {2**X_BITS - 1})) - {X_FROM})"
    y = f"(toInt64(bitAnd(bitShiftRight({cell}, {X_BITS}), {2**Y_BITS - 1})) - {Y_FROM})"
    by_x = _looked_up(x, areas, lambda area: area.x, _X_END, binder)
    by_y = _looked_up(y, areas, lambda area: area.y, _Y_END, binder)
    fixed = binder.bind(_bits(area.is_fixed for area in areas), "UInt64", "fixed_areas")
    scrolling = binder.bind(_bits(not area.is_fixed for area in areas), "UInt64", "scrolling_areas")
    by_kind = f"if(bitShiftRight({cell}, {X_BITS + Y_BITS}) = 1, {fixed}, {scrolling})"
    bounded = f"bitAnd(bitAnd({by_x}, {by_y}), {by_kind})"
    # Named, as the engine takes much longer to understand what is written out for every polygon.
    within = f"within_{len(binder.parameters)}"
    outside = [
        f"bitShiftLeft(toUInt64(bitTest({within}, {place}) AND NOT {_is_inside(area, x, y, binder)}), {place})"
        for place, area in enumerate(areas)
        if area.corners
    ]
    # A bit that is set within the bounds of a polygon is taken out again where the polygon is not.
    return f"bitXor(({bounded}) AS {within}, {' + '.join(outside)})" if outside else bounded


def _is_inside(area: Area, x: str, y: str, binder: Binder) -> str:
    """Whether a place lies within a polygon. Where that is a constant, the engine fills one that crosses itself
    otherwise than by the even-odd rule."""
    corners = binder.bind(list(area.corners), "Array(Tuple(Float64, Float64))", "corners")
    return f"pointInPolygon((toFloat64({x}), toFloat64({y})), materialize({corners}))"


def _looked_up(place: str, areas: Sequence[Area], bounds: Callable[[Area], Bounds], end: int, binder: Binder) -> str:
    """A number whose nth bit says whether a place, x or y, lies within the bounds of the nth area. It changes only
    where an area begins or ends, so it is written down there, and looked up at the last such place before."""
    edges = sorted({-end, *(edge for area in areas for edge in _edges(bounds(area), end))})
    found = [_bits(bounds(area)[0] <= edge <= bounds(area)[1] for area in areas) for edge in edges]
    starts = binder.bind(edges, "Array(Int64)", "edges")
    return (
        f"{binder.bind(found, 'Array(UInt64)', 'areas')}"
        f"[transform(roundDown({place}, {starts}), {starts}, arrayEnumerate({starts}), toUInt32(0))]"
    )


def _edges(bounds: Bounds, end: int) -> Iterator[int]:
    yield max(-end, min(end, bounds[0]))
    yield max(-end, min(end, bounds[1] + 1))


def _bits(are_set: Iterator[bool]) -> int:
    return sum(is_set << place for place, is_set in enumerate(are_set))
