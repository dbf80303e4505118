"""Requests that are worth a look on the demo's data, each with what it shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from heatmaps.demo import site

PHONES_UP_TO = 480
PRODUCT = "/coffee/ethiopia-yirgacheffe"


@dataclass(frozen=True, slots=True)
class DemoRequest:
    sentence: str
    path: str
    parameters: dict[str, Any]

    def url(self, origin: str) -> str:
        return f"{origin}{self.path}?{urlencode(self.parameters, quote_via=quote, safe='/:,*')}"


Ask = Callable[..., DemoRequest]


def demo_requests(
    *, project_id: int, date_from: str, customers_id: int, raged_at: dict[str, Any] | None
) -> list[DemoRequest]:
    """`raged_at` is the point with the most rage clicks of the checkout."""
    path = f"/api/projects/{project_id}/heatmaps/"

    def ask(sentence: str, **parameters: Any) -> DemoRequest:
        return DemoRequest(sentence, path, {"date_from": date_from, **parameters})

    rage = ask(
        "Rage clicks at the checkout: the button that redeems vouchers is broken.",
        type="rageclick",
        url_exact=site.url("/checkout"),
        limit=5,
    )
    behind = []
    if raged_at:
        sentence = "Who raged there: the interactions behind the hottest of those points, newest first."
        behind = [DemoRequest(sentence, f"{path}events/", {**rage.parameters, "points": _json([raged_at])})]
    return [*_about_the_home_page(ask), rage, *behind, *_about_other_pages(ask), *_about_some_people(ask, customers_id)]


def _about_the_home_page(ask: Ask) -> list[DemoRequest]:
    home = site.url("/")
    return [
        ask("Where people click on the home page, hottest first: on the button Shop now.", url_exact=home, limit=5),
        ask(
            "The same on phones: the page is another one there, and so is the picture.",
            url_exact=home,
            viewport_width_max=PHONES_UP_TO,
            limit=5,
        ),
    ]


def _about_other_pages(ask: Ask) -> list[DemoRequest]:
    return [
        ask(
            "Dead clicks: the picture of the coffee shows a magnifier, and does not grow.",
            type="deadclick",
            url_exact=site.url(PRODUCT),
            limit=5,
        ),
        ask(
            "How far down people scroll on the longest post of the blog: few see its end.",
            type="scrolldepth",
            url_exact=site.url("/blog/brewing-guide"),
        ),
        ask(
            "What people read on all posts of the blog: where their pointers rest, counted in visitors.",
            type="mousemove",
            url_pattern=site.url("/blog/*"),
            aggregation="unique_visitors",
            limit=5,
        ),
    ]


def _about_some_people(ask: Ask, customers_id: int) -> list[DemoRequest]:
    coffee = site.url("/coffee")
    return [
        ask("The list of coffees: one spot at its right edge beats all others.", url_exact=coffee, limit=5),
        ask(
            "The same without the shop's own people, who edit the list there.",
            url_exact=coffee,
            filter_test_accounts="true",
            limit=5,
        ),
        ask(
            "On a coffee's page, only sessions in which something was bought: on the button Add to cart.",
            url_exact=site.url(PRODUCT),
            events=_json([{"id": "purchase"}]),
            limit=5,
        ),
        ask(
            "The home page as the cohort of customers uses it.",
            url_exact=site.url("/"),
            cohort_ids=_json([customers_id]),
            limit=5,
        ),
    ]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
