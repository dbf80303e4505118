"""What can be asked about a page: where on it something happened, or how far down it was scrolled."""

from dataclasses import dataclass

from heatmaps.population.filters import Aggregation, Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsQuestion:
    """Where on the page it happened, the hottest points first."""

    filters: Filters
    aggregation: Aggregation
    limit: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrollDepthQuestion:
    """How far down the page it was scrolled."""

    filters: Filters
    aggregation: Aggregation
