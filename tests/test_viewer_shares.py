"""Share links made in the viewer, and what a page of another origin reads with one, in a real browser."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect

from heatmaps.demo import site
from tests import chromium, node
from tests.processes import Service, ask, served

if chromium.PATH is None:
    node.leave_out_module(
        "The tests of share links were left out, as they need Chromium. On Debian: apt-get install chromium."
    )

pytestmark = pytest.mark.slow
PAGE = site.url("/").rstrip("/")
# Where pictures of the dialog go, when somebody wants to look at them.
PICTURES = os.environ.get("PICTURES", "")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Any]]:
    """Where the demo is served, and what it printed."""
    service = Service(directory=tmp_path_factory.mktemp("shares"), environment={"DEMO": "true"})
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
        return context.storage_state()


def opened(browser: Browser, demo: tuple[int, Any], session: Any, width: int = 1440) -> Page:
    """The viewer, with a session."""
    page = browser.new_context(viewport={"width": width, "height": 900}, storage_state=session).new_page()
    looked_at = {"page": PAGE, "date_from": "-31d", "site": "/demo"}
    page.goto(f"http://127.0.0.1:{demo[0]}/?{urlencode(looked_at)}")
    expect(page.locator("#total")).not_to_be_empty()
    return page


def test_a_link_is_made_shown_once_listed_and_revoked(browser: Browser, demo: tuple[int, Any], session: Any) -> None:
    page = opened(browser, demo, session)
    complaints: list[str] = []
    page.context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator("#share-url")).to_have_value(PAGE)
    page.get_by_label("For whom").fill("<b>Ann</b>")
    page.get_by_label("Expires after").select_option("1")
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("#share-made")).to_be_visible()
    token = page.locator("#share-token").input_value()
    # Where the demo itself serves the page, which is in the place of its own address.
    link = f"http://127.0.0.1:{demo[0]}/demo/#heatmap={token}"
    expect(page.locator("#share-link")).to_have_value(link)
    expect(page.get_by_role("link", name="Open on the page")).to_have_attribute("href", link)
    # Beside those of the other tests.
    hers = page.locator("#shares-list li").filter(has_text="<b>Ann</b>")
    expect(hers).to_contain_text([f"<b>Ann</b> · phs_...{token[-4:]}"])
    assert asked(demo[0], token) == 200
    # It is nowhere but in the two fields.
    page.get_by_role("button", name="Close").last.click()
    assert token not in page.url
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator("#share-made")).to_be_hidden()
    page.get_by_role("button", name="Revoke <b>Ann</b>").click()
    expect(hers).to_have_count(0)
    assert asked(demo[0], token) == 401
    assert not complaints


def test_the_link_opens_the_map_on_the_demos_own_page(browser: Browser, demo: tuple[int, Any], session: Any) -> None:
    page = opened(browser, demo, session)
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Make a link").click()
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open on the page").click()
    said = popup.value.locator("heatmaps-overlay .said")
    expect(said).to_contain_text("clicks")
    # Of so few visitors no place has enough, and that is told.
    expect(said).to_contain_text("with too few visitors left out")
    assert "heatmap" not in popup.value.url
    if PICTURES:
        popup.value.screenshot(path=str(Path(PICTURES) / "overlay-demo.png"))
        page.screenshot(path=str(Path(PICTURES) / "share-made.png"))
    # The bookmarklet does the same where a page has no script of its own, and asks for the link where it is gone.
    token = page.locator("#share-token").input_value()
    code = unquote(page.locator("#share-bookmarklet").get_attribute("href") or "").removeprefix("javascript:")
    bare = page.context.new_page()
    bare.on("dialog", lambda dialog: dialog.accept(f"{PAGE}#heatmap={token}"))
    for fragment in (f"#heatmap={token}", "#place"):
        bare.goto(f"http://127.0.0.1:{demo[0]}/_health{fragment}")
        bare.reload()
        bare.evaluate(code)
        expect(bare.locator("heatmaps-overlay .said")).to_contain_text(
            f"This link is not for this page. It is for {PAGE}"
        )
        assert token not in bare.url
    page.get_by_role("link", name="Heatmap", exact=True).click()
    expect(page.locator("#copy-text")).to_have_value(re.compile("^javascript:.*overlay.js"))


def test_what_is_shared_is_the_page_that_the_dialog_shows(
    browser: Browser, demo: tuple[int, Any], session: Any
) -> None:
    page = opened(browser, demo, session)
    page.locator("#pages button").filter(has_text="/coffee").first.click()
    page.wait_for_url(lambda url: "coffee" in url)
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator("#share-url")).to_have_value(re.compile("/coffee$"))
    page.go_back()
    expect(page.locator("#share-dialog")).to_be_hidden()
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator("#share-url")).to_have_value(PAGE)
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("#share-made")).to_be_visible()
    assert asked(demo[0], page.locator("#share-token").input_value()) == 200


def test_what_is_refused_is_told(browser: Browser, demo: tuple[int, Any], session: Any) -> None:
    page = opened(browser, demo, session)
    page.evaluate("key => sessionStorage.setItem('heatmaps.key', key)", demo[1]["api_key"])
    page.reload()
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator("#share-said")).to_have_text(
        "Your key may only read. One with the scope heatmap:write makes links."
    )


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_the_dialog_fits(width: int, browser: Browser, demo: tuple[int, Any], session: Any) -> None:
    page = opened(browser, demo, session, width)
    # Where there is little room, the button is in a menu.
    more = page.get_by_role("button", name="More", exact=True)
    if more.is_visible():
        more.click()
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_label("For whom").fill("The agency")
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("#share-made")).to_be_visible()
    box = page.locator("#share-dialog").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.locator("#share-dialog").evaluate("dialog => dialog.scrollWidth - dialog.clientWidth") <= 0
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"share-{width}.png"))


def test_only_a_page_of_the_tokens_origin_reads_a_reply(browser: Browser, demo: tuple[int, Any], session: Any) -> None:
    """With a preflight of a real browser, since the header is none of the simple ones."""
    port, _ = demo
    own = f"http://localhost:{port}"
    page = opened(browser, demo, session)
    csrf = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    made = page.evaluate(
        """async ([url, csrf]) => (await fetch("/api/projects/1/heatmaps/shares/", {
            method: "POST", body: JSON.stringify({ url_page: url }),
            headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
        })).json()""",
        [f"{own}/_health", csrf],
    )
    assert made["origins"] == [own]
    target = f"http://127.0.0.1:{port}/api/projects/1/heatmaps/?" + urlencode({"url_page": f"{own}/_health"})
    read = """async ([target, token]) => {
        try { return (await fetch(target, { headers: { Authorization: `Bearer ${token}` } })).status }
        catch { return "kept away" }
    }"""
    page.goto(f"{own}/_health")
    assert page.evaluate(read, [target, made["token"]]) == 200
    # Without the token's origin, not even the preflight is answered.
    page.goto("data:text/html,a page of nobody")
    assert page.evaluate(read, [target, made["token"]]) == "kept away"


def asked(port: int, token: str) -> int:
    target = "/api/projects/1/heatmaps/?" + urlencode({"url_page": PAGE})
    status, _ = ask(port, target, Authorization=f"Bearer {token}")
    return status
