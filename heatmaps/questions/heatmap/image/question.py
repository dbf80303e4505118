"""What picture is asked for, of what."""

from dataclasses import dataclass

from heatmaps.drawing.sheet import Colour
from heatmaps.population.filters import SCROLL_DEPTH, Aggregation, Filters
from heatmaps.population.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageQuestion:
    """Sizes are in px; a height of None is down to the deepest cell, and never more than `max_height`."""

    filters: Filters
    side_b: Filters | None
    aggregation: Aggregation
    grid: Grid | None
    min_visitors: int
    width: int
    height: int | None
    max_height: int
    radius: int
    opacity: float
    palette: str
    background: Colour | None
    with_legend: bool
    with_fold: bool
    format: str

    @property
    def is_depth(self) -> bool:
        return self.filters.types == (SCROLL_DEPTH,)
