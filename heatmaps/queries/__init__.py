"""The query builder: from a question to the SQL that answers it, values beside it as bound parameters.

Each question is a file of SQL that can be pasted into a ClickHouse client with `--param_team_id=1`; as it stands it
asks about a whole project. The filters of a request take the place of its `/* AND filters */`. Knows no Django.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from heatmaps.filters import (
    Aggregation,
    Filters,
    InteractionsQuestion,
    PagesQuestion,
    PointsQuestion,
    ScrollDepthQuestion,
)
from heatmaps.queries.binding import Predicate
from heatmaps.queries.layout import PLAIN, Layout
from heatmaps.queries.predicates import among_points, matching, of_pages

FILTERS_MARK = "/* AND filters */"
# More heights of screens, in steps of 16 CSS px, than the visitors of a page have; more than a 16-bit number has; all.
SCREENS, MANY_SCREENS, ALL_SCREENS = 250, 70_000, 2**32


@dataclass(frozen=True, slots=True)
class Query:
    """SQL with `{name:Type}` placeholders, and the value of each."""

    sql: str
    parameters: Mapping[str, Any]


def points(question: PointsQuestion, layout: Layout = PLAIN, *, screens: int = SCREENS) -> Query:
    """Rows (count, pointer_y, pointer_relative_x, pointer_target_fixed, is_screen, viewport_height_px, not_fixed,
    below_fold): first one for each height of a screen, then the cells, the hottest first. There are more cells than
    offset and limit ask for, where there are more, and those before the offset are not left out. With more than
    `screens` heights, cells may be missing."""
    last = question.offset + question.limit + 1
    if question.aggregation is Aggregation.UNIQUE_VISITORS:
        sql = _file("visitors").replace("uniqExact(distinct_id)", _count_of_visitors(layout))
    else:
        sql = _file("points")
        last += screens
    return _query(sql, question.filters, matching(question.filters, layout), last=last)


def scroll_depth(question: ScrollDepthQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (cumulative_count, bucket_count, scroll_depth_bucket in CSS px), the shallowest first."""
    sql = _file("scroll_depth")
    if question.aggregation is Aggregation.UNIQUE_VISITORS:
        sql = sql.replace("count()", _count_of_visitors(layout))
    return _query(sql, question.filters, matching(question.filters, layout))


def interactions(question: InteractionsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (session_id, distinct_id, timestamp, pointer_relative_x, pointer_y, current_url, type), newest first."""
    return _query(
        _file("interactions"),
        question.filters,
        [*matching(question.filters, layout), among_points(question.points)],
        limit=question.limit,
        offset=question.offset,
    )


def interactions_total(question: InteractionsQuestion, layout: Layout = PLAIN) -> Query:
    """One row: how many interactions there are, on all pages together."""
    return _query(
        _file("interactions_total"),
        question.filters,
        [*matching(question.filters, layout), among_points(question.points)],
    )


def pages(question: PagesQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (is_page, url, type, total_count, visitors, first_seen, last_seen, types): first one for each type, over all
    pages, without its `types`; then the pages, one more than limit asks for where there is one, each with its `types`
    as (type, count, last_seen)."""
    sql = _file("pages").replace("uniqExactState(distinct_id)", f"uniqExactState({_visitor(layout)})")
    return _query(sql, question, of_pages(question, layout), limit=question.limit, offset=question.offset)


def _query(sql: str, filters: Filters | PagesQuestion, predicates: Iterable[Predicate], **parameters: Any) -> Query:
    parameters["team_id"] = filters.team_id
    texts = []
    for predicate in predicates:
        texts.append(f"AND {predicate.sql}")
        parameters |= predicate.parameters
    return Query(sql.replace(FILTERS_MARK, "\n  ".join(texts)), parameters)


def _count_of_visitors(layout: Layout) -> str:
    """Exact: the approximate `uniq` is off by a percent, and people compare these numbers. uniqExact hashes a text to
    128 bits before it counts, so a column that holds the same hash counts the same."""
    return f"uniqExact({_visitor(layout)})"


def _visitor(layout: Layout) -> str:
    return "visitor" if layout.has_keys else "distinct_id"


@cache
def _file(name: str) -> str:
    # The comments are for people; the driver would read through them with every query.
    return re.sub(r"^ *--.*\n", "", (Path(__file__).parent / f"{name}.sql").read_text(), flags=re.MULTILINE)
