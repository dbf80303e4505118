"""What the filters of a request say in SQL. The texts are ours; a caller's values are only ever bound."""

from collections.abc import Iterable

from heatmaps.filters import SCROLL_DEPTH, Filters, Point
from heatmaps.properties import EventFilter, PropertyFilter
from heatmaps.queries.binding import Binder, Predicate
from heatmaps.queries.properties import ELEMENTS, condition, in_cohorts


def matching(filters: Filters) -> list[Predicate]:
    """The one population that points, fold, scroll depth and drill-down all describe."""
    predicates = [
        Predicate("type = {type:String}", {"type": filters.type}),
        Predicate(
            "timestamp >= {date_from:DateTime64(6, 'UTC')} AND timestamp < {date_to:DateTime64(6, 'UTC')}",
            {"date_from": filters.window.start, "date_to": filters.window.end},
        ),
    ]
    if filters.url_pattern is not None:
        predicates.append(_url_pattern(filters.url_pattern))
    elif filters.url_exact is not None:
        predicates.append(_url_exact(filters.url_exact))
    if filters.viewport_width_min is not None:
        predicates.append(
            Predicate(
                "viewport_width >= {viewport_width_min:Int64}",
                {"viewport_width_min": filters.viewport_width_min},
            )
        )
    if filters.viewport_width_max is not None:
        predicates.append(
            Predicate(
                "viewport_width <= {viewport_width_max:Int64}",
                {"viewport_width_max": filters.viewport_width_max},
            )
        )
    if filters.hide_zero_coordinates and filters.type != SCROLL_DEPTH:
        predicates.append(Predicate("NOT (x = 0 AND y = 0)"))
    binder = Binder()
    by_other_data = [in_cohorts(filters.cohorts, binder)] if filters.cohorts else []
    if filters.test_accounts is not None:
        by_other_data.append(_in_sessions(filters.test_accounts, binder, filters.timezone))
    by_other_data += [_in_sessions_with(event, binder, filters.timezone) for event in filters.events]
    if by_other_data:
        predicates.append(Predicate("\n  AND ".join(by_other_data), binder.parameters))
    return predicates


def among_points(points: Iterable[Point]) -> Predicate:
    # Hundredths as whole numbers: two floats that print alike need not be equal.
    cells = [(int(point.is_fixed), point.y, point.x_hundredths) for point in points]
    return Predicate(
        "(toUInt8(pointer_target_fixed), toInt64(y * scale_factor), toInt64(round(x / viewport_width * 100)))"
        " IN {cells:Array(Tuple(UInt8, Int64, Int64))}",
        {"cells": cells},
    )


def _url_exact(url: str) -> Predicate:
    # startsWith says nothing new; it lets the key of the table find the URL.
    return Predicate(
        "startsWith(current_url, {url_exact:String}) AND trimRight(current_url, '/') = {url_exact:String}",
        {"url_exact": url},
    )


def _url_pattern(pattern: str) -> Predicate:
    return Predicate("match(current_url, {url_pattern:String})", {"url_pattern": pattern})


def _in_sessions_with(event: EventFilter, binder: Binder, timezone: str) -> str:
    name = f"event = {binder.bind(event.event, 'String')}"
    return _in_sessions(event.properties, binder, timezone, name)


def _in_sessions(properties: Iterable[PropertyFilter], binder: Binder, timezone: str, *conditions: str) -> str:
    """Whether the session of a row has, in the window, an event that meets all conditions."""
    all_conditions = [*conditions, *(condition(one, binder, timezone) for one in properties)]
    return (
        f"session_id IN (WITH {ELEMENTS} AS elements"
        " SELECT `$session_id` FROM events WHERE team_id = {team_id:Int64}"
        " AND timestamp >= {date_from:DateTime64(6, 'UTC')} AND timestamp < {date_to:DateTime64(6, 'UTC')}"
        " AND `$session_id` != ''" + "".join(f" AND {text}" for text in all_conditions) + ")"
    )
