"""The overlay over live pages of another origin, in a real browser: heat lies where the clicks were, and nothing
else is done to the page."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, Page, expect

from tests import chromium, node
from tests.processes import Service, served

if chromium.PATH is None:
    node.leave_out_module(
        "The tests of the overlay were left out, as they need Chromium. On Debian: apt-get install chromium."
    )

pytestmark = pytest.mark.slow
# Where pictures go, when somebody wants to look at them.
PICTURES = os.environ.get("PICTURES", "")
# In the middle of the width, and 20 rows of 16 px down; of the fixed cell, near the right and the top.
MIDDLE, Y, FIXED_X, FIXED_Y, DEEP_Y = 0.5, 320, 0.75, 48, 9008
REFUSED = "Failed to load resource: the server responded with a status of 403"

PAGES = {
    "/plain": "<h1>A page</h1>",
    "/other": "<h1>Nobody was here</h1>",
    "/vite": '<div id="app"></div><script type="module" src="/src/main.js"></script>',
    "/strict": "<h1>A page with a policy</h1>",
    "/spa": "<h1>An application</h1>",
    "/spa/second": "<h1>An application</h1>",
    "/sticky": '<link rel="stylesheet" href="/sticky.css"><header>Sticky</header><main class="tall"></main>',
    "/inner": '<link rel="stylesheet" href="/inner.css"><div id="scroller"><div class="tall">Inside</div></div>',
    "/rtl": '<link rel="stylesheet" href="/sticky.css"><main class="tall">مرحبا</main>',
    "/zoomed": '<link rel="stylesheet" href="/sticky.css"><main class="tall"></main>',
    "/tall": '<link rel="stylesheet" href="/sticky.css"><main class="tallest"></main>',
    "/phone": '<link rel="stylesheet" href="/sticky.css"><main class="tall"></main>',
    "/odd": '<link rel="stylesheet" href="/odd.css"><main class="tall"></main>',
    "/hash": "<h1>Routes in the fragment</h1>",
}
FILES = {
    "/src/main.js": 'import { mount } from "/src/app.js"; mount(document.querySelector("#app"));',
    "/src/app.js": 'export const mount = (app) => { app.innerHTML = "<h1>Here</h1>"; app.style.height = "3000px"; };',
    "/sticky.css": "body { margin: 0 } header { position: sticky; top: 0; height: 60px; background: #eee; z-index: 99 }"
    ".tall { height: 3000px; background: linear-gradient(#fff, #ccc) } .tallest { height: 10000px }",
    "/inner.css": "html, body { height: 100%; margin: 0; overflow: hidden } #scroller { height: 100%; overflow: auto }"
    ".tall { height: 3000px }",
    "/odd.css": "html { border-top: 40px solid; margin-left: 25px; position: relative } * { color: red }"
    "html > * { display: none !important; opacity: .2 } html > body { display: block !important }"
    "canvas { display: none !important } .tall { height: 2000px }",
}


@dataclass
class Site:
    """Pages of another origin than the service's, and tokens for them."""

    port: int
    service: Service
    service_port: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.service_port}"

    def link(self, path: str, token: str = "") -> str:
        return f"{self.origin}{path}#heatmap={token or self.tokens[path]}"


def answering(site: "Callable[[], Site]") -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            script = f'<script src="{site().root}/overlay.js" async></script>'
            kind = "text/html; charset=utf-8"
            if path in FILES:
                content = FILES[path]
                kind = "text/css" if path.endswith("css") else "text/javascript"
            elif path in PAGES:
                direction = "rtl" if path == "/rtl" else "ltr"
                content = f'<!doctype html><html dir="{direction}"><meta name="viewport" content="width=device-width">'
                content += (
                    f'<link rel="icon" href="data:,"><title>{path}</title>{script}<body>{PAGES[path]}</body></html>'
                )
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            if path == "/strict":
                root = site().root
                self.send_header("X-Frame-Options", "DENY")
                self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
                policy = f"default-src 'none'; script-src {root}; connect-src {root}; style-src 'self'; img-src data:; "
                policy += (
                    "require-trusted-types-for 'script'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
                )
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("overlay")
    service = Service(directory=directory)
    service.migrate()
    service.make_project()
    made: list[Site] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), answering(lambda: made[0])) as server:
        made.append(Site(port=server.server_port, service=service))
        (site,) = made
        rows = directory / "rows.jsonl"
        rows.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in clicks(site.origin)))
        service.result("load_interactions", str(rows), "--project", "1")
        site.tokens = tokens_of(site)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with served(service) as port:
            site.service_port = port
            yield site
        server.shutdown()


def clicks(origin: str) -> Iterator[dict[str, Any]]:
    """On each page but one: 3 in the middle, one on a fixed element, one deep down; on phones as well."""
    at = {"timestamp": f"{now():%Y-%m-%d} 00:00:00", "session_id": "s", "distinct_id": "v"}
    for path in [*PAGES, "/hash#/cart"]:
        if path == "/other":
            continue
        for width in (80, 40, 24):
            seen = {**at, "current_url": f"{origin}{path}", "viewport_width": width, "viewport_height": 50}
            for _ in range(3):
                yield {**seen, "type": "click", "x": width // 2, "y": Y // 16}
            yield {**seen, "type": "click", "x": 3 * width // 4, "y": FIXED_Y // 16, "pointer_target_fixed": True}
            yield {**seen, "type": "click", "x": width // 2, "y": (DEEP_Y if path == "/tall" else 2000) // 16}
            yield {**seen, "type": "scrolldepth", "x": 0, "y": 100}


def tokens_of(site: Site) -> dict[str, str]:
    """One for each page, and a few others, made in one process."""
    wanted = [(path, "url_page", site.origin + path) for path in [*PAGES, "/hash#/cart"]]
    wanted += [("pattern", "url_pattern", f"{site.origin}/spa*"), ("exact", "url_exact", f"{site.origin}/spa")]
    wanted += [("elsewhere", "url_page", "https://elsewhere.example/")]
    code = (
        "import json\nfrom datetime import timedelta\nfrom heatmaps.models import Project, Share\n"
        "project = Project.objects.get()\n"
        "print(json.dumps({name: Share.make(project, kind, url, lasts=timedelta(hours=1), min_visitors=1)[1]"
        f" for name, kind, url in {wanted!r}}}))"
    )
    tokens: dict[str, str] = orjson.loads(site.service.result("shell", "-v0", "-c", code))
    return tokens


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@contextmanager
def visiting(browser: Browser, *, meant: str = "", **context: Any) -> Iterator[Page]:
    """A window of 1280 x 800. What the page complains about fails the test."""
    opened = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context})
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    opened.on("weberror", lambda error: complaints.append(str(error.error)))
    page = opened.new_page()
    page.set_default_timeout(15_000)
    yield page
    opened.close()
    assert [told for told in complaints if not (meant and told.startswith(meant))] == []
    assert not meant or complaints


def opened(page: Page, link: str, says: str = "clicks") -> None:
    page.goto(link)
    expect(page.locator("heatmaps-overlay .said")).to_contain_text(says, timeout=15_000)


def opacity_at(page: Page, x: float, y: float) -> list[int]:
    """How opaque each canvas is at a point of the window, that of the page first; 0 where it does not reach."""
    found: list[int] = page.evaluate(
        """([x, y]) => {
            const { shadowRoot } = document.querySelector("heatmaps-overlay");
            const [bands, heat, fixed] = shadowRoot.querySelectorAll("canvas");
            return [heat, fixed, bands].map((canvas) => {
                const box = canvas.getBoundingClientRect();
                const column = Math.floor((x - box.left) / box.width * canvas.width);
                const row = Math.floor((y - box.top) / box.height * canvas.height);
                if (!box.width || column < 0 || row < 0 || column >= canvas.width || row >= canvas.height) return 0;
                // Of a copy: the canvas itself stays as the overlay has it.
                const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
                context.drawImage(canvas, column, row, 1, 1, 0, 0, 1, 1);
                return context.getImageData(0, 0, 1, 1).data[3];
            });
        }""",
        [x, y],
    )
    return found


def is_hot(page: Page, x: float, y: float) -> bool:
    """On the page's own layer, there and not beside it."""
    return opacity_at(page, x, y)[0] > 0 and opacity_at(page, x + 60, y)[0] == 0 == opacity_at(page, x - 60, y)[0]


def take_picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"overlay-{name}.png"))


# --- Kinds of pages --------------------------------------------------------------------------------------------------


def test_without_a_token_nothing_is_done_and_nothing_asked(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site.origin}/plain#chapter", wait_until="networkidle")
        assert asked == [f"{site.origin}/plain", f"{site.root}/overlay.js"]
        assert page.locator("heatmaps-overlay").count() == 0
        assert page.url.endswith("/plain#chapter")
        assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]


def test_a_page_of_modules_has_its_map_and_escape_ends_it(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        page.goto(f"{site.origin}/vite", wait_until="networkidle")
        before = page.evaluate("[document.documentElement.outerHTML, Object.keys(window).join()]")
        page.evaluate("token => { location.hash = `heatmap=${token}` }", site.tokens["/vite"])
        expect(page.locator("heatmaps-overlay .said")).to_contain_text("5 clicks")
        assert page.url == f"{site.origin}/vite"
        assert is_hot(page, 1280 * MIDDLE, Y)
        assert opacity_at(page, 1280 * FIXED_X, FIXED_Y)[1] > 0
        expect(page.locator("heatmaps-overlay .fold")).to_have_css("top", "800px")
        take_picture(page, "vite")
        page.keyboard.press("Escape")
        assert page.locator("heatmaps-overlay").count() == 0
        page.wait_for_timeout(400)
        assert page.evaluate("[document.documentElement.outerHTML, Object.keys(window).join()]") == before
        assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]


def test_a_strict_policy_that_allows_the_one_origin_is_enough(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        opened(page, site.link("/strict"))
        assert is_hot(page, 1280 * MIDDLE, Y)
        expect(page.locator("heatmaps-overlay .panel")).to_have_css("position", "fixed")
        take_picture(page, "strict")


def test_routes_of_an_application_are_followed(browser: Browser, site: Site) -> None:
    with visiting(browser, meant=REFUSED) as page:
        opened(page, site.link("/spa"))
        for route in ("history.pushState(null, '', '/other')", "history.replaceState(null, '', '/elsewhere')"):
            page.evaluate(route)
            expect(page.locator("heatmaps-overlay .said")).to_contain_text("This link is not for this page.")
            assert opacity_at(page, 1280 * MIDDLE, Y) == [0, 0, 0]
        page.go_back()
        expect(page.locator("heatmaps-overlay .said")).to_contain_text("5 clicks")
        assert is_hot(page, 1280 * MIDDLE, Y)
        page.evaluate("location.hash = '#/route'")
        expect(page.locator("heatmaps-overlay .said")).to_contain_text("This link is not for this page.")


def test_a_token_on_a_hash_route_is_its_second_part(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        opened(page, f"{site.origin}/hash#/cart#heatmap={site.tokens['/hash#/cart']}")
        assert page.url == f"{site.origin}/hash#/cart"
        assert is_hot(page, 1280 * MIDDLE, Y)
    with visiting(browser) as page:
        opened(page, f"{site.origin}/plain?q=1#heatmap={site.tokens['/plain']}&tab=2")
        assert page.url == f"{site.origin}/plain?q=1#tab=2"


def test_patterns_and_urls_are_known_by_what_the_service_says(browser: Browser, site: Site) -> None:
    pattern, exact = site.tokens["pattern"], site.tokens["exact"]
    with visiting(browser, meant=REFUSED) as page:
        opened(page, site.link("/spa/second", pattern), "5 clicks")
        assert is_hot(page, 1280 * MIDDLE, Y)
        page.evaluate("history.pushState(null, '', '/plain')")
        expect(page.locator("heatmaps-overlay .said")).to_contain_text("This link is not for this page.")
        opened(page, site.link("/spa", exact), "5 clicks")
        opened(page, site.link("/plain", exact), "This link is not for this page.")


def test_what_is_fixed_sticks_and_the_rest_scrolls_along(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        opened(page, site.link("/sticky"))
        page.evaluate("scrollTo(0, 200)")
        page.wait_for_timeout(100)
        assert is_hot(page, 1280 * MIDDLE, Y - 200)
        assert opacity_at(page, 1280 * FIXED_X, FIXED_Y)[1] > 0
        take_picture(page, "sticky")
        # What is drawn is above the page, also above a header that wants to be on top, and takes no clicks from it.
        assert page.evaluate("document.elementFromPoint(640, 120).tagName") == "MAIN"
        assert page.evaluate("document.documentElement.scrollHeight") == 3060


def test_a_scroller_in_the_page_is_followed(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        opened(page, site.link("/inner"))
        assert is_hot(page, 1280 * MIDDLE, Y)
        page.evaluate("document.querySelector('#scroller').scrollTop = 1600")
        page.wait_for_timeout(200)
        assert is_hot(page, 1280 * MIDDLE, 2000 - 1600)
        assert not is_hot(page, 1280 * MIDDLE, Y)
        assert opacity_at(page, 1280 * FIXED_X, FIXED_Y)[1] > 0


def test_a_page_from_right_to_left(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        opened(page, site.link("/rtl"))
        assert is_hot(page, 1280 * MIDDLE, Y)
        assert opacity_at(page, 1280 * FIXED_X, FIXED_Y)[1] > 0
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        expect(page.locator("heatmaps-overlay .panel")).to_have_css("direction", "ltr")
        take_picture(page, "rtl")


def test_at_200_percent(browser: Browser, site: Site) -> None:
    with visiting(browser, viewport={"width": 640, "height": 400}, device_scale_factor=2) as page:
        opened(page, site.link("/zoomed"))
        assert is_hot(page, 640 * MIDDLE, Y)
        page.get_by_text("What is shown").click()
        expect(page.get_by_label("Widths").locator("option").first).to_have_text("Screens 496 to 1024 px wide")
        box = page.locator("heatmaps-overlay .panel").bounding_box()
        assert box
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 400
        take_picture(page, "zoomed")


def test_a_page_of_ten_thousand_pixels(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        opened(page, site.link("/tall"))
        page.evaluate("scrollTo(0, 8800)")
        page.wait_for_timeout(100)
        assert is_hot(page, 1280 * MIDDLE, DEEP_Y - 8800)
        assert page.evaluate("document.documentElement.scrollHeight") == 10_000
        # A page that becomes shorter is measured without the map.
        page.evaluate("document.querySelector('main').className = 'tall'")
        expect(page.locator("heatmaps-overlay .sheet")).to_have_css("height", "3000px")


def test_on_a_phone(browser: Browser, site: Site) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 760}, "is_mobile": True, "has_touch": True}
    with visiting(browser, **phone, color_scheme="dark") as page:
        opened(page, site.link("/phone"))
        assert is_hot(page, 390 * MIDDLE, Y)
        box = page.locator("heatmaps-overlay .panel").bounding_box()
        assert box
        assert (box["x"], box["width"]) == (0, 390)
        assert box["y"] + box["height"] == 760
        assert box["height"] < 200
        page.get_by_text("What is shown").tap()
        expect(page.get_by_label("Dates")).to_be_visible()
        take_picture(page, "phone")


def test_a_page_whose_styles_get_in_the_way(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        opened(page, site.link("/odd"))
        expect(page.locator("heatmaps-overlay .panel")).to_be_visible()
        assert is_hot(page, 1280 * MIDDLE, Y)
        assert page.locator("heatmaps-overlay").evaluate("host => getComputedStyle(host).opacity") == "1"
        page.evaluate("scrollTo(0, 100)")
        page.wait_for_timeout(100)
        assert is_hot(page, 1280 * MIDDLE, Y - 100)


# --- What may be chosen ----------------------------------------------------------------------------------------------


def test_types_widths_opacity_fold_and_hover(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        opened(page, site.link("/sticky"))
        overlay = page.locator("heatmaps-overlay")
        page.mouse.move(1280 * MIDDLE, Y)
        expect(overlay.locator(".tip")).to_have_text("3 clicks, 60.0 %")
        page.mouse.move(1280 * FIXED_X, FIXED_Y)
        expect(overlay.locator(".tip")).to_have_text("1 click on fixed elements, 20.0 %")
        page.mouse.move(20, 700)
        expect(overlay.locator(".tip")).to_be_hidden()
        page.get_by_label("Widths").select_option("any")
        expect(overlay.locator(".said")).to_contain_text("15 clicks")
        page.get_by_label("Opacity").fill("40")
        expect(overlay.locator("canvas").nth(1)).to_have_css("opacity", "0.4")
        page.get_by_label("Fold").uncheck()
        expect(overlay.locator(".fold")).to_be_hidden()
        page.get_by_label("What is fixed").uncheck()
        expect(overlay.locator("canvas").last).to_be_hidden()
        page.get_by_label("Interactions").select_option("rageclick")
        expect(overlay.locator(".said")).to_contain_text("Nothing is here to show. Choose other dates.")
        page.get_by_label("Interactions").select_option("scrolldepth")
        expect(overlay.locator(".said")).to_contain_text("3 visits")
        assert opacity_at(page, 300, 300)[2] > 0
        take_picture(page, "depth")


def test_the_keyboard_reaches_everything_and_the_page_hears_nothing_of_it(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        page.goto(f"{site.origin}/sticky")
        page.evaluate(
            """() => {
                window.heard = [];
                for (const kind of ["keydown", "click", "pointerdown"])
                    document.addEventListener(kind, (event) => window.heard.push(kind));
            }"""
        )
        page.evaluate("token => { location.hash = `heatmap=${token}` }", site.tokens["/sticky"])
        expect(page.locator("heatmaps-overlay .said")).to_contain_text("clicks")
        focused = "document.querySelector('heatmaps-overlay').shadowRoot.activeElement.localName"
        names = []
        for _ in range(8):
            page.keyboard.press("Tab")
            names.append(page.evaluate(focused))
        assert names == ["button", "summary", "select", "select", "select", "input", "input", "input"]
        page.get_by_label("Fold").click()
        page.get_by_label("Close the heatmap").click()
        assert page.locator("heatmaps-overlay").count() == 0
        assert page.evaluate("window.heard") == []


def test_a_window_of_another_width_asks_for_its_own_band(browser: Browser, site: Site) -> None:
    with visiting(browser) as page:
        opened(page, site.link("/sticky"))
        page.set_viewport_size({"width": 400, "height": 800})
        expect(page.get_by_label("Widths").locator("option").first).to_contain_text("up to 480 px")
        expect(page.locator("heatmaps-overlay .said")).to_contain_text("5 clicks")
        assert is_hot(page, 400 * MIDDLE, Y)


@pytest.mark.parametrize("meanwhile", ["another choice", "a narrower window", "a longer page"])
def test_what_is_asked_for_is_drawn_whatever_happens_to_the_page_meanwhile(
    browser: Browser, site: Site, meanwhile: str
) -> None:
    with visiting(browser) as page:
        opened(page, site.link("/sticky"))
        said, sheet = (page.locator(f"heatmaps-overlay {one}") for one in (".said", ".sheet"))
        with chromium.held(page, "**/heatmaps/?*"):
            page.get_by_label("Widths").select_option("any")
            expect(said).to_have_text("Asking …")
            # The old map is none of what is chosen now.
            assert opacity_at(page, 1280 * MIDDLE, Y) == [0, 0, 0]
            if meanwhile == "another choice":
                page.get_by_label("What is fixed").uncheck()
            elif meanwhile == "a narrower window":
                page.set_viewport_size({"width": 1200, "height": 800})
                expect(sheet).to_have_css("width", "1200px")
            else:
                page.evaluate("document.body.style.height = '3500px'")
                expect(sheet).to_have_css("height", "3500px")
        expect(said).to_contain_text("15 clicks")
        assert is_hot(page, page.evaluate("innerWidth") * MIDDLE, Y)
        assert (opacity_at(page, page.evaluate("innerWidth") * FIXED_X, FIXED_Y)[1] > 0) == (
            meanwhile != "another choice"
        )


def test_another_route_is_asked_for_though_its_page_still_grows(browser: Browser, site: Site) -> None:
    with visiting(browser, meant=REFUSED) as page:
        opened(page, site.link("/spa"))
        said, sheet = (page.locator(f"heatmaps-overlay {one}") for one in (".said", ".sheet"))
        with chromium.held(page, "**/heatmaps/?*"):
            page.evaluate("history.pushState(null, '', '/spa/second')")
            expect(said).to_have_text("Asking …")
            page.evaluate("document.documentElement.style.height = '3500px'")
            expect(sheet).to_have_css("height", "3500px")
        expect(said).to_contain_text("This link is not for this page.")


# --- What goes wrong -------------------------------------------------------------------------------------------------


def test_a_token_that_ended_and_one_for_another_site_are_told(browser: Browser, site: Site) -> None:
    for token in ("phs_" + "x" * 47, site.tokens["elsewhere"]):
        with told_of_refusals(browser) as page:
            opened(page, site.link("/plain", token), "This link has expired or was revoked")
            expect(page.get_by_role("button", name="Try again")).to_be_hidden()


@contextmanager
def told_of_refusals(browser: Browser) -> Iterator[Page]:
    """Browsers themselves complain about replies that a page may not read."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def test_a_service_that_is_away_can_be_asked_again(browser: Browser, site: Site) -> None:
    with told_of_refusals(browser) as page:
        opened(page, site.link("/plain"))
        page.context.set_offline(True)
        page.get_by_label("Dates").select_option("-30d")
        expect(page.locator("heatmaps-overlay .said")).to_contain_text("The heatmap service does not answer.")
        assert opacity_at(page, 1280 * MIDDLE, Y) == [0, 0, 0]
        page.context.set_offline(False)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("heatmaps-overlay .said")).to_contain_text("5 clicks")


def test_too_many_questions_are_told(browser: Browser, site: Site) -> None:
    with told_of_refusals(browser) as page:
        opened(page, site.link("/plain"))
        page.route(
            "**/heatmaps/?*",
            lambda route: route.fulfill(
                status=429,
                headers={
                    "Retry-After": "7",
                    "Access-Control-Allow-Origin": "*",
                    "Access-Control-Expose-Headers": "Retry-After",
                },
                body="{}",
            ),
        )
        page.get_by_label("Dates").select_option("-30d")
        expect(page.locator("heatmaps-overlay .said")).to_contain_text("Try again in 7 seconds.")
