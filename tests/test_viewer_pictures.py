"""Screenshots of pages in the viewer, in a real browser: added, seen below the map at its scale, and removed."""

import base64
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from heatmaps.demo import site
from tests import chromium, node
from tests.processes import Service, served

if chromium.PATH is None:
    node.leave_out_module(
        "The tests of screenshots were left out, as they need Chromium. On Debian: apt-get install chromium."
    )

pytestmark = pytest.mark.slow
HOME = site.url("/").rstrip("/")
PRICES = site.url("/coffee").rstrip("/")
RED, GREEN = (214, 40, 57), (0, 128, 96)
# Where pictures of it go, when somebody wants to look at them.
PICTURES = os.environ.get("PICTURES", "")
# Taller than anything happens on the pages of the demo.
HEIGHT = 9_000


@dataclass(kw_only=True)
class Demo:
    port: int
    printed: dict[str, Any]
    session: Any = field(default=None)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Demo]:
    """The demo, and a session of its user."""
    service = Service(directory=tmp_path_factory.mktemp("pictures"), environment={"DEMO": "true"})
    printed = orjson.loads(service.result("demo", "--rows", "2000", "--no-serve", "--json"))
    with served(service) as port, browser.new_context() as context:
        context.new_page().goto(f"http://127.0.0.1:{port}{urlsplit(printed['sign_in_url']).path}")
        yield Demo(port=port, printed=printed, session=context.storage_state())


@dataclass(kw_only=True)
class Viewer:
    page: Page
    demo: Demo
    complaints: list[str]

    @property
    def note(self) -> Any:
        return self.page.locator("#screenshot-note")

    @property
    def image(self) -> Any:
        return self.page.locator("#screenshot img")

    def open(self, **looked_at: Any) -> None:
        """The viewer; without a `site`, also none that it remembers."""
        if looked_at.get("site") == "":
            self.page.evaluate("localStorage.clear()")
        asked = {"page": HOME, "date_from": "-31d", "widths": "any", "site": "/demo"} | looked_at
        self.page.goto(f"{self.demo.origin}/?{urlencode(asked)}")
        # A machine that does other things as well takes a while.
        expect(self.page.locator("#total")).not_to_be_empty(timeout=30_000)

    def choose(self, content: bytes, name: str = "shot.png", mime: str = "image/png", button: str = "") -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name=button or "Choose a file").click()
        chooser.value.set_files({"name": name, "mimeType": mime, "buffer": content})

    def drop(self, content: bytes, kind: str = "image/png") -> None:
        self.page.evaluate(
            """([content, type]) => {
                const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([bytes], "shot", { type }));
                const glass = document.getElementById("glass") ?? document.body;
                for (const name of ["dragenter", "dragover", "drop"])
                    glass.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer }));
            }""",
            [base64.b64encode(content).decode(), kind],
        )

    def upload(self, url: str, width: int, content: bytes) -> int:
        """Adds one without the viewer's own doing; its id."""
        target = f"/api/projects/1/heatmaps/pictures/?{urlencode({'url_page': url, 'width': width})}"
        added = self.page.evaluate(
            """async ([target, content]) => {
                const body = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
                const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
                const headers = { "Content-Type": "image/png", "X-CSRFToken": token };
                return (await fetch(target, { method: "POST", headers, body })).json();
            }""",
            [target, base64.b64encode(content).decode()],
        )
        return int(added["id"])

    def listed(self, **parameters: str) -> list[Any]:
        found: list[Any] = self.page.evaluate(
            "async (target) => (await (await fetch(target)).json()).results",
            f"/api/projects/1/heatmaps/pictures/?{urlencode(parameters)}",
        )
        return found

    def look(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def opened(browser: Browser, demo: Demo, width: int = 1440) -> Viewer:
    context = browser.new_context(viewport={"width": width, "height": 900}, storage_state=demo.session)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    viewer = Viewer(page=context.new_page(), demo=demo, complaints=complaints)
    # Whatever another test has left.
    viewer.open(show="outline")
    viewer.page.evaluate(
        """async () => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
            const all = (await (await fetch("/api/projects/1/heatmaps/pictures/")).json()).results;
            for (const { id } of all)
                await fetch(`/api/projects/1/heatmaps/pictures/${id}/`,
                    { method: "DELETE", headers: { "X-CSRFToken": token } });
        }"""
    )
    return viewer


@pytest.fixture
def viewer(browser: Browser, demo: Demo) -> Iterator[Viewer]:
    viewer = opened(browser, demo)
    yield viewer
    assert not viewer.complaints
    viewer.page.context.close()


def shot(width: int = 1440, height: int = HEIGHT, colour: tuple[int, int, int] = RED) -> bytes:
    """A page with a bar across it, from two thirds of its height down to its end."""
    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    for top in range(0, height, 240):
        pen.rectangle((width // 12, top + 40, width * 11 // 12, top + 200), outline=(160, 168, 180), width=3)
        pen.text((width // 10, top + 60), f"{top} px down the page", fill=(60, 66, 80), font_size=32)
    pen.rectangle((0, height * 2 // 3, width, height), fill=colour)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def colour_at(viewer: Viewer, x: float, y: float) -> tuple[int, ...]:
    """Of a place of the sheet, in px of the page."""
    viewer.page.evaluate("y => document.getElementById('picture').scrollTo(0, y - 200)", y)
    box = viewer.page.locator("#sheet").bounding_box()
    assert box
    clip = {"x": box["x"] + x, "y": box["y"] + y, "width": 2, "height": 2}
    image = Image.open(io.BytesIO(viewer.page.screenshot(clip=clip)))  # type: ignore[arg-type]
    return tuple(image.convert("RGB").getpixel((0, 0)))  # type: ignore[arg-type]


def is_near(one: tuple[int, ...], other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 30 for a, b in zip(one, other, strict=True))


def test_a_screenshot_is_added_and_lies_below_the_map_at_its_scale(viewer: Viewer) -> None:
    viewer.open(show="outline", zoom="100", width="1200")
    height = viewer.page.locator("#sheet").evaluate("sheet => sheet.offsetHeight")
    viewer.page.get_by_role("radiogroup", name="Below the heat").get_by_label("Screenshot").check()
    expect(viewer.note).to_contain_text("There is no screenshot of ")
    expect(viewer.note).to_contain_text("Drop one here, as it looks 1,200 px wide.")
    # Of a screen with two pixels for each px.
    viewer.choose(shot(1_800, 11_100))
    expect(viewer.image).to_be_visible()
    expect(viewer.note).to_contain_text(", 1,200 px wide, added ")
    (one,) = viewer.listed(url_page=HOME)
    assert (one["url_page"], one["width"], one["height"]) == (HOME, 1_200, 7_400)
    assert viewer.image.evaluate("image => [image.offsetWidth, image.offsetHeight]") == [1_200, 7_400]
    expect(viewer.page.locator("#sheet")).to_have_css("height", "7400px")
    # Below the heat, which is above it where something happened, and nothing else is drawn there.
    assert height < 7_000, "The bar is to be where nothing happened."
    assert is_near(colour_at(viewer, 600, 7_200), RED)
    viewer.look("screenshot")
    above = viewer.page.evaluate(
        "() => document.getElementById('screenshot').compareDocumentPosition(document.getElementById('heat'))"
    )
    assert above & 4
    # With a link, others see the same.
    viewer.page.reload()
    expect(viewer.image).to_be_visible()
    assert "show=picture" in viewer.page.url
    # And it goes as it came.
    viewer.page.get_by_role("button", name="Remove the screenshot").click()
    expect(viewer.note).to_contain_text("There is no screenshot")
    expect(viewer.image).to_be_hidden()
    expect(viewer.page.locator("#sheet")).to_have_css("height", f"{height}px")
    assert viewer.listed() == []


def test_one_that_is_dropped_is_added_whatever_was_below(viewer: Viewer) -> None:
    viewer.open(width="1440")
    expect(viewer.page.locator("#frame iframe")).to_be_visible()
    viewer.drop(shot())
    expect(viewer.image).to_be_visible()
    expect(viewer.page.locator("#frame iframe")).to_have_count(0)
    assert [one["width"] for one in viewer.listed(url_page=HOME)] == [1_440]
    # Another one takes its place.
    viewer.drop(shot(colour=GREEN))
    expect(viewer.note).to_contain_text("Screenshot of ")
    viewer.page.wait_for_function("() => document.querySelector('#screenshot img')?.complete")
    viewer.open(show="picture", zoom="100", width="1440")
    expect(viewer.image).to_be_visible()
    assert is_near(colour_at(viewer, 300, HEIGHT - 300), GREEN)
    assert len(viewer.listed()) == 1


def test_of_several_the_nearest_width_is_shown_and_said(viewer: Viewer) -> None:
    for width in (390, 1_280):
        viewer.upload(f"{HOME}/?from=mail", width, shot(width, 3_000))
    viewer.open(show="picture", width="1440")
    expect(viewer.image).to_have_attribute("alt", f"Screenshot of {HOME.removeprefix('https://')}, 1280 px wide")
    expect(viewer.note).to_contain_text("1,280 px wide, added ")
    expect(viewer.note).to_contain_text("The page is laid out 1,440 px wide here, so places further down may be off.")
    assert viewer.image.evaluate("image => [image.offsetWidth, image.offsetHeight]") == [1_440, 3_375]
    viewer.look("screenshot-stretched")
    viewer.page.get_by_role("button", name="Show it 1,280 px wide").click()
    expect(viewer.note).not_to_contain_text("laid out")
    assert viewer.image.evaluate("image => [image.offsetWidth, image.offsetHeight]") == [1_280, 3_000]
    viewer.page.get_by_label("Page width, px").fill("400")
    expect(viewer.image).to_have_attribute("alt", f"Screenshot of {HOME.removeprefix('https://')}, 390 px wide")
    # One of this width is added beside it.
    viewer.choose(shot(400, 800), button="Add one 400 px wide")
    expect(viewer.image).to_have_attribute("alt", f"Screenshot of {HOME.removeprefix('https://')}, 400 px wide")
    assert sorted(one["width"] for one in viewer.listed()) == [390, 400, 1_280]
    # Another page has its own.
    viewer.open(page=PRICES, show="picture")
    expect(viewer.note).to_contain_text("There is no screenshot of ")


def test_it_stands_in_for_a_page_that_refuses_its_frame(viewer: Viewer, demo: Demo) -> None:
    page = f"{demo.origin}/admin/"
    frame_note = viewer.page.locator("#frame-note")
    viewer.open(url=page, page="", site="", width="1440")
    expect(frame_note).to_contain_text("refuses to be shown in a frame, so its outline is shown")
    expect(viewer.note).to_be_hidden()
    viewer.upload(page, 1_440, shot(height=2_000))
    viewer.page.reload()
    expect(viewer.note).to_contain_text(
        "The page refuses to be shown in a frame, so its screenshot is shown: 1,440 px wide, added "
    )
    expect(viewer.image).to_be_visible()
    expect(frame_note).to_be_hidden()
    viewer.look("screenshot-stands-in")
    viewer.page.get_by_role("button", name="Remove the screenshot").click()
    expect(frame_note).to_contain_text("so its outline is shown")
    expect(viewer.note).to_be_hidden()
    expect(viewer.image).to_be_hidden()
    # Chromium tells of the refusals, which are meant here.
    viewer.complaints[:] = [one for one in viewer.complaints if "frame" not in one]


def test_it_is_offered_where_nobody_tells_whether_the_page_came_up(viewer: Viewer, demo: Demo) -> None:
    page = f"http://localhost:{demo.port}/_health"
    viewer.upload(page, 1_440, shot(height=2_000))
    viewer.open(url=page, page="", site="")
    expect(viewer.page.locator("#frame-note")).to_contain_text("no script whether it came up")
    viewer.page.get_by_role("button", name="Show its screenshot").click()
    expect(viewer.image).to_be_visible()


def test_what_cannot_be_added_is_said(viewer: Viewer) -> None:
    viewer.open(show="picture")
    viewer.choose(b"GIF89a", "moving.gif", "image/gif")
    expect(viewer.note).to_have_text("moving.gif is no picture in PNG, JPEG or WebP.Close")
    viewer.page.get_by_role("button", name="Close", exact=True).click()
    viewer.choose(b"x" * (10 * 1024**2 + 1))
    expect(viewer.note).to_contain_text("shot.png has 10.5 MB; a screenshot may have 10.4 MB.")
    viewer.page.get_by_role("button", name="Close", exact=True).click()
    viewer.choose(b"<script>alert(1)</script>")
    expect(viewer.note).to_contain_text("That did not work. The body is no picture in PNG, JPEG or WebP.")
    viewer.look("screenshot-refused")
    assert viewer.listed() == []
    viewer.complaints[:] = [one for one in viewer.complaints if "400" not in one]


def test_what_is_added_to_one_page_is_not_told_on_another(viewer: Viewer) -> None:
    viewer.open(width="1440")
    pictures = "**/heatmaps/pictures/?*width=*"
    with viewer.page.expect_response(pictures), chromium.held(viewer.page, pictures):
        viewer.drop(shot(height=2_000))
        expect(viewer.note).to_contain_text("Sending shot as ")
        viewer.page.locator("#pages button").filter(has_text="/coffee").first.click()
        expect(viewer.note).to_be_hidden()
    expect(viewer.note).to_be_hidden()
    assert len(viewer.listed(url_page=HOME)) == 1


def test_a_key_that_only_reads_sees_it_and_is_told_that_it_may_not_change_it(viewer: Viewer, demo: Demo) -> None:
    viewer.upload(HOME, 1_440, shot(height=2_000))
    viewer.page.evaluate("key => sessionStorage.setItem('heatmaps.key', key)", demo.printed["api_key"])
    viewer.open(show="picture", width="1440")
    expect(viewer.image).to_be_visible()
    told = "Your key may only read. One with the scope heatmap:write adds and removes screenshots."
    viewer.page.get_by_role("button", name="Remove the screenshot").click()
    expect(viewer.note).to_contain_text(told)
    viewer.page.get_by_role("button", name="Close", exact=True).click()
    viewer.choose(shot(height=100), button="Replace the screenshot")
    expect(viewer.note).to_contain_text(told)
    expect(viewer.image).to_be_visible()
    viewer.complaints[:] = [one for one in viewer.complaints if "403" not in one]


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_it_fits(width: int, browser: Browser, demo: Demo) -> None:
    viewer = opened(browser, demo, width)
    viewer.upload(HOME, 1_280, shot(1_280, 4_000))
    viewer.open(show="picture", width="1440")
    expect(viewer.image).to_be_visible()
    viewer.note.scroll_into_view_if_needed()
    box = viewer.note.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert viewer.note.evaluate("note => note.scrollWidth - note.clientWidth") <= 0
    assert viewer.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    viewer.look(f"screenshot-{width}")
    viewer.open(page=PRICES, show="picture")
    expect(viewer.note).to_contain_text("There is no screenshot of ")
    viewer.note.scroll_into_view_if_needed()
    viewer.look(f"screenshot-none-{width}")
    assert not viewer.complaints
    viewer.page.context.close()
