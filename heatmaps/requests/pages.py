"""Of which page a URL is, as the engine tells it, for what is kept by page beside the engine."""

import re

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.page_urls import ORIGIN, decoded_host, page_of, sendable


def page_of_url(url: str) -> str:
    """The page of a URL, as `by=page` lists it: equal for all URLs of one page. Its host is not in punycode."""
    origin = re.match(ORIGIN, url)
    if origin:
        url = decoded_host(origin[0]) + url[origin.end() :]
    binder = Binder()
    ((page,),) = engine.rows(Query(f"SELECT {page_of(binder.bind(url, 'String', 'url'))}", binder.parameters))
    return sendable(str(page))
