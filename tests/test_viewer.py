"""The viewer in a real browser: what it shows is what the API says, and it asks nobody else."""

import io
import math
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import numpy as np
import orjson
import pytest
from django.utils.timezone import now
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from heatmaps.demo import site
from heatmaps.demo.pages import Box
from heatmaps.drawing.palettes import alphas, colours
from tests import chromium, node
from tests.processes import Service, ask, served

if chromium.PATH is None or not node.is_there():
    node.leave_out_module(
        "The tests of the viewer were left out, as they need Chromium, and Node 20 or newer with npm. On Debian: "
        "apt-get install chromium nodejs npm; where that Node is older, https://nodejs.org has a newer one."
    )

HOME = site.url("/").rstrip("/")
EMAIL, PASSWORD = "ann@example.com", "correct horse battery"
NOBODY = "nobody@example.com"
# All that the demo has, over its pages as the service itself serves them.
LOOKED_AT = {"date_from": "-31d", "widths": "any", "limit": "0", "site": "/demo"}
LARGE_CELLS = 100_000
# Pages as they are written, and as they are read beside others.
ODD_PAGES = {
    "https://large.example.com/stra%C3%9Fe?q=%E2%82%AC%2F%20": "large.example.com/straße?q=€%2F%20",
    "https://xn--mnchen-3ya.example/caf%C3": "münchen.example/caf%C3",
    "capacitor://localhost/tabs/home": "capacitor://localhost/tabs/home",
    "capacitor://localhost/tabs": "capacitor://localhost/tabs",
    "https://large.example.com/a+b(c)*d/e": "large.example.com/a+b(c)*d/e",
    "https://odd.example/<img src=x onerror=alert(1)>": "odd.example/<img src=x onerror=alert(1)>",
}
SHOP_URL = "https://shop.example"
# Where the clicks are on each URL of a site: some pages have several, and some only such with a query string. On one
# page 600 cells have 1,000 clicks, of which the hottest 500 have nine tenths.
SHOP = {
    "/big": [(x, y) for x in range(1, 21) for y in range(1, 31) for _ in range(1 + (y <= 20))],
    "/pricing?utm_source=mail": [(1, y) for y in range(7)],
    "/pricing": [(2, y) for y in range(5)],
    "/pricing/#faq": [(3, y) for y in range(2)],
    "/pricing-old": [(3, 1)],
    "/index.php?id=1": [(4, 1)],
    "/index.php?id=2": [(4, 1), (4, 2)],
    "/zero": [(0, 0)] * 3,
    **{f"/user/{user}/orders": [(5, 1), (5, user)] for user in range(1, 12)},
    "/user/1/orders?page=2": [(5, 3)],
}
# What Chromium says of a request that is answered 401, which is how the viewer learns that nobody is signed in.
NOT_SIGNED_IN = "Failed to load resource: the server responded with a status of 401"


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The demo as it is served, and its API as the demo's key opens it; keys of others, and the link that signs in."""

    port: int
    service: Service
    key: str
    sign_in: str
    key_of_nobody: str
    key_without_scope: str
    key_of_large: str

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, **parameters: Any) -> Any:
        target = f"/api/projects/{parameters.pop('project', 1)}/{path}?{urlencode(parameters)}"
        status, body = ask(self.port, target, Authorization=f"Bearer {self.key_of_large}")
        assert status == 200, body
        return orjson.loads(body)

    def points(self, **parameters: Any) -> list[dict[str, Any]]:
        asked = {"date_from": "-31d", "url_exact": HOME, "limit": 0, **parameters}
        found: list[dict[str, Any]] = self.answer("heatmaps/", **asked)["results"]
        return found

    def count(self, **parameters: Any) -> int:
        return sum(point["count"] for point in self.points(**parameters))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, project 1; project 2 with no interactions; project 3 with a hundred thousand cells; and project 4, with
    pages of many URLs."""
    directory = tmp_path_factory.mktemp("viewer")
    service = Service(directory=directory, environment={"RATE_LIMIT_ENABLED": "false", "DEMO": "true"})
    printed = orjson.loads(service.result("demo", "--rows", "20000", "--no-serve", "--json"))
    assert printed["project_id"] == 1
    keys = orjson.loads(
        service.result(
            "shell",
            "-v0",
            "-c",
            "import json\n"
            "from heatmaps.models import Organization, PersonalAPIKey, Project, User\n"
            "organization = Organization.objects.get()\n"
            "Project.objects.create(pk=2, name='Empty', organization=organization)\n"
            "Project.objects.create(pk=3, name='Large', organization=organization)\n"
            "Project.objects.create(pk=4, name='Shop', organization=organization)\n"
            f"ann = User.objects.create_superuser({EMAIL!r}, {PASSWORD!r})\n"
            f"nobody = User.objects.create_user({NOBODY!r})\n"
            "print(json.dumps([PersonalAPIKey.make(user, 'test')[1] for user in (nobody, ann)]"
            " + [PersonalAPIKey.make(ann, 'test', scopes=['query:read'])[1]]))",
        )
    )
    cells = directory / "cells.jsonl"
    with cells.open("wb") as file:
        at = {"timestamp": f"{now():%Y-%m-%d} 00:00:00", "session_id": "s", "distinct_id": "v", "type": "click"}
        seen = {"current_url": "https://large.example.com/", "viewport_width": 100, "viewport_height": 50}
        for row in range(LARGE_CELLS // 100):
            file.writelines(orjson.dumps({**at, **seen, "x": x, "y": row}) + b"\n" for x in range(1, 101))
        # And more pages than the viewer lists at once, some of them with names that are not written as they are read.
        for page in range(60):
            seen["current_url"] = f"https://large.example.com/{page}"
            file.write(orjson.dumps({**at, **seen, "x": 1, "y": 1}) + b"\n")
        for url in ODD_PAGES:
            seen["current_url"] = url
            file.writelines(orjson.dumps({**at, **seen, "x": 1, "y": y}) + b"\n" for y in range(10))
    service.result("load_interactions", str(cells), "--project", "3")
    shop = directory / "shop.jsonl"
    with shop.open("wb") as file:
        for path, places in SHOP.items():
            click = {**at, **seen, "current_url": f"{SHOP_URL}{path}"}
            file.writelines(orjson.dumps({**click, "x": x, "y": y}) + b"\n" for x, y in places)
        file.writelines(
            orjson.dumps({**click, "current_url": f"{SHOP_URL}/pricing", "type": "scrolldepth", "x": 0, "y": y}) + b"\n"
            for y in (40, 80)
        )
    service.result("load_interactions", str(shop), "--project", "4")
    with served(service) as port:
        yield Demo(
            port=port,
            service=service,
            key=printed["api_key"],
            sign_in=urlsplit(printed["sign_in_url"]).path,
            key_of_nobody=keys[0],
            key_of_large=keys[1],
            key_without_scope=keys[2],
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


class Viewer:
    """One person's browser at the viewer, and all that it complained about."""

    def __init__(self, demo: Demo, context: BrowserContext) -> None:
        self.demo = demo
        self.context = context
        self.complaints: list[str] = []
        # Parts of the complaints that a test is about.
        self.meant: set[str] = set()
        self.requests: list[str] = []
        self.other_hosts: set[str] = set()
        self.unanswered: set[Request] = set()
        context.on("request", self._began)
        for end in ("requestfinished", "requestfailed"):
            context.on(end, self._ended)
        # A refusal by the Content-Security-Policy is a message on the console, too.
        context.on("console", lambda message: self._told(message.type, message.text))
        context.on("weberror", lambda error: self._told("error", str(error.error)))
        self.page = context.new_page()
        self.page.set_default_timeout(10_000)

    def _told(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not text.startswith(NOT_SIGNED_IN):
            self.complaints.append(text)

    def _began(self, request: Request) -> None:
        self.requests.append(request.url)
        self.unanswered.add(request)

    def _ended(self, request: Request) -> None:
        self.unanswered.discard(request)

    def use_key(self, key: str) -> None:
        """As if the key had been pasted into this tab."""
        self.page.goto(f"{self.demo.origin}/static/viewer/icon.svg")
        self.page.evaluate("key => sessionStorage.setItem('heatmaps.key', key)", key)

    def log_in(self) -> None:
        """Fills in the form of the admin."""
        self.page.get_by_label("Email").fill(EMAIL)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.settle()

    def sign_in(self, email: str) -> None:
        """With a session of somebody whom the admin's form is not for."""
        service = self.demo.service
        code = (
            "from importlib import import_module\n"
            "from django.conf import settings\n"
            "from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY\n"
            "from heatmaps.models import User\n"
            f"user = User.objects.get(email={email!r})\n"
            "session = import_module(settings.SESSION_ENGINE).SessionStore()\n"
            "session[SESSION_KEY] = str(user.pk)\n"
            "session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]\n"
            "session[HASH_SESSION_KEY] = user.get_session_auth_hash()\n"
            "session.save()\n"
            "print(session.session_key)"
        )
        cookie = service.result("shell", "-v0", "-c", code).strip()
        self.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self.demo.origin}])
        self.page.goto(self.demo.origin)

    def open(self, **state: Any) -> None:
        self.page.goto(f"{self.demo.origin}/?{urlencode({**LOOKED_AT, **state})}")
        self.settle()

    def settle(self) -> None:
        """Waits until what was asked for is shown."""
        expect(self.page.locator("#viewer")).to_be_visible(timeout=20_000)
        expect(self.page.locator("#picture[aria-busy=false]")).to_be_visible(timeout=20_000)

    def wait_for_replies(self) -> None:
        """Waits until nothing more is asked for, and what came is shown."""
        quiet = 0
        for _ in range(400):
            self.page.wait_for_timeout(20)
            is_busy = self.page.evaluate("window.late > 0 || document.querySelector('[aria-busy=true]') !== null")
            quiet = 0 if is_busy or self.unanswered else quiet + 1
            if quiet == 2:
                return
        pytest.fail(f"{self.unanswered} stay without a reply.")

    def state(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.page.url).query))

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def total(self) -> int:
        return number(self.text("#total"))

    def rows(self, table: str) -> list[list[str]]:
        found: list[list[str]] = self.page.locator(f"{table} tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )
        return found

    def choose(self, label: str, name: str) -> None:
        """Chooses one of the radio buttons of a group."""
        self.page.get_by_role("radiogroup", name=label).get_by_role("radio", name=re.compile(f"^{name}")).check()
        self.settle()

    def alpha(self, x: float, y: float, canvas: str = "#heat") -> int:
        """How much colour there is at a place of the page, of 255: x a share of its width, y in px."""
        return self.alphas([(x, y)], canvas)[0]

    def alphas(self, places: Sequence[tuple[float, float]], canvas: str = "#heat") -> list[int]:
        return [pixel[3] for pixel in self.pixels(places, canvas)]

    def pixels(self, places: Sequence[tuple[float, float]], canvas: str = "#heat") -> list[list[int]]:
        """Red, green, blue and alpha."""
        found: list[list[int]] = self.page.evaluate(
            """([selector, places]) => {
                const canvas = document.querySelector(selector);
                const { width, height } = canvas;
                const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
                context.drawImage(canvas, 0, 0);
                const tall = parseFloat(getComputedStyle(canvas).height);
                return places.map(([x, y]) => {
                    const pixel = [Math.min(width - 1, Math.floor(x * width)), Math.floor((y / tall) * height)];
                    return [...context.getImageData(...pixel, 1, 1).data];
                });
            }""",
            [canvas, places],
        )
        return found

    def grain(self) -> float:
        """Of the small squares that what is around a place is counted in, how many px wide they are."""
        found: float = self.page.locator("#heat").evaluate("heat => parseFloat(heat.style.width) / heat.width")
        return found

    def at(self, x: float, y: float) -> tuple[tuple[int, int], tuple[float, float]]:
        """A pixel of the screen for the mouse, with a place of the page brought into view there; and where on the page
        the pixel is, in px."""
        pixel, place = self.page.evaluate(
            """([x, y]) => {
                const [picture, sheet] = ["picture", "sheet"].map((id) => document.getElementById(id));
                const zoom = sheet.getBoundingClientRect().width / sheet.offsetWidth;
                picture.scrollTop = y * zoom - picture.clientHeight / 2;
                const box = sheet.getBoundingClientRect();
                const pixel = [Math.round(box.left + x * box.width), Math.round(box.top + y * zoom)];
                return [pixel, [(pixel[0] - box.left) / zoom, (pixel[1] - box.top) / zoom]];
            }""",
            [x, y],
        )
        return (pixel[0], pixel[1]), (place[0], place[1])


@contextmanager
def visited(demo: Demo, browser: Browser) -> Iterator[Viewer]:
    """By somebody who is not signed in. What is asked of others, and every complaint, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    viewer = Viewer(demo, context)
    yield viewer
    # Live may be asking at this moment.
    viewer.page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert [told for told in viewer.complaints if not any(meant in told for meant in viewer.meant)] == []
    assert {meant for meant in viewer.meant if any(meant in told for told in viewer.complaints)} == viewer.meant
    assert {urlsplit(url).netloc for url in viewer.requests} == {f"127.0.0.1:{demo.port}"} | viewer.other_hosts


@pytest.fixture
def anonymous(demo: Demo, browser: Browser) -> Iterator[Viewer]:
    with visited(demo, browser) as viewer:
        yield viewer


@pytest.fixture
def viewer(anonymous: Viewer) -> Viewer:
    anonymous.use_key(anonymous.demo.key)
    return anonymous


def hold(route: Route) -> None:
    """Leaves a request without an answer."""


def number(text: str) -> int:
    return int(text.replace(",", ""))


def box(path: str, name: str) -> Box:
    page = next(page for page in site.PAGES if page.path == path)
    found = next(element for element in page.elements if element.name == name).desktop
    assert found
    return found


def middle(path: str, name: str) -> tuple[float, float]:
    """Where an element is: x as a share of the width, y in px."""
    left, top, across, down = box(path, name)
    return (left + across / 2) / site.DESKTOP_WIDTH, top + down / 2


# --- Signing in -----------------------------------------------------------------------------------------------------


def test_a_session_of_the_admin_opens_the_viewer_where_it_was(anonymous: Viewer, demo: Demo) -> None:
    page = anonymous.page
    page.goto(f"{demo.origin}/?{urlencode({**LOOKED_AT, 'url': HOME, 'type': 'mousemove'})}")
    page.get_by_role("link", name="Sign in with e-mail and password").click()
    anonymous.log_in()
    assert anonymous.state() == {**LOOKED_AT, "project": "1", "url": HOME, "type": "mousemove"}
    assert anonymous.total() == demo.count(type="mousemove")
    assert page.evaluate("sessionStorage.length") == 0


def test_a_pasted_key_opens_the_viewer_and_stays_in_its_tab(anonymous: Viewer, demo: Demo) -> None:
    page = anonymous.page
    page.goto(f"{demo.origin}/?{urlencode({**LOOKED_AT, 'url': HOME})}")
    page.get_by_label("Personal API key").fill("phx_wrong")
    page.get_by_role("button", name="Use key").click()
    expect(page.get_by_role("alert")).to_have_text("Personal API key found in request Authorization header is invalid.")
    page.get_by_label("Personal API key").fill(demo.key)
    page.get_by_role("button", name="Use key").click()
    anonymous.settle()
    assert anonymous.total() == demo.count()
    assert demo.key not in page.url
    assert anonymous.context.cookies() == []
    assert demo.key not in page.evaluate("JSON.stringify(localStorage)")

    another = anonymous.context.new_page()
    another.goto(f"{demo.origin}/")
    expect(another.get_by_label("Personal API key")).to_be_visible()
    page.get_by_role("button", name="Forget key").click()
    expect(page.get_by_label("Personal API key")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_the_tools_of_the_picture_come_with_it_and_each_does_its_work_once(anonymous: Viewer, demo: Demo) -> None:
    page = anonymous.page
    page.goto(f"{demo.origin}/?site=/demo")
    expect(page.get_by_label("Personal API key")).to_be_visible()
    expect(page.locator("#tools")).to_be_hidden()
    for key in ("phx_wrong", demo.key):
        page.get_by_label("Personal API key").fill(key)
        page.get_by_role("button", name="Use key").click()
    anonymous.settle()
    expect(page.locator("#tools")).to_be_visible()
    devtools = anonymous.context.new_cdp_session(page)
    for name in ("copy-link", "export", "export-table", "forget-key"):
        found = devtools.send("Runtime.evaluate", {"expression": f"document.getElementById('{name}')"})
        listeners = devtools.send("DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]})
        assert [one["type"] for one in listeners["listeners"]] == ["click"], name


def test_the_link_of_the_demo_signs_in_and_shows_a_first_picture(anonymous: Viewer, demo: Demo) -> None:
    anonymous.page.goto(f"{demo.origin}{demo.sign_in}")
    anonymous.settle()
    state = anonymous.state()
    assert (state["page"], state["site"]) == (site.url("/"), "/demo")
    shown = {
        "date_from": state["date_from"],
        "viewport_width_min": state["width_min"],
        "url_exact": "",
        "url_page": HOME,
    }
    assert anonymous.total() == demo.count(**shown) > 0


def test_who_has_no_project_is_told_how_to_get_one(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_nobody)
    anonymous.page.goto(demo.origin)
    expect(anonymous.page.get_by_role("heading", name="There is no project yet")).to_be_visible()
    card = anonymous.page.locator("#nothing")
    expect(card).to_contain_text("manage.py create_project Shop")
    expect(card).to_contain_text("python manage.py create_user EMAIL --organization NAME")
    expect(card).to_contain_text("python manage.py add_member EMAIL --organization NAME")
    # Of those who are signed in, the page knows who they are.
    anonymous.use_key("")
    anonymous.sign_in(NOBODY)
    expect(card).to_contain_text(f"python manage.py add_member {NOBODY} --organization NAME")
    expect(anonymous.page.get_by_role("link", name="Admin")).to_be_hidden()
    anonymous.page.get_by_role("button", name="Sign out").click()
    expect(anonymous.page.get_by_label("Personal API key")).to_be_visible()


def test_who_is_signed_in_can_sign_out_and_staff_finds_the_admin(anonymous: Viewer, demo: Demo) -> None:
    page = anonymous.page
    page.goto(f"{demo.origin}/?site=/demo")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    page.get_by_role("link", name="Sign in with e-mail and password").click()
    anonymous.log_in()
    expect(page.locator("#who")).to_have_text(EMAIL)
    expect(page.get_by_role("link", name="Admin")).to_have_attribute("href", "/admin/")
    # With a key in the tab, too: whoever signs out is out.
    page.evaluate("key => sessionStorage.setItem('heatmaps.key', key)", demo.key)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Personal API key")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    assert page.request.get(f"{demo.origin}/api/projects/").status == 401
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_a_key_that_opens_nothing_can_be_changed_for_another(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_without_scope)
    anonymous.page.goto(demo.origin)
    expect(anonymous.page.locator("#nothing")).to_contain_text("API key missing required scope 'heatmap:read'")
    anonymous.page.get_by_role("button", name="Use another key").click()
    expect(anonymous.page.get_by_label("Personal API key")).to_be_focused()
    anonymous.meant = {"status of 403"}


def test_a_project_that_is_not_there_is_named(viewer: Viewer, demo: Demo) -> None:
    viewer.page.goto(f"{demo.origin}/?{urlencode({**LOOKED_AT, 'project': 99})}")
    expect(viewer.page.locator("#nothing")).to_contain_text("Project 99 does not exist, or it is not one of yours.")
    viewer.page.get_by_role("button", name="Show a project of mine").click()
    expect(viewer.page.get_by_role("combobox", name="Project")).to_have_value("1")
    viewer.settle()


def test_a_project_with_no_interactions_says_how_they_come_in(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.page.goto(f"{demo.origin}/?project=2&show=outline")
    expect(anonymous.page.locator("#empty")).to_contain_text("No interaction has come in yet")
    expect(anonymous.page.locator("#empty")).to_contain_text("manage.py load_interactions FILE.jsonl --project 2")
    anonymous.page.get_by_label("Project").select_option("Demo site")
    anonymous.wait_for_replies()
    assert anonymous.state()["project"] == "1"
    assert anonymous.total() > 0
    # The page of a project does not stay below the card of another.
    anonymous.open(url=HOME)
    expect(anonymous.page.locator("#frame iframe")).to_be_visible()
    anonymous.page.get_by_label("Project").select_option("Empty")
    expect(anonymous.page.locator("#empty")).to_contain_text("No interaction has come in yet")
    expect(anonymous.page.locator("#bed")).to_be_hidden()
    expect(anonymous.page.locator("#frame iframe")).to_have_count(0)


# --- The page below it ----------------------------------------------------------------------------------------------


def test_the_page_is_shown_in_a_sandboxed_frame_of_its_size(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=HOME, width_min=1040)
    frame = viewer.page.locator("#frame iframe")
    attributes = ("src", "sandbox", "referrerpolicy")
    assert [frame.get_attribute(name) for name in attributes] == [
        f"{demo.origin}/demo/",
        "allow-scripts",
        "no-referrer",
    ]
    depths = demo.points(viewport_width_min=1040, type="scrolldepth")
    size = frame.evaluate("frame => [frame.offsetWidth, frame.offsetHeight]")
    assert size[0] == site.DESKTOP_WIDTH
    assert size[1] >= depths[-1]["scroll_depth_bucket"]
    expect(viewer.page.frame_locator("#frame iframe").get_by_role("heading", level=1)).to_be_visible()
    expect(viewer.page.locator("#frame-note")).to_be_hidden()

    viewer.choose("Viewport width", "Mobile")
    assert frame.evaluate("frame => frame.offsetWidth") == site.MOBILE_WIDTH
    viewer.meant = {"Blocked script execution"}
    viewer.page.get_by_label("Run the page's scripts").uncheck()
    expect(frame).to_have_attribute("sandbox", "")
    viewer.choose("Below the heat", "Outline")
    expect(frame).to_have_count(0)
    # Nothing of this was a visit.
    assert not [url for url in viewer.requests if urlsplit(url).path.startswith(("/e", "/i"))]


def test_a_page_that_refuses_its_frame_is_outlined(viewer: Viewer, demo: Demo) -> None:
    note = viewer.page.locator("#frame-note")
    viewer.open(url=f"{demo.origin}/admin/", site="")
    expect(note).to_contain_text("refuses to be shown in a frame, so its outline is shown")
    expect(viewer.page.locator("#frame iframe")).to_have_count(0)
    viewer.meant = {"frame-ancestors"}
    # Of another origin, whose policy for frames Chromium reports.
    viewer.other_hosts = {f"localhost:{demo.port}"}
    viewer.open(url=f"http://localhost:{demo.port}/", site="")
    expect(note).to_contain_text("refuses to be shown in a frame, so its outline is shown")
    # And one of which nobody tells whether it refused.
    viewer.open(url=f"http://localhost:{demo.port}/_health", site="")
    expect(note).to_contain_text("no script whether it came up. Is it missing below?")
    viewer.page.get_by_role("button", name="Show its outline").click()
    expect(note).to_be_hidden()
    assert viewer.state()["show"] == "outline"


def test_a_page_that_is_shown_is_not_said_to_refuse(viewer: Viewer, demo: Demo) -> None:
    # Browsers keep the timings of few requests, and after a while that of the page is not among them.
    viewer.page.add_init_script("performance.setResourceTimingBufferSize(0)")
    viewer.open(url=f"{demo.origin}/admin/", site="")
    expect(viewer.page.locator("#frame-note")).to_contain_text("refuses to be shown in a frame")
    viewer.meant = {"frame"}
    viewer.open(url=HOME)
    asked = f"{demo.origin}/demo/"
    for _ in range(100):
        if viewer.requests.count(asked) == 2:
            break
        viewer.page.wait_for_timeout(50)
    assert viewer.requests.count(asked) == 2
    viewer.wait_for_replies()
    expect(viewer.page.locator("#frame-note")).to_be_hidden()
    expect(viewer.page.frame_locator("#frame iframe").get_by_role("heading", level=1)).to_be_visible()


def test_the_site_that_stands_in_is_remembered_for_its_project(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=HOME)
    viewer.page.goto(f"{demo.origin}/?{urlencode({'url': HOME, 'date_from': '-31d'})}")
    viewer.settle()
    assert viewer.state()["site"] == "/demo"


def test_a_click_on_the_page_arrives(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=HOME, width_min=1040)
    before = viewer.total()
    visitor = viewer.context.new_page()
    visitor.goto(f"{demo.origin}/demo/")
    visitor.mouse.click(640, 700)
    expect(viewer.page.locator("#total")).to_have_text(f"{before + 1:,}", timeout=30_000)
    expect(viewer.page.locator("#said")).to_have_text("1 click came in.")
    arrived = [{"x": 0.5, "y": 704, "target_fixed": False}]
    asked = {"date_from": "dStart", "url_exact": HOME, "points": orjson.dumps(arrived).decode()}
    (click,) = demo.answer("heatmaps/events/", **asked)["results"]
    viewer.page.mouse.click(*viewer.at(0.5, 704)[0])
    expect(viewer.page.locator("#behind-table tbody tr").first).to_contain_text(click["session_id"])


# --- The picture ----------------------------------------------------------------------------------------------------


def test_the_picture_is_hot_at_the_call_to_action_and_cold_where_nothing_is(viewer: Viewer, demo: Demo) -> None:
    viewer.open(width_min=1040)
    viewer.page.get_by_label("Search pages").fill("EXAMPLE.com")
    viewer.page.locator("#pages button").get_by_text("demo.example.com/", exact=True).click()
    viewer.settle()
    assert viewer.state()["page"] == HOME
    points = demo.points(viewport_width_min=1040, url_exact="", url_page=HOME)
    assert viewer.total() == sum(point["count"] for point in points)

    x, y = middle("/", "Shop now")
    assert viewer.alpha(x, y) == 255
    # The hottest of all is the button, and the table says so first.
    across, down = re.findall(r"\d[\d,]*", viewer.rows("#spots")[0][0])[:2]
    left, top, width, height = box("/", "Shop now")
    assert left <= int(across) / 100 * site.DESKTOP_WIDTH <= left + width
    assert top <= number(down) <= top + height
    # And it is cold wherever nothing is near.
    is_near = [(point["pointer_relative_x"] * 1440, point["pointer_y"]) for point in points]
    empty = [
        (column / 10, row)
        for row in range(100, 4000, 100)
        for column in range(1, 10)
        if all(abs(column * 144 - x) > 64 or abs(row - y) > 64 for x, y in is_near)
    ]
    assert len(empty) > 5
    assert set(viewer.alphas(empty)) == {0}


def test_a_lone_spot_is_round_and_ends_softly(viewer: Viewer, demo: Demo) -> None:
    radius = 32
    viewer.open(url=HOME, width_min=1040, limit="0")
    places = [
        (point["pointer_relative_x"] * site.DESKTOP_WIDTH, point["pointer_y"])
        for point in demo.points(viewport_width_min=1040)
        if not point["pointer_target_fixed"]
    ]
    x, y = next(
        (x, y)
        for x, y in places
        if y > 100
        and 100 < x < site.DESKTOP_WIDTH - 100
        and sum(math.dist((x, y), other) < 3 * radius for other in places) == 1
    )
    shares = (0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.97)
    directions = [
        [
            ((x + share * radius * math.cos(angle)) / site.DESKTOP_WIDTH, y + share * radius * math.sin(angle))
            for share in shares
        ]
        for angle in (n * math.pi / 8 for n in range(16))
    ]
    alphas = [viewer.alphas(outward) for outward in directions]
    middle_alpha = alphas[0][0]
    assert middle_alpha > 0
    for outward in alphas:
        assert outward == sorted(outward, reverse=True)
        assert outward[3] > middle_alpha / 2 > 2 * outward[-1]


def test_fixed_elements_are_a_layer_of_their_own(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=HOME, width_min=1040)
    x, y = middle("/", "Coffee")
    assert viewer.alpha(x, y, "#heat-fixed") > 100
    assert viewer.alpha(*middle("/", "Shop now"), "#heat-fixed") == 0
    viewer.page.get_by_label("Fixed elements").uncheck()
    expect(viewer.page.locator("#heat-fixed")).to_be_hidden()
    assert viewer.state()["fixed"] == "no"


# Every fifth pixel of what lies over the page, and the colours of the legend from cold to hot.
SEEN = """async (layers) => {
    const { COLOURS } = await import("/static/viewer/heat.js");
    const { offsetWidth: width, offsetHeight: height } = document.getElementById("sheet");
    const context = new OffscreenCanvas(width, height).getContext("2d");
    for (const layer of layers.map((id) => document.getElementById(id))) {
        const { width: wide, height: tall } = getComputedStyle(layer);
        context.drawImage(layer, 0, 0, parseFloat(wide), parseFloat(tall));
    }
    const { data } = context.getImageData(0, 0, width, height);
    const pixels = [];
    for (let y = 0; y < height; y += 5) {
        for (let x = 0; x < width; x += 5) pixels.push(...data.slice((y * width + x) * 4, (y * width + x) * 4 + 4));
    }
    return { width, height, pixels, colours: [...COLOURS] };
}"""
Pixels = NDArray[np.float64]


def drawn_twice(viewer: Viewer, *layers: str, **asked: Any) -> tuple[Pixels, Pixels, Pixels]:
    """Every fifth pixel of the service's picture and of the viewer's, and the palette of the viewer's."""
    seen = viewer.page.evaluate(SEEN, list(layers))
    size = {"width": seen["width"], "height": seen["height"]}
    query = urlencode({"date_from": "-31d", "url_exact": HOME, "viewport_width_min": 1040, **size, **asked})
    target = f"/api/projects/1/heatmaps/image/?{query}"
    status, content = ask(viewer.demo.port, target, Authorization=f"Bearer {viewer.demo.key}")
    assert status == 200, content
    drawn = np.asarray(Image.open(io.BytesIO(content))).astype(np.float64)
    assert drawn.shape == (size["height"], size["width"], 4)
    drawn = drawn[::5, ::5]
    in_browser = np.array(seen["pixels"], dtype=np.float64).reshape(drawn.shape)
    return drawn, in_browser, np.array(seen["colours"], dtype=np.float64).reshape(256, 4)[:, :3]


def nearest(pixels: Pixels, palette: Pixels) -> Pixels:
    """Which colour of a palette is the nearest to each pixel."""
    return np.array([np.square(palette - pixel[:3]).sum(axis=1).argmin() for pixel in pixels], dtype=np.float64)


@pytest.mark.slow
def test_the_picture_without_a_browser_is_the_same(viewer: Viewer, demo: Demo) -> None:
    """The two have palettes of their own, so places in them are compared. Both, and opacities, are from 0 to 255."""
    viewer.open(url=HOME, width_min=1040, opacity=100)
    drawn, in_browser, palette = drawn_twice(viewer, "heat", "heat-fixed", radius=32, opacity=1)
    # Counts that lie between two colours may be rounded to either.
    opacities_apart = np.abs(drawn[:, :, 3] - in_browser[:, :, 3])
    assert opacities_apart.max() <= np.diff(alphas(1).astype(int)).max()
    assert (opacities_apart <= 1).mean() > 0.998
    # Of paler pixels the colours are rounded too much: at 64 by 2 in each of two layers, for which the dark end of a
    # palette has ten colours.
    seen = (drawn[:, :, 3] > 80) & (in_browser[:, :, 3] > 80)
    assert seen.sum() > 500
    inferno = colours("inferno").astype(np.float64)
    apart = np.abs(nearest(drawn[seen], inferno) - nearest(in_browser[seen], palette))
    assert (apart <= 2).mean() > 0.9
    assert apart.max() <= 8

    viewer.open(url=HOME, width_min=1040, opacity=100, type="scrolldepth")
    drawn, in_browser, palette = drawn_twice(viewer, "bands", opacity=1, type="scrolldepth")
    down, of_viewer = drawn[:, 100], in_browser[:, 100]
    assert ((down[:, 3] > 0) == (of_viewer[:, 3] > 0)).all()
    there = down[:, 3] > 0
    assert there.sum() > 100
    assert np.abs(nearest(down[there], inferno) - nearest(of_viewer[there], palette)).max() <= 1


def test_the_fold_is_where_the_api_says(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=HOME)
    fold = demo.answer("heatmaps/", date_from="-31d", url_exact=HOME)["fold"]
    line = viewer.page.locator("#fold")
    assert line.evaluate("line => line.style.top") == f"{fold['median_viewport_height']}px"
    assert viewer.text("#fold-text") == (
        f"Fold at {fold['median_viewport_height']} px · {fold['pct_below_fold']} % below "
        f"({fold['below_fold_count']:,} of {fold['total_count']:,})"
    )


def test_types_viewports_and_test_accounts_change_it_as_they_change_the_numbers(viewer: Viewer, demo: Demo) -> None:
    coffee = site.url("/coffee")
    viewer.open(url=coffee, width_min=1040)
    edit = middle("/coffee", "Edit")
    wide = {"url_exact": coffee, "viewport_width_min": 1040}
    assert viewer.total() == demo.count(**wide)
    assert viewer.alpha(*edit) == 255

    viewer.page.get_by_label("Leave out test accounts").check()
    viewer.settle()
    assert viewer.total() == demo.count(**wide, filter_test_accounts="true") < demo.count(**wide)
    assert viewer.alpha(*edit) < 128

    viewer.choose("Viewport width", "Mobile")
    narrow = {"url_exact": coffee, "viewport_width_max": 480, "filter_test_accounts": "true"}
    assert viewer.total() == demo.count(**narrow)
    assert viewer.page.locator("#sheet").evaluate("sheet => sheet.offsetWidth") == 390

    viewer.choose("Kind of interaction", "Pointer rests")
    assert viewer.total() == demo.count(**narrow, type="mousemove")
    viewer.choose("What is counted", "Visitors")
    expect(viewer.page.locator("#shown-text")).to_contain_text("in visitors")

    viewer.page.go_back()
    expect(viewer.page.locator("#total")).to_have_text(f"{demo.count(**narrow, type='mousemove'):,}")
    viewer.page.go_back()
    expect(viewer.page.locator("#total")).to_have_text(f"{demo.count(**narrow):,}")


def test_patterns_cohorts_events_and_dates_ask_what_they_say(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=site.url("/blog/brewing-guide"))
    viewer.choose("Which pages", "Pattern")
    pattern = r"https://demo\.example\.com/blog([/?#].*)?"
    expect(viewer.page.get_by_label("URL pattern")).to_have_value(pattern)
    viewer.settle()
    asked = {"url_exact": "", "url_pattern": pattern}
    assert viewer.total() == demo.count(**asked)

    viewer.page.get_by_label("Cohort", exact=True).select_option("customers")
    viewer.settle()
    assert viewer.total() == demo.count(**asked, cohort_ids="[1]")
    viewer.page.get_by_label("In whose session this happened").fill("purchase, $pageview")
    viewer.page.keyboard.press("Enter")
    viewer.settle()
    events = '[{"id":"purchase"},{"id":"$pageview"}]'
    assert viewer.total() == demo.count(**asked, cohort_ids="[1]", events=events)
    viewer.page.locator("#dates").click()
    viewer.page.get_by_role("button", name="Last 14 days").click()
    viewer.settle()
    assert viewer.total() == demo.count(**asked, cohort_ids="[1]", events=events, date_from="-14d")


def test_a_field_that_has_the_focus_shows_what_the_way_back_leads_to(viewer: Viewer) -> None:
    viewer.open(url=HOME)
    events = viewer.page.locator("#events")
    # What is typed stays as it is, though spaces at the end ask for nothing.
    events.press_sequentially("$pageview ")
    viewer.page.wait_for_url(lambda url: "events=" in url)
    viewer.settle()
    expect(events).to_have_value("$pageview ")
    viewer.page.go_back()
    expect(events).to_have_value("")
    expect(events).to_be_focused()
    events.press_sequentially("$pageview ")
    viewer.page.wait_for_url(lambda url: "events=" in url)
    viewer.settle()
    assert viewer.state()["events"] == "$pageview"


def test_the_headline_of_visitors_is_how_many_they_are(viewer: Viewer, demo: Demo) -> None:
    for type_ in ("click", "scrolldepth"):
        viewer.open(url=HOME, aggregation="unique_visitors", type=type_, width_min=1040)
        asked = {"date_from": "-31d", "url_exact": HOME, "aggregation": "unique_visitors", "type": type_}
        told = demo.answer("heatmaps/", **asked, viewport_width_min=1040, include="coverage")["coverage"]
        assert viewer.total() == told["visitors_total"]
    viewer.open(url=HOME, aggregation="unique_visitors")
    seen = set()
    chosen = [
        {"x": point["pointer_relative_x"], "y": point["pointer_y"], "target_fixed": point["pointer_target_fixed"]}
        for point in demo.points()
    ]
    for first in range(0, len(chosen), 500):
        offset, more = 0, True
        while more:
            points = orjson.dumps(chosen[first : first + 500]).decode()
            behind: dict[str, Any] = {
                "date_from": "-31d",
                "url_exact": HOME,
                "points": points,
                "limit": 100,
                "offset": offset,
            }
            page = demo.answer("heatmaps/events/", **behind)
            seen |= {row["distinct_id"] for row in page["results"]}
            offset, more = offset + 100, page["has_more"]
    assert 1 < len(seen) < demo.count(aggregation="unique_visitors")
    assert (viewer.total(), viewer.text("#total-text")) == (len(seen), "visitors")


def test_a_number_of_visitors_that_nobody_tells_is_left_out(viewer: Viewer, demo: Demo) -> None:
    def answer(route: Route) -> None:
        reply = route.fetch()
        document = orjson.loads(reply.body())
        document.pop("coverage", None)
        if told is not None:
            document["coverage"] = {"visitors_total": told}
        route.fulfill(response=reply, body=orjson.dumps(document))

    viewer.page.route("**/heatmaps/?*include=coverage*", answer)
    for type_ in ("click", "scrolldepth"):
        told = None
        viewer.open(url=HOME, aggregation="unique_visitors", type=type_, width_min=1040)
        assert (viewer.text("#total"), viewer.text("#total-text")) == (
            "",
            "How many visitors there were in all is not told here.",
        )
        told = 7
        viewer.open(url=HOME, aggregation="unique_visitors", type=type_, width_min=1040)
        assert (viewer.text("#total"), viewer.text("#total-text")) == ("7", "visitors")


BANDS: dict[str, dict[str, Any]] = {
    "mobile": {"viewport_width_max": 480},
    "tablet": {"viewport_width_min": 496, "viewport_width_max": 1024},
    "desktop": {"viewport_width_min": 1040},
}


def shares(demo: Demo, url: str) -> dict[str, float]:
    """How much of a page's clicks each band of widths has, the busiest first."""
    page = {"url_exact": "", "url_page": url}
    counts = {
        band: sum(point["count"] for point in demo.points(**page, **widths) if not point["pointer_target_fixed"])
        for band, widths in BANDS.items()
    }
    return {band: counts[band] / sum(counts.values()) for band in sorted(counts, key=lambda band: -counts[band])}


def test_one_kind_of_screen_is_shown_at_first(viewer: Viewer, demo: Demo) -> None:
    viewer.page.goto(f"{demo.origin}/?{urlencode({'date_from': '-31d', 'site': '/demo', 'page': HOME})}")
    viewer.settle()
    checked = viewer.page.locator("[name=band]:checked")
    pages = demo.answer("heatmaps/pages/", date_from="-31d", limit=4, by="page")["results"]
    for url in (HOME, *(page["url"] for page in pages)):
        viewer.page.locator("#pages button").and_(viewer.page.locator(f"[data-url='{url}']")).click()
        viewer.settle()
        expected = shares(demo, url)
        (busiest, *_) = expected
        expect(checked).to_have_value(busiest)
        assert viewer.total() == demo.count(url_exact="", url_page=url, **BANDS[busiest])
        for band, share in expected.items():
            text = viewer.page.locator(f"label:has([value={band}]) small")
            expect(text).to_have_text(f" {100 * share:.0f} %" if share else "")
    # Every width is there for those who want it, says what it is, and stays.
    viewer.choose("Viewport width", "Any")
    mixed = ", ".join(f"{100 * share:.0f} % {band}" for band, share in expected.items() if share)
    expect(viewer.page.locator("#mixed")).to_contain_text(f"Mixes {mixed}: ")
    assert viewer.total() == demo.count(url_exact="", url_page=url)
    viewer.page.locator(f"[data-url='{HOME}']").click()
    viewer.settle()
    assert (viewer.total(), viewer.state()["widths"]) == (demo.count(url_exact="", url_page=HOME), "any")
    # So does a band that somebody chose.
    viewer.choose("Viewport width", "Mobile")
    viewer.page.locator("#pages button").first.click()
    viewer.settle()
    assert viewer.state()["width_max"] == "480"


def test_pages_and_types_have_their_counts(viewer: Viewer, demo: Demo) -> None:
    viewer.open(page=HOME)
    pages = demo.answer("heatmaps/pages/", date_from="-31d", limit=50, by="page")["results"]
    shown = viewer.page.locator("#pages .page")
    expect(shown.locator("span:last-child")).to_have_text([f"{page['total_count']:,}" for page in pages])
    assert shown.evaluate_all("rows => rows.map(row => row.title)") == [page["url"] for page in pages]
    (home,) = [page for page in pages if page["url"] == HOME]
    counts = {one["type"]: one["count"] for one in home["types"]}
    kinds = ("click", "rageclick", "deadclick", "mousemove", "scrolldepth")
    expect(viewer.page.locator("#types label span:last-child")).to_have_text([f"{counts.get(k, 0):,}" for k in kinds])
    expect(viewer.page.locator("#pages [aria-current]")).to_have_text(re.compile(r"^demo\.example\.com/"))


def names_of_pages(viewer: Viewer, rows: str = "#pages > li > .page") -> list[list[str]]:
    return [row.split("\n") for row in viewer.page.locator(rows).all_inner_texts()]


def test_the_urls_of_a_page_are_one_entry_and_are_listed_when_it_is_opened(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=4, site="", show="outline", page=f"{SHOP_URL}/pricing")
    assert names_of_pages(anonymous)[:3] == [["/big", "1,000"], ["/pricing", "16"], ["/index.php", "3"]]
    assert anonymous.total() == 14
    expect(anonymous.page.locator("#pages [aria-current]")).to_have_text("/pricing 16")
    expect(anonymous.page.locator("#types label").first).to_contain_text("14")
    # A page of one URL has nothing to open.
    openers = anonymous.page.locator("#pages .opener")
    expect(openers).to_have_count(3)
    opener = anonymous.page.get_by_role("button", name="3 URLs of /pricing")
    opener.focus()
    anonymous.page.keyboard.press("Enter")
    urls = anonymous.page.get_by_role("list", name="The URLs of /pricing")
    expect(urls.locator(".page")).to_have_text(["/pricing 7", "?utm_source=mail 7", "#faq 2"])
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "true")
    # One of them is looked at for itself, and stays in sight in the link to it.
    urls.get_by_role("button", name="?utm_source=mail").click()
    expect(anonymous.page.locator("#shown-title")).to_have_text("shop.example/pricing?utm_source=mail")
    expect(anonymous.page.locator("#total")).to_have_text("7")
    anonymous.page.reload()
    expect(anonymous.page.locator("#pages [aria-current]")).to_have_text("?utm_source=mail 7")
    opener.click()
    expect(urls).to_have_count(0)
    expect(opener).to_have_attribute("aria-expanded", "false")


def test_below_the_map_is_the_page_as_its_visitors_had_it(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=4, site="", show="outline", page=f"{SHOP_URL}/pricing")
    # Without a query string, which somebody had.
    assert "url" not in anonymous.state()
    anonymous.page.locator(f"[data-url='{SHOP_URL}/index.php']").click()
    # Nobody had it without.
    expect(anonymous.page.locator("#total")).to_have_text("3")
    state = anonymous.state()
    assert (state["page"], state["url"]) == (f"{SHOP_URL}/index.php", f"{SHOP_URL}/index.php?id=2")


def test_templates_are_listed_with_the_number_of_their_urls(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=4, site="", show="outline", page=f"{SHOP_URL}/pricing")
    anonymous.page.get_by_label("Listed").select_option("as templates")
    row = anonymous.page.locator(f"[data-url='{SHOP_URL}/user/*/orders']")
    expect(row).to_have_text("/user/*/orders 12 URLs 23")
    row.click()
    expect(anonymous.page.locator("#total")).to_have_text("23")
    expect(anonymous.page.locator("#shown-title")).to_have_text("shop.example/user/*/orders")
    asked = {"project": 4, "date_from": "-31d", "search": "/user/"}
    (template,) = demo.answer("heatmaps/pages/", by="template", **asked)["results"]
    assert anonymous.state()["pattern"] == template["url_pattern"]
    # A link finds its way back, and shows one of its pages, the busiest or another one.
    anonymous.page.reload()
    anonymous.settle()
    expect(row).to_have_attribute("aria-current", "true")
    expect(anonymous.page.locator("#types label").first).to_contain_text("23")
    below = anonymous.page.get_by_label("Page below the map")
    expect(below.locator("option")).to_have_count(12)
    expect(below).to_have_value(f"{SHOP_URL}/user/1/orders")
    # Its pattern is there for those who want to read it, and the stored URLs are listed as ever.
    anonymous.choose("Which pages", "Pattern")
    expect(anonymous.page.get_by_label("URL pattern")).to_have_value(template["url_pattern"])
    expect(anonymous.page.get_by_text("Takes in 12 pages.")).to_be_visible()
    anonymous.choose("Which pages", "One page")
    expect(anonymous.page.locator("#shown-title")).to_have_text("shop.example/user/1/orders")
    anonymous.page.get_by_label("Listed").select_option("as stored")
    stored = demo.answer("heatmaps/pages/", project=4, date_from="-31d")["results"]
    expect(anonymous.page.locator("#pages .page")).to_have_count(len(stored))


def test_how_the_picture_is_drawn_is_no_question_to_the_service(viewer: Viewer) -> None:
    # Of one URL among several, which is in no row of the list.
    viewer.open(url=HOME)
    viewer.page.get_by_label("Live").uncheck()
    viewer.wait_for_replies()
    asked = len(viewer.requests)
    for slider, value in (("Opacity", "40"), ("Radius", "20"), ("Radius", "24")):
        viewer.page.get_by_label(slider).fill(value)
    viewer.wait_for_replies()
    assert viewer.requests[asked:] == []


def test_addresses_of_before_show_what_they_did(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    for named, total in (
        ({"url": f"{SHOP_URL}/pricing"}, 5),
        ({"url_exact": f"{SHOP_URL}/pricing"}, 5),
        ({"page": f"{SHOP_URL}/pricing/?utm_source=x"}, 14),
        ({"pattern": f"{SHOP_URL}/pricing.*", "url": f"{SHOP_URL}/pricing-old"}, 15),
    ):
        anonymous.open(project=4, site="", show="outline", **named)
        assert anonymous.total() == total
        expect(anonymous.page.locator("#types label").first).to_contain_text(str(total))


def test_the_viewer_puts_urls_together_as_the_service_does(anonymous: Viewer, demo: Demo) -> None:
    anonymous.page.goto(f"{demo.origin}/static/viewer/icon.svg")
    for project in (1, 3, 4):
        asked = {"project": project, "date_from": "-31d", "limit": 1000}
        urls = [page["url"] for page in demo.answer("heatmaps/pages/", **asked)["results"]]
        pages = anonymous.page.evaluate(
            "async (urls) => urls.map((await import('/static/viewer/page_names.js')).pageOf)", urls
        )
        together = demo.answer("heatmaps/pages/", by="page", **asked)["results"]
        assert Counter(pages) == {page["url"]: page["urls"] for page in together}


@pytest.mark.parametrize("aggregation", ["total_count", "unique_visitors"])
def test_one_line_says_how_much_of_it_is_shown(anonymous: Viewer, demo: Demo, aggregation: str) -> None:
    anonymous.use_key(demo.key_of_large)
    big = {"page": f"{SHOP_URL}/big", "aggregation": aggregation}
    anonymous.open(project=4, site="", show="outline", limit="", **big)
    line = anonymous.page.locator("#coverage")
    if aggregation == "total_count":
        expect(line).to_have_text("500 of 600 spots, 90 % of the clicks: show all")
        assert anonymous.total() == 1000
        # What is around a place may be more than is shown.
        anonymous.page.mouse.move(*anonymous.at(0.1, 160)[0])
        expect(anonymous.page.locator("#tip")).to_contain_text("at least ")
    else:
        expect(line).to_have_text(re.compile(r"^500 of 600 spots, \d\d % of the clicks: show all$"))
        assert anonymous.total() == 1
    line.get_by_role("button", name="show all").click()
    expect(line).to_have_text("All 600 spots")
    expect(anonymous.page.locator("#shown-title")).to_be_focused()
    assert anonymous.state()["limit"] == "0"
    (*_, asked) = [url for url in anonymous.requests if "include=coverage" in url]
    assert "limit=0" in asked


def test_of_scroll_depth_the_line_counts_depths(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=4, site="", show="outline", limit="", page=f"{SHOP_URL}/pricing", type="scrolldepth")
    expect(anonymous.page.locator("#coverage")).to_have_text("All 2 depths")
    anonymous.page.route("**/heatmaps/?*include=coverage*", partly)
    anonymous.open(project=4, site="", show="outline", limit="", page=f"{SHOP_URL}/pricing", type="scrolldepth")
    expect(anonymous.page.locator("#coverage")).to_have_text("1 of 2 depths, 50 % of the visits: show all")


def partly(route: Route) -> None:
    """As where one of two depths had too few visitors to be told."""
    reply = route.fetch()
    document = orjson.loads(reply.body())
    document["coverage"] |= {"cells_returned": 1, "count_returned": 1, "share": 0.5}
    route.fulfill(response=reply, body=orjson.dumps(document))


def test_a_pattern_shows_the_busiest_page_that_it_takes_in(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=site.url("/blog/grind-size"))
    viewer.choose("Which pages", "Pattern")
    pattern = r"https://demo\.example\.com/blog([/?#].*)?"
    expect(viewer.page.get_by_label("URL pattern")).to_have_value(pattern)
    viewer.settle()
    pages = demo.answer("heatmaps/pages/", date_from="-31d", search="https://demo.example.com/blog")["results"]
    assert len(pages) > 2
    expect(viewer.page.locator("#matches")).to_have_text(f"Takes in {len(pages)} pages.")
    below = viewer.page.get_by_label("Page below the map")
    expect(below).to_have_value(pages[0]["url"])
    assert viewer.state()["url"] == pages[0]["url"]
    path = pages[0]["url"].removeprefix(HOME)
    expect(viewer.page.locator("#frame iframe")).to_have_attribute("src", f"{demo.origin}/demo{path}")
    clicks = sum(demo.count(url_exact=page["url"]) for page in pages)
    assert viewer.total() == demo.count(url_pattern=pattern) == clicks
    expect(viewer.page.locator("#types label").first).to_contain_text(f"{clicks:,}")
    below.select_option(pages[1]["url"])
    expect(viewer.page.locator("#frame iframe")).to_have_attribute(
        "src", f"{demo.origin}/demo{pages[1]['url'].removeprefix(HOME)}"
    )
    assert viewer.total() == clicks
    # There and back, it is the busiest again.
    for match in ("One page", "Pattern"):
        viewer.choose("Which pages", match)
    expect(below).to_have_value(pages[0]["url"])
    below.select_option(pages[1]["url"])
    # A link keeps the page that was chosen, and another pattern has a busiest page of its own.
    viewer.page.reload()
    viewer.settle()
    expect(below).to_have_value(pages[1]["url"])
    viewer.page.get_by_label("URL pattern").fill(r"https://demo\.example\.com/c.*")
    viewer.page.keyboard.press("Enter")
    expect(below).to_have_value(site.url("/coffee"))


def test_the_pattern_of_a_page_takes_in_the_page(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    patterns = {
        "https://xn--mnchen-3ya.example/caf%C3": (r"https://xn--mnchen-3ya\.example/caf%C3([/?#].*)?", 1),
        "capacitor://localhost/tabs/home": ("capacitor://localhost/tabs([/?#].*)?", 2),
        "https://large.example.com/a+b(c)*d/e": (r"https://large\.example\.com/a\+b\(c\)\x2Ad([/?#].*)?", 1),
        "https://large.example.com": (r"https://large\.example\.com([/?#].*)?", 63),
    }
    for url, (pattern, count) in patterns.items():
        anonymous.open(project=3, site="", show="outline", url=url)
        anonymous.choose("Which pages", "Pattern")
        expect(anonymous.page.get_by_label("URL pattern")).to_have_value(pattern)
        expect(anonymous.page.locator("#matches")).to_have_text(f"Takes in {count} page{'s' * (count > 1)}.")
        assert (
            f"{url}|"
            in "|".join(anonymous.page.locator("#below option").evaluate_all("all => all.map(one => one.value)")) + "|"
        )
        anonymous.settle()
        assert anonymous.total() == (LARGE_CELLS + 60 + 20 if count == 63 else 10 * count)


def test_addresses_are_shown_as_they_are_read(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=3, site="", show="outline", by="url")
    for url, read in ODD_PAGES.items():
        row = anonymous.page.locator(f'#pages [data-url="{url}"]')
        expect(row.locator("span").first).to_have_text(read)
        expect(row).to_have_attribute("title", url)
        row.click()
        expect(anonymous.page.locator("#shown-title")).to_have_text(read)
    # Text, whatever is written there.
    expect(anonymous.page.locator('img[src="x"]')).to_have_count(0)


def test_the_bands_of_scroll_depth_are_those_of_the_api(viewer: Viewer, demo: Demo) -> None:
    post = site.url("/blog/brewing-guide")
    viewer.open(url=post, type="scrolldepth")
    buckets = demo.points(url_exact=post, type="scrolldepth")
    began = buckets[0]["cumulative_count"]
    assert viewer.rows("#spots") == [
        [
            f"{bucket['scroll_depth_bucket']:,} px",
            f"{bucket['cumulative_count']:,}",
            f"{100 * bucket['cumulative_count'] / began:.1f} %",
        ]
        for bucket in buckets
    ]
    pixel, (_, y) = viewer.at(0.5, 4050)
    viewer.page.mouse.move(*pixel)
    reached = next(bucket for bucket in buckets if bucket["scroll_depth_bucket"] > y)
    count, bottom = reached["cumulative_count"], reached["scroll_depth_bucket"]
    expect(viewer.page.locator("#tip")).to_have_text(
        f"{count:,} visits of {began:,} got to {bottom:,} px · {100 * count / began:.1f} %"
    )


def test_a_hundred_thousand_cells_are_drawn_while_the_page_goes_on(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=3, site="", show="outline")
    assert anonymous.total() == LARGE_CELLS
    assert set(anonymous.alphas([(x / 10, y) for x in range(1, 10) for y in range(1000, 15_000, 1000)])) == {255}
    # How often something else got its turn while all was drawn anew.
    turns = anonymous.page.evaluate("""async () => {
        const [radius, picture] = ["radius", "picture"].map((id) => document.getElementById(id));
        radius.value = 48;
        radius.dispatchEvent(new Event("input"));
        let turns = 0;
        for (; picture.getAttribute("aria-busy") === "true"; turns++) await new Promise((done) => setTimeout(done));
        return turns;
    }""")
    assert turns > 3


# --- What is behind it ----------------------------------------------------------------------------------------------


def middle_of_square(x: float, y: float, grain: float) -> tuple[float, float]:
    return (x // grain + 0.5) * grain, (y // grain + 0.5) * grain


def around(points: list[dict[str, Any]], x: float, y: float, *, is_fixed: bool = False) -> list[dict[str, Any]]:
    """The points within 32 px of a place."""
    return [
        point
        for point in points
        if math.hypot(point["pointer_relative_x"] * site.DESKTOP_WIDTH - x, point["pointer_y"] - y) <= 32
        and point["pointer_target_fixed"] == is_fixed
    ]


def counted(points: list[dict[str, Any]]) -> int:
    return sum(point["count"] for point in points)


def test_legend_pointer_table_and_colours_count_the_same(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=HOME, width_min=1040)
    points = demo.points(viewport_width_min=1040)
    spots: list[dict[str, Any]] = viewer.page.locator("#spots tbody tr").evaluate_all(
        """rows => rows.map((row) => {
            row.dispatchEvent(new PointerEvent("pointerenter"));
            const spot = document.getElementById("spot").style;
            return {
                x: parseFloat(spot.left), y: parseFloat(spot.top), fixed: row.querySelector("small") !== null,
                count: row.cells[1].textContent, colour: row.querySelector(".swatch").style.background,
            };
        })"""
    )
    expected = [counted(around(points, spot["x"], spot["y"], is_fixed=spot["fixed"])) for spot in spots]
    assert [number(spot["count"]) for spot in spots] == expected == sorted(expected, reverse=True)
    # The hottest place is as hot as the legend ends, and there is none that is hotter.
    ticks = [number(tick) for tick in viewer.page.locator("#legend-ticks span").all_inner_texts()]
    assert ticks == sorted(set(ticks))
    assert (ticks[0], ticks[-1]) == (0, expected[0])
    grain = viewer.grain()
    assert expected[0] == max(
        counted(around(points, *middle_of_square(centre["pointer_relative_x"] * 1440 + across, down, grain)))
        for centre in points[:8]
        for across in range(-32, 33, 8)
        for down in range(centre["pointer_y"] - 32, centre["pointer_y"] + 33, 8)
    )
    # Two that differ have two colours, and a place has the colour of its number.
    colours = {spot["count"]: spot["colour"] for spot in spots}
    assert len(set(colours.values())) == len(colours) == len(set(expected))
    for spot, count in zip(spots, expected, strict=True):
        pixel, (x, y) = viewer.at(spot["x"] / site.DESKTOP_WIDTH, spot["y"])
        if middle_of_square(x, y, grain) == pytest.approx((spot["x"], spot["y"])) and not spot["fixed"]:
            viewer.page.mouse.move(*pixel)
            expect(viewer.page.locator("#tip")).to_contain_text(f"{count:,} clicks within 32 px")
    red, green, blue = (int(part) for part in re.findall(r"\d+", spots[0]["colour"]))
    place = (spots[0]["x"] / site.DESKTOP_WIDTH, spots[0]["y"])
    assert viewer.pixels([place])[0] == [red, green, blue, 255]


def test_few_clicks_have_whole_numbers_on_the_legend(viewer: Viewer, demo: Demo) -> None:
    (first, *_) = sorted(demo.answer("heatmaps/pages/", type="rageclick", date_from="-31d")["results"], key=total_count)
    viewer.open(url=first["url"], type="rageclick")
    ticks = viewer.page.locator("#legend-ticks span").all_inner_texts()
    assert ticks[0] == "0"
    assert ticks[-1] == viewer.rows("#spots")[0][1]
    assert all(tick.isdecimal() for tick in ticks)


def total_count(page: dict[str, Any]) -> int:
    count: int = page["total_count"]
    return count


def test_a_click_on_the_hot_spot_lists_the_sessions_behind_it(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=HOME, width_min=1040)
    points = demo.points(viewport_width_min=1040)
    pixel, (x, y) = viewer.at(*middle("/", "Shop now"))
    near = around(points, *middle_of_square(x, y, viewer.grain()))
    count = counted(near)
    share = 100 * count / counted(points)
    viewer.page.mouse.move(*pixel)
    expect(viewer.page.locator("#tip")).to_have_text(f"{count:,} clicks within 32 px · {share:.1f} %")

    viewer.page.mouse.click(*pixel)
    expect(viewer.page.locator("#behind-page")).to_have_text(f"1 to 20 of {count:,}")

    def behind(offset: int) -> list[list[str]]:
        chosen = [
            {"x": p["pointer_relative_x"], "y": p["pointer_y"], "target_fixed": p["pointer_target_fixed"]} for p in near
        ]
        asked = {"points": orjson.dumps(chosen).decode(), "limit": 20, "offset": offset}
        wide = {"date_from": "-31d", "url_exact": HOME, "viewport_width_min": 1040}
        found = demo.answer("heatmaps/events/", **wide, **asked)
        assert found["total_count"] == count
        return [[row["distinct_id"], row["session_id"]] for row in found["results"]]

    assert [row[1:] for row in viewer.rows("#behind-table")] == behind(0)
    viewer.page.get_by_role("button", name="Older").click()
    expect(viewer.page.locator("#behind-page")).to_have_text(f"21 to 40 of {count:,}")
    assert [row[1:] for row in viewer.rows("#behind-table")] == behind(20)


def test_the_table_of_spots_does_it_all_without_a_mouse(viewer: Viewer) -> None:
    viewer.open(url=HOME, width_min=1040)
    count = viewer.rows("#spots")[0][1]
    viewer.page.locator("#spots button").first.focus()
    viewer.page.keyboard.press("Enter")
    expect(viewer.page.get_by_role("heading", name="Behind this spot")).to_be_focused()
    assert viewer.text("#behind-text").startswith(f"{count} clicks")
    viewer.page.keyboard.press("Tab")
    viewer.page.keyboard.press("Enter")
    expect(viewer.page.locator("#behind")).to_be_hidden()


# --- Nothing, and what goes wrong -----------------------------------------------------------------------------------


def explained(viewer: Viewer) -> list[list[str]]:
    """The ladder on the card: what each filter is called, what it leaves, and what there is without it."""
    rows = viewer.page.locator("#empty .ladder tbody tr")
    expect(rows.first).to_be_visible()
    return [row.split("\t") for row in rows.all_inner_texts()]


def test_an_empty_picture_is_explained_as_the_service_explains_it(viewer: Viewer, demo: Demo) -> None:
    # Nobody visits with a window between the phones' and the desktops'.
    viewer.open(page=HOME, width_min=496, width_max=1024, test_accounts="yes")
    asked = {"date_from": "-31d", "url_page": HOME, "type": "click", "filter_test_accounts": "true"}
    told = demo.answer("heatmaps/explain/", **asked, viewport_width_min=496, viewport_width_max=1024)
    assert told["reason"] == "viewport"
    card = viewer.page.locator("#empty")
    expect(card.locator("p").first).to_have_text(told["message"])
    without = {one["filter"]: one["matched"] for one in told["without"]}
    names = {
        "project": "All of this project",
        "dates": "Dates: last 31 days",
        "type": "Kind: Clicks",
        "url": "This page",
        "viewport": "Viewport: 496 to 1024 px wide",
        "hide_zero_coordinates": "Without x = 0, y = 0",
        "test_accounts": "Without test accounts",
    }
    assert explained(viewer) == [
        [
            names[step["filter"]],
            f"{step['remaining']:,}",
            f"{without[step['filter']]:,}" + (" Take it away" if step["filter"] == "viewport" else "")
            if step["filter"] in without
            else "",
        ]
        for step in told["steps"]
    ]
    expect(card.locator(".emptied th")).to_have_text(names["viewport"])
    # One question, where there were many.
    assert len([url for url in viewer.requests if "/explain/" in url]) == 1
    card.get_by_role("button", name="Take it away: Viewport").click()
    expect(card).to_be_hidden()
    viewer.settle()
    # Who presses a button that goes is still somewhere.
    expect(viewer.page.locator("#shown-title")).to_be_focused()
    assert viewer.total() == demo.count(filter_test_accounts="true", url_exact="", url_page=HOME)


def test_filters_that_emptied_it_together_go_together(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=4, site="", show="outline", page=f"{SHOP_URL}/pricing", width_min=2000, events="never")
    assert [row[2] for row in explained(anonymous)] == ["", "0", "0", "0", "0", "0", "0"]
    anonymous.page.get_by_role("button", name="Take it away with all below it").click()
    expect(anonymous.page.locator("#total")).to_have_text("14")
    assert {"width_min", "events"} & anonymous.state().keys() == set()


def test_what_has_no_position_can_be_looked_at(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=4, site="", show="outline", page=f"{SHOP_URL}/zero")
    anonymous.page.get_by_role("button", name="Take it away: Without x = 0, y = 0").click()
    expect(anonymous.page.locator("#total")).to_have_text("3")
    expect(anonymous.page.locator("#shown-text")).to_contain_text("also at x = 0, y = 0")
    # It can be put back where it is told.
    anonymous.page.get_by_label("Also at x = 0, y = 0").uncheck()
    expect(anonymous.page.locator("#empty .emptied")).to_contain_text("Without x = 0, y = 0")


def test_the_nearest_page_is_a_button_away(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    for named, near, differs, total in (
        ("page", "/pricing", "14 clicks · differs in www and case", "14"),
        ("url", "/pricing?utm_source=mail", "7 clicks · differs in www, case and query string", "7"),
    ):
        anonymous.open(project=4, site="", show="outline", **{named: "https://www.shop.example/Pricing?plan=2"})
        nearest = anonymous.page.locator("#empty li").first
        expect(nearest.locator("span")).to_have_text(f"shop.example{near}{differs}")
        nearest.get_by_role("button", name="Go there").click()
        expect(anonymous.page.locator("#total")).to_have_text(total)
        assert anonymous.state()[named] == f"{SHOP_URL}{near}"
    anonymous.open(project=4, site="", show="outline", pattern="https://shop.example/none/*")
    expect(anonymous.page.locator("#empty")).to_contain_text("The busiest pages:")
    anonymous.page.get_by_role("button", name="Go there").first.click()
    expect(anonymous.page.locator("#total")).to_have_text("1,000")
    assert (anonymous.state()["url"], "pattern" in anonymous.state()) == (f"{SHOP_URL}/big", False)
    # A page cannot be taken away for none: the busiest comes in its place.
    anonymous.open(project=4, site="", show="outline", page=f"{SHOP_URL}/nowhere")
    anonymous.page.get_by_role("button", name="Busiest page: This page").click()
    expect(anonymous.page.locator("#total")).to_have_text("1,000")


def test_the_numbers_stay_while_the_reason_is_looked_for(viewer: Viewer) -> None:
    fold = {"total_count": 0, "below_fold_count": 0, "pct_below_fold": 0, "median_viewport_height": None}
    viewer.open(url=HOME)
    # The answer is there at once, and the reason never.
    viewer.page.route("**/heatmaps/?*", lambda route: route.fulfill(json={"results": [], "fold": fold}))
    viewer.page.route("**/heatmaps/explain/?*", hold)
    viewer.page.get_by_label("In whose session this happened").fill("never")
    expect(viewer.page.locator("#empty")).to_contain_text("Looking for the reason…")
    # Longer than what is quick enough to show no progress.
    viewer.page.wait_for_timeout(500)
    assert (viewer.total(), viewer.text("#total-text")) == (0, "clicks")
    # There are no spots to put a heading above.
    assert viewer.text("#spots-title") == ""


def test_where_a_kind_never_happened_the_others_are_offered(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=4, site="", show="outline", page=f"{SHOP_URL}/pricing", type="hover")
    card = anonymous.page.locator("#empty")
    expect(card.locator(".emptied")).to_contain_text("Kind: hover")
    others = card.locator("li span")
    expect(others).to_have_text([re.compile("^Clicks: 14the last "), re.compile("^Scroll depth: 2the last ")])
    card.get_by_role("button", name="Show them: Scroll depth").click()
    expect(anonymous.page.locator("#total")).to_have_text("2")


def test_dates_without_any_interaction_say_when_there_were_some(anonymous: Viewer, demo: Demo) -> None:
    anonymous.use_key(demo.key_of_large)
    dates = {"date_from": "2020-01-01", "date_to": "2020-01-31"}
    anonymous.page.goto(f"{demo.origin}/?{urlencode({'project': 4, 'show': 'outline', **dates})}")
    told = demo.answer("heatmaps/explain/", project=4, **dates)
    card = anonymous.page.locator("#empty")
    expect(card.get_by_role("heading")).to_have_text("Nothing happened in these dates")
    expect(card.locator("p").first).to_have_text(told["message"])
    card.get_by_role("button", name="Show all dates").click()
    expect(anonymous.page.locator("#total")).to_have_text("1,000")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"date_from": "28/11/2026"}, "28/11/2026 is not a date here: try 2026-11-28"),
        ({"date_to": "11/28/2026"}, "11/28/2026 is not a date here: try 2026-11-28"),
        ({"date_from": "soon"}, f"soon is not a date here: try {date.today()}, or -30d for the last 30 days"),  # noqa: DTZ011 -- the browser's
        ({"date_from": "30.2.2026"}, f"30.2.2026 is not a date here: try {date.today()}, or -30d for the last 30 days"),  # noqa: DTZ011
        ({"width_min": "wide"}, "wide is not a width in px here: try 1040"),
        (
            {"pattern": "https://a/[", "url": ""},
            "The pattern cannot be read (missing ]). A \\ before a special character takes it as it is.",
        ),
        ({"cohort": "99"}, "There is no cohort 99 in this project any more: choose another, or everybody."),
        ({"cohort": "x"}, "“x” is no cohort: choose one of the list, or everybody."),
        (
            {"events": '[{"id":1}]'},
            "“[{\"id\":1}]” cannot be read as events (each event must have a string 'id'): try purchase, $pageview",
        ),
        ({"aggregation": "all"}, "“all” cannot be counted: choose all of them, or visitors."),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_told_to_a_person_at_this_page(viewer: Viewer, wrong: dict[str, str], sentence: str) -> None:
    viewer.page.goto(f"{viewer.demo.origin}/?{urlencode({**LOOKED_AT, 'url': HOME, **wrong})}")
    expect(viewer.page.get_by_role("alert")).to_have_text(sentence)
    viewer.meant = {"status of 400"}


def test_pages_that_cannot_be_listed_are_not_taken_for_none(viewer: Viewer, demo: Demo) -> None:
    def fail(route: Route) -> None:
        route.fulfill(status=503, json={"type": "server_error", "detail": "Away for a moment.", "attr": None})

    alert = viewer.page.get_by_role("alert")
    viewer.page.goto(f"{demo.origin}/?{urlencode({**LOOKED_AT, 'date_to': '28/11/2026'})}")
    expect(alert).to_have_text("28/11/2026 is not a date here: try 2026-11-28")
    viewer.wait_for_replies()
    expect(viewer.page.locator("#empty")).to_be_hidden()

    viewer.page.route("**/heatmaps/pages/?*", fail)
    viewer.page.goto(f"{demo.origin}/?{urlencode(LOOKED_AT)}")
    expect(alert).to_contain_text("Away for a moment.")
    viewer.page.unroute("**/heatmaps/pages/?*")
    viewer.page.get_by_role("button", name="Ask again").click()
    viewer.wait_for_replies()
    expect(alert).to_be_hidden()
    assert viewer.total() > 0
    viewer.meant = {"status of 400", "status of 503"}


def test_old_numbers_go_when_a_question_fails(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=HOME)
    assert viewer.total() > 0
    # The dialog lets no such date through, and the way back may lead to one.
    wrong = f"?{urlencode({**LOOKED_AT, 'url': HOME, 'date_from': '28/11/2026'})}"
    go = "query => { history.pushState(null, '', query); dispatchEvent(new PopStateEvent('popstate')); }"
    viewer.page.evaluate(go, wrong)
    expect(viewer.page.get_by_role("alert")).to_have_text("28/11/2026 is not a date here: try 2026-11-28")
    viewer.settle()
    for selector in ("#total", "#total-text", "#fold-numbers", "#spots-title"):
        expect(viewer.page.locator(selector)).to_have_text("")
    for selector in ("#spots", "#legend", "#heat", "#fold"):
        expect(viewer.page.locator(selector)).to_be_hidden()
    for selector in (
        "#pages button",
        "#types label span:last-child:not(:empty)",
        "[name=band] ~ span small:not(:empty)",
    ):
        expect(viewer.page.locator(selector)).to_have_count(0)
    viewer.page.get_by_role("button", name="Dates: from 28/11/2026").click()
    viewer.page.locator("#date-from").fill("-31d")
    viewer.page.keyboard.press("Enter")
    expect(viewer.page.get_by_role("alert")).to_be_hidden()
    viewer.settle()
    assert viewer.total() == demo.count()
    viewer.meant = {"status of 400"}


def test_live_asks_again_by_itself_after_a_question_that_failed(viewer: Viewer, demo: Demo) -> None:
    def fail(route: Route) -> None:
        route.fulfill(status=503, json={"type": "server_error", "detail": "Away for a moment.", "attr": None})

    viewer.page.route("**/heatmaps/?*", fail)
    viewer.page.goto(f"{demo.origin}/?{urlencode({**LOOKED_AT, 'url': HOME})}")
    alert = viewer.page.get_by_role("alert")
    expect(alert).to_contain_text("Away for a moment.")
    expect(viewer.page.locator("#live-word")).to_have_text("Live: no answer", timeout=20_000)
    viewer.page.unroute("**/heatmaps/?*")
    expect(alert).to_be_hidden(timeout=30_000)
    viewer.settle()
    expect(viewer.page.locator("#live-word")).to_have_text("Live")
    assert viewer.total() == demo.count()
    viewer.meant = {"status of 503"}


def test_what_the_service_ignored_is_told_beside_the_request(viewer: Viewer) -> None:
    def answer(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, headers={**reply.headers, "heatmaps-ignored": "date_form, caf%C3%A9, 5%"})

    viewer.open(url=HOME)
    hint = viewer.page.locator("#copy-hint")
    viewer.page.get_by_role("button", name="Export").click()
    viewer.page.get_by_role("button", name="Copy as curl").click()
    expect(hint).to_have_text("Put a key of yours into KEY first.")
    viewer.page.route("**/heatmaps/?*", answer)
    viewer.open(url=HOME, date_from="-30d")
    viewer.page.get_by_role("button", name="Export").click()
    viewer.page.get_by_role("button", name="Copy as curl").click()
    expect(hint).to_contain_text("The service ignores what it does not know of it: date_form, café, 5%.")
    viewer.page.get_by_role("button", name="Close").click()
    viewer.page.goto(f"{viewer.demo.origin}/?{urlencode({**LOOKED_AT, 'url': HOME, 'cohort': '99'})}")
    expect(viewer.page.get_by_role("alert")).to_contain_text("The service ignored what it does not know: date_form,")
    viewer.meant = {"status of 400"}


def test_what_takes_long_can_be_cancelled(viewer: Viewer) -> None:
    viewer.page.route("**/heatmaps/?*", hold)
    viewer.page.goto(f"{viewer.demo.origin}/?{urlencode({**LOOKED_AT, 'url': HOME})}")
    viewer.page.get_by_role("button", name="Cancel").press("Enter")
    expect(viewer.page.get_by_role("alert")).to_contain_text("Cancelled.")
    # Each button goes once it was pressed, and the keyboard goes on from the picture.
    expect(viewer.page.locator("#picture")).to_be_focused()
    viewer.page.unroute("**/heatmaps/?*")
    viewer.page.get_by_role("button", name="Ask again").press("Enter")
    viewer.settle()
    assert viewer.total() > 0
    expect(viewer.page.locator("#picture")).to_be_focused()


# What there is to press, as CSS has it, and what each is called here: one of a list stands for the others.
PRESSED = "button, input[type=radio], input[type=checkbox]"
NAMES = """
    const nameOf = (one) => one.id || (one.name && `${one.name}=${one.value}`)
        || (one.closest("li, tr") ? "" : one.textContent.trim() + " ") + "in " + one.closest("[id]").id;
"""


def name_of_next_button(page: Page, pressed: set[str]) -> str | None:
    """A button that can be pressed and was not yet, from the end of the page; the press finds it by its mark."""
    found: str | None = page.evaluate(
        """([pressed, selector]) => {"""
        + NAMES
        + """
            document.querySelectorAll("[data-next]").forEach((one) => one.removeAttribute("data-next"));
            const left = [...document.querySelectorAll(selector)]
                .filter((one) => one.checkVisibility() && !one.disabled && !pressed.includes(nameOf(one)));
            const dialog = document.querySelector("dialog[open]");
            const inDialog = left.find((one) => dialog?.contains(one));
            if (!inDialog) dialog?.close();
            const next = inDialog ?? left.find((one) => nameOf(one) === nameOf(left.at(-1)));
            next?.setAttribute("data-next", "");
            return next ? nameOf(next) : null;
        }""",
        [sorted(pressed), PRESSED],
    )
    return found


def names_of_all_buttons(page: Page) -> set[str]:
    """Of all that the page as it is served has for whoever is signed in, shown or not."""
    found: list[str] = page.evaluate(
        """async (selector) => {"""
        + NAMES
        + """
            const html = await (await fetch("/")).text();
            return [...new DOMParser().parseFromString(html, "text/html").querySelectorAll(selector)].map(nameOf);
        }""",
        PRESSED,
    )
    return set(found)


def at_a_spot(viewer: Viewer) -> None:
    viewer.use_key(viewer.demo.key)
    viewer.open(url=HOME, width_min=1040)
    viewer.page.locator("#spots button").first.click()
    expect(viewer.page.locator("#older")).to_be_enabled()


def at_one_visitor(viewer: Viewer) -> None:
    at_a_spot(viewer)
    viewer.page.locator("#behind-table button").first.click()
    viewer.page.get_by_role("button", name="Only this visitor").click()
    expect(viewer.page.locator("#behind-all")).to_be_visible()


def in_a_narrow_window(viewer: Viewer) -> None:
    viewer.page.set_viewport_size({"width": 390, "height": 700})
    viewer.open(url=HOME)


def at_a_comparison_with_areas(viewer: Viewer) -> None:
    areas = [{"name": name, "x": [0.06, 0.38], "y": [430, 520]} for name in "ab"]
    widths = {"viewport_width_min": None, "viewport_width_max": 480}
    viewer.page.set_viewport_size({"width": 1280, "height": 800})
    viewer.open(url=HOME, width_min=1040, areas=orjson.dumps(areas).decode(), against=orjson.dumps(widths).decode())
    expect(viewer.page.locator("#areas-list li button").first).to_be_visible()
    viewer.page.get_by_role("button", name="Mark an area").click()
    viewer.page.get_by_role("radio", name="By numbers").check()


def while_marking(viewer: Viewer) -> None:
    """For what stands before the buttons that end it."""
    viewer.open(url=HOME, width_min=1040)
    viewer.page.get_by_role("button", name="Mark an area").click()


def at_a_question_without_an_answer(viewer: Viewer) -> None:
    viewer.page.set_viewport_size({"width": 1280, "height": 800})
    viewer.page.route("**/heatmaps/?*", hold)
    viewer.page.goto(f"{viewer.demo.origin}/?{urlencode({**LOOKED_AT, 'url': HOME})}")
    expect(viewer.page.locator("#cancel")).to_be_visible()
    viewer.page.unroute("**/heatmaps/?*")


def at_an_empty_picture(viewer: Viewer) -> None:
    viewer.open(url=HOME, width_min=496, width_max=1024)
    expect(viewer.page.locator("#empty .ladder button")).to_be_visible()


def at_a_page_of_many_urls(viewer: Viewer) -> None:
    viewer.use_key(viewer.demo.key_of_large)
    viewer.open(project=4, site="", show="outline", limit="500")
    expect(viewer.page.get_by_role("button", name="show all")).to_be_visible()
    expect(viewer.page.locator("#pages .opener").first).to_be_visible()


def at_what_has_no_position(viewer: Viewer) -> None:
    viewer.use_key(viewer.demo.key_of_large)
    viewer.open(project=4, site="", show="outline", zero="yes")


def at_many_pages(viewer: Viewer) -> None:
    viewer.use_key(viewer.demo.key_of_large)
    viewer.open(project=3, site="", show="outline")


def signed_in(viewer: Viewer) -> None:
    viewer.use_key("")
    viewer.sign_in(NOBODY)
    expect(viewer.page.get_by_role("button", name="Look again")).to_be_visible()


def at_the_door(viewer: Viewer) -> None:
    viewer.page.goto(f"{viewer.demo.origin}/?site=/demo")
    viewer.page.get_by_label("Personal API key").fill(viewer.demo.key)


SCENES = (
    at_a_spot,
    at_one_visitor,
    in_a_narrow_window,
    at_a_comparison_with_areas,
    while_marking,
    at_a_question_without_an_answer,
    at_an_empty_picture,
    at_a_page_of_many_urls,
    at_what_has_no_position,
    at_many_pages,
    signed_in,
    at_the_door,
)


@pytest.mark.slow
def test_every_button_can_be_pressed_and_nothing_breaks(viewer: Viewer, demo: Demo) -> None:
    page = viewer.page
    signed_in(viewer)
    named = names_of_all_buttons(page)
    assert len(named) > 25
    viewer.context.clear_cookies()
    pressed: set[str] = set()
    for scene in SCENES:
        scene(viewer)
        while name := name_of_next_button(page, pressed):
            page.locator("[data-next]").click()
            pressed.add(name)
            viewer.wait_for_replies()
            if name == "forget-key":
                scene(viewer)
    assert named - pressed == set()
    # A key that may only read makes no links.
    viewer.meant = {"Blocked script execution", "status of 403"}


# --- Links, copies and windows --------------------------------------------------------------------------------------


def test_a_copied_link_restores_the_picture(viewer: Viewer, demo: Demo, browser: Browser) -> None:
    viewer.open(url=site.url("/checkout"))
    viewer.choose("Kind of interaction", "Rage clicks")
    viewer.choose("Viewport width", "Desktop")
    viewer.page.get_by_label("Radius").fill("20")
    viewer.settle()
    viewer.page.get_by_role("button", name="Copy link").click()
    link = viewer.page.locator("#copy-text").input_value()
    # Names are asked for once an answer, for the spots as they were drawn first.
    without_names = "for (const name of document.querySelectorAll('#spots .under')) name.remove()"

    def picture(one: Viewer) -> tuple[int, list[list[str]], list[int]]:
        one.wait_for_replies()
        one.page.evaluate(without_names)
        return one.total(), one.rows("#spots"), one.page.evaluate(PIXELS)

    seen = picture(viewer)

    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    another = Viewer(demo, context)
    another.use_key(demo.key)
    another.page.goto(link)
    another.settle()
    assert picture(another) == seen
    context.close()


PIXELS = """() => {
    const canvas = document.getElementById("heat");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return [canvas.width, canvas.height, pixels.reduce((sum, value, place) => (sum + value * (place % 997)) % 1e9, 0)];
}"""


def test_the_copied_curl_is_the_request_behind_the_picture(viewer: Viewer, demo: Demo) -> None:
    viewer.open(url=HOME, events="it's", aggregation="unique_visitors", width_max=480)
    (asked,) = {url for url in viewer.requests if "/heatmaps/?" in url and "include=coverage" in url}
    viewer.page.get_by_role("button", name="Export").click()
    viewer.page.get_by_role("button", name="Copy as curl").click()
    words = shlex.split(viewer.page.locator("#copy-text").input_value().replace("\\\n", ""))
    assert words[:6] == [
        "curl",
        "-sS",
        "-G",
        "-H",
        "Authorization: Bearer $KEY",
        f"{demo.origin}/api/projects/1/heatmaps/",
    ]
    assert set(words[6::2]) == {"--data-urlencode"}
    assert dict(word.split("=", 1) for word in words[7::2]) == dict(parse_qsl(urlsplit(asked).query))


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1280, 800), (390, 700)], ids=["desktop", "phone"])
def test_axe_finds_no_barrier_in_an_open_list_nor_on_the_card(
    anonymous: Viewer, demo: Demo, size: tuple[int, int]
) -> None:
    node.install(node.BROWSER)
    anonymous.page.set_viewport_size({"width": size[0], "height": size[1]})
    anonymous.use_key(demo.key_of_large)
    anonymous.open(project=4, site="", show="outline", url=f"{SHOP_URL}/Pricing/#faq", limit="500")
    if size[0] < 760:
        anonymous.page.get_by_role("button", name="Filters").click()
    anonymous.page.locator("#pages .opener").first.click()
    expect(anonymous.page.locator("#pages ul .page").first).to_be_visible()
    expect(anonymous.page.locator("#empty .ladder")).to_be_visible()
    assert anonymous.page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert barriers(anonymous.page) == []
    anonymous.page.get_by_label("Listed").select_option("as templates")
    anonymous.page.locator("#pages .page").first.click()
    expect(anonymous.page.get_by_role("button", name="show all")).to_be_visible()
    assert barriers(anonymous.page) == []


def barriers(page: Page) -> list[str]:
    """What axe-core finds on the page that is serious or worse."""
    # The page's own policy lets no script of others in; this one comes through the debugger.
    page.evaluate((node.BROWSER / "node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate("axe.run(document, {iframes: false})")
    return [
        f"{one['id']}: {node['html']}: {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
