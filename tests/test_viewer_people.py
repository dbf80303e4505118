"""Whose interactions the viewer lists, in a real browser: ids are copied whole, looked at alone, and linked."""

from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Error, Locator, Page, Route, expect

from tests import chromium, node
from tests.test_viewer import Demo, Viewer
from tests.viewer_shop import (
    BUY,
    CLICKS,
    HOME,
    ODD_SESSION,
    ODD_VISITOR,
    browser,
    look,
    shop,
    viewer,
)

__all__ = ["browser", "shop", "viewer"]

if chromium.PATH is None:
    node.leave_out_module("The tests of whose interactions are listed were left out, as they need Chromium.")


def behind_the_button(viewer: Viewer, width: int = 1440) -> Page:
    """The interactions on "Shop now", which all visitors clicked."""
    page = look(viewer, width)
    page.locator("#spots button").first.click()
    expect(page.locator("#behind-page")).to_have_text(f"1 to 20 of {CLICKS[BUY]}")
    return page


def opened(page: Page, column: int, row: int = 0) -> Locator:
    """What can be done with the id in a cell."""
    page.locator("#behind-table tbody tr:not(.whose-row)").nth(row).locator("button.whose").nth(column).click()
    return page.locator(".whose-row")


def test_an_id_is_shortened_to_the_eye_and_copied_whole(viewer: Viewer, shop: Demo) -> None:
    viewer.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = behind_the_button(viewer)
    newest = f"visitor-{CLICKS[BUY] - 1:04}-of-the-shop"
    button = page.locator("#behind-table button.whose").first
    expect(button).to_have_text(newest)
    assert button.locator("span").first.evaluate("one => one.scrollWidth > one.clientWidth")
    below = opened(page, 0)
    expect(button).to_have_attribute("aria-expanded", "true")
    below.get_by_role("button", name="Copy").click()
    expect(below.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == newest
    # Another one takes its place, and the same one again takes it away.
    session = opened(page, 1)
    expect(page.locator(".whose-row")).to_have_count(1)
    expect(session.locator("code")).to_have_text(f"0192aaaa-bbbb-7ccc-8ddd-{CLICKS[BUY] - 1:012}")
    opened(page, 1)
    expect(page.locator(".whose-row")).to_have_count(0)


def test_a_session_has_the_operators_link_with_its_ids_encoded(viewer: Viewer) -> None:
    page = behind_the_button(viewer)
    assert opened(page, 0).get_by_role("link").count() == 0
    page.get_by_role("button", name="Older").click()
    expect(page.locator("#behind-page")).to_have_text(f"21 to 40 of {CLICKS[BUY]}")
    expect(page.locator("#behind-table tbody tr").last).to_contain_text(ODD_SESSION)
    link = opened(page, 1, row=19).get_by_role("link")
    expect(link).to_have_attribute(
        "href", f"https://replay.example/{quote(ODD_SESSION, '')}?of={quote(ODD_VISITOR, '')}"
    )
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_one_visitor_is_looked_at_alone(viewer: Viewer, shop: Demo) -> None:
    page = behind_the_button(viewer)
    page.get_by_role("button", name="Older").click()
    expect(page.locator("#behind-page")).to_have_text(f"21 to 40 of {CLICKS[BUY]}")
    opened(page, 0, row=19).get_by_role("button", name="Only this visitor").click()
    expect(page.locator("#behind-text")).to_have_text("1 click of this visitor. Times are of UTC.")
    assert [row[1:] for row in viewer.rows("#behind-table")] == [[ODD_VISITOR, ODD_SESSION]]
    page.get_by_role("button", name="Show all of them").click()
    expect(page.locator("#behind-page")).to_have_text(f"1 to 20 of {CLICKS[BUY]}")
    expect(page.get_by_role("button", name="Show all of them")).to_be_hidden()


EVENTS = "**/heatmaps/events/*"


def many(rows: int) -> dict[str, Any]:
    """A reply with so many of 3,000 interactions."""
    row = {"timestamp": "2026-11-20T10:00:00Z", "distinct_id": "v", "session_id": "s", "current_url": HOME}
    return {"results": [row] * rows, "total_count": 3000, "has_more": True}


def test_of_too_many_it_is_said_how_many_were_looked_through(viewer: Viewer) -> None:
    """Of a session with all of 3,000 interactions, as the service tells them a hundred at a time."""
    page = look(viewer)
    page.route(EVENTS, lambda route: route.fulfill(json=many(100)))
    page.locator("#spots button").first.click()
    expect(page.locator("#behind-page")).to_be_visible()
    before = len(viewer.requests)
    opened(page, 1).get_by_role("button", name="Only this session").click()
    expect(page.locator("#behind-text")).to_have_text(
        "1,000 clicks of this session, among the newest 1,000 of 3,000 here. Times are of UTC."
    )
    assert len([url for url in viewer.requests[before:] if "/events/" in url]) == 10
    page.get_by_role("button", name="Older").click()
    expect(page.locator("#behind-page")).to_have_text("21 to 40 of 1,000")
    assert len([url for url in viewer.requests[before:] if "/events/" in url]) == 10


def test_a_page_of_the_list_that_comes_late_stays_away(viewer: Viewer) -> None:
    page = look(viewer)
    late: list[Route] = []

    def answer(route: Route) -> None:
        if parse_qs(urlsplit(route.request.url).query)["offset"] == ["40"]:
            late.append(route)
        else:
            route.fulfill(json=many(20))

    page.route(EVENTS, answer)
    page.locator("#spots button").first.click()
    listed, older = page.locator("#behind-page"), page.get_by_role("button", name="Older")
    expect(listed).to_have_text("1 to 20 of 3,000")
    older.click()
    expect(listed).to_have_text("21 to 40 of 3,000")
    with page.expect_request(EVENTS):
        older.click()
    page.get_by_role("button", name="Newer").click()
    expect(listed).to_have_text("1 to 20 of 3,000")
    for route in late:
        # It may be that nobody waits for it any more.
        with suppress(Error):
            route.fulfill(json=many(20))
    viewer.wait_for_replies()
    expect(listed).to_have_text("1 to 20 of 3,000")


def test_what_the_list_says_is_back_after_looking_for_one_visitor_failed(viewer: Viewer) -> None:
    page = behind_the_button(viewer)
    said = viewer.text("#behind-text")
    page.route(EVENTS, lambda route: route.fulfill(status=503, json={"type": "server_error", "detail": "Away."}))
    opened(page, 0).get_by_role("button", name="Only this visitor").click()
    expect(page.locator("#problem")).to_contain_text("Away.")
    expect(page.locator("#behind-text")).to_have_text(said)
    viewer.meant = {"status of 503"}
