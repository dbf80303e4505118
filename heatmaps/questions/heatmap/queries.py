"""The SQL of a heatmap. Each question is asked about the rows that `matching` describes."""

from typing import Any

from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.filters import Aggregation, Filters
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.predicates import matching
from heatmaps.population.sql import filtered, sql_file
from heatmaps.questions.heatmap.question import PointsQuestion, ScrollDepthQuestion

# Exact: the approximate `uniq` is off by a percent, and people compare these numbers. uniqExact hashes a text to 128
# bits before it counts, so a column that holds the same hash counts the same.
COUNT_OF_VISITORS = "/* on our table: uniqExact(visitor) */ uniqExact(distinct_id) /* end */"
# More screens (heights in steps of 16 CSS px, with three places on each) than the visitors of a page have; more than
# 16-bit heights make; all.
SCREENS, MANY_SCREENS, ALL_SCREENS = 600, 210_000, 2**32


def points(question: PointsQuestion, layout: Layout = PLAIN, *, screens: int = SCREENS) -> Query:
    """Rows (count, cell, screen): first the screens, whose cell is 0, then the cells, the hottest first. There are more
    cells than offset and limit ask for, where there are more, and those before the offset are not left out. With more
    than `screens` screens, cells may be missing."""
    last = question.offset + question.limit + 1 + screens
    return _query(sql_file(__file__, "points.sql"), question.filters, layout, last=last)


def visitors(question: PointsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (count, cell), those with the most visitors first; as many as for `points`."""
    last = question.offset + question.limit + 1
    return _query(sql_file(__file__, "visitors.sql"), question.filters, layout, last=last)


def screens(question: PointsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (count, screen), in no order."""
    return _query(sql_file(__file__, "screens.sql"), question.filters, layout)


def scroll_depth(question: ScrollDepthQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (bucket_count, scroll_depth_bucket in CSS px), the shallowest first."""
    sql = sql_file(__file__, "scroll_depth.sql")
    if question.aggregation is Aggregation.UNIQUE_VISITORS:
        sql = sql.replace("count()", COUNT_OF_VISITORS)
    return _query(sql, question.filters, layout)


def _query(sql: str, filters: Filters, layout: Layout, **values: Any) -> Query:
    binder = Binder()
    for name, value in {"team_id": filters.team_id, **values}.items():
        binder.name(name, value)
    return Query(filtered(sql, matching(filters, layout, binder), layout), binder.parameters)
