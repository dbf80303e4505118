"""The SQL of a heatmap. Each question is asked about the rows that `matching` describes.

Visitors are counted by `uniqExact`: the approximate `uniq` is off by a percent, and people compare these numbers. It
hashes a text to 128 bits before it counts, so a column that holds the same hash counts the same.
"""

import re

from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.filters import Aggregation, Filters
from heatmaps.population.grid import Grid, with_grid
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.persons import counted_in_persons
from heatmaps.population.predicates import bounds_of, by_filter, matching, within
from heatmaps.population.sql import Rows, filtered, sql_file, with_slot
from heatmaps.population.weeks import Weeks
from heatmaps.population.widths import by_key
from heatmaps.questions.heatmap.question import PointsQuestion, ScrollDepthQuestion

# More screens (heights in steps of 16 CSS px, with three places on each) than the visitors of a page have; more than
# 16-bit heights make; all.
SCREENS, MANY_SCREENS, ALL_SCREENS = 600, 210_000, 2**32
# What of a file is asked only for the coverage of a reply.
_COVERAGE = re.compile(r"/\* with coverage: (.*?) \*/")


def points(question: PointsQuestion, layout: Layout = PLAIN, *, screens: int = SCREENS) -> Query:
    """Rows (count, cell, screen): first the screens, whose cell is 0, then the cells, the hottest first. There are more
    cells than offset and limit ask for, where there are more, and those before the offset are not left out. With more
    than `screens` screens, cells may be missing.

    With coverage the rows are (count, cells_total, visitors_total, cell, screen), the totals the same on each."""
    binder = Binder()
    binder.name("last", question.offset + question.limit + 1 + screens)
    sql = sql_file(__file__, "points_covered.sql" if question.with_coverage else "points.sql")
    return _query(sql, question.filters, layout, binder, question.grid)


def points_by_week(question: PointsQuestion, weeks: Weeks, layout: Layout, *, screens: int = SCREENS) -> Query:
    """The same rows as for `points`, counted from the rollups as far as there are weeks. No filter may need a row. With
    coverage the rows have no visitors_total."""
    binder = Binder()
    binder.name("team_id", question.filters.team_id)
    binder.name("last", question.offset + question.limit + 1 + screens)
    found = by_filter(question.filters, layout, binder)

    def asked(sql: str, dates: str, *also: str) -> str:
        rows = Rows(conditions=(*(found | {"dates": dates}).values(), *also))
        return filtered(with_grid(sql, question.grid, binder), rows, layout)

    by_row, *_ = sql_file(__file__, "points.sql").partition("ORDER BY")
    rest = ""
    for sign, windows in (("", weeks.added), ("-", weeks.taken)):
        if windows:
            dates = " OR ".join(f"({within(bounds_of(window, binder), layout, binder)})" for window in windows)
            rest += f"UNION ALL SELECT {sign}toInt64(count), cell, screen FROM (\n{asked(by_row, f'({dates})')})\n"
    sql = sql_file(__file__, "points_by_week.sql")
    if question.with_coverage:
        sql = _COVERAGE.sub(r"\1", sql)
    widths = by_key(question.filters.viewport_width_min, question.filters.viewport_width_max, binder)
    return Query(with_slot(asked(sql, weeks.condition(binder), *widths), "rest", rest), binder.parameters)


def cells(question: PointsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (visitors, interactions, cell), the hottest first; as many as for `points`. With coverage the rows are
    (visitors, interactions, cells_total, cells_hidden, cell), and cells with too few visitors come last."""
    binder = Binder()
    binder.name("last", question.offset + question.limit + 1)
    binder.name("min_visitors", question.min_visitors)
    binder.name("in_visitors", question.aggregation is Aggregation.UNIQUE_VISITORS)
    binder.name("with_hidden", question.with_coverage)
    sql = sql_file(__file__, "cells.sql")
    if question.with_coverage:
        sql = _COVERAGE.sub(r"\1", sql)
    if question.aggregation is Aggregation.UNIQUE_PERSONS:
        sql = counted_in_persons(sql, layout).replace("/* or */ interactions", "persons")
    return _query(sql, question.filters, layout, binder, question.grid)


def screens(question: PointsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (count, screen), in no order."""
    return _query(sql_file(__file__, "screens.sql"), question.filters, layout)


def scroll_depth(question: ScrollDepthQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (interactions, scroll_depth_bucket in CSS px), the shallowest first."""
    return _query(sql_file(__file__, "scroll_depth.sql"), question.filters, layout)


def bands(question: ScrollDepthQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (interactions, visitors, scroll_depth_bucket in CSS px), the shallowest first."""
    sql = sql_file(__file__, "bands.sql")
    if question.aggregation is Aggregation.UNIQUE_PERSONS:
        sql = counted_in_persons(sql, layout)
    return _query(sql, question.filters, layout)


def visitors_total(filters: Filters, layout: Layout = PLAIN) -> Query:
    """One row: how many visitors there are among all that the filters leave."""
    return _query(sql_file(__file__, "visitors_total.sql"), filters, layout)


def _query(sql: str, filters: Filters, layout: Layout, binder: Binder | None = None, grid: Grid | None = None) -> Query:
    binder = binder or Binder()
    binder.name("team_id", filters.team_id)
    sql = with_grid(sql, grid, binder)
    return Query(filtered(sql, matching(filters, layout, binder), layout), binder.parameters)
