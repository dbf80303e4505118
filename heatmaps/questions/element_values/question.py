"""Which values an attribute of elements has."""

from dataclasses import dataclass

from heatmaps.population.filters import CapturedEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementValuesQuestion:
    """The values of an attribute, or the tags, that have `part` in them, the most frequent first."""

    events: CapturedEvents
    key: str
    part: str
