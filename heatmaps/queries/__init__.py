"""The query builder: from a question to the SQL that answers it, values beside it as bound parameters.

Each question is a file of SQL that can be pasted into a ClickHouse client with `--param_team_id=1`; as it stands it
asks about a whole project. The filters of a request take the place of its `/* AND filters */`. Knows no Django.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from heatmaps.filters import Aggregation, Filters, InteractionsQuestion, PointsQuestion, ScrollDepthQuestion
from heatmaps.queries.binding import Predicate
from heatmaps.queries.predicates import among_points, matching

FILTERS_MARK = "/* AND filters */"
COUNT_OF_ROWS = "count()"
# Exact: the approximate `uniq` is off by a percent, and people compare these numbers.
COUNT_OF_VISITORS = "uniqExact(distinct_id)"


@dataclass(frozen=True, slots=True)
class Query:
    """SQL with `{name:Type}` placeholders, and the value of each."""

    sql: str
    parameters: Mapping[str, Any]


def points(question: PointsQuestion) -> Query:
    """Rows (count, pointer_y, pointer_relative_x, pointer_target_fixed, is_screen, viewport_height_px, not_fixed,
    below_fold): first one for each height of a screen, then the cells, the hottest first. There is one cell more than
    offset and limit ask for, where there are more, and those before the offset are not left out."""
    return _query(
        _file("visitors" if question.aggregation is Aggregation.UNIQUE_VISITORS else "points"),
        question.filters,
        matching(question.filters),
        last=question.offset + question.limit + 1,
    )


def scroll_depth(question: ScrollDepthQuestion) -> Query:
    """Rows (cumulative_count, bucket_count, scroll_depth_bucket in CSS px), the shallowest first."""
    return _query(_counting("scroll_depth", question.aggregation), question.filters, matching(question.filters))


def interactions(question: InteractionsQuestion) -> Query:
    """Rows (session_id, distinct_id, timestamp, pointer_relative_x, pointer_y, current_url, type), newest first."""
    return _query(
        _file("interactions"),
        question.filters,
        [*matching(question.filters), among_points(question.points)],
        limit=question.limit,
        offset=question.offset,
    )


def interactions_total(question: InteractionsQuestion) -> Query:
    """One row: how many interactions there are, on all pages together."""
    return _query(
        _file("interactions_total"),
        question.filters,
        [*matching(question.filters), among_points(question.points)],
    )


def _query(sql: str, filters: Filters, predicates: Iterable[Predicate], **parameters: Any) -> Query:
    parameters["team_id"] = filters.team_id
    texts = []
    for predicate in predicates:
        texts.append(f"AND {predicate.sql}")
        parameters |= predicate.parameters
    return Query(sql.replace(FILTERS_MARK, "\n  ".join(texts)), parameters)


def _counting(name: str, aggregation: Aggregation) -> str:
    sql = _file(name)
    return sql.replace(COUNT_OF_ROWS, COUNT_OF_VISITORS) if aggregation is Aggregation.UNIQUE_VISITORS else sql


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / f"{name}.sql").read_text()
