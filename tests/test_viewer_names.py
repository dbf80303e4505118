"""What is probably under the spots, and the elements of the page, as the viewer names them in a real browser."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests import chromium, node
from tests.test_viewer import Demo, Viewer, hold
from tests.viewer_shop import (
    BUY,
    CLICKS,
    FEW,
    HOME,
    MENU,
    NOWHERE,
    ODD,
    ODD_TEXT,
    QUIET,
    browser,
    look,
    shop,
    viewer,
)

__all__ = ["browser", "shop", "viewer"]

if chromium.PATH is None:
    node.leave_out_module("The tests of what is under the spots were left out, as they need Chromium.")

# The four spots from the hottest, and what each is called.
NAMES = ["Shop now · button", "Menu · link", f"{ODD_TEXT} · span", None]


def names(page: Page) -> list[str | None]:
    """Of each spot of the table, once they have come."""
    expect(page.locator("#spots .under").first).to_be_visible()
    found: list[str | None] = page.locator("#spots tbody tr").evaluate_all(
        "rows => rows.map(row => row.querySelector('.under:not([hidden])')?.textContent ?? null)"
    )
    return found


def asked_for_names(viewer: Viewer) -> list[str]:
    return [url for url in viewer.requests if "/heatmaps/areas/" in url]


# --- Names ----------------------------------------------------------------------------------------------------------


def test_each_spot_has_the_name_of_what_is_probably_under_it(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer)
    assert names(page) == NAMES
    assert len(asked_for_names(viewer)) == 1
    title = page.locator("#spots .under").first.get_attribute("title") or ""
    assert title.startswith("Shop now, of 100.0 % of what happened here. Likely, not certain")
    # What visitors' pages have on them is text and nothing else.
    assert page.locator("#spots img").count() == 0
    # The place comes first, as before.
    expect(page.get_by_role("button", name="30 %, 481 px Shop now · button")).to_be_visible()


def test_the_pointer_and_the_list_behind_a_spot_say_the_name_too(viewer: Viewer) -> None:
    page = look(viewer)
    names(page)
    pixel, _ = viewer.at(BUY[0] / 100, BUY[1])
    page.mouse.move(*pixel)
    expect(page.locator("#tip")).to_have_text("40 clicks within 32 px · 45.5 % · probably Shop now · button")
    page.mouse.click(*pixel)
    expect(page.locator("#behind-title")).to_have_text("Behind this spot · probably Shop now · button")
    pixel, _ = viewer.at(NOWHERE[0] / 100, NOWHERE[1])
    page.mouse.click(*pixel)
    expect(page.locator("#behind-title")).to_have_text("Behind this spot")


def test_the_picture_does_not_wait_for_names_and_does_without(viewer: Viewer) -> None:
    page = viewer.page
    page.route("**/heatmaps/areas/*", hold)
    look(viewer)
    assert [row[1] for row in viewer.rows("#spots")] == [str(CLICKS[place]) for place in (BUY, MENU, ODD, NOWHERE)]
    expect(page.locator("#picture")).to_have_attribute("aria-busy", "false")
    page.wait_for_timeout(500)
    assert len(asked_for_names(viewer)) == 1
    page.unroute("**/heatmaps/areas/*")
    page.route("**/heatmaps/areas/*", lambda route: route.fulfill(status=429, body="{}"))
    look(viewer, date_from="-8d")
    page.wait_for_timeout(500)
    assert page.locator("#spots .under:not([hidden])").count() == 0
    expect(page.get_by_role("alert")).to_have_count(0)
    viewer.meant = {"status of 429"}


def test_another_question_ends_the_request_for_names(viewer: Viewer) -> None:
    page = viewer.page
    ended: list[str] = []
    page.on("requestfailed", lambda request: ended.append(request.url))
    page.route("**/heatmaps/areas/*", hold)
    look(viewer)
    page.wait_for_timeout(500)
    page.unroute("**/heatmaps/areas/*")
    page.get_by_label("Leave out test accounts").check()
    viewer.settle()
    assert names(page) == NAMES
    assert [url for url in ended if "/areas/" in url] == asked_for_names(viewer)[:1]
    assert len(asked_for_names(viewer)) == 2


def test_names_are_asked_for_once_a_question(viewer: Viewer, shop: Demo) -> None:
    """Neither Live, which brings the same spots, nor another way to draw them asks again."""
    page = look(viewer)
    assert names(page) == NAMES
    ticks = len([url for url in viewer.requests if "include=coverage" in url])
    page.get_by_label("Radius").fill("20")
    viewer.settle()
    assert names(page) == NAMES
    reply = shop.answer("heatmaps/", date_from="-7d", url_exact=HOME, include="coverage", limit=500)
    reply["results"][0]["count"] += 1
    page.route(
        "**/heatmaps/?*include=coverage*",
        lambda route: route.fulfill(body=orjson.dumps(reply), content_type="application/json"),
    )
    expect(page.locator("#spots tbody tr").first).to_contain_text("41", timeout=15_000)
    assert len([url for url in viewer.requests if "include=coverage" in url]) > ticks
    page.wait_for_timeout(500)
    assert names(page) == NAMES
    assert len(asked_for_names(viewer)) == 1


@pytest.mark.parametrize("state", [{"type": "mousemove"}, {"type": "scrolldepth"}, {"url": f"{HOME}/none"}])
def test_where_no_name_can_be_known_none_is_asked_for(viewer: Viewer, state: dict[str, Any]) -> None:
    page = look(viewer, **state)
    page.wait_for_timeout(500)
    assert asked_for_names(viewer) == []


def test_where_no_click_was_captured_a_spot_has_its_place_only(viewer: Viewer) -> None:
    page = look(viewer, url=QUIET)
    page.wait_for_timeout(800)
    assert len(asked_for_names(viewer)) == 1
    assert page.locator("#spots .under:not([hidden])").count() == 0
    assert [row[0] for row in viewer.rows("#spots")] == ["30 %, 481 px"]


def test_what_changed_is_named_as_well(viewer: Viewer) -> None:
    page = look(viewer, against=orjson.dumps({"url_exact": QUIET}).decode())
    expect(page.locator("#spots")).to_contain_text("Menu · link")
    row = page.locator("#spots tbody tr").filter(has_text="Menu · link")
    row.get_by_role("button").click()
    expect(page.locator("#behind-title")).to_have_text("Behind this place, on this side · probably Menu · link")


# --- The elements of the page ---------------------------------------------------------------------------------------

ELEMENTS = [
    ["Shop now · button", "captured", "40"],
    ["Menu · link", "captured", "30"],
    [f"{ODD_TEXT} · span", "captured", "12"],
]


def elements(viewer: Viewer) -> list[list[str]]:
    viewer.page.get_by_role("radio", name="Elements").check()
    expect(viewer.page.locator("#elements-text")).not_to_contain_text("Asking")
    return viewer.rows("#elements-table")


def asked_for_elements(viewer: Viewer) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(url).query)) for url in viewer.requests if "/elements/stats/" in url]


def test_the_elements_of_the_page_are_those_of_the_api(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer)
    expect(page.locator("#elements-list")).to_be_hidden()
    assert asked_for_elements(viewer) == []
    assert elements(viewer) == ELEMENTS
    expect(page.locator("#spots-list")).to_be_hidden()
    (asked,) = asked_for_elements(viewer)
    reply = shop.answer("elements/stats/", **asked)
    assert [str(one["count"]) for one in reply["results"]] == [row[2] for row in ELEMENTS]
    assert asked == {"date_from": "-7d", "url_exact": HOME, "max_element_chain_depth": "1", "limit": "1000"}
    expect(page.locator("#elements-table td").first.locator("*")).to_have_attribute(
        "title", "Shop now · button#buy. Shows where it probably is."
    )
    expect(page.locator("#elements-text")).to_contain_text("autocapture: clicks, changed fields and sent forms.")


def test_the_filters_that_events_have_narrow_the_elements(viewer: Viewer) -> None:
    page = look(viewer, test_accounts="yes", width_min=640, widths="", page=HOME, date_to="2149-01-01")
    assert elements(viewer) == ELEMENTS
    (asked,) = asked_for_elements(viewer)
    assert {**asked, "limit": "", "max_element_chain_depth": ""} == {
        "filter_test_accounts": "true",
        "url_page": HOME,
        "date_from": "-7d",
        "date_to": "2149-01-01",
        "limit": "",
        "max_element_chain_depth": "",
    }
    expect(page.locator("#elements-text")).to_contain_text("The filters of widths have no say here.")
    page.get_by_label("Leave out test accounts").uncheck()
    viewer.settle()
    viewer.wait_for_replies()
    assert "filter_test_accounts" not in asked_for_elements(viewer)[-1]
    assert viewer.rows("#elements-table") == ELEMENTS


def test_exact_times_narrow_the_elements(viewer: Viewer) -> None:
    page = look(viewer, time_from="2020-01-01T10:00:00", time_to="2020-01-02T11:30:00")
    assert elements(viewer) == []
    (asked,) = asked_for_elements(viewer)
    assert (asked["time_from"], asked["time_to"]) == ("2020-01-01T10:00:00", "2020-01-02T11:30:00")
    expect(page.locator("#elements-text")).to_contain_text("No event on an element came in from here in these dates.")


def test_the_elements_of_the_page_before_go_while_the_next_is_asked_for(viewer: Viewer) -> None:
    page = look(viewer)
    assert elements(viewer) == ELEMENTS
    page.route("**/heatmaps/?*", hold)
    page.locator("#pages button").filter(has_text="/quiet").click()
    expect(page.locator("#cancel")).to_be_visible()
    assert viewer.rows("#elements-table") == []


def test_a_cohort_narrows_the_elements_as_it_does_the_map(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer)
    page.get_by_label("Cohort", exact=True).select_option("few")
    viewer.settle()
    assert {row[0]: row[2] for row in elements(viewer)} == {row[0]: str(FEW) for row in ELEMENTS}
    # Each of them clicked once at each place.
    assert viewer.total() == shop.count(date_from="-7d", url_exact=HOME, cohort_ids="[1]") == FEW * len(CLICKS)


def test_an_element_shows_where_it_probably_is(viewer: Viewer) -> None:
    page = look(viewer)
    names(page)
    elements(viewer)
    page.get_by_role("button", name=ODD_TEXT).click()
    spot = page.locator("#spot")
    expect(spot).to_be_visible()
    x, y = page.locator("#spot").evaluate("spot => [parseFloat(spot.style.left), parseFloat(spot.style.top)]")
    assert (round(100 * x / 1440), round(y / 16)) == (ODD[0], ODD[1] // 16)


def test_where_there_are_no_elements_it_is_said_why(viewer: Viewer) -> None:
    page = look(viewer, url=QUIET)
    assert elements(viewer) == []
    expect(page.locator("#elements-text")).to_contain_text("autocapture is off")
    # The way back.
    page.get_by_role("radio", name="Spots").check()
    expect(page.locator("#spots")).to_be_visible()


def test_a_key_that_may_not_read_elements_is_told(viewer: Viewer) -> None:
    page = look(viewer)
    page.route("**/elements/stats/*", lambda route: route.fulfill(status=403, body="{}"))
    assert elements(viewer) == []
    expect(page.locator("#elements-text")).to_contain_text("takes the scope element:read or heatmap:read")
    viewer.meant = {"status of 403"}


def test_long_lists_of_elements_are_shown_in_parts(viewer: Viewer) -> None:
    page = look(viewer)
    element = {"tag_name": "a", "text": "", "attr_class": ["x:y"], "href": None, "attr_id": None, "order": 0}
    chains = [
        {"count": 50 - number, "hash": "", "type": "$dead_click", "elements": [{**element, "text": f"No {number}"}]}
        for number in range(40)
    ]
    # One and the same to people.
    chains.append({**chains[-1], "count": 1})
    reply = {"results": chains, "next": "https://x", "previous": None}
    page.route(
        "**/elements/stats/*", lambda route: route.fulfill(body=orjson.dumps(reply), content_type="application/json")
    )
    assert len(elements(viewer)) == 15
    page.get_by_role("button", name="Show 15 more of 25").click()
    page.get_by_role("button", name="Show 10 more of 10").click()
    assert viewer.rows("#elements-table")[-2:] == [
        ["No 38 · link", "dead click", "12"],
        ["No 39 · link", "dead click", "12"],
    ]
    assert page.locator("#elements-table span").first.get_attribute("title") == "No 0 · a.x\\:y"
    expect(page.locator("#elements-text")).to_contain_text("Of the 1,000 most frequent")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of this table").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert (len(lines), lines[:2]) == (41, ["text,tag_name,selector,href,type,count", "No 0,a,a.x\\:y,,$dead_click,50"])
