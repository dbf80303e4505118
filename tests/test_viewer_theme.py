"""Light and dark: what the system has or somebody chose, before anything is painted."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import chromium, node
from tests.small_demo import served_small
from tests.test_viewer import Demo

if chromium.PATH is None or not node.is_there():
    node.leave_out_module("The tests of the viewer's themes were left out, as they need Chromium, and Node with npm.")

LIGHT, DARK = "rgb(244, 245, 248)", "rgb(18, 20, 27)"
GROUND = "getComputedStyle(document.documentElement).backgroundColor"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with served_small(tmp_path_factory.mktemp("theme")) as demo:
        yield demo


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


def opened(browser: Browser, demo: Demo, system: Literal["light", "dark"]) -> Page:
    page = browser.new_context(color_scheme=system, viewport={"width": 1440, "height": 800}).new_page()
    page.goto(demo.origin)
    return page


def become(page: Page, expression: str, wanted: object) -> None:
    """Waits until that is so."""
    for _ in range(200):
        if page.evaluate(expression) == wanted:
            return
        page.wait_for_timeout(50)
    assert page.evaluate(expression) == wanted


@pytest.mark.parametrize(("system", "ground"), [("light", LIGHT), ("dark", DARK)])
def test_the_system_chooses_until_somebody_does(
    browser: Browser, demo: Demo, system: Literal["light", "dark"], ground: str
) -> None:
    page = opened(browser, demo, system)
    assert page.evaluate(GROUND) == ground
    expect(page.get_by_label("Theme")).to_have_value("")
    for choice, chosen in (("dark", DARK), ("light", LIGHT), ("", ground)):
        page.get_by_label("Theme").select_option(choice)
        assert page.evaluate(GROUND) == chosen
        page.reload()
        assert page.evaluate(GROUND) == chosen
        expect(page.get_by_label("Theme")).to_have_value(choice)
    # The system's choice is what nothing is kept for.
    assert page.evaluate("localStorage.length") == 0
    page.context.close()


def test_a_choice_stands_before_the_first_paint_and_reaches_other_tabs(browser: Browser, demo: Demo) -> None:
    page = opened(browser, demo, "light")
    page.get_by_label("Theme").select_option("dark")
    other = page.context.new_page()
    # Where the body begins, nothing has been painted yet.
    other.add_init_script(
        """new MutationObserver((_, observer) => {
            if (!document.body) return;
            window.atFirst = document.documentElement.dataset.theme;
            observer.disconnect();
        }).observe(document, { childList: true, subtree: true });"""
    )
    other.goto(demo.origin)
    assert other.evaluate("window.atFirst") == "dark"
    page.get_by_label("Theme").select_option("light")
    expect(other.get_by_label("Theme")).to_have_value("light")
    assert other.evaluate(GROUND) == LIGHT
    page.context.close()


def test_a_browser_that_keeps_nothing_has_a_theme_all_the_same(browser: Browser, demo: Demo) -> None:
    page = browser.new_context(color_scheme="light").new_page()
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('kept from you') } })"
    )
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{demo.origin}/")
    page.get_by_label("Theme").select_option("dark")
    assert page.evaluate(GROUND) == DARK
    assert [problem for problem in problems if "theme" in problem] == []
    page.context.close()


def test_colours_are_chosen_and_stand_in_the_address(browser: Browser, demo: Demo) -> None:
    page = opened(browser, demo, "light")
    # Not while the viewer still learns that nobody is signed in: it forgets a key then.
    page.goto(f"{demo.origin}/static/viewer/icon.svg")
    page.evaluate("key => sessionStorage.setItem('heatmaps.key', key)", demo.key)
    hottest = """() => {
        const strip = document.getElementById("legend-strip");
        return [...strip.getContext("2d").getImageData(strip.width - 1, 0, 1, 1).data];
    }"""
    looked_at = f"{demo.origin}/?date_from=-31d&widths=any&site=/demo&show=outline"
    # What is no palette is the usual one.
    page.goto(f"{looked_at}&palette=constructor")
    expect(page.locator("#picture[aria-busy=false]")).to_be_visible(timeout=20_000)
    expect(page.get_by_label("Colours")).to_have_value("inferno")
    become(page, hottest, [255, 244, 140, 255])
    for name, colour in (("viridis", [253, 231, 37, 255]), ("cividis", [254, 232, 56, 255])):
        page.get_by_label("Colours").select_option(name)
        become(page, hottest, colour)
        assert f"palette={name}" in page.url
    swatch = "getComputedStyle(document.querySelector('#spots .swatch')).backgroundColor"
    become(page, swatch, "rgb(254, 232, 56)")
    page.reload()
    expect(page.get_by_label("Colours")).to_have_value("cividis")
    page.context.close()


def test_what_is_kept_and_is_no_theme_changes_nothing(browser: Browser, demo: Demo) -> None:
    page = opened(browser, demo, "light")
    page.evaluate("localStorage.setItem('heatmaps.theme', 'pink')")
    page.reload()
    assert page.evaluate(GROUND) == LIGHT
    expect(page.get_by_label("Theme")).to_have_value("")
    page.context.close()
