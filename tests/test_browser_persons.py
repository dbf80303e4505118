"""Who visitors are, by the browser SDK as npm ships it: identified, under another name, signed out, on two devices."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import orjson
import pytest
from playwright.sync_api import Browser

from tests import chromium, node
from tests.node import BROWSER
from tests.processes import Service, Shop, ask, served

if chromium.PATH is None or not node.is_there():
    node.leave_out_module(
        "The browser test was left out, as it needs Chromium, and Node 20 or newer with npm. On Debian: "
        "apt-get install chromium nodejs npm; where that Node is older, https://nodejs.org has a newer one."
    )

pytestmark = pytest.mark.slow

SDK = BROWSER / "node_modules" / "posthog-js-1.449" / "dist" / "module.mjs"
PAGE = """<!doctype html>
<title>A shop</title>
<body style="margin: 0; height: 720px">
<script type="module">
  import posthog from "/sdk.js";
  window.posthog = posthog;
  posthog.init(...GIVEN);
</script>
"""
# In px, of 1280 by 720.
PRICES, BUY = (320, 160), (640, 320)


class Visit:
    """A page with the SDK, in a browser that nobody has used."""

    def __init__(self, browser: Browser, address: str, *given: Any) -> None:
        self._page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        self._address = f"{address}?{quote(orjson.dumps(given))}"
        self._open()

    def _open(self) -> None:
        self._page.goto(self._address)
        self._page.wait_for_function("() => window.posthog?.heatmaps?.isEnabled")

    def click(self, place: tuple[int, int]) -> None:
        self._page.mouse.click(*place)

    def leave(self) -> None:
        """What was clicked is sent now, as of who it is by then; at the latest."""
        self._page.goto("about:blank")

    def tell(self, method: str, *arguments: Any, event: str) -> None:
        """On a page of its own, as where people sign in. Waits until the event is stored: whoever leaves too soon takes
        back what the SDK was sending."""
        self._turn()
        with self._page.expect_response(lambda reply: event in (reply.request.post_data or "")) as stored:
            self._call(method, arguments)
        assert stored.value.status == 200

    def reset(self) -> None:
        self._turn()
        self._call("reset", ())

    def _turn(self) -> None:
        self.leave()
        self._open()

    def _call(self, method: str, arguments: Sequence[Any]) -> None:
        self._page.evaluate("([method, given]) => { window.posthog[method](...given) }", [method, arguments])


class Site(BaseHTTPRequestHandler):
    """Shows the page wherever the SDK is not. What the SDK is given is in its address."""

    def do_GET(self) -> None:
        path, _, given = self.path.partition("?")
        is_sdk = path == "/sdk.js"
        body = SDK.read_bytes() if is_sdk else PAGE.replace("GIVEN", unquote(given)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_sdk else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()


def points(port: int, shop: Shop, **parameters: Any) -> list[tuple[float, int, int]]:
    """x, y, and how many there are."""
    status, body = ask(port, f"/api/projects/1/heatmaps/?{urlencode(parameters)}", Authorization=f"Bearer {shop.key}")
    assert status == 200, body
    return [
        (point["pointer_relative_x"], point["pointer_y"], point["count"]) for point in orjson.loads(body)["results"]
    ]


def answers(port: int, shop: Shop) -> dict[str, list[tuple[float, int, int]]]:
    questions: dict[str, dict[str, Any]] = {
        "clicks": {},
        "visitors": {"aggregation": "unique_visitors"},
        "persons": {"aggregation": "unique_persons"},
        "of others": {"filter_test_accounts": "true"},
        "of ann": {"cohort_ids": "[1]"},
        "of ann, persons": {"cohort_ids": "[1]", "aggregation": "unique_persons"},
    }
    return {name: points(port, shop, **parameters) for name, parameters in questions.items()}


PRICES_AT, BUY_AT = (0.25, 160), (0.5, 320)
EXPECTED = {
    # Ann before and after she is known, on two devices and under an old name; and whoever comes after her.
    "clicks": [(*PRICES_AT, 3), (*BUY_AT, 3)],
    "visitors": [(*PRICES_AT, 3), (*BUY_AT, 2)],
    "persons": [(*PRICES_AT, 2), (*BUY_AT, 1)],
    "of others": [(*PRICES_AT, 1)],
    "of ann": [(*BUY_AT, 3), (*PRICES_AT, 2)],
    "of ann, persons": [(*PRICES_AT, 1), (*BUY_AT, 1)],
}


def test_a_person_is_one_on_every_device_and_under_every_name(tmp_path: Path) -> None:
    node.install(BROWSER)
    service = Service(directory=tmp_path, environment={"RATE_LIMIT_ENABLED": "false"})
    service.migrate()
    shop = service.make_project()
    staff = [{"key": "email", "type": "person", "operator": "not_icontains", "value": "@shop.example"}]
    (tmp_path / "names").write_text("ann\n")
    # Who is in the list is looked up when it is asked.
    service.result(
        *("shell", "-v0", "-c"),
        "from django.core.management import call_command\n"
        f"call_command('set_project', '1', test_account_filters={orjson.dumps(staff).decode()!r})\n"
        f"call_command('create_cohort', 'Ann', {str(tmp_path / 'names')!r}, project=1)",
    )
    with served(service) as port, site() as address, chromium.launched() as browser:
        # Without the filter's end the SDK takes a headless browser for a bot and stays silent.
        options = {
            "api_host": f"http://127.0.0.1:{port}",
            "opt_out_useragent_filter": True,
            "disable_compression": True,
        }
        laptop = Visit(browser, address, shop.token, options)
        laptop.click(PRICES)
        laptop.tell("identify", "ann", {"email": "ann@shop.example"}, event="$identify")
        laptop.click(BUY)
        laptop.tell("alias", "ann-of-old", event="$create_alias")
        # Somebody else at the same browser.
        laptop.reset()
        laptop.click(PRICES)
        laptop.leave()
        phone = Visit(browser, address, shop.token, options)
        phone.click(PRICES)
        phone.tell("identify", "ann", event="$identify")
        phone.click(BUY)
        phone.leave()
        kiosk = Visit(browser, address, shop.token, {**options, "bootstrap": {"distinctID": "ann-of-old"}})
        kiosk.click(BUY)
        kiosk.leave()
        # All is stored, and ClickHouse knows who they are, within seconds.
        until = time.monotonic() + 30
        while (found := answers(port, shop)) != EXPECTED and time.monotonic() < until:
            time.sleep(0.2)
    assert found == EXPECTED
