"""The answer about areas: a few numbers of each, from the engine's groups."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from heatmaps import engine
from heatmaps.population.filters import Filters
from heatmaps.population.layout import current_layout
from heatmaps.questions.areas import queries
from heatmaps.questions.areas.elements import as_told
from heatmaps.questions.areas.form import refuse_too_many
from heatmaps.questions.areas.question import ELEMENTS, TYPES, AreasQuestion, Days
from heatmaps.questions.areas.reply import item_with
from heatmaps.replies.answer import Answer
from heatmaps.statistics.sides import compared, share, side_columns

MOST_ELEMENTS = 5
_ALL = 0


class AreaRow(NamedTuple):
    """What happened in an area, and how many sessions began there."""

    area: int
    count: int  # type: ignore[assignment]  # the column's name, which hides a method of tuples
    visitors: int
    sessions: int
    firsts: int


class DayRow(NamedTuple):
    """An area's day."""

    area: int
    part: date
    count: int  # type: ignore[assignment]
    visitors: int


class TypeRow(NamedTuple):
    """One kind of interactions in an area."""

    area: int
    part: str
    count: int  # type: ignore[assignment]
    visitors: int


class ElementRow(NamedTuple):
    """An element that is probably under an area."""

    area: int
    tag_and_classes: str
    text: str
    attr_id: str
    href: str
    count: int  # type: ignore[assignment]
    visitors: int


Columns = dict[str, list[Any]]


def answer(question: AreasQuestion) -> Answer:
    total, *found = _found(question.filters, question)
    hidden = [0 < row.visitors < question.min_visitors for row in found]
    columns: Columns = {
        "name": [area.name for area in question.areas],
        "count": [row.count for row in found],
        "visitors": [row.visitors for row in found],
        "sessions": [row.sessions for row in found],
        "share_of_count": [share(row.count, total.count) for row in found],
        "share_of_visitors": [share(row.visitors, total.visitors) for row in found],
        "first_share": [share(row.firsts, total.sessions) for row in found],
    }
    if TYPES in question.includes:
        columns["types"] = list(_types(question))
    if ELEMENTS in question.includes:
        columns["elements"] = list(_elements(question, [row.count for row in found]))
    if question.days:
        columns["days"] = _days(question, question.days)
    if question.side_b:
        other, *found_b = _found(question.side_b, question)
        hidden = [
            is_hidden or 0 < row.visitors < question.min_visitors
            for is_hidden, row in zip(hidden, found_b, strict=True)
        ]
        columns |= _against((total, found), (other, found_b), hidden, question.fdr)
    shown = {name: _with_nulls(name, values, hidden) for name, values in columns.items()}
    return Answer(
        item=item_with(tuple(shown)),
        blocks=iter([shown]),
        head={"total": {"count": total.count, "visitors": total.visitors, "sessions": total.sessions}},
    )


def _found(filters: Filters, question: AreasQuestion) -> list[AreaRow]:
    """All of it, and then each area."""
    rows = engine.rows(queries.areas(filters, question.areas, current_layout()), AreaRow)
    by_area = {row.area: row for row in rows}
    return [by_area.get(area, AreaRow(area, 0, 0, 0, 0)) for area in range(len(question.areas) + 1)]


def _with_nulls(name: str, values: list[Any], hidden: Sequence[bool]) -> list[Any]:
    """An area with too few visitors stays, without its numbers."""
    if name == "name":
        return values
    return [
        _without_numbers(name, value) if is_hidden else value for value, is_hidden in zip(values, hidden, strict=True)
    ]


def _without_numbers(name: str, value: Any) -> Any:
    if name == "days":
        return [{"day": day["day"], "count": None, "visitors": None} for day in value]
    return [] if isinstance(value, list) else None


def _types(question: AreasQuestion) -> Iterator[list[dict[str, Any]]]:
    rows = engine.rows(queries.types(question.filters, question.areas, current_layout()), TypeRow)
    by_area: Mapping[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.visitors >= question.min_visitors:
            by_area[row.area].append({"type": row.part, "count": row.count, "visitors": row.visitors})
    for area in range(1, len(question.areas) + 1):
        yield by_area[area]


def _elements(question: AreasQuestion, counts: Sequence[int]) -> Iterator[list[dict[str, Any]]]:
    rows = engine.rows(queries.elements(question.filters, question.areas, current_layout()), ElementRow)
    by_area: Mapping[int, list[ElementRow]] = defaultdict(list)
    for row in rows:
        if row.visitors >= question.min_visitors:
            by_area[row.area].append(row)
    for area, count in enumerate(counts, 1):
        yield [
            {
                **as_told(row.tag_and_classes, text=row.text, attr_id=row.attr_id, href=row.href),
                "count": row.count,
                "share": share(row.count, count),
            }
            for row in by_area[area][:MOST_ELEMENTS]
        ]


def _days(question: AreasQuestion, days: Days) -> list[list[dict[str, Any]]]:
    rows = engine.rows(queries.days(question.filters, question.areas, current_layout()), DayRow)
    by_day = {(row.area, row.part): row for row in rows}
    with_any = [row.part for row in rows if row.area == _ALL]
    first, last = days.first or min(with_any, default=None), days.last or max(with_any, default=None)
    if first is None or last is None:
        return [[] for _ in question.areas]
    refuse_too_many(first, last, len(question.areas))
    listed = [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def told(area: int, day: date) -> dict[str, Any]:
        row = by_day.get((area, day), DayRow(area, day, 0, 0))
        is_hidden = 0 < row.visitors < question.min_visitors
        return {
            "day": day.isoformat(),
            "count": None if is_hidden else row.count,
            "visitors": None if is_hidden else row.visitors,
        }

    return [[told(area, day) for day in listed] for area in range(1, len(question.areas) + 1)]


Side = tuple[AreaRow, list[AreaRow]]


def _against(a: Side, b: Side, hidden: Sequence[bool], fdr: float) -> Columns:
    """Each area of side a beside the same one of side b. Those that are hidden are not tested either."""
    (total_a, found_a), (total_b, found_b) = a, b
    shown = [place for place, is_hidden in enumerate(hidden) if not is_hidden]
    visitors_a = np.array([found_a[place].visitors for place in shown], dtype=np.int64)
    visitors_b = np.array([found_b[place].visitors for place in shown], dtype=np.int64)
    result = compared(visitors_a, visitors_b, n_a=total_a.visitors, n_b=total_b.visitors, fdr=fdr)
    told = {
        "a": side_columns([found_a[place].count for place in shown], visitors_a.tolist(), result.share_a),
        "b": side_columns([found_b[place].count for place in shown], visitors_b.tolist(), result.share_b),
        **result.columns(slice(None)),
    }
    columns: Columns = {name: [None] * len(hidden) for name in told}
    for name, values in told.items():
        for place, value in zip(shown, values, strict=True):
            columns[name][place] = value
    return columns
