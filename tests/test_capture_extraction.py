"""From an event to rows: the rules one by one, the contract's examples, and a slow second opinion on anything."""

import math
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatmaps.capture import points
from heatmaps.capture.points import Skip
from tests.capture import POINT, STORED, URL, Browser, event, skipped, stored, stored_events
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture


def columns(*names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in stored()]


def test_a_point_becomes_a_row(browser: Browser) -> None:
    browser.send(event())
    assert stored() == [STORED]
    assert stored_events() == []
    assert skipped() == {}


@pytest.mark.parametrize(
    ("pixels", "cell"),
    [
        *[(1020, 64), (363, 23), (7.9, 0), (8, 1), (-8, 0), (-8.1, -1), (24, 2), (40, 3), (0, 0), (-0.0, 0)],
        *[(40_000, 2500), (524_271, 32767), (524_280, 32767), (1e300, 32767), (2**63, 32767)],
        *[(-524_296, -32768), (-524_297, -32768), (-1e300, -32768), (-(2**63), -32768)],
    ],
)
def test_pixels_are_rounded_half_up_and_never_wrap(browser: Browser, pixels: float, cell: int) -> None:
    point = {**POINT, "x": pixels, "y": pixels}
    browser.send(event(point, properties={"$viewport_width": pixels, "$viewport_height": pixels}))
    assert columns("x", "y", "viewport_width", "viewport_height") == [(cell, cell, cell, cell)]


def test_how_far_it_was_scrolled_is_a_point_of_the_page_before(browser: Browser) -> None:
    pageleave = {
        "$prev_pageview_pathname": "/page",
        "$current_url": "https://h/next?z=1#a",
        "$prev_pageview_max_scroll": 500,
        "$viewport_height": 768,
        "$heatmap_data": ...,
    }
    browser.send(event(event="$pageleave", properties=pageleave))
    scrolled = {"x": 0, "y": 31, "viewport_height": 48, "current_url": "https://h/page", "type": "scrolldepth"}
    assert stored() == [{**STORED, **scrolled}]
    assert stored_events() == [{"event": "$pageleave", "distinct_id": "ann"}]


@pytest.mark.parametrize(
    ("arrived", "path", "left"),
    [
        ("https://h/next?z=1#a", "/page", "https://h/page"),
        ("https://h/b?tab=2", "/a", "https://h/a"),
        ("https://h:8443?q=/x", "/a/b", "https://h:8443/a/b"),
        ("https://h/#/route?x", "/p", "https://h/p"),
        ("https://h/a/", "/p/", "https://h/p/"),
        ("https://h/a?z", "/a/", "https://h/a/"),
        ("https://h/a?z", "/A", "https://h/A"),
        ("https://h/a", "p", "https://h/p"),
        # The page it was left for has the same path: it may be the same page.
        ("https://h/next?z=1#a", "/next", "https://h/next?z=1#a"),
        ("https://h/next?z=1#a", "next", "https://h/next?z=1#a"),
        ("https://h/#/route?x", "/", "https://h/#/route?x"),
        ("https://h", "/", "https://h/"),
        ("https://h?z=1", "/", "https://h/?z=1"),
        ("capacitor://localhost/a", "/b", "capacitor://localhost/b"),
        ("file:///a/b.html", "/c.html", "file:///c.html"),
        ("https://h/é?ü", "/ß", "https://h/ß"),
        ("no url", "/p", ""),
        ("/next", "/p", ""),
        (5, "/p", ""),
        ("https://h/", ["/p"], ""),
    ],
)
def test_the_page_before_is_the_new_url_with_the_old_path(arrived: Any, path: Any, left: str) -> None:
    assert points.page_left(arrived, path) == left


def test_any_event_may_bring_points_and_a_depth(browser: Browser) -> None:
    more = {"$prev_pageview_pathname": "/", "$current_url": URL, "$prev_pageview_max_scroll": 16, "plan": "pro"}
    browser.send(event(event="$pageview", properties={**more, "$elements_chain": "a:text"}))
    assert columns("type", "y") == [("scrolldepth", 1), ("click", 23)]
    [kept] = stored_events("event, properties, elements_chain, `$session_id` AS session_id, person_properties")
    assert "$heatmap_data" not in kept["properties"]
    assert '"plan":"pro"' in kept["properties"]
    del kept["properties"]
    assert kept == {"event": "$pageview", "elements_chain": "a:text", "session_id": "session", "person_properties": ""}


BUTTON = {
    "tag_name": "button",
    "$el_text": 'Shop "now"',
    "classes": ["buy", "big"],
    "nth_child": 2,
    "nth_of_type": 1,
    "attr__class": "buy  big",
    "attr__id": "cta",
    "attr__href": "/cart",
    "attr__data-plan": "pro\\",
}


@pytest.mark.parametrize(
    ("elements", "chain"),
    [
        (
            [BUTTON, {"tag_name": "div", "nth_child": 1}, {"tag_name": "body"}],
            (
                'button.big.buy:attr__class="buy  big"attr__data-plan="pro"attr__href="/cart"attr__id="cta"'
                'attr_id="cta"href="/cart"nth-child="2"nth-of-type="1"text="Shop \\"now\\"";div:nth-child="1";body:'
            ),
        ),
        ([{"tag_name": 5, "attr__class": [], "$el_text": None}, "a", None], ":"),
        ([{"tag_name": 'a"', 'attr__"': "x", "attr__class": 'q"'}], 'a.q:attr__class="q\\""'),
        ("a", ""),
        ({}, ""),
        ([], ""),
    ],
)
def test_elements_are_kept_as_a_chain(browser: Browser, elements: Any, chain: str) -> None:
    """What SDKs send that nobody has asked for a text."""
    browser.send(event(event="$autocapture", properties={"$elements": elements}))
    assert stored_events("elements_chain") == [{"elements_chain": chain}]


def test_other_events_are_kept_without_points(browser: Browser) -> None:
    browser.send(
        event(event="buy", distinct_id="ann", properties={"$heatmap_data": ...}),
        event(event="buy", distinct_id="anonymous", properties={"$heatmap_data": ...}),
        event(event="buy", distinct_id=..., properties={"$heatmap_data": ...}),
        event(properties={"$heatmap_data": ...}),
    )
    assert stored() == []
    assert stored_events() == [{"event": "buy", "distinct_id": name} for name in ("", "ann", "anonymous")]


@pytest.mark.parametrize(
    ("session", "text"), [("s", "s"), (..., ""), (None, ""), (5, "5"), (True, "true"), (["s"], '["s"]')]
)
def test_a_session_is_text_and_empty_when_missing(browser: Browser, session: Any, text: str) -> None:
    browser.send(event(event="x", properties={"$session_id": session}))
    assert columns("session_id") == [(text,)]
    assert stored_events("`$session_id` AS session_id") == [{"session_id": text}]


NOBODY = [
    *["anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "undefined"],
    *["true", "false"],
    *["Anonymous", "GUEST", "UNDEFINED", "Email"],
    *["[object Object]", "NaN", "None", "none", "null", "0"],
    *["'anonymous'", '"null"', "'0'", '"GUEST"', "", " ", "\t\n", "''", '" "'],
]  # fmt: skip


@pytest.mark.parametrize("distinct_id", [*NOBODY, None, True, False, 0, [], {}, {"a": 1}, ...])
def test_points_of_nobody_are_skipped(browser: Browser, distinct_id: Any) -> None:
    browser.send(event(POINT, POINT, distinct_id=distinct_id))
    assert stored() == []
    assert skipped() == {Skip.NO_VISITOR: 2}


@pytest.mark.parametrize(
    ("distinct_id", "text"),
    [
        *[(7, "7"), (1.5, "1.5")],
        *((text, text) for text in ("nan", "NULL", "[OBJECT OBJECT]", "00", "'anonymous\"", "guests", " id ", "'")),
        ("ä" * 500, "ä" * 500),
    ],
)
def test_anybody_else_is_somebody(browser: Browser, distinct_id: Any, text: str) -> None:
    browser.send(event(distinct_id=distinct_id))
    assert columns("distinct_id") == [(text,)]


@pytest.mark.parametrize(
    ("outer", "inner", "text"), [("ann", "bob", "ann"), (..., "bob", "bob"), (None, "bob", "bob"), ("", "bob", "bob")]
)
def test_the_visitor_is_named_by_the_event_else_by_its_properties(
    browser: Browser, outer: Any, inner: Any, text: str
) -> None:
    browser.send(event(distinct_id=outer, properties={"distinct_id": inner}))
    assert columns("distinct_id") == [(text,)]


NO_TYPES: list[Any] = ["", " ", None, 1, True, [], ...]
NO_BOOLEANS: list[Any] = ["true", 1, 0, None, ...]
NO_NUMBERS: list[Any] = ["1", None, True, [], {}, ...]


@pytest.mark.parametrize("side", ["$viewport_width", "$viewport_height"])
@pytest.mark.parametrize("value", NO_NUMBERS)
def test_points_without_a_viewport_are_skipped(browser: Browser, side: str, value: Any) -> None:
    scrolled = {"$prev_pageview_pathname": "/", "$current_url": URL, "$prev_pageview_max_scroll": 16}
    browser.send(event(POINT, POINT, properties={side: value, **scrolled}))
    assert stored() == []
    assert skipped() == {Skip.NO_VIEWPORT: 3}


def without(name: str, value: Any) -> dict[str, Any]:
    return {member: was for member, was in {**POINT, name: value}.items() if was is not ...}


@pytest.mark.parametrize(
    ("point", "reason"),
    [(without(side, value), Skip.NO_POSITION) for side in "xy" for value in NO_NUMBERS]
    + [(without("type", value), Skip.NO_TYPE) for value in NO_TYPES]
    + [(without("target_fixed", value), Skip.NO_TARGET) for value in NO_BOOLEANS]
    + [(value, Skip.NO_POINT) for value in (None, 1, "click", [], [POINT])],
)
def test_a_bad_point_is_skipped_and_the_others_are_kept(browser: Browser, point: Any, reason: Skip) -> None:
    browser.send(event(POINT, point, {**POINT, "type": "mousemove"}))
    assert columns("type") == [("click",), ("mousemove",)]
    assert skipped() == {reason: 1}


@pytest.mark.parametrize(
    ("by_url", "expected"),
    [
        ({"": [POINT, POINT]}, {Skip.NO_URL: 2}),
        ({" \n": [POINT]}, {Skip.NO_URL: 1}),
        ({URL: POINT}, {Skip.NO_LIST: 1}),
        ({URL: None}, {Skip.NO_LIST: 1}),
        ({URL: []}, {}),
        ({}, {}),
        ([POINT], {Skip.NO_POINTS: 1}),
        ("text", {Skip.NO_POINTS: 1}),
        (False, {Skip.NO_POINTS: 1}),
    ],
)
def test_what_is_no_list_of_points_under_a_url_is_skipped(browser: Browser, by_url: Any, expected: Any) -> None:
    browser.send(event(properties={"$heatmap_data": by_url}))
    assert stored() == []
    assert skipped() == expected


@pytest.mark.parametrize("depth", NO_NUMBERS)
def test_a_depth_that_is_no_number_is_skipped(browser: Browser, depth: Any) -> None:
    scrolled = {"$prev_pageview_pathname": "/", "$current_url": URL, "$prev_pageview_max_scroll": depth}
    browser.send(event(properties=scrolled))
    assert columns("type") == [("click",)]
    assert skipped() == {Skip.NO_POSITION: 1}


def test_urls_are_kept_as_they_are(browser: Browser) -> None:
    urls = ["https://h/?a=1#b", "https://h/x/", "https://h/x", "not a url", "https://h/ü"]
    browser.send(event(properties={"$heatmap_data": {url: [POINT] for url in urls}}))
    assert {url for (url,) in columns("current_url")} == set(urls)


# --- A second opinion ----------------------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def by_the_book(properties: dict[str, Any], distinct_id: str) -> list[tuple[Any, ...]]:
    """The rows of an event, as plainly as the contract says it: x, y, fixed, URL, type, viewport."""
    lists = []
    if isinstance(properties.get("$heatmap_data"), dict):
        lists += list(properties["$heatmap_data"].items())
    previous, current = properties.get("$prev_pageview_pathname"), properties.get("$current_url")
    if previous and current:
        url = urlsplit(current)
        same = url if previous == (url.path or "/") else url._replace(query="", fragment="")
        page = same._replace(path=previous).geturl() if url.scheme and url.netloc else ""
        depth = properties.get("$prev_pageview_max_scroll")
        lists.append((page, [{"x": 0, "y": depth, "target_fixed": False, "type": "scrolldepth"}]))
    if not (is_number(properties.get("$viewport_width")) and is_number(properties.get("$viewport_height"))):
        return []
    if not distinct_id.strip() or distinct_id.strip("'\"") == "anonymous":
        return []

    def scaled(value: float) -> int:
        return min(max(math.floor(value / 16 + 0.5), -(2**15)), 2**15 - 1)

    return [
        (
            scaled(point["x"]),
            scaled(point["y"]),
            point["target_fixed"],
            url,
            point["type"],
            scaled(properties["$viewport_width"]),
            scaled(properties["$viewport_height"]),
        )
        for url, points in lists
        if url.strip() and isinstance(points, list)
        for point in points
        if isinstance(point, dict)
        and is_number(point.get("x"))
        and is_number(point.get("y"))
        and isinstance(point.get("type"), str)
        and point["type"].strip()
        and isinstance(point.get("target_fixed"), bool)
    ]


NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.integers(-100, 3000) | st.floats(allow_nan=False, allow_infinity=False)
ODD: st.SearchStrategy[Any] = st.sampled_from([None, True, "1", [], {}])
POINTS = st.fixed_dictionaries(
    {},
    optional={
        "x": NUMBERS | ODD,
        "y": NUMBERS | ODD,
        "type": st.sampled_from(["click", "rageclick", " ", ""]) | ODD,
        "target_fixed": st.booleans() | ODD,
    },
)
URLS = st.sampled_from([URL, "https://e.com/a?b#c", "https://e.com", "", " "])


@settings(max_examples=500)
@given(
    properties=st.fixed_dictionaries(
        {"$viewport_width": NUMBERS | ODD, "$viewport_height": NUMBERS},
        optional={
            "$heatmap_data": st.dictionaries(URLS, st.lists(POINTS | ODD, max_size=5) | ODD) | ODD,
            "$prev_pageview_pathname": st.sampled_from(["/p", "/", ""]),
            "$current_url": URLS.filter(str.strip),
            "$prev_pageview_max_scroll": NUMBERS | ODD,
        },
    ),
    distinct_id=st.sampled_from(["ann", "bob", "anonymous", "'anonymous'", " "]),
)
def test_extraction_agrees_with_the_book(properties: dict[str, Any], distinct_id: str) -> None:
    skipped: Counter[Skip] = Counter()
    found = points.points(properties, distinct_id, skipped)
    columns_of = zip(found.x, found.y, found.is_fixed, found.url, found.type, strict=True)
    assert [
        (*row, found.viewport_width, found.viewport_height) for row in columns_of
    ] == by_the_book(properties, distinct_id)  # fmt: skip
