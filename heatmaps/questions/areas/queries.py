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
from heatmaps.population.sql import FILTERS_MARK, filtered, sql_file

BEFORE, AFTER = timedelta(seconds=10), timedelta(seconds=1)
_AREAS = re.compile(r"/\* the areas of a cell \*/.*?/\* end of areas \*/")
_ZONE = re.compile(r"/\* in the zone \*/.*?/\* end of zone \*/")
_EVENT_SESSION = re.compile(r"/\* of an event: session \*/.*?/\* end of session \*/")
_INTERACTIONS = re.compile(r"/\* (?:interactions|end of interactions) \*/")


def areas(filters: Filters, areas: Sequence[Area], layout: Layout = PLAIN) -> Query:
    """Rows (area, count, visitors, sessions, firsts): area 0 is all of it, n the nth area. One that has nothing is not
    there."""
    binder = _binder(filters)
    sql = _with_areas(sql_file(__file__, "areas.sql"), areas, binder)
    return Query(filtered(sql, matching(filters, layout, binder), layout), binder.parameters)


def days(filters: Filters, areas: Sequence[Area], layout: Layout = PLAIN) -> Query:
    """Rows (area, day, count, visitors), days of the project's zone, ascending."""
    binder = _binder(filters)
    sql = _with_areas(sql_file(__file__, "days.sql"), areas, binder)
    day = f"toDate32(timestamp, {binder.bind(filters.timezone, 'String', 'timezone')})"
    sql = _ZONE.sub(lambda _: day, sql)
    return Query(filtered(sql, matching(filters, layout, binder), layout), binder.parameters)


def types(filters: Filters, areas: Sequence[Area], layout: Layout = PLAIN) -> Query:
    """Rows (area, type, count, visitors) of all kinds of interactions, the most frequent first."""
    binder = _binder(filters)
    sql = _with_areas(sql_file(__file__, "types.sql"), areas, binder)
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
    after = _EVENT_SESSION.sub(lambda _: layout.event_session, layout.spoken(after))
    after = after.replace(FILTERS_MARK, "\n  ".join(f"AND {condition}" for condition in of_events))
    return Query(before + rows + after, binder.parameters)


def _with_areas(sql: str, areas: Sequence[Area], binder: Binder) -> str:
    of_a_cell = region(areas, binder)
    sql = _AREAS.sub(lambda _: of_a_cell, sql)
    return sql.replace(FILTERS_MARK, f"{FILTERS_MARK}\n  {SMALL_BLOCKS}", 1) if has_polygons(areas) else sql


def _binder(filters: Filters) -> Binder:
    binder = Binder()
    binder.name("team_id", filters.team_id)
    return binder
