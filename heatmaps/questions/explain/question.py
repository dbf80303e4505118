"""Why there is nothing, or so little."""

from dataclasses import dataclass

from heatmaps.population.filters import Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainQuestion:
    """What each filter leaves of a project's interactions, and what there would be without it."""

    filters: Filters
    # The URL as the caller wrote it, where one is asked for by url_exact or url_page.
    url: str | None
    is_opted_in: bool
    # Whether it begins at the page, and tells nothing of the project's other pages.
    begins_at_page: bool = False
