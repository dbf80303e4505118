"""What can be asked about a page: where on it something happened, or how far down it was scrolled."""

from dataclasses import dataclass

from heatmaps.population.filters import Aggregation, Filters
from heatmaps.population.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsQuestion:
    """Where on the page it happened, the hottest points first."""

    filters: Filters
    aggregation: Aggregation
    grid: Grid | None = None
    # Cells, or buckets, with fewer distinct visitors are left out.
    min_visitors: int = 1
    with_coverage: bool = False
    limit: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrollDepthQuestion:
    """How far down the page it was scrolled."""

    filters: Filters
    aggregation: Aggregation
    min_visitors: int = 1
    with_coverage: bool = False
