"""What the viewer lets people take along, in a real browser: requests for other programs, and tables."""

import csv
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests import chromium, node
from tests.processes import INHERITED, ask
from tests.test_viewer import Demo, Viewer
from tests.viewer_shop import (
    BUY,
    CLICKS,
    HOME,
    MENU,
    ODD,
    ODD_TEXT,
    PICTURES,
    QUIET,
    WIDTHS,
    browser,
    look,
    shop,
    viewer,
)

__all__ = ["browser", "shop", "viewer"]

if chromium.PATH is None:
    node.leave_out_module("The tests of what is taken along were left out, as they need Chromium.")

TOTAL = sum(CLICKS.values())


def taken(page: Page, name: str) -> tuple[str, bytes]:
    """The name and the content of the file that a choice saves."""
    # In narrow windows it is in a menu.
    if page.locator("#export-choices, #export").filter(visible=True).count() == 0:
        page.get_by_role("button", name="More", exact=True).click()
    if page.locator("#export-choices").is_hidden():
        page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    expect(page.locator("#export-said")).to_have_text(f"Saved as {download.value.suggested_filename}")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def copied(page: Page, kind: str) -> str:
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Copy as curl, Python or MCP").click()
    page.get_by_role("radio", name=kind).check()
    words = page.locator("#copy-text").input_value()
    page.get_by_role("button", name="Close").click()
    return words


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


# --- The request ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [{}, {"against": '{"url_page":"https://shop.example.com/quiet"}'}, {"type": "scrolldepth"}]
)
def test_the_copied_python_runs_and_has_the_rows_of_the_picture(
    viewer: Viewer, shop: Demo, tmp_path: Path, state: dict[str, Any]
) -> None:
    page = look(viewer, page=HOME, **state)
    program = copied(page, "Python")
    assert shop.key not in program
    script = tmp_path / "rows.py"
    # How the threads of the library end is not what is looked at.
    ended = "import os, sys\nsys.stdout.flush()\nos._exit(0)\n"
    script.write_text(program + f"print('sum', len(rows))\nrows.to_json('rows.json', orient='records')\n{ended}")
    done = subprocess.run(  # noqa: S603 -- the text that the page offers
        [sys.executable, script],
        cwd=tmp_path,
        env={**INHERITED, "KEY": shop.key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = orjson.loads((tmp_path / "rows.json").read_bytes())
    route = "heatmaps/compare/" if "against" in state else "heatmaps/"
    asked = {"type": state.get("type", "click"), "date_from": "-7d", "url_page": HOME}
    asked |= {"against": state["against"]} if "against" in state else {}
    reply = shop.answer(route, limit=0, **asked)
    assert len(rows) == len(reply["results"]) > 0
    if not state:
        assert sum(row["count"] for row in rows) == viewer.total() == TOTAL
    wrong = subprocess.run(  # noqa: S603
        [sys.executable, script],
        cwd=tmp_path,
        env={**INHERITED, "KEY": "phx_no"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (wrong.returncode, "is invalid" in wrong.stderr) == (1, True)


def test_what_people_write_stays_text_in_the_copied_python(viewer: Viewer) -> None:
    odd = 'it\'s "odd" \\ \N{SNOWMAN}{x}'
    program = copied(look(viewer, events=odd, width_max=480), "Python")
    compile(program, "copied", "exec")
    parameters = re.search(r"params=(\{.*?\n {4}\})", program, re.DOTALL)
    assert parameters
    asked = eval(parameters[1])  # noqa: S307 -- a literal, as the test is to show
    assert asked == {
        "type": "click",
        "date_from": "-7d",
        "viewport_width_max": "480",
        "events": orjson.dumps([{"id": odd}]).decode(),
        "url_exact": HOME,
        "include": "coverage",
        "limit": "500",
        "format": "parquet",
    }


@pytest.mark.parametrize("state", [{}, {"against": "previous"}, {"type": "scrolldepth", "cohort": "[]"}])
def test_an_agent_that_is_told_the_copied_call_gets_the_same(viewer: Viewer, shop: Demo, state: dict[str, Any]) -> None:
    page = look(viewer, page=HOME, test_accounts="yes", width_min=640, **state)
    call = orjson.loads(copied(page, "MCP"))
    assert call["name"] == ("heatmaps-compare" if "against" in state else "heatmaps-list")
    assert call["arguments"]["viewport_width_min"] == 640
    assert call["arguments"]["filter_test_accounts"] is True
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    found = page.evaluate(
        """async ([message, key]) => (await fetch("/mcp", {
            method: "POST", body: JSON.stringify(message), headers: {
                "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                "Authorization": `Bearer ${key}`,
            },
        })).json()""",
        [message, shop.key],
    )["result"]
    assert found["isError"] is False, found
    results = found["structuredContent"]["results"]
    if state:
        asked = {key: value for key, value in call["arguments"].items() if key != "project_id"}
        asked = {key: value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in asked.items()}
        route = "heatmaps/compare/" if "against" in state else "heatmaps/"
        assert results == shop.answer(route, **asked)["results"] != []
    else:
        assert sum(one["count"] for one in results) == viewer.total() == TOTAL


def test_the_kind_that_was_chosen_is_offered_again(viewer: Viewer) -> None:
    page = look(viewer)
    curl = copied(page, "curl")
    assert curl.startswith("curl -sS")
    assert copied(page, "MCP").startswith("{")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Copy as curl, Python or MCP").click()
    expect(page.get_by_role("radio", name="MCP")).to_be_checked()
    page.keyboard.press("ArrowLeft")
    page.get_by_role("radio", name="MCP").press("ArrowLeft")
    expect(page.locator("#copy-text")).to_have_value(re.compile("^import io"))
    # A link has no kinds.
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#copy-kinds")).to_be_hidden()
    expect(page.locator("#copy-text")).to_have_value(page.url)


# --- Tables ---------------------------------------------------------------------------------------------------------


def test_the_table_of_spots_is_taken_along_with_numbers_as_they_are(viewer: Viewer) -> None:
    page = look(viewer)
    expect(page.locator("#spots .under").first).to_be_visible()
    name, content = taken(page, "CSV of this table")
    assert re.fullmatch(r"heatmap shop\.example\.com clicks table \d{4}-\d\d-\d\d\.csv", name)
    rows = table(content)
    shown = viewer.rows("#spots")
    assert [row["count"] for row in rows] == [row[1] for row in shown] == ["40", "30", "12", "6"]
    assert [f"{100 * float(row['share']):.1f} %" for row in rows] == [row[2] for row in shown]
    assert [row["fixed"] for row in rows] == ["false", "true", "false", "false"]
    assert all(
        one[0].startswith(f"{100 * float(row['x']):.0f} %, {int(row['y_px']):,} px")
        for row, one in zip(rows, shown, strict=True)
    )
    assert [row["probably"] for row in rows] == ["Shop now · button", "Menu · link", f"'{ODD_TEXT} · span", ""]
    assert {row["radius_px"] for row in rows} == {"32"}


def test_the_table_of_changes_has_all_rows_with_the_names_of_the_api(viewer: Viewer, shop: Demo) -> None:
    against = '{"url_exact":"https://shop.example.com/quiet"}'
    page = look(viewer, against=against)
    rows = table(taken(page, "CSV of this table")[1])
    reply = shop.answer("heatmaps/compare/", date_from="-7d", url_exact=HOME, against=against, limit=0)
    assert len(rows) == len(reply["results"]) == 4
    assert [(row["a_count"], row["b_visitors"], row["verdict"]) for row in rows] == [
        (str(one["a"]["count"]), str(one["b"]["visitors"]), one["verdict"]) for one in reply["results"]
    ]


def test_the_table_of_depths_is_that_of_the_page(viewer: Viewer) -> None:
    page = look(viewer, type="scrolldepth")
    rows = table(taken(page, "CSV of this table")[1])
    assert [f"{int(row['down_to_px']):,} px {row['reached']}" for row in rows] == [
        " ".join(row[:2]) for row in viewer.rows("#spots")
    ]


@pytest.mark.parametrize("state", [{}, {"against": "previous"}, {"type": "scrolldepth"}])
def test_all_cells_are_the_apis_own_csv(viewer: Viewer, shop: Demo, state: dict[str, Any]) -> None:
    page = look(viewer, limit="2", **state)
    _, content = taken(page, "CSV of all cells")
    asked: dict[str, Any] = {
        "type": "click",
        "date_from": "-7d",
        "url_exact": HOME,
        "limit": 0,
        "format": "csv",
        **state,
    }
    route = "heatmaps/compare/" if "against" in state else "heatmaps/"
    target = f"/api/projects/1/{route}?{urlencode(asked)}"
    assert ask(shop.port, target, Authorization=f"Bearer {shop.key}") == (200, content)
    assert len(table(content)) > 2


def test_a_file_that_cannot_be_made_says_why(viewer: Viewer) -> None:
    page = look(viewer)
    page.route("**/*format=csv*", lambda route: route.abort())
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="CSV of all cells").click()
    expect(page.locator("#export-said")).to_have_text("The service does not answer. Is it running?")
    viewer.meant = {"ERR_FAILED"}


def test_where_nothing_is_shown_there_is_no_table(viewer: Viewer) -> None:
    page = look(viewer, url="https://shop.example.com/none")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="CSV of this table").click()
    expect(page.locator("#export-said")).to_have_text("There is nothing to take along yet.")


# --- The picture ----------------------------------------------------------------------------------------------------


def drawn(content: bytes, name: str) -> NDArray[np.int_]:
    """Red, green and blue of a picture."""
    if PICTURES:
        (Path(PICTURES) / f"{name}.png").write_bytes(content)
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "PNG"
    return np.asarray(picture.convert("RGB")).astype(int)


def where(pixels: NDArray[np.int_], viewer: Viewer) -> tuple[int, int, float]:
    """Where the sheet begins, from the left and from above, and the scale at which it is drawn."""
    left = 20
    (top, *_, bottom) = np.flatnonzero(np.all(pixels[:, left - 1] == [201, 206, 219], axis=1))
    # The line goes around it.
    return (
        left,
        int(top) + 1,
        (bottom - top - 1) / viewer.page.locator("#sheet").evaluate("sheet => sheet.offsetHeight"),
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_picture_is_taken_along_with_all_that_lies_on_it(viewer: Viewer, width: int) -> None:
    areas = orjson.dumps([{"name": "cta", "x": [0.2, 0.4], "y": [400, 560]}]).decode()
    page = look(viewer, width, areas=areas)
    name, content = taken(page, "PNG of this picture")
    assert re.fullmatch(r"heatmap shop\.example\.com clicks \d{4}-\d\d-\d\d\.png", name)
    pixels = drawn(content, f"taken-{width}")
    # The page is 1440 px wide whatever the window, and there is a margin.
    assert pixels.shape[1] == 1480
    left, top, scale = where(pixels, viewer)
    assert scale == pytest.approx(1, abs=0.01)
    # Title and legend above it; what is warm on the page is warm here, with the colour that shows through white.
    assert (pixels[20:top].min(axis=2) < 60).sum() > 200
    for x, y in (BUY, ODD, MENU):
        canvas = "#heat-fixed" if (x, y) == MENU else "#heat"
        (red, green, blue, alpha) = viewer.pixels([(x / 100, y)], canvas)[0]
        share = 0.75 * alpha / 255
        expected = [255 - share * (255 - colour) for colour in (red, green, blue)]
        assert pixels[top + y, left + round(14.4 * x)] == pytest.approx(expected, abs=6), (x, y)
    # The fold is a dashed dark line, and the area has one around it.
    assert 300 < (pixels[top + 720, left:-20].max(axis=1) < 60).sum() < 1300
    assert (pixels[top + 400 : top + 560, left + 288].max(axis=1) < 60).sum() > 120
    # Its name is white on dark.
    name_of_area = pixels[top + 402 : top + 418, left + 292 : left + 310]
    assert (name_of_area.max(axis=2) < 60).mean() > 0.5
    assert (name_of_area.min(axis=2) > 180).any()
    assert pixels[top + 1200, left + 700].tolist() in ([255, 255, 255], [233, 235, 241])


def test_a_picture_of_a_page_in_a_frame_says_that_it_is_not_in_it(viewer: Viewer) -> None:
    page = look(viewer)
    low = drawn(taken(page, "PNG of this picture")[1], "outline").shape[0]
    page.get_by_role("radio", name="Page", exact=True).check()
    viewer.settle()
    expect(page.locator("#frame iframe")).to_have_count(1)
    assert drawn(taken(page, "PNG of this picture")[1], "framed").shape[0] - low == 17
    viewer.other_hosts = {"shop.example.com"}


def test_bands_and_changes_are_taken_along_as_pictures(viewer: Viewer) -> None:
    states: list[dict[str, Any]] = [{"type": "scrolldepth"}, {"against": orjson.dumps({"url_exact": QUIET}).decode()}]
    for number, state in enumerate(states):
        page = look(viewer, **state)
        pixels = drawn(taken(page, "PNG of this picture")[1], f"kind-{number}")
        left, top, _ = where(pixels, viewer)
        tints = (pixels[top + 30 : -60, left:-20].max(axis=2) - pixels[top + 30 : -60, left:-20].min(axis=2)) > 40
        # At least one cell of a comparison, 28 or 29 by 32 px.
        assert tints.sum() >= 28 * 32


def test_what_is_too_large_for_a_browser_is_made_smaller(viewer: Viewer) -> None:
    page = look(viewer)
    scale = "([...size]) => import('/static/viewer/export_png.js').then(({ scaleOf }) => scaleOf(...size))"
    for width, height, unit in ((1440, 3000, 1), (390, 2000, 2), (1440, 60_000, 1), (5000, 60_000, 2), (5000, 600, 2)):
        found = page.evaluate(scale, [width, height, unit])
        assert found <= unit
        sides = (width * found + 40 * unit, height * found + 800 * unit)
        assert max(sides) <= 16_384
        assert sides[0] * sides[1] <= 40_000_000
    assert page.evaluate(scale, [1440, 3000, 1]) == 1


def test_a_picture_of_nothing_is_none(viewer: Viewer) -> None:
    page = viewer.page
    page.route("**/heatmaps/?*", lambda route: route.abort())
    page.goto(f"{viewer.demo.origin}/?{urlencode({'url': HOME, 'site': '', 'show': 'outline'})}")
    expect(page.get_by_role("alert")).not_to_be_empty()
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="PNG of this picture").click()
    expect(page.locator("#export-said")).to_have_text("There is nothing to take along yet.")
    viewer.meant = {"ERR_FAILED"}


# --- The choices ----------------------------------------------------------------------------------------------------


def test_the_choices_open_and_close_without_a_mouse(viewer: Viewer) -> None:
    page = look(viewer)
    button, choices = page.get_by_role("button", name="Export"), page.locator("#export-choices")
    button.focus()
    page.keyboard.press("Enter")
    expect(choices).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    expect(page.locator("#copy-curl")).to_be_focused()
    page.keyboard.press("Escape")
    expect(choices).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(choices).to_be_hidden()
    button.click()
    page.locator("#shown-title").click()
    expect(choices).to_be_hidden()
