"""How much happens in parts of a page."""

from dataclasses import dataclass
from datetime import date

from heatmaps.population.areas import Area
from heatmaps.population.filters import Filters

TYPES, ELEMENTS = "types", "elements"


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Which days are told one by one, both included; None for the first or the last on which anything happened."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AreasQuestion:
    """The areas in their order. `side_b` is what they are compared with, `includes` what is told of each beside."""

    filters: Filters
    areas: tuple[Area, ...]
    side_b: Filters | None
    includes: frozenset[str]
    days: Days | None
    min_visitors: int
    fdr: float
