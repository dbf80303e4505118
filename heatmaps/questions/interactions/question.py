"""Who did it, and when."""

from dataclasses import dataclass

from heatmaps.population.filters import Filters, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionsQuestion:
    """The interactions behind some points, newest first."""

    filters: Filters
    points: tuple[Point, ...]
    limit: int
    offset: int
