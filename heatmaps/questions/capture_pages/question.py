"""On which URLs interactions are captured."""

from dataclasses import dataclass

from heatmaps.population.filters import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturePagesQuestion:
    team_id: int
    window: Window
