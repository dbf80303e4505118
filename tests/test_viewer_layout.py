"""Where things are in windows of all widths, how they are reached, and that Escape closes them one at a time."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from heatmaps.demo import site
from tests import chromium, node
from tests.small_demo import served_small
from tests.test_viewer import Demo

if chromium.PATH is None or not node.is_there():
    node.leave_out_module("The tests of the viewer's layout were left out, as they need Chromium, and Node with npm.")

pytestmark = pytest.mark.slow

LOOKED_AT = {"date_from": "-31d", "widths": "any", "site": "/demo", "page": site.url("/")}
# What is pressed, and how large that is: with its label, where it has one. Links within sentences are as high as these.
SMALL = """([least, selector]) => [...document.querySelectorAll(selector)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("[inert]"))
    .map((one) => [one, (one.closest("label") ?? one).getBoundingClientRect()])
    .filter(([one, box]) => box.width > 1 && (box.height < least - 0.5 || box.width < least - 0.5))
    .map(([one, box]) => `${one.id || one.name || one.textContent.trim()}: ${box.width} x ${box.height}`)"""
PRESSED = "button, a[href]:not(.skip), select, input, textarea, summary"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with served_small(tmp_path_factory.mktemp("layout")) as demo:
        yield demo


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


def opened(browser: Browser, demo: Demo, width: int, *, is_touched: bool = False, **state: str) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, reduced_motion="reduce", has_touch=is_touched, is_mobile=is_touched
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{demo.origin}/static/viewer/icon.svg")
    page.evaluate("key => sessionStorage.setItem('heatmaps.key', key)", demo.key)
    page.goto(f"{demo.origin}/?{urlencode({**LOOKED_AT, **state})}")
    expect(page.locator("#picture[aria-busy=false]")).to_be_visible(timeout=20_000)
    return page


@pytest.fixture
def phone(browser: Browser, demo: Demo) -> Iterator[Page]:
    page = opened(browser, demo, 390)
    yield page
    page.context.close()


def test_on_a_phone_the_picture_comes_first_and_filters_are_a_sheet(phone: Page) -> None:
    expect(phone.locator("#controls")).to_be_hidden()
    top = phone.locator("#picture").evaluate("picture => picture.getBoundingClientRect().top")
    assert top < 300
    filters = phone.get_by_role("button", name="Filters")
    filters.click()
    sheet = phone.get_by_role("dialog", name="What to show")
    expect(sheet).to_be_visible()
    expect(filters).to_have_attribute("aria-expanded", "true")
    # It comes from below, over the whole width.
    box = sheet.bounding_box()
    assert box is not None
    assert (box["x"], box["width"], round(box["y"] + box["height"])) == (0, 390, 800)
    phone.get_by_role("radio", name="Scroll depth").check()
    expect(phone.locator("#shown-text")).to_contain_text("Scroll depth")
    expect(phone.locator("#picture[aria-busy=false]")).to_be_visible()
    phone.get_by_role("button", name="Show the picture").click()
    expect(sheet).to_be_hidden()
    expect(filters).to_be_focused()
    expect(filters).to_have_attribute("aria-expanded", "false")
    assert phone.evaluate("document.getElementById('controls').parentElement.id") == "viewer"


def test_the_sheet_keeps_the_focus_and_gives_it_back(phone: Page) -> None:
    filters = phone.get_by_role("button", name="Filters")
    for leave in ("Escape", "beside"):
        filters.click()
        for _ in range(60):
            phone.keyboard.press("Tab")
            inside = phone.evaluate(
                "document.activeElement === document.body || !!document.activeElement.closest('#filters')"
            )
            assert inside, phone.evaluate("document.activeElement.outerHTML")
        if leave == "Escape":
            phone.keyboard.press("Escape")
        else:
            phone.mouse.click(200, 20)
        expect(phone.locator("#filters")).to_be_hidden()
        expect(filters).to_be_focused()


def test_a_window_that_becomes_wide_has_its_filters_beside_the_picture(phone: Page) -> None:
    phone.get_by_role("button", name="Filters").click()
    phone.set_viewport_size({"width": 1024, "height": 800})
    expect(phone.locator("#filters")).to_be_hidden()
    expect(phone.get_by_label("Search pages")).to_be_visible()
    phone.get_by_role("button", name="More").click()
    phone.set_viewport_size({"width": 1440, "height": 800})
    expect(phone.get_by_role("button", name="More")).to_be_hidden()
    expect(phone.get_by_role("button", name="Copy link")).to_be_visible()
    assert phone.locator("#menu").evaluate("menu => menu.matches(':popover-open')") is False


@pytest.mark.parametrize("width", [390, 1024])
def test_rare_tools_are_in_a_menu_where_there_is_no_room(browser: Browser, demo: Demo, width: int) -> None:
    page = opened(browser, demo, width)
    more = page.get_by_role("button", name="More")
    for names in (("Copy link",), ("Share",), ("Export", "Copy as curl, Python or MCP")):
        expect(page.get_by_role("button", name=names[0], exact=True)).to_be_hidden()
        more.click()
        for name in names:
            page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        # What the menu opened leads back to it.
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(more).to_be_focused()
    # Of what opens within it, the menu is around.
    more.click()
    page.get_by_role("button", name="Export").click()
    page.keyboard.press("Escape")
    expect(page.locator("#export-choices")).to_be_hidden()
    expect(page.locator("#menu")).to_be_visible()
    page.get_by_label("Theme").select_option("dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.keyboard.press("Escape")
    expect(page.get_by_label("Theme")).to_be_hidden()
    expect(more).to_be_focused()
    page.context.close()


def test_escape_closes_one_thing_at_a_time_and_the_innermost_first(browser: Browser, demo: Demo) -> None:
    page = opened(browser, demo, 1024)
    page.locator("#spots button").first.click()
    expect(page.locator("#behind")).to_be_visible()
    page.locator("#mark").click()
    page.get_by_role("button", name="More").click()
    shown = ["#menu", "#marking", "#behind"]
    for selector in shown:
        expect(page.locator(selector)).to_be_visible()
    while shown:
        page.keyboard.press("Escape")
        expect(page.locator(shown.pop(0))).to_be_hidden()
        for selector in shown:
            expect(page.locator(selector)).to_be_visible()
    expect(page.locator("#shown-title")).to_be_focused()
    page.context.close()


def test_escape_takes_the_tip_away_before_what_is_below_it(browser: Browser, demo: Demo) -> None:
    page = opened(browser, demo, 1440)
    page.locator("#spots button").first.click()
    expect(page.locator("#behind")).to_be_visible()
    page.locator("#picture").hover()
    spot = page.locator("#spot").bounding_box()
    assert spot is not None
    page.mouse.move(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    expect(page.locator("#tip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()
    expect(page.locator("#behind")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#behind")).to_be_hidden()
    page.context.close()


@pytest.mark.parametrize(("width", "least", "is_touched"), [(1440, 24, False), (1024, 24, False), (390, 44, True)])
def test_whatever_is_pressed_is_large_enough(
    browser: Browser, demo: Demo, width: int, least: int, is_touched: bool
) -> None:
    page = opened(browser, demo, width, is_touched=is_touched)
    assert page.evaluate(SMALL, [least, PRESSED]) == []
    page.locator("#mark").click()
    page.locator("#spots button").first.click()
    expect(page.locator("#behind-table tbody tr").first).to_be_visible()
    page.get_by_role("radio", name="By numbers").check(force=True)
    assert page.evaluate(SMALL, [least, PRESSED]) == []
    page.keyboard.press("Escape")
    for opener in ("#toggle-controls", "#more"):
        if page.locator(opener).is_visible():
            page.locator(opener).click()
            assert page.evaluate(SMALL, [least, PRESSED]) == []
            page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.context.close()


@pytest.mark.parametrize("compared", ["", "previous", '{"date_from":"-14d"}'])
def test_nothing_sticks_out_of_the_window_also_while_comparing(browser: Browser, demo: Demo, compared: str) -> None:
    page = opened(browser, demo, 1440, against=compared)
    page.locator("#mark").click()
    page.get_by_role("radio", name="By numbers").check(force=True)
    for width in (1440, 1200, 1024, 820, 760, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        sticking = (
            "[...document.querySelectorAll('.bar, .stage-tools')].filter((one) => one.scrollWidth > one.clientWidth)"
        )
        assert page.evaluate(f"{sticking}.map((one) => one.className)") == []
    page.context.close()
