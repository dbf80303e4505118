"""What is under the pointer, and how often."""

from collections.abc import Callable
from dataclasses import dataclass

from heatmaps.population.filters import CapturedEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementStatsQuestion:
    """The chains of elements that events were about, the most frequent first. Of each chain the innermost elements are
    told, and of their other attributes those that are wanted; without such a limit all."""

    events: CapturedEvents
    limit: int
    offset: int
    most_elements: int | None
    is_wanted: Callable[[str], bool] | None
    # The address of the same question from another offset.
    address: Callable[[int], str]
