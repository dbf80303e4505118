"""What the filters of a request say in SQL. The texts are ours; a caller's values are only ever bound."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from heatmaps import moments
from heatmaps.population.binding import Binder
from heatmaps.population.cells import cell_of
from heatmaps.population.conditions import ELEMENTS, condition, in_cohorts
from heatmaps.population.filters import SCROLL_DEPTH, Filters, Point, Urls, Window
from heatmaps.population.layout import NO_SESSION, PLACED, POINTED_AT, Layout, page_number
from heatmaps.population.page_urls import page_of, spellings
from heatmaps.population.property_filters import EventFilter, PropertyFilter
from heatmaps.population.sql import Rows, pages_looked_up
from heatmaps.population.widths import width_conditions

_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A window, and the placeholders of its two ends."""

    window: Window
    start: str
    end: str

    @property
    def condition(self) -> str:
        return f"timestamp >= {self.start} AND timestamp < {self.end}"


def bounds_of(window: Window, binder: Binder) -> Bounds:
    moment = "DateTime64(6, 'UTC')"
    return Bounds(
        window=window,
        start=binder.bind(window.start, moment, "date_from"),
        end=binder.bind(window.end, moment, "date_to"),
    )


def matching(filters: Filters, layout: Layout, binder: Binder) -> Rows:
    """The one population that points, fold, scroll depth and drill-down all describe."""
    return Rows(conditions=tuple(by_filter(filters, layout, binder).values()), only_firsts=filters.first_in_session)


def by_filter(filters: Filters, layout: Layout, binder: Binder, *, urls_of_all_types: bool = False) -> dict[str, str]:
    """What each filter that is in use says of a row, by the filter's name. They are in the order in which the engine
    should try them. With `urls_of_all_types` none of them leans on another: else a filter of URLs knows only the types
    that are asked about."""
    bounds = bounds_of(filters.window, binder)
    kind = of_types(filters.types, binder)
    found = {"type": " AND ".join(kind), "dates": within(bounds, layout, binder)}
    found["placed"] = " AND ".join(_placed(filters, layout, binder))
    found["url"] = _of_urls(filters, [] if urls_of_all_types else kind, layout, binder)
    widths = width_conditions(filters.viewport_width_min, filters.viewport_width_max, binder)
    found["viewport"] = " AND ".join(widths)
    if filters.cohorts:
        found["cohorts"] = in_cohorts(filters.cohorts, binder, layout, by_number=layout.has_keys)
    if filters.test_accounts is not None:
        found["test_accounts"] = _in_sessions(filters.test_accounts, bounds, filters.timezone, layout, binder)
    found["events"] = " AND ".join(
        _in_sessions_with(event, bounds, filters.timezone, layout, binder) for event in filters.events
    )
    return {name: condition for name, condition in found.items() if condition}


def of_types(types: tuple[str, ...], binder: Binder) -> list[str]:
    """What keeps the kinds of interactions; nothing where all are wanted."""
    if not types:
        return []
    if len(types) == 1:
        return [f"type = {binder.bind(types[0], 'String', 'type')}"]
    return [f"type IN {binder.bind(list(types), 'Array(String)', 'types')}"]


def within(bounds: Bounds, layout: Layout, binder: Binder) -> str:
    """Whether a row is in a window; by the column of quarters of an hour where there is one."""
    if not layout.has_keys:
        return bounds.condition
    first, before_first = divmod(bounds.window.start - moments.FIRST, _QUARTER)
    last, before_last = divmod(bounds.window.end - moments.FIRST, _QUARTER)
    quarters = (
        f"quarter >= {binder.bind(first, 'UInt32', 'first_quarter')}"
        f" AND quarter < {binder.bind(last + bool(before_last), 'UInt32', 'end_quarter')}"
    )
    # A day that does not begin with a quarter of an hour is of another age; only there the timestamps have to be read.
    return f"{quarters} AND {bounds.condition}" if before_first or before_last else quarters


def among_points(points: Iterable[Point], binder: Binder) -> str:
    """Whether a row's cell, as the SQL of a question has it, is that of one of the points."""
    cells = [cell for point in points if (cell := cell_of(point)) is not None]
    return f"cell IN {binder.bind(cells, 'Array(UInt64)', 'cells')}"


def _placed(filters: Filters, layout: Layout, binder: Binder) -> Iterator[str]:
    """Leaves out what happened nowhere. In plain columns the files of SQL leave out what has no place at all."""
    if layout.has_keys:
        least = POINTED_AT if filters.hides_zero_coordinates else PLACED
        yield f"placed >= {binder.bind(least, 'UInt8', 'placed')}"
    elif filters.hides_zero_coordinates:
        is_somewhere = "NOT (x = 0 AND y = 0)"
        has_depths = not filters.types or SCROLL_DEPTH in filters.types
        yield f"(type = '{SCROLL_DEPTH}' OR {is_somewhere})" if has_depths else is_somewhere


def is_pointed_at(layout: Layout) -> str:
    """Whether a row with a place is one that hiding x = 0, y = 0 leaves."""
    return f"placed = {POINTED_AT}" if layout.has_keys else f"(type = '{SCROLL_DEPTH}' OR NOT (x = 0 AND y = 0))"


def _of_urls(filters: Filters, kind: Iterable[str], layout: Layout, binder: Binder) -> str:
    """The filter of URLs that takes effect; an empty text where there is none."""
    if layout.has_keys and filters.url_pattern is filters.url_page is None and filters.url_exact is not None:
        return f"page = {binder.bind(page_number(filters.url_exact), 'UInt128', 'page')}"
    condition = of_urls(filters, "current_url", binder)
    if not (layout.has_keys and condition):
        return condition
    urls = pages_looked_up(" AND ".join(["team_id = {team_id:Int64}", *kind]))
    return f"(page, slashes) IN (SELECT page, slashes FROM ({urls}) WHERE {condition})"


def of_urls(urls: Urls, url: str, binder: Binder) -> str:
    """Whether a URL, in SQL, is one of those; an empty text where all are."""
    if urls.url_pattern is not None:
        return f"match({url}, {binder.bind(urls.url_pattern, 'String', 'url_pattern')})"
    if urls.url_page is not None:
        asked = (page_of(binder.bind(one, "String", "url_page")) for one in spellings(urls.url_page))
        return f"{page_of(url)} IN ({', '.join(asked)})"
    if urls.url_exact is None:
        return ""
    exact = binder.bind(urls.url_exact, "String", "url_exact")
    # startsWith says nothing new; it lets a key that begins with the URL find it.
    return f"startsWith({url}, {exact}) AND trim(TRAILING '/' FROM {url}) = {exact}"


def _in_sessions_with(event: EventFilter, bounds: Bounds, timezone: str, layout: Layout, binder: Binder) -> str:
    name = f"event = {binder.bind(event.event, 'String')}"
    return _in_sessions(event.properties, bounds, timezone, layout, binder, name)


def _in_sessions(
    properties: Iterable[PropertyFilter], bounds: Bounds, timezone: str, layout: Layout, binder: Binder, *also: str
) -> str:
    """Whether the session of a row has, in the window, an event that meets all conditions."""
    session, of_event, none = "session_id", "`$session_id`", "''"
    if layout.has_keys:
        session, of_event, none = "session", layout.event_session, NO_SESSION
    conditions = [
        "team_id = {team_id:Int64}",
        bounds.condition,
        f"{of_event} != {none}",
        *also,
        *(condition(one, binder, timezone, layout, bounds=bounds.condition) for one in properties),
    ]
    return f"{session} IN (WITH {ELEMENTS} AS elements SELECT {of_event} FROM events WHERE {' AND '.join(conditions)})"
