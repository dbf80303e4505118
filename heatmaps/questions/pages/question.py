"""Which pages there are."""

from dataclasses import dataclass
from enum import StrEnum

from heatmaps.population.filters import Window


class By(StrEnum):
    """What is one page: a URL, one whatever its query string and fragment, or one whatever stands for a value in it."""

    URL = "url"
    PAGE = "page"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesQuestion:
    """The pages, the busiest first. `search` is a part of their URLs, in any case."""

    team_id: int
    types: tuple[str, ...]
    window: Window
    search: str | None
    by: By = By.URL
    # Pages with fewer distinct visitors are left out.
    min_visitors: int = 1
    limit: int
    offset: int
