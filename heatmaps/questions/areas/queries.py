"""The SQL of areas. Each question is asked about the rows that `matching` describes."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from heatmaps.engine import Query
from heatmaps.population.areas import SMALL_BLOCKS, Area, has_polygons, region
from heatmaps.population.binding import Binder
from heatmaps.population.filters import Filters, Window
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.predicates import bounds_of, matching
from heatmaps.population.sql import FILTERS_MARK, filtered, sql_file, with_slot

BEFORE, AFTER = timedelta(seconds=10), timedelta(seconds=1)
_INTERACTIONS = re.compile(r"/\* (?:interactions|end of interactions) \*/")


def areas(filters: Filters, areas: Sequence[Area], layout: Layout = PLAIN) -> Query:
    """Rows (area, count, visitors, sessions, firsts): area 0 is all of it, n the nth area. One that has nothing is not
    there."""
    binder = _binder(filters)
    sql = _with_areas(sql_file(__file__, "areas.sql"), areas, binder)
    return Query(filtered(sql, matching(filters, layout, binder), layout), binder.parameters)


def days(filters: Filters, areas: Sequence[Area], layout: Layout = PLAIN) -> Query:
    """Rows (area, part, count, visitors): a part is a day of the project's zone."""
    binder = _binder(filters)
    day = f"toDate32(timestamp, {binder.bind(filters.timezone, 'String', 'timezone')})"
    sql = with_slot(_with_areas(sql_file(__file__, "parts.sql"), areas, binder), "part", day)
    return Query(filtered(sql, matching(filters, layout, binder), layout), binder.parameters)


def types(filters: Filters, areas: Sequence[Area], layout: Layout = PLAIN) -> Query:
    """Rows (area, part, count, visitors) of all kinds of interactions, the most frequent first: a part is a kind."""
    binder = _binder(filters)
    sql = _with_areas(sql_file(__file__, "parts.sql"), areas, binder)
    rows = matching(replace(filters, types=()), layout, binder)
    return Query(filtered(sql, rows, layout), binder.parameters)


def elements(filters: Filters, areas: Sequence[Area], layout: Layout = PLAIN) -> Query:
    """Rows (area, tag_and_classes, text, attr_id, href, count, visitors), the most frequent first."""
    binder = _binder(filters)
    sql = _with_areas(sql_file(__file__, "elements.sql"), areas, binder)
    before, interactions, after = _INTERACTIONS.split(sql)
    rows = filtered(interactions, matching(filters, layout, binder), layout, also=["region != 0"])
    window = Window(start=filters.window.start - BEFORE, end=filters.window.end + AFTER)
    of_events = [
        bounds_of(window, binder).condition,
        # Before a page is read out of the event's JSON.
        f"{layout.event_session} IN (SELECT session FROM ({rows}))",
    ]
    after = with_slot(layout.spoken(after), "event session", layout.event_session)
    after = after.replace(FILTERS_MARK, "\n  ".join(f"AND {condition}" for condition in of_events))
    return Query(before + rows + after, binder.parameters)


def _with_areas(sql: str, areas: Sequence[Area], binder: Binder) -> str:
    sql = with_slot(sql, "areas", region(areas, binder))
    return sql.replace(FILTERS_MARK, f"{FILTERS_MARK}\n  {SMALL_BLOCKS}", 1) if has_polygons(areas) else sql


def _binder(filters: Filters) -> Binder:
    binder = Binder()
    binder.name("team_id", filters.team_id)
    return binder
