"""The weeks that make up a window: of whole weeks our own table keeps counts, as schema/009_rollups.sql says."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from heatmaps import moments
from heatmaps.population.binding import Binder
from heatmaps.population.filters import Window

_WEEK, _NOTHING = timedelta(days=7), timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """Weeks of UTC, from Monday, as numbers since the engine's first moment, which is a Monday's; `end` is no more
    among them. Together with what is `added` and without what is `taken` away they are the window."""

    first: int
    end: int
    added: tuple[Window, ...]
    taken: tuple[Window, ...]

    def condition(self, binder: Binder) -> str:
        """Whether a row lies in them. A week is a partition of the table, so no column has to tell."""
        first, end = binder.bind(self.first, "UInt32", "first_week"), binder.bind(self.end, "UInt32", "end_week")
        return f"_partition_value.1 >= {first} AND _partition_value.1 < {end}"


def weeks_within(window: Window, now: datetime) -> Weeks | None:
    """The weeks that leave least to be counted beside them; None where they would leave as much as there is. A week
    that is not over yet is as good as whole, since nothing has happened in the rest of it."""
    first, end = (window.start - moments.FIRST) // _WEEK, (window.end - moments.FIRST) // _WEEK
    found = [_weeks(window, *one) for one in product((first, first + 1), (end, end + 1)) if one[0] < one[1]]
    best = min(found, key=lambda weeks: _left(weeks, now), default=None)
    return best if best and _left(best, now) < window.end - window.start else None


def _weeks(window: Window, first: int, end: int) -> Weeks:
    start, stop = moments.FIRST + first * _WEEK, moments.FIRST + end * _WEEK
    added = Window(start=window.start, end=start), Window(start=stop, end=window.end)
    taken = Window(start=start, end=window.start), Window(start=window.end, end=stop)
    return Weeks(
        first=first,
        end=end,
        added=tuple(one for one in added if one.start < one.end),
        taken=tuple(one for one in taken if one.start < one.end),
    )


def _left(weeks: Weeks, now: datetime) -> timedelta:
    return sum((max(_NOTHING, min(one.end, now) - one.start) for one in (*weeks.added, *weeks.taken)), _NOTHING)
