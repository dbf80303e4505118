"""Requests that are worth a look on the demo's data, each with what it shows."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from heatmaps.demo import site

PHONES_UP_TO = 480


@dataclass(frozen=True, slots=True)
class DemoRequest:
    sentence: str
    path: str
    parameters: dict[str, Any]

    def url(self, origin: str) -> str:
        return f"{origin}{self.path}?{urlencode(self.parameters, quote_via=quote, safe='/:,*')}"


def demo_requests(
    *, project_id: int, date_from: str, customers_id: int, raged_at: dict[str, Any] | None
) -> list[DemoRequest]:
    """`raged_at` is the point with the most rage clicks of the checkout."""
    home, coffee, checkout = site.url("/"), site.url("/coffee"), site.url("/checkout")
    product = site.url("/coffee/ethiopia-yirgacheffe")

    def ask(sentence: str, **parameters: Any) -> DemoRequest:
        dated = {"date_from": date_from, **parameters}
        return DemoRequest(sentence, f"/api/projects/{project_id}/heatmaps/", dated)

    asked = [
        ask("Where people click on the home page, hottest first: on the button Shop now.", url_exact=home, limit=5),
        ask(
            "The same on phones: the page is another one there, and so is the picture.",
            url_exact=home,
            viewport_width_max=PHONES_UP_TO,
            limit=5,
        ),
        ask(
            "Rage clicks at the checkout: the button that redeems vouchers is broken.",
            type="rageclick",
            url_exact=checkout,
            limit=5,
        ),
        ask(
            "Dead clicks: the picture of the coffee shows a magnifier, and does not grow.",
            type="deadclick",
            url_exact=product,
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
        ask("The list of coffees: one spot at its right edge beats all others.", url_exact=coffee, limit=5),
        ask(
            "The same without the shop's own people, who edit the list there.",
            url_exact=coffee,
            filter_test_accounts="true",
            limit=5,
        ),
        ask(
            "On a coffee's page, only sessions in which something was bought: on the button Add to cart.",
            url_exact=product,
            events=_json([{"id": "purchase"}]),
            limit=5,
        ),
        ask(
            "The home page as the cohort of customers uses it.",
            url_exact=home,
            cohort_ids=_json([customers_id]),
            limit=5,
        ),
    ]
    if raged_at:
        drill_down = DemoRequest(
            "Who raged there: the interactions behind the hottest of those points, newest first.",
            f"/api/projects/{project_id}/heatmaps/events/",
            {**asked[2].parameters, "points": _json([raged_at])},
        )
        asked.insert(3, drill_down)
    return asked


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
