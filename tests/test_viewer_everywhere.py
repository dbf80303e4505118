"""What the viewer is used for, one sentence a test, in windows of three widths, light and dark."""

import io
import math
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests import chromium, node
from tests.test_viewer import Demo, Viewer
from tests.test_viewer_taking import table, taken
from tests.test_viewer_theme import DARK, GROUND, LIGHT
from tests.viewer_shop import (
    BUY,
    CLICKS,
    FEW,
    HOME,
    LOOKED_AT,
    NOWHERE,
    QUIET,
    WIDTHS,
    browser,
    fits,
    pictured,
    shop,
    viewer,
)

__all__ = ["browser", "shop", "viewer"]

if chromium.PATH is None:
    node.leave_out_module("The tests of the viewer at all widths were left out, as they need Chromium.")

Theme = Literal["light", "dark"]
# What a page does is no matter of its theme: each width begins in one, and how it looks is looked at in both.
SYSTEMS: tuple[Theme, ...] = ("light", "dark")
THEMES: dict[int, Theme] = dict(zip(WIDTHS, (*SYSTEMS, "light"), strict=True))
COLOURS = {"light": LIGHT, "dark": DARK}

pytestmark = [pytest.mark.slow, pytest.mark.parametrize(("width", "theme"), THEMES.items())]
TOTAL = sum(CLICKS.values())


class Window:
    """The viewer in a window of some width, where the system has a theme."""

    def __init__(self, viewer: Viewer, theme: Theme, width: int, **state: Any) -> None:
        self.viewer, self.page = viewer, viewer.page
        self.theme, self.width = theme, width
        self.have(theme)
        self.page.set_viewport_size({"width": width, "height": 900})
        self.open(**state)

    def have(self, theme: Theme) -> None:
        """From now on it is the system's."""
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")

    def open(self, **state: Any) -> None:
        self.viewer.open(**{**LOOKED_AT, **state})

    def reach(self, selector: str, opener: str) -> Locator:
        """What may lie in a menu or a sheet, which is opened then."""
        found = self.page.locator(selector)
        if not found.is_visible():
            self.page.locator(opener).click()
            expect(found).to_be_visible()
        return found

    def filters(self, selector: str) -> Locator:
        return self.reach(selector, "#toggle-controls")

    def leave_filters(self) -> None:
        """On a phone they are a sheet, which Escape closes."""
        if self.page.locator("#filters[open]").count():
            self.page.keyboard.press("Escape")
            expect(self.page.locator("#filters[open]")).to_have_count(0)

    def state(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.page.url).query))

    def looks_right(self, *selectors: str, chosen: Theme | None = None) -> None:
        """In both themes these are whole within the window, nothing makes the page wider, and its ground is that of the
        theme: of the system, or the one that was chosen."""
        # Its own comes last, and is there again.
        for theme in sorted(SYSTEMS, key=lambda one: one == self.theme):
            self.have(theme)
            assert [one for one in selectors if not fits(self.page, one, self.width)] == []
            assert self.page.evaluate("document.documentElement.scrollWidth") == self.width
            assert self.page.evaluate(GROUND) == COLOURS[chosen or theme]
            pictured(self.page, f"{self.width}-{theme}-{len(self.viewer.requests)}")


def test_dates_are_presets_two_days_and_exact_times(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    window = Window(viewer, theme, width)
    page = window.page
    dialog = page.get_by_role("dialog", name="Dates")
    window.filters("#dates").click()
    expect(dialog).to_contain_text("Times are in UTC")
    dialog.get_by_role("button", name="Last 30 days").click()
    assert window.state()["date_from"] == "-30d"
    window.filters("#dates").click()
    # Where there is room for one month only, this one may have just begun.
    dialog.get_by_role("button", name="Earlier months").click()
    days = dialog.locator("[data-day]:not([aria-disabled=true])")
    first, last = (days.nth(place).get_attribute("data-day") for place in (-3, -1))
    days.nth(-3).click()
    days.nth(-1).click()
    window.looks_right()
    dialog.get_by_role("button", name="Show these dates").click()
    assert (window.state()["date_from"], window.state()["date_to"]) == (first, last)
    window.filters("#dates").click()
    dialog.get_by_role("button", name="Since an exact time…").click()
    dialog.get_by_role("group", name="From", exact=True).get_by_label("Time").fill("12:00:30")
    page.keyboard.press("Enter")
    viewer.settle()
    since = window.state()["time_from"]
    assert since.endswith("T12:00:30")
    found = shop.answer("heatmaps/", time_from=since, url_exact=HOME, limit=0)["results"]
    assert viewer.total() == sum(point["count"] for point in found)


def test_spots_have_names_and_elements_a_list(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    window = Window(viewer, theme, width)
    page = window.page
    expect(page.locator("#spots tbody tr").first).to_contain_text("Shop now · button")
    page.locator("#spots tbody tr").first.scroll_into_view_if_needed()
    window.looks_right("#spots")
    page.evaluate("scrollTo(0, 0)")
    pixel, _ = viewer.at(BUY[0] / 100, BUY[1])
    page.mouse.move(*pixel)
    expect(page.locator("#tip")).to_contain_text("probably Shop now · button")
    page.mouse.move(0, 0)
    page.get_by_role("radio", name="Elements").check(force=True)
    expect(page.locator("#elements-table tbody tr").first).to_contain_text("Shop now · button")
    assert [row[2] for row in viewer.rows("#elements-table")] == ["40", "30", "12"]
    window.looks_right("#elements-list")


def test_people_are_copied_filtered_by_and_linked(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    viewer.context.grant_permissions(["clipboard-read", "clipboard-write"])
    window = Window(viewer, theme, width)
    page = window.page
    page.locator("#spots button").first.click()
    expect(page.locator("#behind-page")).to_have_text(f"1 to 20 of {CLICKS[BUY]}")
    first = page.locator("#behind-table tbody tr:not(.whose-row)").first
    below = page.locator(".whose-row")
    first.locator("button.whose").nth(1).click()
    expect(below.get_by_role("link")).to_have_attribute("href", link_of(CLICKS[BUY] - 1))
    first.locator("button.whose").nth(0).click()
    below.get_by_role("button", name="Copy").click()
    expect(below.get_by_role("status")).to_have_text("Copied")
    newest = f"visitor-{CLICKS[BUY] - 1:04}-of-the-shop"
    assert page.evaluate("navigator.clipboard.readText()") == newest
    window.looks_right(".whose-row")
    below.get_by_role("button", name="Only this visitor").click()
    expect(page.locator("#behind-text")).to_contain_text("1 click of this visitor")


def link_of(visitor: int) -> str:
    return f"https://replay.example/0192aaaa-bbbb-7ccc-8ddd-{visitor:012}?of=visitor-{visitor:04}-of-the-shop"


def test_picture_table_and_request_are_taken_along(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    window = Window(viewer, theme, width)
    page = window.page
    expect(page.locator("#spots .under").first).to_be_visible()
    name, content = taken(page, "PNG of this picture")
    picture = Image.open(io.BytesIO(content))
    assert (name.endswith(".png"), picture.format, picture.width) == (True, "PNG", 1480)
    _, content = taken(page, "CSV of this table")
    window.looks_right("#export-choices")
    assert [row["count"] for row in table(content)] == [str(count) for count in sorted(CLICKS.values(), reverse=True)]
    page.locator("#copy-curl").click()
    dialog = page.get_by_role("dialog").filter(visible=True)
    for kind, beginning in (("curl", "curl "), ("Python", "import"), ("MCP", "{")):
        dialog.get_by_role("radio", name=kind).check(force=True)
        assert page.locator("#copy-text").input_value().lstrip().startswith(beginning), kind
    window.looks_right("#copy-dialog")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_two_sides_are_compared_and_their_changes_told(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    window = Window(viewer, theme, width)
    page = window.page
    page.locator("#compare").select_option("page")
    page.get_by_label("Page to compare with").fill(QUIET)
    page.keyboard.press("Enter")
    expect(page.locator("#spots.is-changes tbody tr").first).to_be_visible()
    viewer.settle()
    reply = shop.answer("heatmaps/compare/", against=orjson.dumps({"url_page": QUIET}), url_exact=HOME, date_from="-7d")
    surely = [one for one in reply["results"] if one["verdict"] in {"more", "less"}]
    assert surely
    assert viewer.total() == len(surely)
    # More is orange: Menu was clicked here alone.
    red, _, blue, alpha = viewer.pixels([(0.905, 12)], "#heat-fixed")[0]
    assert red > blue
    assert alpha > 0
    expect(page.locator("#spots")).to_contain_text("Menu · link")
    window.looks_right()
    page.locator("#stop-comparing").click()
    viewer.settle()
    assert viewer.total() == TOTAL


def test_an_area_has_its_numbers_and_its_name(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    window = Window(viewer, theme, width)
    page = window.page
    page.locator("#mark").click()
    page.get_by_role("radio", name="By numbers").check(force=True)
    page.locator("#add-numbers").click()
    expect(page.locator("#areas-list li p").first).not_to_be_empty()
    (area,) = orjson.loads(window.state()["areas"])
    found = shop.answer(
        "heatmaps/areas/", areas=orjson.dumps([area]), include="elements", url_exact=HOME, date_from="-7d"
    )["results"][0]
    expect(page.locator("#areas-list li").first).to_contain_text(f"{found['visitors']} visitors")
    expect(page.locator("#areas-list li").first).to_contain_text(found["elements"][0]["text"])
    window.looks_right("#areas-list")


def test_how_much_is_shown_and_why_there_is_nothing(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    window = Window(viewer, theme, width, limit="2")
    page = window.page
    shown = sum(sorted(CLICKS.values(), reverse=True)[:2])
    expect(page.locator("#coverage")).to_contain_text(
        f"2 of {len(CLICKS)} spots, {100 * shown / TOTAL:.0f} % of the clicks"
    )
    page.locator("#coverage").get_by_role("button", name="show all").click()
    expect(page.locator("#coverage")).to_contain_text("All 4 spots")
    window.open(cohort="1", type="rageclick")
    expect(page.locator("#empty")).to_be_visible()
    expect(page.locator("#empty")).to_contain_text("rage clicks")
    window.looks_right()
    window.open(cohort="1")
    assert viewer.total() == FEW * sum(count > FEW for count in CLICKS.values())


def test_escape_closes_what_is_open(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    window = Window(viewer, theme, width)
    page = window.page
    page.locator("#spots button").first.click()
    expect(page.locator("#behind-page")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#behind-page")).to_be_hidden()
    window.filters("#dates").click()
    dialog = page.get_by_role("dialog", name="Dates")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    window.leave_filters()
    assert page.locator("dialog[open], :popover-open").count() == 0


def test_a_theme_and_colours_are_chosen(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    window = Window(viewer, theme, width)
    window.looks_right()
    window.filters("#palette").select_option("viridis")
    window.leave_filters()
    viewer.settle()
    assert window.state()["palette"] == "viridis"
    red, green, blue, _ = viewer.pixels([(BUY[0] / 100, BUY[1])])[0]
    assert (red, green, blue) == pytest.approx((253, 231, 37), abs=12)
    for choice in SYSTEMS:
        window.reach("#theme", "#more").select_option(choice)
        window.looks_right(chosen=choice)


def test_lone_spots_have_round_edges(viewer: Viewer, shop: Demo, theme: Theme, width: int) -> None:
    Window(viewer, theme, width)
    x, y = 14.4 * NOWHERE[0], NOWHERE[1]
    rings = []
    for share in (0, 0.5, 0.8, 0.98, 1.05):
        places = [
            ((x + 32 * share * math.cos(turn)) / 1440, y + 32 * share * math.sin(turn))
            for turn in (n * math.pi / 4 for n in range(8))
        ]
        rings.append(viewer.alphas(places))
    assert min(rings[0]) == max(rings[0]) > 0
    assert min(rings[1]) > max(rings[2])
    assert max(rings[3]) < min(rings[0]) / 8
    assert set(rings[4]) == {0}
