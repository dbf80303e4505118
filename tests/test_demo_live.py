"""The demo as it is served, in a real browser: its pages are where its data says, and what is done there arrives."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from playwright.sync_api import Browser, BrowserContext

from heatmaps.capture.elements import chain as written
from heatmaps.demo import elements, site
from heatmaps.demo.pages import Element, Page
from tests import chromium, node
from tests.processes import Service, ask, free_port, stopped_afterwards, wait_until_it_answers

if chromium.PATH is None:
    node.leave_out_module(
        "The tests of the live demo were left out, as they need Chromium. On Debian: apt-get install chromium."
    )

WINDOWS = [(1440, 789), (1280, 633), (2560, 1305), (390, 763), (360, 668), (430, 839)]
# Longer than the half second after which the page's script takes a pointer to rest.
REST_MS = 700


@dataclass(frozen=True, kw_only=True)
class Demo:
    port: int
    project_id: int
    key: str
    sign_in_path: str

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, **parameters: Any) -> Any:
        target = f"/api/projects/{self.project_id}/heatmaps/{path}?{urlencode(parameters)}"
        status, body = ask(self.port, target, Authorization=f"Bearer {self.key}")
        assert status == 200, body
        return orjson.loads(body)

    def today(self) -> dict[str, Any]:
        """The pages that have something of today, and its types with their counts; the demo's own data ends before."""
        pages = self.answer("pages/", date_from="-1d")["results"]
        return {page["url"]: {one["type"]: one["count"] for one in page["types"]} for page in pages}

    def wait_for(self, expected: dict[str, Any]) -> None:
        for _ in range(100):
            if self.today() == expected:
                return
            time.sleep(0.1)
        assert self.today() == expected


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """As the one command starts it."""
    service = Service(directory=tmp_path_factory.mktemp("demo"), environment={"RATE_LIMIT_ENABLED": "false"})
    port = free_port()
    with stopped_afterwards(service.start("demo", "--rows", "1", "--port", str(port), "--json")) as process:
        assert process.stdout
        printed = orjson.loads(process.stdout.readline())
        wait_until_it_answers(process, port)
        yield Demo(
            port=port,
            project_id=printed["project_id"],
            key=printed["api_key"],
            sign_in_path=printed["sign_in_url"].removeprefix(f"http://127.0.0.1:{port}"),
        )
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def context(demo: Demo, browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody has used before, which must have nothing to complain of and ask nobody else."""
    complaints: list[str] = []
    requests: list[str] = []
    with browser.new_context(viewport={"width": 1440, "height": 789}) as context:
        context.set_default_timeout(10_000)
        context.on("request", lambda request: requests.append(request.url))
        context.on("console", lambda message: complaints.append(message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context
    assert complaints == []
    assert [url for url in requests if not url.startswith((f"{demo.origin}/", "data:"))] == []


def box_of(element: Element, window: tuple[int, int]) -> tuple[float, float, float, float] | None:
    """Where the demo's data has an element in a window, in CSS px from the top of the page or of the window."""
    width, height = window
    drawn, drawn_for = (element.mobile, site.MOBILE_WIDTH) if width < 768 else (element.desktop, site.DESKTOP_WIDTH)
    if drawn is None:
        return None
    x, y, across, down = drawn
    return x * width / drawn_for, y + (height if y < 0 else 0), across * width / drawn_for, down


@pytest.mark.parametrize("page", site.PAGES, ids=lambda page: page.path)
def test_elements_are_where_the_data_says_in_every_window(demo: Demo, context: BrowserContext, page: Page) -> None:
    tab = context.new_page()
    # What other tests count is not to have anything of this one in it.
    tab.add_init_script("navigator.sendBeacon = () => true")
    tab.goto(demo.origin + site.HOME + page.path)
    for window in WINDOWS:
        tab.set_viewport_size({"width": window[0], "height": window[1]})
        # Phones show the navigation when its menu is open.
        tab.evaluate("() => { const menu = document.getElementById('menu'); if (menu) menu.checked = true; }")
        found = tab.evaluate(
            "() => Object.fromEntries([...document.querySelectorAll('[data-element]')].map((one) => ["
            " one.dataset.element, one.checkVisibility() ? (({x, y, width, height}) => [x, y, width, height])"
            " (one.getBoundingClientRect()) : null]))"
        )
        expected = {element.name: box_of(element, window) for element in page.elements}
        assert {name: box and pytest.approx(box, abs=0.6) for name, box in expected.items()} == found
        assert tab.evaluate("() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth]") == [
            max(page.heights[window[0] < 768], window[1]),
            window[0],
        ]


def test_what_a_visitor_does_arrives(demo: Demo, context: BrowserContext) -> None:
    tab = context.new_page()
    tab.goto(f"{demo.origin}/demo/contact")
    tab.mouse.move(700, 500)
    tab.wait_for_timeout(REST_MS)
    tab.mouse.click(480, 746)
    tab.mouse.click(1392, 741)
    contact = site.url("/contact")
    demo.wait_for({contact: {"click": 2, "mousemove": 2}})
    tab.mouse.wheel(0, 640)
    tab.wait_for_function("scrollY === 640")
    tab.mouse.click(943, 32)
    tab.wait_for_url("**/demo/about")
    demo.wait_for({contact: {"click": 3, "mousemove": 2, "scrolldepth": 1}})
    clicks = demo.answer("", date_from="-1d", url_exact=contact)["results"]
    assert [(one["pointer_relative_x"], one["pointer_y"], one["pointer_target_fixed"]) for one in clicks] == [
        (0.33, 752, False),
        (0.66, 32, True),
        (0.97, 736, True),
    ]
    depth = demo.answer("", date_from="-1d", url_exact=contact, type="scrolldepth")["results"]
    assert [one["scroll_depth_bucket"] for one in depth] == [1400]
    # Who comes and goes is seen by the test-account filters, too.
    real = demo.answer("", date_from="-1d", url_exact=contact, filter_test_accounts="true")
    assert len(real["results"]) == 3
    behind = demo.answer("events/", date_from="-1d", url_exact=contact, points='[{"x":0.33,"y":752}]')["results"]
    assert [(len(one["session_id"]), len(one["distinct_id"])) for one in behind] == [(36, 36)]


@pytest.mark.parametrize("number", range(len(site.PAGES)), ids=lambda number: site.PAGES[number].path)
def test_what_is_clicked_is_told_as_the_made_up_visitors_tell_it(
    demo: Demo, context: BrowserContext, number: int
) -> None:
    page = site.PAGES[number]
    tab = context.new_page()
    tab.add_init_script("window.sent = []; navigator.sendBeacon = (_, text) => window.sent.push(...JSON.parse(text))")
    tab.goto(demo.origin + site.HOME + page.path)
    sent: list[dict[str, Any]] = tab.evaluate(
        """() => {
            addEventListener("click", (event) => event.preventDefault());
            const speaks = (one) => [...one.childNodes].some((node) => node instanceof Text && node.data.trim());
            for (const one of document.querySelectorAll("[data-element]")) {
                const within = [...one.children].find((child) => child.matches("h2, h3, p, span") && speaks(child));
                (speaks(one) ? one : within ?? one).click();
            }
            return window.sent.filter(({ event }) => event === "$autocapture");
        }"""
    )
    # The menu's label clicks the box that it is for, which nobody clicks otherwise.
    chains = [chain for event in sent if not (chain := written(event["properties"])).startswith("input:")]
    assert Counter(chains) == Counter(elements.chains(number))


def test_in_a_frame_nobody_visits_and_links_work(demo: Demo, context: BrowserContext) -> None:
    tab = context.new_page()
    posted: list[str] = []
    tab.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    # As the viewer frames it, with scripts and without an origin; around it is something that may have frames.
    tab.goto(f"{demo.origin}/static/demo/site.css")
    tab.evaluate(
        "() => { const frame = document.createElement('iframe'); frame.sandbox = 'allow-scripts';"
        " frame.src = '/demo/'; frame.width = 1200; frame.height = 700; frame.style.position = 'fixed';"
        " frame.style.top = frame.style.left = 0; frame.style.zIndex = 99; frame.style.background = '#fff';"
        " document.body.append(frame); }"
    )
    (frame,) = [frame for frame in tab.frames if frame != tab.main_frame]
    frame.wait_for_selector(".button")
    assert frame.evaluate("() => [origin, getComputedStyle(document.querySelector('.button')).position]") == [
        "null",
        "absolute",
    ]
    frame.click("[data-element='Shop now']")
    frame.wait_for_url("**/demo/coffee")
    tab.wait_for_timeout(2 * REST_MS)
    assert posted == []
    assert not {site.url("").rstrip("/"), site.url("/coffee")} & demo.today().keys()


def test_the_printed_link_leads_to_the_map(demo: Demo, context: BrowserContext) -> None:
    tab = context.new_page()
    tab.goto(demo.origin + demo.sign_in_path)
    tab.wait_for_url(f"{demo.origin}/?project=*")
    tab.wait_for_selector("#viewer:visible")
    tab.wait_for_selector("#picture[aria-busy=false]")
    frame = next(frame for frame in tab.frames if frame.url == f"{demo.origin}/demo/")
    assert frame.locator("[data-element='Shop now']").count() == 1
