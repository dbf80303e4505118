"""axe-core finds no barrier in any state of the viewer, light and dark, in windows of three widths."""

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from heatmaps.demo import site
from tests import chromium, node
from tests.small_demo import cookies_of_ann, served_small
from tests.test_viewer import Demo

if chromium.PATH is None or not node.is_there():
    node.leave_out_module("The tests with axe-core were left out, as they need Chromium, and Node with npm.")

pytestmark = pytest.mark.slow
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKED_AT = {"project": "1", "date_from": "-31d", "widths": "any", "site": "/demo", "page": site.url("/")}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    node.install(node.BROWSER)
    with served_small(tmp_path_factory.mktemp("axe")) as demo:
        yield demo


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def cookies(browser: Browser, demo: Demo) -> Any:
    return cookies_of_ann(browser, demo)


class Looked:
    """One window, what axe-core found in it, and in which state of the viewer."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []

    def open(self, demo: Demo, **state: str) -> None:
        self.page.goto(f"{demo.origin}/?{urlencode(state)}")
        # The page's own policy lets no script of others in; this one comes through the debugger.
        self.page.evaluate((node.BROWSER / "node_modules/axe-core/axe.min.js").read_text())

    def settle(self) -> None:
        """Waits until the picture is that of what was asked for last, and nothing is said to be on its way."""
        expect(self.page.locator("#picture[aria-busy=false]")).to_be_visible(timeout=20_000)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def check(self, state: str) -> None:
        """Whatever axe-core has to say of it in both themes, however small. What it cannot tell is not among it."""
        for theme in THEMES:
            self.page.emulate_media(color_scheme=theme)
            found = self.page.evaluate("axe.run(document, {iframes: false, resultTypes: ['violations']})")
            self.found += [
                f"{state}, {theme}: {one['id']}: {node['html'][:200]}: {node['failureSummary']}"
                for one in found["violations"]
                for node in one["nodes"]
            ]

    def reach(self, selector: str, opener: str) -> None:
        """Opens what it lies in where there is no room for it."""
        if not self.page.locator(selector).is_visible():
            self.page.locator(opener).click()
            expect(self.page.locator(selector)).to_be_visible()

    def close_all(self) -> None:
        for _ in range(4):
            if self.page.locator("dialog[open], :popover-open").count() == 0:
                return
            self.page.keyboard.press("Escape")
        expect(self.page.locator("dialog[open], :popover-open")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_axe_finds_nothing(browser: Browser, demo: Demo, cookies: Any, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce") as context:
        context.set_default_timeout(10_000)
        looked = Looked(context.new_page())
        looked.open(demo)
        expect(looked.page.locator("#key")).to_be_visible()
        looked.check("signed out")
        looked.page.locator("#key").fill("phx_nobody")
        looked.page.get_by_role("button", name="Use key").click()
        expect(looked.page.get_by_role("alert")).to_be_visible()
        looked.check("signed out, with a key that is none")
        context.add_cookies(cookies)
        looked.page.evaluate("sessionStorage.clear()")
        looked.open(demo, **LOOKED_AT)
        looked.settle()
        look_at_the_map(looked)
        look_at_dialogs(looked)
        look_at_an_area(looked)
        look_at_two_sides(looked)
        look_at_scroll_depth(looked)
        # The demo has phones and desktops, and nothing between them.
        looked.open(demo, **{**LOOKED_AT, "widths": "", "width_min": "496", "width_max": "1024", "events": "never"})
        expect(looked.page.locator("#empty .ladder")).to_be_visible()
        looked.settle()
        looked.check("empty")
        assert "\n".join(looked.found) == ""


def look_at_the_map(looked: Looked) -> None:
    page = looked.page
    looked.check("map")
    page.locator("#spots tbody button").first.click()
    expect(page.locator("#behind-table tbody tr").first).to_be_visible()
    spot = page.locator("#spot")
    spot.scroll_into_view_if_needed()
    box = spot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#tip")).to_be_visible()
    looked.check("map with details and a tip")
    page.mouse.move(0, 0)
    page.locator("#behind-table button.whose").first.click()
    expect(page.locator(".whose-row")).to_be_visible()
    looked.check("what can be done with an id")
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("radio", name="Elements").check(force=True)
    expect(page.locator("#elements-text")).not_to_be_empty()
    looked.check("elements")
    page.get_by_role("radio", name="Spots").check(force=True)


def look_at_dialogs(looked: Looked) -> None:
    page = looked.page
    looked.reach("#export", "#more")
    page.locator("#export").click()
    expect(page.locator("#export-choices")).to_be_visible()
    # Where there is no room, the menu is around them.
    looked.check("export choices, in the menu where there is one")
    page.locator("#copy-curl").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#copied")).not_to_be_empty()
    looked.check("copy")
    looked.close_all()
    looked.reach("#share", "#more")
    page.locator("#share").click()
    page.get_by_label("For whom").fill("Ann")
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("#share-made")).to_be_visible()
    expect(page.locator("#shares-list li").first).to_be_visible()
    looked.check("share")
    looked.close_all()
    looked.reach("#dates", "#toggle-controls")
    page.locator("#dates").click()
    dialog = page.get_by_role("dialog", name="Dates")
    expect(dialog).to_be_visible()
    looked.check("dates")
    dialog.locator("#date-from").fill("nonsense")
    page.keyboard.press("Enter")
    expect(dialog.locator("#date-from-wrong")).to_be_visible()
    looked.check("dates, one of them wrong")
    looked.close_all()


def look_at_an_area(looked: Looked) -> None:
    page = looked.page
    page.locator("#mark").click()
    looked.check("marking")
    page.get_by_role("radio", name="By numbers").check(force=True)
    page.locator("#add-numbers").click()
    expect(page.locator("#areas-list li p").first).not_to_be_empty()
    page.locator("#areas-list summary").first.click()
    if not page.locator("#marking").is_visible():
        page.locator("#mark").click()
    looked.check("marking by numbers, with an area")
    page.locator("#stop-marking").click()


def look_at_two_sides(looked: Looked) -> None:
    page = looked.page
    page.locator("#compare").select_option("previous")
    expect(page.locator("#total-text")).to_have_text("Nothing to compare")
    looked.settle()
    looked.check("comparing with nothing")
    page.locator("#compare").select_option("width")
    page.locator("#compare-width").select_option("mobile")
    expect(page.locator("#spots.is-changes tbody tr").first).to_be_visible()
    looked.settle()
    looked.check("comparing")
    page.locator("#stop-comparing").click()
    expect(page.locator("#sides")).to_be_hidden()
    page.locator("#remove-areas").click()


def look_at_scroll_depth(looked: Looked) -> None:
    page = looked.page
    looked.reach("#controls", "#toggle-controls")
    page.get_by_role("radio", name="Scroll depth").check()
    expect(page.locator("#shown-text")).to_contain_text("Scroll depth")
    looked.settle()
    if page.locator("#filters").is_visible():
        looked.check("the filters' sheet")
        looked.close_all()
    looked.check("scroll depth")
