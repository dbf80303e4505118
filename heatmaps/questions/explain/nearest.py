"""Which pages are most like a URL that has nothing."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import NamedTuple

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.filters import Filters
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.page_urls import page_of, parts_of
from heatmaps.population.predicates import matching
from heatmaps.population.sql import Rows, filtered, sql_file, with_slot

_LIST_OF_URLS = "/* the list of URLs */"


class NearRow(NamedTuple):
    """A page with interactions under the other filters, and in what its URL differs."""

    url: str
    count: int  # type: ignore[assignment]  # the column's name, which hides a method of tuples
    last_seen: datetime
    differences: Sequence[str]
    weight: int
    distance: float


def nearest(filters: Filters, url: str | None, layout: Layout) -> list[NearRow]:
    """At most five; without a URL the busiest."""
    if url is not None and filters.url_page is not None:
        ((url,),) = engine.rows(Query(f"SELECT {page_of('{url:String}')}", {"url": url}))
    return engine.rows(nearest_query(filters, url, layout), NearRow)


def nearest_query(filters: Filters, url: str | None, layout: Layout = PLAIN) -> Query:
    """Rows as NearRow. Where the filter is url_page, `url` is the page that the engine makes of it."""
    binder = Binder()
    binder.name("team_id", filters.team_id)
    binder.name("is_pattern", url is None)
    parts = asdict(parts_of((url or "").rstrip("/")))
    slashes = {parts.pop("slashes"), parts_of(url or "").slashes}
    for name, value in parts.items():
        binder.name(name, value)
    binder.name("slashes", sorted(slashes))
    others = matching(replace(filters, url_exact=None, url_page=None, url_pattern=None), layout, binder)
    rows, urls = sql_file(__file__, "nearest.sql").split(_LIST_OF_URLS)
    sql = filtered(rows, others, layout) + filtered(urls, Rows(conditions=()), layout)
    shown = page_of("url_of_page") if url is not None and filters.url_page is not None else "url_of_page"
    return Query(with_slot(sql, "url", shown), binder.parameters)
