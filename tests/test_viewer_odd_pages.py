"""Addresses that are long, or in other than Latin letters, are shown as people read them, and nothing gets wider."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import chromium, node
from tests.small_demo import LONG, ODD_PAGES, cookies_of_ann, served_small
from tests.test_viewer import Demo

if chromium.PATH is None or not node.is_there():
    node.leave_out_module("The tests of odd addresses were left out, as they need Chromium, and Node with npm.")

pytestmark = pytest.mark.slow
LOOKED_AT = {"project": "2", "widths": "any", "show": "outline", "by": "url"}
# What is seen and reaches out of the window, or has more in it than it shows at its side. What scrolls by itself may.
WIDER = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("#sheet, .unseen, .skip"))
    .filter((one) => {
        const { left, right, width } = one.getBoundingClientRect();
        const isCut = one.matches("h2, p, li, td, th, .page, .tip, dialog") && one.scrollWidth > one.clientWidth + 1;
        return width > 1 && (left < -0.5 || right > innerWidth + 0.5 || isCut);
    })
    .map((one) => `${one.tagName} ${one.id || one.className}: ${one.textContent.slice(0, 60)}`)"""
LINES = "one => Math.round(one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight))"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with served_small(tmp_path_factory.mktemp("odd")) as demo:
        yield demo


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def cookies(browser: Browser, demo: Demo) -> Any:
    return cookies_of_ann(browser, demo)


def go(page: Page, demo: Demo, /, **state: str) -> None:
    page.goto(f"{demo.origin}/?{urlencode({**LOOKED_AT, **state})}")
    expect(page.locator("#picture[aria-busy=false]")).to_be_visible(timeout=20_000)


def assert_fits(page: Page) -> None:
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [page.evaluate("innerWidth")] * 2
    assert page.evaluate(WIDER) == []


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_odd_addresses_are_read_and_wrap(browser: Browser, demo: Demo, cookies: Any, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce") as context:
        context.set_default_timeout(10_000)
        context.add_cookies(cookies)
        page = context.new_page()
        for url, read in ODD_PAGES.items():
            go(page, demo, page=url)
            expect(page.locator("#shown-title")).to_have_text(read)
            assert_fits(page)
        look_at_the_list(page)
        go(page, demo, page=LONG, against=f'{{"url_page":"{list(ODD_PAGES)[-1]}"}}')
        # The title is in lines, not cut after the first.
        title = page.locator("#shown-title")
        assert title.evaluate(LINES) == (4 if width < 760 else 6)
        title.click()
        assert title.evaluate("title => title.scrollHeight <= title.clientHeight")
        expect(page.locator("#shown-text")).to_contain_text(f"compared with {ODD_PAGES[list(ODD_PAGES)[-1]]}")
        expect(page.locator("#sides tbody td:first-child")).to_have_text([ODD_PAGES[LONG], "odd.example/مرحبا"])
        assert_fits(page)
        go(page, demo, page=LONG)
        look_at_the_share(page)
        # Where there is nothing, the nearest are named.
        go(page, demo, url=f"{LONG}0")
        expect(page.locator("#empty li span").first).to_contain_text(ODD_PAGES[LONG])
        assert_fits(page)
        go(page, demo, pattern="https://odd.example/*")
        expect(page.locator("#below option").filter(has_text="مرحبا")).to_have_text(
            "\u2068odd.example/مرحبا\u2069 · 11"
        )
        go(page, demo, pattern="https://nobody.example/*")
        names = page.locator("#empty li span")
        for read in ODD_PAGES.values():
            expect(names.filter(has_text=read.partition("?")[0])).to_have_count(1)
        assert_fits(page)


def look_at_the_list(page: Page) -> None:
    filters = page.locator("#toggle-controls")
    if filters.is_visible():
        filters.click()
    names = page.locator("#pages .page span:first-child")
    expect(names).to_have_count(len(ODD_PAGES))
    assert set(names.all_text_contents()) == set(ODD_PAGES.values())
    assert names.filter(has_text="verylong").evaluate(LINES) == 3
    # Its start is seen beside the number, which is as wide as ever.
    assert_fits(page)
    page.keyboard.press("Escape")


def look_at_the_share(page: Page) -> None:
    share = page.locator("#share")
    if not share.is_visible():
        page.locator("#more").click()
    share.click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("#share-made")).to_be_visible()
    expect(page.locator("#shares-list li").first).to_contain_text(ODD_PAGES[LONG])
    assert_fits(page)
    page.keyboard.press("Escape")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_tip_is_no_wider_than_the_window(browser: Browser, demo: Demo, cookies: Any, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce") as context:
        context.add_cookies(cookies)
        page = context.new_page()
        go(page, demo, page=LONG)
        main = page.locator("script[type=module]").get_attribute("src") or ""
        for at in (5, width // 2, width - 5):
            page.evaluate(
                """async ([picture, words, at]) =>
                    (await import(picture)).showTip(words, { clientX: at, clientY: 700 })""",
                [main.replace("main", "picture"), ODD_PAGES[LONG], at],
            )
            expect(page.locator("#tip")).to_have_text(ODD_PAGES[LONG])
            assert_fits(page)
            box = page.locator("#tip").bounding_box()
            assert box is not None
            # As wide as it may be also at the edge, and above the pointer.
            assert box["width"] == min(420, width - 16)
            assert box["y"] + box["height"] <= 700
