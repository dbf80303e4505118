"""Comparisons and areas in the viewer, in a real browser: what is drawn and said is what the API answers."""

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from tests import chromium
from tests.processes import Service
from tests.test_viewer import Demo, Viewer
from tests.viewer_shop import browser, served_with, viewer

__all__ = ["browser", "viewer"]

HOME, NEW = "https://shop.example.com", "https://shop.example.com/new"
# The page, with nothing below the map.
LOOKED_AT = {"url": HOME, "date_from": "-7d", "site": "", "show": "outline"}
DESKTOP = {"date_from": "-7d", "url_exact": HOME}
# Of 60 visitors in each of two weeks, how many clicked where: x in hundredths of the width, y in px.
BUY, READ, PLANS, RARE, MENU = (30, 480), (50, 1440), (70, 960), (20, 1920), (90, 16)
THIS_WEEK = {BUY: 40, READ: 6, PLANS: 20, RARE: 2, MENU: 30}
WEEK_BEFORE = {BUY: 10, READ: 30, PLANS: 21, RARE: 1, MENU: 5}
VISITORS, ON_BOTH_SIDES, REGULARS = 60, 5, 20
GREY = [104, 108, 120]
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"


def clicks(week: dict[tuple[int, int], int], days_ago: int, first: int, **columns: Any) -> Iterator[dict[str, Any]]:
    """So many of the visitors from a number on click at each place, and each comes once more elsewhere."""
    day = now() - timedelta(days=days_ago)
    for number in range(VISITORS):
        who = {"distinct_id": f"v{first + number}", "session_id": f"s{first + number}"}
        seen = {"current_url": HOME, "viewport_width": 80, "viewport_height": 45, "type": "click", **columns}
        # All that there is are days of their own, far from midnight anywhere.
        moment = day.replace(hour=12, minute=number % 60, second=0, microsecond=0)
        yield {**who, **seen, "x": 8 + number % 3, "y": 150, "timestamp": f"{moment:%Y-%m-%d %H:%M:%S}"}
        for second, ((x, y), visitors) in enumerate(week.items(), start=1):
            if number < visitors:
                at = {"timestamp": f"{moment + timedelta(seconds=30 * second):%Y-%m-%d %H:%M:%S}"}
                place = {"x": round(x * 0.8), "y": y // 16, "pointer_target_fixed": (x, y) == MENU}
                yield {**who, **seen, **at, **place}


def interactions() -> Iterator[dict[str, Any]]:
    yield from clicks(THIS_WEEK, 2, 0)
    yield from clicks(WEEK_BEFORE, 10, VISITORS - ON_BOTH_SIDES)
    # Phones, another page, and how far down people came.
    yield from clicks({READ: 40}, 2, 1000, viewport_width=24)
    yield from clicks({PLANS: 50}, 2, 2000, current_url=NEW)
    yield from clicks({BUY: 5}, 2, 0, type="rageclick")
    for first, days_ago, depth in ((0, 2, 60), (VISITORS, 10, 120)):
        for number in range(VISITORS):
            moment = (now() - timedelta(days=days_ago)).replace(hour=13, minute=number, second=0)
            yield {
                "distinct_id": f"v{first + number}",
                "session_id": f"s{first + number}",
                "current_url": HOME,
                "viewport_width": 80,
                "viewport_height": 45,
                "type": "scrolldepth",
                "x": 0,
                "y": depth if number < 45 else 150,
                "timestamp": f"{moment:%Y-%m-%d %H:%M:%S}",
            }


def captured(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of each click on the button of this week, the event that the browser's SDK sends beside it."""
    for row in rows:
        if (row["x"], row["y"], row["type"]) == (24, 30, "click") and row["current_url"] == HOME:
            yield {
                "event": "$autocapture",
                "timestamp": row["timestamp"],
                "distinct_id": row["distinct_id"],
                "elements_chain": 'button.buy:attr__id="buy"attr_id="buy"text="Buy now"nth-child="1"nth-of-type="1"',
                "properties": {"$session_id": row["session_id"], "$current_url": HOME},
            }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Two weeks of a shop of which it is known what changed."""
    service = Service(directory=tmp_path_factory.mktemp("comparing"), environment={"RATE_LIMIT_ENABLED": "false"})
    rows = list(interactions())
    with served_with(service, rows, captured(rows), ("regulars", [f"v{number}" for number in range(REGULARS)])) as demo:
        yield demo


def look(viewer: Viewer, **state: Any) -> Page:
    """At the page as desktops have it, unless it is said otherwise."""
    wide = {} if {"widths", "width_max"} & state.keys() else {"width_min": 1040}
    viewer.open(**{**LOOKED_AT, "widths": "", **wide, **state})
    return viewer.page


def compared(shop: Demo, against: Any, **filters: Any) -> Any:
    text = against if isinstance(against, str) else orjson.dumps(against).decode()
    wide = {"viewport_width_min": 1040, **DESKTOP, **filters}
    return shop.answer("heatmaps/compare/", against=text, limit=0, **wide)


def words(place: dict[str, Any]) -> str:
    """What changed at a place, as somebody would say it."""
    difference = 100 * place["difference"]
    sign = MINUS if difference < 0 else "+"
    points = f"{sign}{abs(difference):.1f}" if abs(difference) >= 0.05 else "0"
    if place["b"]["visitors"] == 0:
        ratio = "nobody on the other side"
    elif place["a"]["visitors"] == 0:
        ratio = "nobody on this side"
    else:
        bounds = dict.fromkeys(f"{place[bound]:.2g}" for bound in ("ratio_low", "ratio_high"))
        ratio = f"{' to '.join(bounds)} {TIMES} as many visitors"
    verdict = {"unclear": "unclear", "too_few": "too few visitors to tell"}.get(place["verdict"], "sure")
    return f"{points} points, {ratio}, {verdict}"


def at(x: float, y: float) -> tuple[float, float]:
    """The middle of the compared cell that a place is in, as the picture has it: x as a share of the width, y in px."""
    return (x // 2 * 2 + 0.5) / 100, y // 32 * 32 + 8


def areas(viewer: Viewer) -> list[dict[str, Any]]:
    """Those of the address, as the page itself has it at this moment."""
    text = viewer.page.evaluate("new URLSearchParams(location.search).get('areas')")
    found: list[dict[str, Any]] = orjson.loads(text or "[]")
    return found


def drag(viewer: Viewer, *places: tuple[float, float]) -> None:
    """Along places of the page, x as a share of its width, y in px, and all of them on the screen."""
    box = viewer.page.locator("#sheet").bounding_box()
    assert box
    zoom = box["width"] / 1440
    for number, (x, y) in enumerate(places):
        viewer.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * zoom)
        if number == 0:
            viewer.page.mouse.down()


# --- Comparisons ----------------------------------------------------------------------------------------------------


def test_the_period_before_is_compared_and_told_in_words(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer)
    page.get_by_label("Compare with", exact=True).select_option("the period before")
    viewer.settle()
    assert viewer.state()["against"] == "previous"
    reply = compared(shop, "previous")
    by_verdict = {
        verdict: [one for one in reply["results"] if one["verdict"] == verdict] for verdict in ("more", "less")
    }
    more, less = map(len, by_verdict.values())
    assert (more, less) == (2, 1)
    assert (viewer.total(), viewer.text("#total-text")) == (
        3,
        "places changed for sure: 2 with more visitors, 1 with fewer visitors",
    )
    assert viewer.text("#shown-text").endswith("compared with the period before")
    sides = [
        [f"{side['visitors']:,}", f"{side['count']:,}", f"{side['fold']['pct_below_fold']:.1f} %"]
        for side in (reply["a"], reply["b"])
    ]
    assert [row[1:] for row in viewer.rows("#sides")] == sides
    assert [row[1] for row in viewer.rows("#spots")] == [words(one) for one in reply["results"][:3]]
    page.get_by_role("button", name="Show").click()
    assert [row[1] for row in viewer.rows("#spots")] == [words(one) for one in reply["results"][:13]]
    expect(page.locator("#live-word")).to_have_text("Live: paused")
    page.get_by_role("switch", name="Live").uncheck()
    expect(page.locator("#live-word")).to_have_text("Live")


def test_more_is_orange_less_is_blue_and_what_is_unclear_is_grey(viewer: Viewer) -> None:
    page = look(viewer, against="previous")
    buy, read, plans, rare = viewer.pixels([at(*BUY), at(*READ), at(*PLANS), at(*RARE)])
    assert buy[0] > buy[1] > buy[2]
    assert read[2] > read[1] > read[0]
    assert plans[:3] == pytest.approx(GREY, abs=3)
    assert 0 < plans[3] < buy[3]
    assert rare[3] == 0
    menu = viewer.pixels([(at(*MENU)[0], 12)], "#heat-fixed")[0]
    assert menu[0] > menu[2]
    ticks = page.locator("#legend-ticks span").all_inner_texts()
    assert ticks == [f"{MINUS}50.0", f"{MINUS}12.5", "0", "+12.5", "+50.0"]
    pixel, _ = viewer.at(*at(*BUY))
    page.mouse.move(*pixel)
    expect(page.locator("#tip")).to_contain_text("of visitors on this side")


def test_widths_cohorts_pages_and_other_filters_are_compared_with_what_is_chosen(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer)
    chosen: list[tuple[str, str, str, dict[str, Any]]] = [
        ("another width", "Width to compare with", "", {"viewport_width_min": None, "viewport_width_max": 480}),
        ("another cohort", "Cohort to compare with", "regulars", {"cohort_ids": [1]}),
        ("another page", "Page to compare with", "/new", {"url_exact": NEW}),
        ("other filters", "Filters to compare with", '{"date_from":"-14d"}', {"date_from": "-14d"}),
    ]
    for kind, label, value, against in chosen:
        page.get_by_label("Compare with", exact=True).select_option(kind)
        field = page.get_by_label(label)
        expect(field).to_be_visible()
        if label.startswith("Cohort"):
            field.select_option(value)
        elif value:
            field.fill(value)
            field.press("Enter")
        page.wait_for_url(lambda url: "against=" in url)
        viewer.settle()
        assert orjson.loads(viewer.state()["against"]) == against
        reply = compared(shop, against)
        assert [row[1:3] for row in viewer.rows("#sides")] == [
            [f"{side['visitors']:,}", f"{side['count']:,}"] for side in (reply["a"], reply["b"])
        ]
        expect(page.get_by_label("Compare with", exact=True)).to_have_value(
            {"another width": "width", "another cohort": "cohort", "another page": "page"}.get(kind, "own")
        )


def test_visitors_on_both_sides_are_told_in_one_sentence(viewer: Viewer) -> None:
    look(viewer, against="previous")
    assert f"{ON_BOTH_SIDES} visitors are on both sides, which makes small changes" in viewer.text("#fold-numbers")
    look(viewer, against=orjson.dumps({"url_exact": NEW}).decode())
    assert "on both sides" not in viewer.text("#fold-numbers")


def test_a_field_that_has_the_focus_shows_what_the_way_back_leads_to(viewer: Viewer) -> None:
    page = look(viewer)
    page.get_by_label("Compare with", exact=True).select_option("other filters")
    field = page.get_by_label("Filters to compare with")
    for dates in ('{"date_from":"-14d"}', '{"date_from":"-21d"}'):
        field.fill(dates)
        field.press("Enter")
        viewer.settle()
    page.go_back()
    expect(field).to_have_value('{"date_from":"-14d"}')
    expect(field).to_be_focused()
    field.fill('{"date_from":"-21d"}')
    field.press("Enter")
    assert viewer.state()["against"] == '{"date_from":"-21d"}'


def test_without_the_other_side_the_plain_map_is_back(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer, against="previous")
    page.get_by_role("button", name="Stop comparing").click()
    viewer.settle()
    assert "against" not in viewer.state()
    assert viewer.total() == sum(point["count"] for point in shop.points(viewport_width_min=1040, **DESKTOP))
    expect(page.locator("#spots-title")).to_have_text("Hottest spots")
    for gone in ("#sides", "#more-changes", "#stop-comparing"):
        expect(page.locator(gone)).to_be_hidden()
    expect(page.locator("#live-word")).to_have_text("Live")
    page.go_back()
    viewer.settle()
    expect(page.locator("#spots-title")).to_have_text("What changed")


def test_a_place_that_changed_leads_to_its_interactions_on_this_side(viewer: Viewer) -> None:
    page = look(viewer, against="previous")
    row = page.locator("#spots tbody tr").filter(has_text="30 %, 480 px")
    row.get_by_role("button").click()
    expect(page.locator("#behind-text")).to_contain_text(f"{THIS_WEEK[BUY]} clicks")
    expect(page.get_by_role("heading", name="Behind this place, on this side")).to_be_focused()
    page.get_by_role("button", name="Close").click()
    pixel, _ = viewer.at(*at(*READ))
    page.mouse.click(*pixel)
    expect(page.locator("#behind-text")).to_contain_text(f"{THIS_WEEK[READ]} clicks")


def test_scroll_depths_are_compared_by_who_came_that_far(viewer: Viewer, shop: Demo) -> None:
    look(viewer, against="previous", type="scrolldepth")
    results = compared(shop, "previous", type="scrolldepth")["results"]
    results.sort(key=lambda one: one["scroll_depth_bucket"])
    assert [row[1] for row in viewer.rows("#spots")] == [words(one) for one in results]
    # From 900 to 1,900 px all of last week were further up the page, and of the week before a quarter went on.
    assert any(one["verdict"] == "less" for one in results)
    blue = viewer.pixels([(0.5, 1500)], "#bands")[0]
    assert blue[2] > blue[0]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"against": "previous", "date_from": "all"}, "There is no period before these dates: choose dates that have"),
        ({"against": '{"cohort_ids":[9]}'}, "There is no cohort 9 in this project any more: compare with another."),
        ({"against": '{"type":"click"}'}, '“{"type":"click"}” cannot be compared with (type is no filter'),
        ({"against": "nonsense"}, "“nonsense” cannot be compared with (against must be a JSON object"),
    ],
    ids=["no period before", "cohort", "no filter", "nonsense"],
)
def test_what_cannot_be_compared_is_told_to_a_person(viewer: Viewer, state: dict[str, str], sentence: str) -> None:
    page = look(viewer, **state)
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text(sentence)
    page.get_by_role("button", name="Stop comparing").click()
    viewer.settle()
    assert viewer.total() > 0
    viewer.meant = {"status of 400"}


def test_nobody_on_the_other_side_is_said_in_a_sentence(viewer: Viewer) -> None:
    look(viewer, against='{"date_from":"-60d","date_to":"-50d"}')
    assert viewer.text("#fold-numbers") == "Nobody was on the other side, so nothing can be told."
    assert viewer.rows("#spots") == []


def test_the_copied_curl_is_the_request_of_the_comparison(viewer: Viewer) -> None:
    page = look(viewer, against="previous")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Copy as curl").click()
    copied = page.locator("#copy-text").input_value()
    assert "/api/projects/1/heatmaps/compare/'" in copied
    assert "'against=previous'" in copied


# --- Areas ----------------------------------------------------------------------------------------------------------


def numbers_of(shop: Demo, area: dict[str, Any], **more: Any) -> Any:
    asked = {"areas": orjson.dumps([area]).decode(), "include": "types,elements", **more}
    return shop.answer("heatmaps/areas/", viewport_width_min=1040, **DESKTOP, **asked)["results"][0]


def test_a_dragged_rectangle_has_its_numbers_and_the_interactions_behind_it(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer)
    page.get_by_role("button", name="Mark an area").click()
    drag(viewer, (0.25, 440), (0.3, 460), (0.35, 520))
    page.mouse.up()
    expect(page.get_by_label("Name of Area 1")).to_be_focused()
    (area,) = areas(viewer)
    assert area["name"] == "Area 1"
    assert (area["x"], area["y"]) == (pytest.approx([0.25, 0.35], abs=0.011), pytest.approx([440, 520], abs=3))
    found = numbers_of(shop, area)
    assert found["count"] == THIS_WEEK[BUY]
    item = page.locator("#areas-list li")
    for text in (
        f"{found['count']} clicks · {100 * found['share_of_count']:.1f} %",
        f"{found['visitors']} visitors · {100 * found['share_of_visitors']:.1f} %",
        f"{found['sessions']} sessions · {100 * found['first_share']:.1f} % of all begin here",
    ):
        expect(item).to_contain_text(text)
    page.get_by_role("button", name="Interactions in Area 1").click()
    expect(page.get_by_role("heading", name="Behind “Area 1”")).to_be_focused()
    expect(page.locator("#behind-page")).to_have_text(f"1 to 20 of {THIS_WEEK[BUY]}")


def test_a_lasso_has_few_corners_and_the_numbers_of_what_is_within(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer)
    page.get_by_role("button", name="Mark an area").click()
    page.get_by_role("radio", name="Lasso").check()
    # There is nothing within a line.
    drag(viewer, (0.2, 480), (0.3, 480), (0.4, 480))
    page.mouse.up()
    assert areas(viewer) == []
    turns = [2 * math.pi * step / 24 for step in range(25)]
    drag(viewer, *((0.3 + 0.1 * math.cos(turn), 480 + 150 * math.sin(turn)) for turn in turns))
    page.mouse.up()
    (area,) = areas(viewer)
    assert 8 <= len(area["polygon"]) <= 40
    xs, ys = zip(*area["polygon"], strict=True)
    assert (min(xs), max(xs)) == (pytest.approx(0.2, abs=0.01), pytest.approx(0.4, abs=0.01))
    assert (min(ys), max(ys)) == (pytest.approx(330, abs=15), pytest.approx(630, abs=15))
    assert numbers_of(shop, area)["count"] == THIS_WEEK[BUY]
    expect(page.locator("#areas-list li")).to_contain_text(f"{THIS_WEEK[BUY]} clicks")


def test_a_rectangle_can_be_typed_and_named_without_a_mouse(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer)
    page.get_by_role("button", name="Mark an area").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Fixed to the screen")).to_be_focused()
    page.keyboard.press("Space")
    for field in ("marking-left", "marking-right", "marking-top", "marking-bottom"):
        page.locator(f"#{field}").fill({"marking-left": "95", "marking-bottom": "64"}.get(field, "0"))
    page.keyboard.press("Enter")
    # Its end is before its beginning, so nothing is added.
    assert areas(viewer) == []
    page.locator("#marking-right").fill("100")
    page.locator("#marking-left").fill("80")
    page.keyboard.press("Enter")
    page.keyboard.type("menu")
    page.keyboard.press("Enter")
    area = {"name": "menu", "x": [0.8, 1], "y": [0, 64], "target_fixed": True}
    assert areas(viewer) == [area]
    expect(page.locator("#areas-list li")).to_contain_text(f"{THIS_WEEK[MENU]} clicks")
    assert numbers_of(shop, area)["count"] == THIS_WEEK[MENU]


TWO: list[dict[str, Any]] = [
    {"name": "buy", "x": [0.25, 0.35], "y": [440, 520]},
    {"name": "plans", "polygon": [[0.6, 900], [0.8, 900], [0.7, 1100]]},
]


def test_areas_of_an_address_are_shown_renamed_and_removed(viewer: Viewer) -> None:
    page = look(viewer, areas=orjson.dumps(TWO).decode())
    items = page.locator("#areas-list li")
    expect(items).to_have_count(2)
    expect(items.nth(1)).to_contain_text(f"{THIS_WEEK[PLANS]} clicks")
    assert page.locator("#shapes span").all_inner_texts() == ["buy", "plans"]
    page.get_by_label("Name of plans").fill("buy")
    page.get_by_label("Name of plans").press("Enter")
    # Two of one name would be one to the API.
    assert [area["name"] for area in areas(viewer)] == ["buy", "buy 2"]
    page.get_by_role("button", name="Remove buy", exact=True).click()
    expect(page.get_by_role("heading", name="Areas")).to_be_focused()
    assert areas(viewer) == [{**TWO[1], "name": "buy 2"}]
    expect(items).to_contain_text([f"{THIS_WEEK[PLANS]} clicks"])
    page.get_by_role("button", name="Remove all").click()
    assert areas(viewer) == []
    expect(page.locator("#areas")).to_be_hidden()
    page.go_back()
    page.go_back()
    expect(items).to_have_count(2)


def test_escape_ends_a_drag_and_then_the_drawing(viewer: Viewer) -> None:
    page = look(viewer)
    page.get_by_role("button", name="Mark an area").click()
    drag(viewer, (0.25, 440), (0.3, 460), (0.35, 520))
    expect(page.locator("#shapes polygon")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("#shapes polygon")).to_have_count(0)
    page.mouse.up()
    expect(page.locator("#marking")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#marking")).to_be_hidden()
    expect(page.get_by_role("button", name="Mark an area")).to_be_focused()
    assert areas(viewer) == []
    # The picture is for pointing at again.
    pixel, _ = viewer.at(BUY[0] / 100, BUY[1])
    page.mouse.click(*pixel)
    expect(page.get_by_role("heading", name="Behind this spot")).to_be_focused()


def test_an_area_tells_what_is_probably_under_it_and_all_that_happened_there(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer, areas=orjson.dumps(TWO).decode())
    (likely,) = numbers_of(shop, TWO[0])["elements"]
    item = page.locator("#areas-list li").first
    expect(item).to_contain_text(f"Probably “Buy now” · {100 * likely['share']:.1f} %")
    item.locator("summary").click()
    rows = [row.split("\t") for row in item.locator("tr").all_inner_texts()]
    assert rows == [
        ["Clicks", "40", "by 40"],
        ["Rage clicks", "5", "by 5"],
        ["“Buy now”", f"{likely['count']}", f"{100 * likely['share']:.1f} %"],
    ]
    assert page.locator("#areas-list li").nth(1).inner_text().count("Probably") == 0


def test_an_area_is_compared_with_the_other_side_too(viewer: Viewer, shop: Demo) -> None:
    page = look(viewer, areas=orjson.dumps(TWO).decode(), against="previous")
    asked = {"areas": orjson.dumps(TWO).decode(), "against": "previous", "viewport_width_min": 1040}
    results = shop.answer("heatmaps/areas/", **DESKTOP, **asked)["results"]
    items = page.locator("#areas-list li")
    expect(items).to_contain_text([words(one) for one in results])
    assert [one["verdict"] for one in results] == ["more", "unclear"]


def test_numbers_of_another_question_are_not_shown_in_its_place(viewer: Viewer) -> None:
    page = look(viewer, areas=orjson.dumps(TWO).decode())
    buy = page.locator("#areas-list li").first
    expect(buy).to_contain_text(f"{THIS_WEEK[BUY]} clicks")
    asked = "**/heatmaps/areas/?*include=types*"
    with chromium.held(page, asked):
        with page.expect_request(asked):
            viewer.choose("Kind of interaction", "Rage clicks")
        expect(buy.locator("p").first).to_have_text("")
    expect(buy).to_contain_text("5 rage clicks")
    # Of fewer areas they are the same.
    with chromium.held(page, asked):
        with page.expect_request(asked):
            page.get_by_role("button", name="Remove plans").click()
        expect(buy).to_contain_text("5 rage clicks")
    viewer.wait_for_replies()


def test_an_area_can_go_while_its_name_is_written(viewer: Viewer) -> None:
    page = look(viewer)
    page.get_by_role("button", name="Mark an area").click()
    drag(viewer, (0.25, 440), (0.3, 460), (0.35, 520))
    page.mouse.up()
    expect(page.get_by_label("Name of Area 1")).to_be_focused()
    page.keyboard.type("button")
    page.go_back()
    expect(page.locator("#areas")).to_be_hidden()
    assert areas(viewer) == []


def test_areas_belong_to_their_page_and_the_way_back_finds_them(viewer: Viewer) -> None:
    page = look(viewer, areas=orjson.dumps(TWO).decode())
    page.locator("#pages button").filter(has_text="/new").click()
    viewer.settle()
    assert areas(viewer) == []
    expect(page.locator("#areas")).to_be_hidden()
    page.go_back()
    viewer.settle()
    assert areas(viewer) == TWO


@pytest.mark.parametrize(
    "broken", ["nonsense", '[{"name":"a","x":[1,0],"y":[0,1]}]', '[{"name":"a","polygon":[[0,0]]}]']
)
def test_areas_that_cannot_be_read_are_said_to_be_and_can_be_taken_away(viewer: Viewer, broken: str) -> None:
    page = look(viewer, areas=broken)
    expect(page.locator("#areas-problem")).to_have_text("The areas in the address cannot be read.")
    assert viewer.total() > 0
    page.get_by_role("button", name="Remove all").click()
    expect(page.locator("#areas")).to_be_hidden()


def test_areas_have_no_numbers_of_scroll_depth(viewer: Viewer) -> None:
    page = look(viewer, areas=orjson.dumps(TWO).decode(), type="scrolldepth")
    expect(page.locator("#areas-problem")).to_contain_text("Scroll depth has no areas")
    viewer.choose("Kind of interaction", "Clicks")
    expect(page.locator("#areas-problem")).to_be_hidden()
    expect(page.locator("#areas-list li").first).to_contain_text(f"{THIS_WEEK[BUY]} clicks")
