"""Which interactions are asked about, once that is understood: plain values with units, no Django, no SQL."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from heatmaps.population.property_filters import CohortMembers, EventFilter, PropertyFilter

SCROLL_DEPTH = "scrolldepth"


class Aggregation(StrEnum):
    TOTAL_COUNT = "total_count"
    UNIQUE_VISITORS = "unique_visitors"
    UNIQUE_PERSONS = "unique_persons"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open range [start, end) of time, both aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Which pages a question is about.

    `url_exact` has no trailing slash; `url_page` is a URL of the page; `url_pattern` is a regular expression in RE2's
    language. Of the three the last named takes effect.
    """

    url_exact: str | None = None
    url_page: str | None = None
    url_pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters(Urls):
    """Which interactions of a project a question is about. Viewport widths are in CSS px, and inclusive."""

    team_id: int
    # Kinds of interactions; none of them named means all.
    types: tuple[str, ...]
    window: Window
    viewport_width_min: int | None = None
    viewport_width_max: int | None = None
    hide_zero_coordinates: bool = True
    # Only sessions in which, in the window, an event passed all of these; None asks for no such event.
    test_accounts: tuple[PropertyFilter, ...] | None = None
    # Only visitors who are in every one.
    cohorts: tuple[CohortMembers, ...] = ()
    # Only sessions in which, in the window, every one of these happened.
    events: tuple[EventFilter, ...] = ()
    # Of what passes all of these, only the first row of each session on each page. Rows in no session all stay.
    first_in_session: bool = False
    # In which dates without an offset are read.
    timezone: str = "UTC"

    @property
    def hides_zero_coordinates(self) -> bool:
        """Whether the filter can leave anything out: a scroll depth has no x to begin with."""
        return self.hide_zero_coordinates and self.types != (SCROLL_DEPTH,)

    @property
    def are_of_sessions(self) -> bool:
        """Whether what else happened in the window decides about a row, too."""
        return self.test_accounts is not None or bool(self.events) or self.first_in_session


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedEvents(Urls):
    """Which events of a project a question is about, by their names and the page that they were sent from."""

    team_id: int
    names: tuple[str, ...]
    window: Window
    # All of them have to hold.
    properties: tuple[PropertyFilter, ...] = ()
    # Of all events that share.
    sampling_factor: float = 1
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One cell of a heatmap: the hundredth of the viewport's width, and CSS px from its top."""

    x_hundredths: int
    y: int
    is_fixed: bool
