"""What the viewer does so that a large map holds nobody up, in a real browser: counted in pieces and turns.
`python -m bench.viewer` measures the seconds."""

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from django.utils.timezone import now
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import chromium, node
from tests.processes import Service, ask, served

if chromium.PATH is None:
    node.leave_out_module(
        "The tests of the viewer's speed were left out, as they need Chromium. On Debian: apt-get install chromium."
    )

URL = "https://large.example.com/"
CELLS = 4_000
ASKED = {"url_exact": URL, "date_from": "-7d", "include": "coverage", "limit": "0"}
# Notes how much text is taken apart at once.
WATCHED = """
window.lengths = [];
const parse = JSON.parse;
JSON.parse = (text, ...more) => (lengths.push(text.length), parse(text, ...more));
"""
# Gives a reply to the reader in pieces of these lengths, the last of them again and again.
READ = """async ([text, lengths]) => {
    const { Arriving } = await import("/static/viewer/arriving.js");
    let pauses = 0;
    const arriving = new Arriving(undefined, async () => void pauses++);
    window.lengths = [];
    for (let at = 0, piece = 0; at < text.length; piece++) {
        const length = lengths[Math.min(piece, lengths.length - 1)];
        await arriving.take(text.slice(at, at + length));
        at += length;
    }
    try {
        return { reply: arriving.reply(text), pauses, longest: Math.max(...window.lengths) };
    } catch (error) {
        return { refused: error.message, pauses };
    }
}"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """A page of some thousand cells: the port, and a key."""
    directory = tmp_path_factory.mktemp("speed")
    service = Service(directory=directory, environment={"RATE_LIMIT_ENABLED": "false"})
    service.migrate()
    shop = service.make_project()
    click: dict[str, Any] = {
        "timestamp": f"{now():%Y-%m-%d} 00:00:00",
        "session_id": "s",
        "distinct_id": "v",
        "type": "click",
    }
    click |= {"current_url": URL, "viewport_width": 100, "viewport_height": 50}
    rows = ({**click, "x": 1 + place % 100, "y": place // 100} for place in range(CELLS))
    (directory / "cells.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    service.result("load_interactions", str(directory / "cells.jsonl"), "--project", "1")
    with served(service) as port:
        yield port, shop.key


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        yield context


def opened(context: BrowserContext, service: tuple[int, str], watch: str = WATCHED) -> Page:
    """The viewer with the whole map."""
    port, key = service
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/static/viewer/icon.svg")
    page.evaluate("key => sessionStorage.setItem('heatmaps.key', key)", key)
    page.add_init_script(watch)
    state = {"url": URL, "date_from": "-7d", "widths": "any", "show": "outline", "limit": "0"}
    page.goto(f"http://127.0.0.1:{port}/?{urlencode(state)}")
    expect(page.locator("#total")).to_have_text(f"{CELLS:,}", timeout=20_000)
    expect(page.locator("#picture[aria-busy=false]")).to_be_visible(timeout=20_000)
    return page


def answer(service: tuple[int, str]) -> str:
    port, key = service
    status, body = ask(port, f"/api/projects/1/heatmaps/?{urlencode(ASKED)}", Authorization=f"Bearer {key}")
    assert status == 200
    return body.decode()


def test_a_map_is_never_taken_apart_in_one_go(context: BrowserContext, service: tuple[int, str]) -> None:
    whole = len(answer(service))
    page = opened(context, service)
    most = page.evaluate("async () => (await import('/static/viewer/arriving.js')).PIECE_CHARS")
    lengths = page.evaluate("() => lengths")
    # With the brackets around a piece.
    assert max(lengths) <= most + 20 < whole / 5
    assert sum(length for length in lengths if length > most / 2) > whole / 2
    # And all cells are in the picture.
    expect(page.locator("#coverage")).to_contain_text(f"{CELLS:,}")


def test_a_reply_is_the_same_however_it_arrives(context: BrowserContext, service: tuple[int, str]) -> None:
    text = answer(service)
    page = opened(context, service)
    dice = random.Random(4)  # noqa: S311 -- lengths of pieces
    ways = [
        [1] * 40 + [60_000],
        [65_536],
        [10_000_000],
        [len(text) - 1, 1],
        [dice.randrange(1, 200_000) for _ in range(20)],
        [dice.randrange(1, 90) for _ in range(2_000)] + [7_919],
    ]
    most = page.evaluate("async () => (await import('/static/viewer/arriving.js')).PIECE_CHARS")
    for lengths in ways:
        found = page.evaluate(READ, [text, lengths])
        assert found["reply"] == orjson.loads(text)
        assert found["longest"] <= most + 20
        # Between any two pieces something else may have its turn.
        assert found["pauses"] >= len(text) / most - 1


def test_whatever_is_no_list_of_cells_is_read_as_it_is(context: BrowserContext, service: tuple[int, str]) -> None:
    page = opened(context, service)
    many = [{"count": number, "pointer_y": 16} for number in range(3_000)]
    replies: list[Any] = [
        {"results": []},
        {"results": [], "fold": {"total_count": 0}, "has_more": False},
        {"results": many[:1], "has_more": True},
        {"fold": {}, "results": many},
        {"results": many, "between": [{"a": 1}, {"a": 2}], "long": "},{" * 20_000},
        {"results": [{"text": "},{" * 20_000}, *many]},
        {"results": [{"a": {"count": 1}, "b": {"count": 2}, "parts": [{"x": 1}, {"x": 2}]}] * 2_000},
        {"results": [[1, 2]] * 20_000},
        many,
        {"type": "invalid_request", "detail": '{"results":['},
    ]
    for reply in replies:
        text = orjson.dumps(reply).decode()
        assert page.evaluate(READ, [text, [5, 1_000, 50_000]])["reply"] == reply
    whole = answer(service)
    for broken in (
        "",
        "{",
        '{"results":[',
        whole[:-1],
        whole[: len(whole) // 2],
        f"{whole}}}",
        whole.replace("},{", "},,{"),
    ):
        found = page.evaluate(READ, [broken, [5, 1_000, 50_000]])
        assert found.get("refused") == "The reply broke off. Try again, or ask for fewer days.", broken[:20]


def test_who_comes_back_loads_no_file_again(context: BrowserContext, service: tuple[int, str]) -> None:
    sizes = """() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/static/")).map(
        ({ name, transferSize, encodedBodySize, decodedBodySize }) =>
            [new URL(name).pathname, transferSize, encodedBodySize, decodedBodySize])"""
    first = opened(context, service, watch="").evaluate(sizes)
    again = opened(context, service, watch="").evaluate(sizes)
    names = {name for name, *_ in first}
    assert len(names) > 40
    assert {name.rpartition("/")[0] for name in names} == {next(iter(names)).rpartition("/")[0]}
    assert {name for name, *_ in again} == names
    assert all(transferred > 0 for name, transferred, *_ in first if not name.endswith("icon.svg"))
    assert [transferred for _, transferred, *_ in again] == [0] * len(again)
    # Compressed on the way.
    assert sum(encoded for *_, encoded, _ in first) < sum(decoded for *_, decoded in first) / 2
