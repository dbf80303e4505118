"""What may be asked with a share token: about its pages alone, and not who the visitors are.

What is not named here is closed, so a new parameter is, too, until somebody decides otherwise.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from rest_framework.exceptions import PermissionDenied

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.models import Share, ShareKind
from heatmaps.population.binding import Binder
from heatmaps.population.filters import Aggregation, Filters, Urls
from heatmaps.population.page_urls import page_of, spellings
from heatmaps.population.urls import regular_expression

OPEN = frozenset(
    [
        *("url_page", "url_exact", "url_pattern"),
        *("type", "date_from", "date_to", "time_from", "time_to", "viewport_width_min", "viewport_width_max"),
        *("hide_zero_coordinates", "first_in_session"),
        *("aggregation", "include", "min_visitors", "cell_width", "cell_height", "limit", "offset"),
        *("against", "order", "fdr", "areas", "by"),
        *("width", "height", "radius", "opacity", "palette", "background", "legend", "fold", "format"),
    ]
)
# Of these parameters no other values.
OPEN_VALUES = {
    "aggregation": frozenset({Aggregation.TOTAL_COUNT.value, Aggregation.UNIQUE_VISITORS.value}),
    "include": frozenset({"coverage", "types"}),
}


def refuse_closed_parameters(given: Mapping[str, Any], known: Collection[str]) -> None:
    """Before anything is understood: what is wrong with a parameter may tell something about the project."""
    for name in given:
        if name in known and name not in OPEN:
            raise PermissionDenied(f"A share token does not open {name}.")


def refuse_closed_values(values: Mapping[str, Any]) -> None:
    for name, allowed in OPEN_VALUES.items():
        value = values.get(name) or ()
        for one in [value] if isinstance(value, str) else value:
            if one not in allowed:
                raise PermissionDenied(f"A share token does not open {name}={one}.")


def with_floor(values: dict[str, Any], share: Share) -> dict[str, Any]:
    """Shows no smaller groups than the token is for."""
    if "min_visitors" in values:
        values["min_visitors"] = max(values["min_visitors"], share.min_visitors)
    return values


def fenced(filters: Filters, share: Share) -> Filters:
    """The filters with the token's own pages, which have to be those that are asked for."""
    own = _urls(share)
    if not _is_same(filters, own):
        # Whoever has the token may know what it is for, and a page that got it from its address has to.
        raise PermissionDenied(f"The share token is for another page. Ask with {share.kind}={share.url}")
    return replace(filters, url_exact=own.url_exact, url_page=own.url_page, url_pattern=own.url_pattern)


def _urls(share: Share) -> Urls:
    match ShareKind(share.kind):
        case ShareKind.PAGE:
            return Urls(url_page=share.url)
        case ShareKind.EXACT:
            return Urls(url_exact=share.url.rstrip("/"))
        case ShareKind.PATTERN:
            return Urls(url_pattern=regular_expression(share.url))


def _is_same(asked: Urls, own: Urls) -> bool:
    """Whether the filter that takes effect is the token's own."""
    if asked.url_pattern is not None or own.url_pattern is not None:
        return asked.url_pattern == own.url_pattern
    if asked.url_page is not None and own.url_page is not None:
        return asked.url_page == own.url_page or _is_one_page(asked.url_page, own.url_page)
    return asked.url_page is own.url_page is None and asked.url_exact == own.url_exact


def _is_one_page(asked: str, own: str) -> bool:
    """Only the engine can tell: it is what makes pages of URLs."""
    binder = Binder()
    page = page_of(binder.bind(asked, "String", "asked"))
    same = " OR ".join(f"{page} = {page_of(binder.bind(one, 'String', 'own'))}" for one in spellings(own))
    ((is_one,),) = engine.rows(Query(f"SELECT {same}", binder.parameters))
    return bool(is_one)
