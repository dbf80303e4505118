"""Whether a map is counted from the rollups of whole weeks, which schema/009_rollups.sql makes, or from the rows.

A page with few rows is counted in less time than the longer statement takes to plan, so nothing is asked about it: what
the answers before counted tells how busy a page is. Of a busy one the engine estimates how much it would read either
way. That takes as long as a small question, and holds for a while.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population.filters import Filters, Window
from heatmaps.population.layout import current_layout
from heatmaps.population.weeks import Weeks, weeks_within
from heatmaps.questions.heatmap import queries
from heatmaps.questions.heatmap.question import PointsQuestion

# Of fewer rows the rollups are not worth their planning.
LEAST_ROWS = 2_000_000
# A row of a rollup takes longer than one of the table: there are several of most cells, one for each week and width.
ROWS_FOR_ONE = 3
# How long an estimate holds. Parts of the table get their rollups when they are merged.
ESTIMATE_SECONDS = 600
MOST_PAGES, MOST_ESTIMATES = 10_000, 20
_DAY = timedelta(days=1)


@dataclass(slots=True)
class _Estimate:
    at: float
    pays: bool


@dataclass(slots=True)
class _Busyness:
    """Rows a day, of the answer that counted most; and the latest estimates for windows of about so many days."""

    rows_a_day: float = 0
    estimates: OrderedDict[int, _Estimate] = field(default_factory=OrderedDict)


_known: OrderedDict[Hashable, _Busyness] = OrderedDict()
_lock = threading.Lock()


def weeks_of(question: PointsQuestion) -> Weeks | None:
    """The weeks that are to be counted from rollups, None where there are none or where it would not pay."""
    weeks = possible_weeks(question)
    if weeks is None:
        return None
    days = _days(question.filters.window)
    with _lock:
        known = _known.get(_key(question.filters))
    if known is None or known.rows_a_day * days < LEAST_ROWS:
        return None
    estimate = known.estimates.get(round(days))
    if estimate is None or monotonic() - estimate.at > ESTIMATE_SECONDS:
        layout = current_layout()
        by_week, by_row = queries.points_by_week(question, weeks, layout), queries.points(question, layout)
        estimate = _Estimate(monotonic(), 0 < _rows_read(by_week) * ROWS_FOR_ONE <= _rows_read(by_row))
        with _lock:
            known.estimates[round(days)] = estimate
            if len(known.estimates) > MOST_ESTIMATES:
                known.estimates.popitem(last=False)
    return weeks if estimate.pays else None


def possible_weeks(question: PointsQuestion) -> Weeks | None:
    """The weeks that make up a question's window, None where none do or where a filter needs each row."""
    filters, layout = question.filters, current_layout()
    # How much other servers would read is not known on this one.
    if not layout.has_keys or layout.has_shards:
        return None
    if filters.test_accounts is not None or filters.cohorts or filters.events or filters.first_in_session:
        return None
    return weeks_within(filters.window, datetime.now(UTC))


def learn(question: PointsQuestion, rows: int) -> None:
    """Notes how many rows an answer has counted."""
    if not rows:
        return
    with _lock:
        key = _key(question.filters)
        known = _known.setdefault(key, _Busyness())
        known.rows_a_day = max(known.rows_a_day, rows / _days(question.filters.window))
        _known.move_to_end(key)
        if len(_known) > MOST_PAGES:
            _known.popitem(last=False)


def forget() -> None:
    with _lock:
        _known.clear()


def _key(filters: Filters) -> Hashable:
    urls = filters.url_exact, filters.url_page, filters.url_pattern
    widths = filters.viewport_width_min, filters.viewport_width_max
    return filters.team_id, filters.types, filters.hide_zero_coordinates, urls, widths


def _days(window: Window) -> float:
    return (window.end - window.start) / _DAY


def _rows_read(query: Query) -> int:
    """How many rows the engine would read, as it estimates."""
    found = engine.rows(Query(f"EXPLAIN ESTIMATE {query.sql}", query.parameters))
    return sum(rows for _database, table, _parts, rows, _marks in found if table == "heatmaps")
