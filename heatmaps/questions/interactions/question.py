"""Who did it, and when."""

from dataclasses import dataclass

from heatmaps.population.filters import Filters, Point
from heatmaps.population.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionsQuestion:
    """The interactions behind some points of a grid, newest first."""

    filters: Filters
    points: tuple[Point, ...]
    grid: Grid | None
    limit: int
    offset: int
