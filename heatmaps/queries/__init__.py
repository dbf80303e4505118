"""The query builder: from a question to the SQL that answers it, values beside it as bound parameters.

Each question is a file of SQL that can be pasted into a ClickHouse client with `--param_team_id=1`; as it stands it
asks about a whole project. The filters of a request take the place of its `/* AND filters */`. Knows no Django.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from heatmaps.engine import Query
from heatmaps.population.binding import Binder, Predicate
from heatmaps.population.conditions import members_of
from heatmaps.population.filters import (
    Aggregation,
    Filters,
    InteractionsQuestion,
    PagesQuestion,
    PointsQuestion,
    ScrollDepthQuestion,
)
from heatmaps.population.layout import PLAIN, Layout, page_number
from heatmaps.population.predicates import among_pages, among_points, matching, of_pages
from heatmaps.population.property_filters import CohortMembers
from heatmaps.population.search import search_condition

FILTERS_MARK = "/* AND filters */"
SEARCH_MARK = "/* HAVING search */"
_PARTS = re.compile(r"/\* (?:a part of the window|end of part) \*/")
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
    return _query(_file("points"), question.filters, matching(question.filters, layout), layout, last=last)


def visitors(question: PointsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (count, cell), those with the most visitors first; as many as for `points`."""
    last = question.offset + question.limit + 1
    return _query(_file("visitors"), question.filters, matching(question.filters, layout), layout, last=last)


def screens(question: PointsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (count, screen), in no order."""
    return _query(_file("screens"), question.filters, matching(question.filters, layout), layout)


def scroll_depth(question: ScrollDepthQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (bucket_count, scroll_depth_bucket in CSS px), the shallowest first."""
    sql = _file("scroll_depth")
    if question.aggregation is Aggregation.UNIQUE_VISITORS:
        sql = sql.replace("count()", COUNT_OF_VISITORS)
    return _query(sql, question.filters, matching(question.filters, layout), layout)


def interactions(question: InteractionsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (session_id, distinct_id, timestamp, cell, current_url, type, total_count), newest first; in each, how many
    interactions there are on all pages together."""
    return _query(
        _file("interactions"),
        question.filters,
        [*matching(question.filters, layout), among_points(question.points)],
        layout,
        limit=question.limit,
        offset=question.offset,
    )


def pages(question: PagesQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (is_page, url, type, total_count, first_seen, last_seen, types): first one for each type, over all pages,
    without its `types`; then the pages, one more than limit asks for where there is one, each with its `types` as
    (type, count, last_seen)."""
    before, part, after = _PARTS.split(_file("pages"))
    asked = [_query(part, question, predicates, layout) for predicates in of_pages(question, layout)]
    parameters: dict[str, Any] = {"limit": question.limit, "offset": question.offset}
    for one in asked:
        parameters |= one.parameters
    if question.search is not None:
        # Worked out once a URL and type, and not once a row.
        binder = Binder()
        after = after.replace(SEARCH_MARK, f"HAVING {search_condition(question.search, 'url', binder)}")
        parameters |= binder.parameters
    return Query(before + "UNION ALL".join(one.sql for one in asked) + after, parameters)


def page_visitors(question: PagesQuestion, urls: Iterable[str], layout: Layout = PLAIN) -> Query:
    """Rows (page, visitors) of the pages that have any; a page is `page_key` of its URL."""
    return _query(_file("page_visitors"), question, among_pages(question, urls, layout), layout)


def page_key(url: str, layout: Layout = PLAIN) -> str | int:
    return page_number(url) if layout.has_keys else url


def count_of_members(team_id: int, cohort: CohortMembers) -> Query:
    """One row: how many persons are in a cohort at present."""
    binder = Binder()
    members = members_of(cohort, binder)
    return Query(f"SELECT uniqExact(person_id) FROM ({members})", {"team_id": team_id, **binder.parameters})


def _query(
    sql: str, asked: Filters | PagesQuestion, predicates: Iterable[Predicate], layout: Layout, **parameters: Any
) -> Query:
    parameters["team_id"] = asked.team_id
    texts = []
    for predicate in predicates:
        texts.append(f"AND {predicate.sql}")
        parameters |= predicate.parameters
    return Query(layout.spoken(sql).replace(FILTERS_MARK, "\n  ".join(texts)), parameters)


@cache
def _file(name: str) -> str:
    # The comments are for people; the driver would read through them with every query.
    return re.sub(r"^ *--.*\n", "", (Path(__file__).parent / f"{name}.sql").read_text(), flags=re.MULTILINE)
