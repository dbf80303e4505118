"""What changed on a page, from one side to the other."""

from dataclasses import dataclass
from enum import StrEnum

from heatmaps.population.filters import Aggregation, Filters
from heatmaps.population.grid import Grid


class Order(StrEnum):
    SURPRISE = "surprise"
    DIFFERENCE = "difference"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareQuestion:
    """Two sides, cell by cell of a grid, or bucket by bucket of scroll depth. `aggregation` is what the order by count
    goes by."""

    side_a: Filters
    side_b: Filters
    grid: Grid | None
    aggregation: Aggregation
    order: Order
    fdr: float
    min_visitors: int
    limit: int
    offset: int
