"""A shop whose visitors' clicks have elements, for the tests of the viewer: fixtures to import."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, Page

from tests import chromium
from tests.processes import Service, made_once, served
from tests.test_viewer import Demo, Viewer, visited

HOME, QUIET = "https://shop.example.com", "https://shop.example.com/quiet"
SESSION_URL = "https://replay.example/{session_id}?of={distinct_id}"
# Where so many of the visitors clicked, x in hundredths of the width and y in px, and what is there as the SDK has it.
BUY, MENU, ODD, NOWHERE = (30, 480), (90, 16), (60, 960), (50, 1440)
CLICKS = {BUY: 40, ODD: 12, NOWHERE: 6, MENU: 30}
ODD_TEXT = "=<img src=x onerror=alert(1)>"
CHAINS = {
    BUY: 'button.buy:attr__id="buy"attr_id="buy"text="Shop now"nth-child="1"nth-of-type="1";body',
    MENU: 'a.menu:attr__href="/menu"href="/menu"nth-child="1"nth-of-type="1"text="Menu";nav',
    ODD: f'span.odd:nth-child="2"nth-of-type="1"text="{ODD_TEXT}";body',
}
# So many visitors of each place are in a cohort.
FEW = 5
# Ids as their makers may have them: one begins as a formula does, and one means something in an address.
ODD_VISITOR, ODD_SESSION = "=v/0?x=<b>", "s 0/?#&%"
# The page, with nothing below the map.
LOOKED_AT = {"url": HOME, "date_from": "-7d", "site": "", "show": "outline", "widths": "any", "limit": "500"}
WIDTHS = (1440, 1024, 390)
# Where pictures go, when somebody wants to look at them.
PICTURES = os.environ.get("PICTURES", "")


def interactions() -> Iterator[dict[str, Any]]:
    moment = (now() - timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)
    for place, (x, y) in enumerate(CLICKS):
        for visitor in range(CLICKS[x, y]):
            # Too far from each other for the event of one to be taken for that of another.
            at = moment + timedelta(minutes=visitor, seconds=15 * place)
            yield {
                "distinct_id": f"visitor-{visitor:04}-of-the-shop" if visitor else ODD_VISITOR,
                "session_id": f"0192aaaa-bbbb-7ccc-8ddd-{visitor:012}" if visitor else ODD_SESSION,
                "current_url": HOME,
                "viewport_width": 80,
                "viewport_height": 45,
                "type": "click",
                "x": round(x * 0.8),
                "y": y // 16,
                "pointer_target_fixed": (x, y) == MENU,
                "timestamp": f"{at:%Y-%m-%d %H:%M:%S}",
            }


def others() -> Iterator[dict[str, Any]]:
    """Clicks of which no event is known, on a page of their own; and how far down people came."""
    for row in interactions():
        if row["y"] == BUY[1] // 16:
            yield {**row, "current_url": QUIET}
            yield {**row, "type": "scrolldepth", "x": 0, "y": 100 + int(row["timestamp"][14:16])}


def captured() -> Iterator[dict[str, Any]]:
    """Of each click, the event that the browser's SDK sends beside it."""
    chains = {(round(x * 0.8), y // 16): chain for (x, y), chain in CHAINS.items()}
    for row in interactions():
        if chain := chains.get((row["x"], row["y"])):
            yield {
                "event": "$autocapture",
                "timestamp": row["timestamp"],
                "distinct_id": row["distinct_id"],
                "elements_chain": chain,
                "properties": {"$session_id": row["session_id"], "$current_url": HOME},
            }


@contextmanager
def served_with(
    service: Service, rows: Iterable[dict[str, Any]], events: Iterable[dict[str, Any]], cohort: tuple[str, list[str]]
) -> Iterator[Demo]:
    """Serves project 1 with these rows, and one cohort by its name and its visitors."""
    with served_as(service, fill(service, rows, events, cohort)) as demo:
        yield demo


@contextmanager
def served_as(service: Service, key: str) -> Iterator[Demo]:
    with served(service) as port:
        yield Demo(
            port=port, service=service, key=key, sign_in="", key_of_nobody="", key_without_scope="", key_of_large=key
        )


def fill(
    service: Service, rows: Iterable[dict[str, Any]], events: Iterable[dict[str, Any]], cohort: tuple[str, list[str]]
) -> str:
    """The key of project 1, which has these rows then, and one cohort by its name and its visitors."""
    service.migrate()
    key = service.make_project().key
    directory, (name, visitors) = service.directory, cohort
    (directory / "rows.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    (directory / "events.jsonl").write_bytes(b"\n".join(map(orjson.dumps, events)))
    (directory / "cohort.txt").write_text("\n".join(visitors))
    service.result(
        "shell",
        "-v0",
        "-c",
        "from django.core.management import call_command\n"
        f"call_command('load_interactions', '{directory}/rows.jsonl', project=1)\n"
        f"call_command('load_events', '{directory}/events.jsonl', project=1)\n"
        f"call_command('create_cohort', '{name}', '{directory}/cohort.txt', project=1)",
    )
    return key


def _make(directory: Path) -> None:
    few = [f"visitor-{number:04}-of-the-shop" for number in range(1, FEW + 1)]
    key = fill(Service(directory=directory), [*interactions(), *others()], captured(), ("few", few))
    (directory / "key").write_text(key)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    environment = {"RATE_LIMIT_ENABLED": "false", "SESSION_URL": SESSION_URL}
    service = Service(directory=tmp_path_factory.mktemp("names"), environment=environment)
    service.take(made_once("shop", _make))
    with served_as(service, (service.directory / "key").read_text()) as demo:
        yield demo


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def viewer(shop: Demo, browser: Browser) -> Iterator[Viewer]:
    with visited(shop, browser) as viewer:
        viewer.use_key(shop.key)
        yield viewer


def look(viewer: Viewer, width: int = 1440, **state: Any) -> Page:
    viewer.page.set_viewport_size({"width": width, "height": 900})
    viewer.open(**{**LOOKED_AT, **state})
    return viewer.page


def fits(page: Page, selector: str, width: int) -> bool:
    """Whether something is whole within the window, and makes the page no wider."""
    box = page.locator(selector).bounding_box()
    assert box
    is_inside = box["x"] >= 0 and box["x"] + box["width"] <= width
    return is_inside and page.evaluate("document.documentElement.scrollWidth") == width


def pictured(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))
