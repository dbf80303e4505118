"""Who did it, and when."""

from dataclasses import dataclass

from heatmaps.population.areas import Area
from heatmaps.population.filters import Filters, Point
from heatmaps.population.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionsQuestion:
    """The interactions behind some points of a grid, or in some areas, newest first. One of the two is not None."""

    filters: Filters
    points: tuple[Point, ...] | None
    areas: tuple[Area, ...] | None
    grid: Grid | None
    limit: int
    offset: int
