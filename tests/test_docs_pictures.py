"""The pictures of the pages of documentation, taken of the demo as it is served: `make screenshot` makes them anew."""

import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import numpy as np
import orjson
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from heatmaps.demo import site
from tests import chromium, node
from tests.processes import Service, served

if chromium.PATH is None:
    node.leave_out_module(
        "The pictures of the documentation were left out, as they need Chromium. On Debian: apt-get install chromium."
    )

pytestmark = pytest.mark.slow
# The directory into which they go, when they are to be made anew.
SCREENSHOTS = os.environ.get("SCREENSHOTS", "")
MOST_BYTES = 300_000
# How many of a picture's 256 colours are its commonest ones.
COMMON = 64
DESKTOPS = {"date_from": "-30d", "width_min": "1040", "site": site.HOME}
PHONES = {"date_from": "-30d", "width_max": "480", "site": site.HOME}
# The week since the demo's shop looks as it does now, and the one before.
WEEKS = {**DESKTOPS, "date_from": f"-{site.NEW_DAYS}d", "against": "previous"}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the viewer shows in a picture, and in what window."""

    path: str
    state: dict[str, str]
    # Of the page below the map, which has to be there.
    heading: str
    theme: Literal["light", "dark"] = "light"
    is_phone: bool = False
    # How far down the picture is scrolled, in px.
    down: int = 0

    def context(self, browser: Browser) -> BrowserContext:
        window: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
        if self.is_phone:
            window = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
            window |= {"is_mobile": True, "has_touch": True}
        return browser.new_context(color_scheme=self.theme, reduced_motion="reduce", **window)

    def take(self, page: Page, origin: str) -> bytes:
        state = {"page": site.url(self.path).rstrip("/"), **self.state}
        page.goto(f"{origin}/?{urlencode(state)}")
        drawn(page)
        expect(page.frame_locator("#frame iframe").get_by_role("heading", level=1)).to_have_text(self.heading)
        # The shares of the widths come last.
        expect(page.locator("input[name=band] + span small:not(:empty)").first).to_be_attached()
        if state.get("type") != "scrolldepth":
            # Names come after the picture.
            expect(page.locator("#spots .under:not([hidden])").first).to_be_attached()
        # Nothing that comes and goes.
        if "against" not in state:
            page.get_by_role("switch", name="Live").uncheck()
        page.locator("#picture").evaluate("(picture, down) => picture.scrollTo(0, down)", self.down)
        expect(page.locator("#frame-note")).to_be_hidden()
        return page.screenshot()


VIEWER = {
    "viewer.png": Shown(path="/", state=DESKTOPS, heading="Coffee that was green on Monday"),
    "pictures/comparing.png": Shown(path="/", state=WEEKS, heading="Coffee that was green on Monday", down=620),
    "pictures/scroll-depth.png": Shown(
        path="/blog/brewing-guide",
        state={**DESKTOPS, "type": "scrolldepth"},
        heading="The brewing guide",
        down=520,
    ),
    "pictures/phone.png": Shown(path="/", state=PHONES, heading="Coffee that was green on Monday", is_phone=True),
    "pictures/dark.png": Shown(
        path="/checkout", state={**DESKTOPS, "type": "rageclick"}, heading="Where to?", theme="dark"
    ),
}


@pytest.fixture(scope="module")
def origin_and_session(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Callable[[BrowserContext], Page]]]:
    """Where the demo is served, and what signs a browser in."""
    directory = tmp_path_factory.mktemp("pictures")
    service = Service(directory=directory, environment={"RATE_LIMIT_ENABLED": "false", "DEMO": "true"})
    rows = "300000" if SCREENSHOTS else "20000"
    printed = orjson.loads(service.result("demo", "--rows", rows, "--no-serve", "--json"))
    cookies: list[Any] = []
    with served(service) as port:
        origin = f"http://127.0.0.1:{port}"

        def signed_in(context: BrowserContext) -> Page:
            context.add_cookies(cookies)
            page = context.new_page()
            page.set_default_timeout(10_000)
            if not cookies:
                # The link opens once.
                page.goto(f"{origin}{urlsplit(printed['sign_in_url']).path}")
                drawn(page)
                cookies.extend(context.cookies())
            return page

        yield origin, signed_in


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


def drawn(page: Page) -> None:
    expect(page.locator("#picture[aria-busy=false]")).to_be_visible(timeout=20_000)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=20_000)


@pytest.mark.parametrize("name", VIEWER)
def test_a_picture_of_the_viewer(
    browser: Browser, origin_and_session: tuple[str, Callable[[BrowserContext], Page]], name: str
) -> None:
    origin, signed_in = origin_and_session
    shown = VIEWER[name]
    with shown.context(browser) as context:
        keep(name, shown.take(signed_in(context), origin))


def test_the_picture_of_the_overlay(
    browser: Browser, origin_and_session: tuple[str, Callable[[BrowserContext], Page]]
) -> None:
    origin, signed_in = origin_and_session
    with VIEWER["viewer.png"].context(browser) as context:
        page = signed_in(context)
        page.goto(f"{origin}/?{urlencode({'page': site.url('/').rstrip('/'), **DESKTOPS})}")
        drawn(page)
        page.get_by_role("button", name="Share").click()
        page.get_by_role("button", name="Make a link").click()
        link = page.get_by_role("link", name="Open on the page").get_attribute("href")
        assert link
        page.goto(link)
        panel = page.locator("heatmaps-overlay")
        expect(panel.get_by_role("combobox", name="Dates")).to_be_visible()
        expect(panel).to_contain_text(re.compile(r"\d clicks"))
        # The map is drawn a moment after its number is there.
        page.wait_for_timeout(1000)
        keep("pictures/overlay.png", page.screenshot())


def keep(name: str, taken: bytes) -> None:
    file = io.BytesIO()
    in_few_colours(Image.open(io.BytesIO(taken)).convert("RGB")).save(file, "PNG", optimize=True)
    assert file.tell() < MOST_BYTES
    if SCREENSHOTS:
        path = Path(SCREENSHOTS) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(file.getvalue())


def in_few_colours(picture: Image.Image) -> Image.Image:
    """Few colours, and dots of two of them for those between, make a small file. The commonest stay as they are, so
    that plain ground is plain."""
    found = picture.getcolors(picture.width * picture.height)
    assert found
    common = np.array([colour for _, colour in sorted(found, reverse=True)[:COMMON]], dtype=np.uint8)
    pixels = np.asarray(picture)
    where = [(pixels == colour).all(axis=2) for colour in common]
    rest = Image.fromarray(pixels[~np.any(where, axis=0)][np.newaxis])
    others = rest.quantize(256 - len(common), method=Image.Quantize.MAXCOVERAGE, kmeans=1).getpalette()
    assert others
    palette = Image.new("P", (1, 1))
    palette.putpalette([*common.ravel().tolist(), *others[: 3 * (256 - len(common))]])
    indexes = np.array(picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
    for index, places in enumerate(where):
        indexes[places] = index
    few = Image.fromarray(indexes)
    few.putpalette(palette.getpalette() or [])
    return few
