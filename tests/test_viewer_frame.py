"""Pages of others in the viewer's frame: what they may do there, and what is said of it, in a real browser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import chromium, node, sites
from tests.processes import Service, served

if chromium.PATH is None:
    node.leave_out_module(
        "The tests of the viewer's frame were left out, as they need Chromium. On Debian: apt-get install chromium."
    )

pytestmark = pytest.mark.slow
# Where pictures go, when somebody wants to look at them.
PICTURES = os.environ.get("PICTURES", "")
# Tells its own site how it fares: what a page needs to work, and what it must not be able to do.
CURIOUS = """<!doctype html><title>Shop</title><h1>Shop</h1><script>
const told = {};
const tries = {
  storage: () => { localStorage.setItem("basket", "coffee"); return localStorage.getItem("basket"); },
  cookie: () => { document.cookie = "seen=yes"; return document.cookie; },
  viewer: () => parent.document.title,
  key: () => parent.sessionStorage.getItem("heatmaps.key"),
  window: () => String(window.open("about:blank")),
  leads: () => { top.location.href = "about:blank"; return "led"; },
};
for (const [name, attempt] of Object.entries(tries)) {
  try { told[name] = attempt(); } catch (error) { told[name] = error.name; }
}
fetch("/told?" + new URLSearchParams(told));
</script>"""


@pytest.fixture(scope="module")
def shop() -> Iterator[sites.Site]:
    with sites.up(sites.Site()) as site:
        yield site


@pytest.fixture
def pages(shop: sites.Site) -> sites.Site:
    """The shop with nothing asked of it yet."""
    shop.asked.clear()
    shop.pages = {"/": (200, {}, CURIOUS), "/told": (204, {"Content-Length": "0"}, "")}
    return shop


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, shop: sites.Site) -> Iterator[tuple[int, Any]]:
    """Where the demo is served, and what it printed. It may look at the shop's pages."""
    looking = {
        "DJANGO_SETTINGS_MODULE": "tests.framing_settings",
        "PAGES_PORT": str(shop.port),
        "FRAME_PREFLIGHT": "true",
    }
    service = Service(directory=tmp_path_factory.mktemp("frames"), environment={"DEMO": "true", **looking})
    printed = orjson.loads(service.result("demo", "--rows", "2000", "--no-serve", "--json"))
    with served(service) as port:
        yield port, printed


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def session(browser: Browser, demo: tuple[int, Any]) -> Any:
    """Of the demo's user: the link that signs in does so once."""
    port, printed = demo
    with browser.new_context() as context:
        context.new_page().goto(f"http://127.0.0.1:{port}{urlsplit(printed['sign_in_url']).path}")
        # Without the site that the demo's link has chosen, which the browser remembers.
        return {"cookies": context.storage_state()["cookies"], "origins": []}


@contextmanager
def opened(browser: Browser, demo: tuple[int, Any], session: Any, *, width: int = 1440, **state: str) -> Iterator[Page]:
    """The viewer, with a session."""
    with browser.new_context(viewport={"width": width, "height": 900}, storage_state=session) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(address(demo, **state))
        shown(page)
        yield page


def address(demo: tuple[int, Any], **state: str) -> str:
    return f"http://127.0.0.1:{demo[0]}/?{urlencode({'date_from': '-31d', 'widths': 'any', **state})}"


def shown(page: Page) -> None:
    expect(page.locator("#picture[aria-busy=false]")).to_be_visible(timeout=20_000)


def of(shop: sites.Site, path: str = "/") -> str:
    return f"http://localhost:{shop.port}{path}"


def told(page: Page, shop: sites.Site) -> dict[str, str]:
    """What the page in the frame told its site."""
    for _ in range(200):
        found = [path for path in shop.paths() if path.startswith("/told?")]
        if found:
            return dict(part.split("=", 1) for part in urlsplit(found[-1]).query.split("&"))
        page.wait_for_timeout(50)
    pytest.fail(f"The page told nothing; its site was asked for {shop.paths()}.")


def test_a_page_of_another_origin_works_and_does_not_reach_the_viewer(
    browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site
) -> None:
    with opened(browser, demo, session, page=of(pages)) as page:
        expect(page.locator("#frame iframe")).to_have_attribute("sandbox", "allow-scripts allow-same-origin")
        expect(page.locator("#frame iframe")).to_have_attribute("referrerpolicy", "no-referrer")
        fared = told(page, pages)
        assert fared["storage"] == "coffee"
        assert (fared["viewer"], fared["key"], fared["window"]) == ("SecurityError", "SecurityError", "null")
        # Nor does it lead the viewer elsewhere.
        assert fared["leads"] == "SecurityError"
        page.wait_for_timeout(300)
        assert urlsplit(page.url).netloc == f"127.0.0.1:{demo[0]}"


def test_a_page_of_our_own_origin_is_held_apart_wherever_it_is_named(
    browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site
) -> None:
    own = f"http://127.0.0.1:{demo[0]}"
    # By its address, by a path that stands in for the site, and by an origin that does.
    states: tuple[dict[str, Any], ...] = (
        {"page": f"{own}/demo/"},
        {"page": of(pages), "site": "/demo"},
        {"page": of(pages, "/demo/"), "site": own},
    )
    for state in states:
        with opened(browser, demo, session, **state) as page:
            expect(page.locator("#frame iframe")).to_have_attribute("sandbox", "allow-scripts")
            expect(page.locator("#visit-note")).to_have_count(0)
    # The same host at another port, and under another name, are other origins.
    for origin in (f"http://127.0.0.1:{pages.port}", f"http://localhost:{pages.port}"):
        with opened(browser, demo, session, page=f"{own}/demo/", site=origin) as page:
            expect(page.locator("#frame iframe")).to_have_attribute("sandbox", "allow-scripts allow-same-origin")


def test_a_page_of_another_origin_cannot_lead_its_frame_to_the_viewer(
    browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site
) -> None:
    """In that sandbox it would be of our origin. But no page of ours lets itself be framed, save the demo's, to whose
    scripts nobody adds any."""
    own = f"http://127.0.0.1:{demo[0]}"
    html = "/static/drf_spectacular_sidecar/swagger-ui-dist/oauth2-redirect.html"
    for path in ("/", "/admin/login/", "/api/projects/", "/api/schema/swagger-ui/", html, "/sign-out/"):
        pages.pages["/away"] = (302, {"Location": own + path}, "")
        with opened(browser, demo, session, page=of(pages, "/away")) as page:
            page.wait_for_timeout(500)
            frames = [frame for frame in page.frames if frame != page.main_frame]
            # Chromium has its own page in place of one that refused, of no origin.
            assert all(frame.url.startswith("chrome-error:") for frame in frames), (path, frames)
    # Beside the service, which looks at it as well.
    by_browser = [path for path, headers in pages.asked if not headers["user-agent"].startswith("heatmaps-service/")]
    assert by_browser.count("/away") == 6


def test_scripts_can_be_switched_off(browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site) -> None:
    with opened(browser, demo, session, page=of(pages), scripts="no") as page:
        expect(page.locator("#frame iframe")).to_have_attribute("sandbox", "")
        expect(page.frame_locator("#frame iframe").get_by_role("heading")).to_have_text("Shop")
        # Then it is no visit to speak of.
        expect(page.locator("#visit-note")).to_have_count(0)
        page.get_by_label("Run the page's scripts").check()
        expect(page.locator("#visit-note")).to_be_visible()
        assert told(page, pages)["storage"] == "coffee"
        page.get_by_label("Run the page's scripts").uncheck()
        expect(page.locator("#visit-note")).to_be_hidden()


def test_what_the_frame_does_is_said_until_somebody_has_read_it(
    browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site
) -> None:
    with opened(browser, demo, session, page=of(pages)) as page:
        note = page.locator("#visit-note")
        expect(note).to_contain_text("This is a visit")
        expect(note).to_have_attribute("role", "status")
        page.get_by_role("radiogroup", name="Below the heat").get_by_role("radio", name="Outline").check()
        expect(note).to_be_hidden()
        page.get_by_role("radiogroup", name="Below the heat").get_by_role("radio", name="Page").check()
        note.get_by_role("button", name="Got it").press("Enter")
        expect(note).to_be_hidden()
        # The keyboard is where the sentence was.
        expect(page.locator("#picture")).to_be_focused()
        page.goto(address(demo, page=of(pages, "/again")))
        shown(page)
        expect(page.locator("#frame iframe")).to_have_attribute("sandbox", "allow-scripts allow-same-origin")
        expect(note).to_have_count(0)
    # Another browser has not been told.
    with opened(browser, demo, session, page=of(pages)) as page:
        expect(page.locator("#visit-note")).to_be_visible()


def test_the_sentence_goes_away_where_the_browser_keeps_nothing(
    browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site
) -> None:
    with browser.new_context(storage_state=session) as context:
        page = context.new_page()
        page.add_init_script(
            "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
        )
        page.goto(address(demo, page=of(pages), project="1"))
        page.get_by_role("button", name="Got it").click()
        expect(page.locator("#visit-note")).to_be_hidden()
        page.get_by_label("Run the page's scripts").uncheck()
        page.get_by_label("Run the page's scripts").check()
        expect(page.locator("#frame iframe")).to_have_attribute("sandbox", "allow-scripts allow-same-origin")
        expect(page.locator("#visit-note")).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_the_sentence_fits(
    width: int, browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site
) -> None:
    with opened(browser, demo, session, width=width, page=of(pages)) as page:
        expect(page.locator("#visit-note")).to_be_visible()
        box = page.get_by_role("button", name="Got it").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert page.locator("#visit-note").evaluate("note => note.scrollWidth - note.clientWidth") <= 0
        if PICTURES:
            page.locator("#visit-note").scroll_into_view_if_needed()
            page.screenshot(path=str(Path(PICTURES) / f"visit-{width}.png"))


# --- Why it stays empty ---------------------------------------------------------------------------------------------


def test_a_page_that_forbids_frames_is_said_to_and_the_map_is_offered_on_it(
    browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site
) -> None:
    headers = {
        "/deny": ({"X-Frame-Options": "DENY"}, "(X-Frame-Options)"),
        "/none": (
            {"Content-Security-Policy": "frame-ancestors 'none'"},
            "(frame-ancestors of its Content-Security-Policy)",
        ),
    }
    for path, (sent, told_) in headers.items():
        pages.pages[path] = (200, sent, "<h1>Never shown</h1>")
        with opened(browser, demo, session, page=of(pages, path)) as page:
            note = page.locator("#frame-note")
            expect(note).to_contain_text(f"localhost:{pages.port} forbids frames {told_}")
            expect(page.locator("#frame iframe")).to_have_count(0)
            expect(page.locator("#visit-note")).to_be_hidden()
            if PICTURES:
                page.screenshot(path=str(Path(PICTURES) / f"forbids{path.replace('/', '-')}.png"))
            note.get_by_role("button", name="Open the map on the page").click()
            expect(page.locator("#share-dialog")).to_be_visible()
            expect(page.locator("#share-url")).to_have_value(of(pages, path))


def test_a_page_that_allows_frames_is_not_doubted(
    browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site
) -> None:
    with opened(browser, demo, session, page=of(pages)) as page:
        expect(page.frame_locator("#frame iframe").get_by_role("heading")).to_have_text("Shop")
        assert told(page, pages)["storage"] == "coffee"
        page.wait_for_timeout(500)
        expect(page.locator("#frame-note")).to_be_hidden()
    # The browser and the service have asked for it, the service without cookies.
    asked = [headers for path, headers in pages.asked if path == "/"]
    assert [headers["user-agent"].startswith("heatmaps-service/") for headers in asked].count(True) == 1


def test_a_page_that_is_not_there_is_said_to_be_missing(
    browser: Browser, demo: tuple[int, Any], session: Any, pages: sites.Site
) -> None:
    with opened(browser, demo, session, page=of(pages, "/gone")) as page:
        expect(page.locator("#frame-note")).to_contain_text("The page answers 404 to visitors who are not signed in.")
        expect(page.locator("#frame iframe")).to_have_count(1)
