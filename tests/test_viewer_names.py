"""What is probably under the spots, and the elements of the page, as the viewer names them in a real browser."""

from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests import chromium, node
from tests.test_viewer import Demo, Viewer, barriers, hold
from tests.viewer_shop import (
    BUY,
    CLICKS,
    HOME,
    MENU,
    NOWHERE,
    ODD,
    ODD_TEXT,
    QUIET,
    WIDTHS,
    browser,
    fits,
    look,
    pictured,
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
    page.get_by_label("Dates").first.select_option("Last 14 days")
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


@pytest.mark.parametrize("width", WIDTHS)
def test_names_fit(viewer: Viewer, width: int) -> None:
    node.install(node.BROWSER)
    page = look(viewer, width)
    assert names(page) == NAMES
    assert fits(page, "#spots", width)
    assert barriers(page) == []
    page.locator("#spots").scroll_into_view_if_needed()
    pictured(page, f"names-{width}")
