"""What the filters of a request say in SQL. The texts are ours; a caller's values are only ever bound."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from heatmaps.population.binding import Binder, Predicate
from heatmaps.population.cells import cell_of
from heatmaps.population.conditions import ELEMENTS, condition, in_cohorts
from heatmaps.population.filters import Filters, PagesQuestion, Point, Window
from heatmaps.population.layout import PLACED, POINTED_AT, Layout, hashed, page_number
from heatmaps.population.property_filters import EventFilter, PropertyFilter
from heatmaps.population.widths import width_conditions

_BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)


def matching(filters: Filters, layout: Layout) -> list[Predicate]:
    """The one population that points, fold, scroll depth and drill-down all describe."""
    predicates = [
        Predicate("type = {type:String}", {"type": filters.type}),
        _window(filters.window, layout),
        *_placed(filters, layout),
    ]
    if filters.url_pattern is not None:
        predicates.append(_url_pattern(filters.url_pattern, layout))
    elif filters.url_exact is not None:
        predicates.append(_url_exact(filters.url_exact, layout))
    binder = Binder()
    more = width_conditions(filters.viewport_width_min, filters.viewport_width_max, binder)
    if filters.cohorts:
        more.append(in_cohorts(filters.cohorts, binder, by_number=layout.has_keys))
    if filters.test_accounts is not None:
        more.append(_in_sessions(filters.test_accounts, binder, filters.timezone, layout))
    more += [_in_sessions_with(event, binder, filters.timezone, layout) for event in filters.events]
    if more:
        predicates.append(Predicate("\n  AND ".join(more), binder.parameters))
    return predicates


def of_pages(question: PagesQuestion, layout: Layout) -> list[list[Predicate]]:
    """One list for each part of the window: our own table knows the pages of whole days (of UTC) from a projection, and
    what is left of the window before and after them from the interactions."""
    others = []
    if question.type is not None:
        others.append(Predicate("type = {type:String}", {"type": question.type}))
    window = question.window
    first_day, end_day = -((_BEGINNING - window.start) // _DAY), (window.end - _BEGINNING) // _DAY
    if not layout.has_keys or first_day >= end_day:
        return [[_window(window, layout), *others]]
    days = Predicate(
        "intDiv(quarter, 96) >= {first_day:UInt32} AND intDiv(quarter, 96) < {end_day:UInt32}",
        {"first_day": first_day, "end_day": end_day},
    )
    parts = [[days, *others]]
    if _BEGINNING + first_day * _DAY > window.start or _BEGINNING + end_day * _DAY < window.end:
        outside = Predicate("(quarter < {first_day:UInt32} * 96 OR quarter >= {end_day:UInt32} * 96)", days.parameters)
        parts.append([_window(window, layout), outside, *others])
    return parts


def among_pages(question: PagesQuestion, urls: Iterable[str], layout: Layout) -> Iterator[Predicate]:
    yield _window(question.window, layout)
    if question.type is not None:
        yield Predicate("type = {type:String}", {"type": question.type})
    if layout.has_keys:
        yield Predicate("page IN {pages:Array(UInt128)}", {"pages": [page_number(url) for url in urls]})
    else:
        yield Predicate("page IN {pages:Array(String)}", {"pages": list(urls)})


def among_points(points: Iterable[Point]) -> Predicate:
    cells = [cell for point in points if (cell := cell_of(point)) is not None]
    return Predicate("cell IN {cells:Array(UInt64)}", {"cells": cells})


def _placed(filters: Filters, layout: Layout) -> Iterator[Predicate]:
    """Leaves out what happened nowhere. In plain columns the files of SQL leave out what has no place at all."""
    if layout.has_keys:
        yield Predicate(
            "placed >= {placed:UInt8}", {"placed": POINTED_AT if filters.hides_zero_coordinates else PLACED}
        )
    elif filters.hides_zero_coordinates:
        yield Predicate("NOT (x = 0 AND y = 0)")


def _window(window: Window, layout: Layout) -> Predicate:
    exact = "timestamp >= {date_from:DateTime64(6, 'UTC')} AND timestamp < {date_to:DateTime64(6, 'UTC')}"
    parameters: dict[str, Any] = {"date_from": window.start, "date_to": window.end}
    if not layout.has_keys:
        return Predicate(exact, parameters)
    first, before_first = divmod(window.start - _BEGINNING, _QUARTER)
    last, before_last = divmod(window.end - _BEGINNING, _QUARTER)
    parameters |= {"first_quarter": first, "end_quarter": last + bool(before_last)}
    quarters = "quarter >= {first_quarter:UInt32} AND quarter < {end_quarter:UInt32}"
    # A day that does not begin with a quarter of an hour is of another age; only there the timestamps have to be read.
    return Predicate(f"{quarters} AND {exact}" if before_first or before_last else quarters, parameters)


def _url_exact(url: str, layout: Layout) -> Predicate:
    if layout.has_keys:
        return Predicate("page = {page:UInt128}", {"page": page_number(url)})
    # startsWith says nothing new; it lets a key that begins with the URL find it.
    return Predicate(
        "startsWith(current_url, {url_exact:String}) AND trim(TRAILING '/' FROM current_url) = {url_exact:String}",
        {"url_exact": url},
    )


def _url_pattern(pattern: str, layout: Layout) -> Predicate:
    match = "match(current_url, {url_pattern:String})"
    if layout.has_keys:
        match = (
            "(page, slashes) IN (SELECT page, slashes FROM heatmaps"
            f" WHERE team_id = {{team_id:Int64}} AND type = {{type:String}} AND {match} GROUP BY page, slashes)"
        )
    return Predicate(match, {"url_pattern": pattern})


def _in_sessions_with(event: EventFilter, binder: Binder, timezone: str, layout: Layout) -> str:
    name = f"event = {binder.bind(event.event, 'String')}"
    return _in_sessions(event.properties, binder, timezone, layout, name)


def _in_sessions(
    properties: Iterable[PropertyFilter], binder: Binder, timezone: str, layout: Layout, *conditions: str
) -> str:
    """Whether the session of a row has, in the window, an event that meets all conditions."""
    all_conditions = [*conditions, *(condition(one, binder, timezone, layout) for one in properties)]
    session, of_event, none = "session_id", "`$session_id`", "''"
    if layout.has_keys:
        session, of_event, none = "session", layout.event_session, hashed("''")
    return (
        f"{session} IN (WITH {ELEMENTS} AS elements"
        f" SELECT {of_event} FROM events WHERE team_id = {{team_id:Int64}}"
        " AND timestamp >= {date_from:DateTime64(6, 'UTC')} AND timestamp < {date_to:DateTime64(6, 'UTC')}"
        f" AND {of_event} != {none}" + "".join(f" AND {text}" for text in all_conditions) + ")"
    )
