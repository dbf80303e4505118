"""Which pages there are."""

from dataclasses import dataclass

from heatmaps.population.filters import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesQuestion:
    """The pages, the busiest first. `search` is a part of their URLs, in any case."""

    team_id: int
    types: tuple[str, ...]
    window: Window
    search: str | None
    limit: int
    offset: int
