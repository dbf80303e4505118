"""How much happens in parts of a page: geometry, what is told beside, bodies, and what is refused."""

import io
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heatmaps import engine
from heatmaps.models import PersonalAPIKey, Project, User
from tests.conftest import Api, Events, Interactions, body, document
from tests.sides_reference import is_in
from tests.test_layout import upstream_table

__all__ = ["upstream_table"]

PATH = "/api/projects/1/heatmaps/areas/"
NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
EVERYWHERE = {"name": "everywhere", "x": [-10, 10], "y": [-100, 100_000]}
# A row at x = 4 of 64 is in the 6th hundredth, one with y = 1 at 16 px.
TOP = {"name": "top", "x": [0, 0.5], "y": [0, 100]}
BOTTOM = {"name": "bottom", "x": [0, 1], "y": [800, 1600]}


def ask(api: Api, areas: list[Any], **given: Any) -> Any:
    return document(api.get(PATH, {"areas": orjson.dumps(areas).decode(), **given}))


def post(api: Api, content: Any, path: str = PATH, **headers: str) -> Any:
    return document(api.ask("POST", path, None, orjson.dumps(content), **headers))


@pytest.fixture
def visits(interactions: Interactions) -> None:
    """Two visitors begin at the top; one goes on to the bottom, another begins there. One row has no session."""
    interactions.add_all(
        [
            {"session_id": "a", "distinct_id": "ann"},
            {"session_id": "a", "distinct_id": "ann", "y": 60, "timestamp": NOON + timedelta(seconds=5)},
            {"session_id": "b", "distinct_id": "bob", "timestamp": NOON - timedelta(days=2)},
            {"session_id": "c", "distinct_id": "cem", "y": 60},
            {"session_id": "", "distinct_id": "dia", "y": 60},
            {"session_id": "c", "distinct_id": "cem", "y": 2, "pointer_target_fixed": True},
            {"session_id": "e", "distinct_id": "eve", "type": "rageclick", "y": 61},
        ]
    )


def test_areas_are_counted_beside_all_of_it(session: Api, visits: None) -> None:
    answer = ask(
        session, [TOP, BOTTOM, {**TOP, "name": "bar", "target_fixed": True}, {**TOP, "name": "no", "x": [0.9, 1]}]
    )
    nothing = {"count": 0, "visitors": 0, "sessions": 0, "share_of_count": 0.0, "share_of_visitors": 0.0}
    assert answer == {
        "total": {"count": 6, "visitors": 4, "sessions": 3},
        "results": [
            {
                "name": "top",
                "count": 2,
                "visitors": 2,
                "sessions": 2,
                "share_of_count": 0.333333,
                "share_of_visitors": 0.5,
                "first_share": 0.666667,
            },
            {
                "name": "bottom",
                "count": 3,
                "visitors": 3,
                "sessions": 2,
                "share_of_count": 0.5,
                # Of two at the same moment the one that is not fixed is first.
                "share_of_visitors": 0.75,
                "first_share": 0.333333,
            },
            {
                "name": "bar",
                "count": 1,
                "visitors": 1,
                "sessions": 1,
                "share_of_count": 0.166667,
                "share_of_visitors": 0.25,
                "first_share": 0.0,
            },
            {"name": "no", **nothing, "first_share": 0.0},
        ],
    }
    assert list(answer["results"][0]) == [
        *("name", "count", "visitors", "sessions", "share_of_count", "share_of_visitors", "first_share")
    ]


def test_nothing_has_no_shares(session: Api, project: Project) -> None:
    answer = ask(session, [TOP], by="day", include="types,elements", date_from="all")
    assert answer["total"] == {"count": 0, "visitors": 0, "sessions": 0}
    assert answer["results"] == [
        {
            "name": "top",
            "count": 0,
            "visitors": 0,
            "sessions": 0,
            "share_of_count": None,
            "share_of_visitors": None,
            "first_share": None,
            "types": [],
            "elements": [],
            "days": [],
        }
    ]


def test_days_and_types_of_an_area(session: Api, visits: None) -> None:
    answer = ask(session, [TOP, BOTTOM], by="day", include="types", date_from="2026-03-27", date_to="2026-03-30")
    top, bottom = answer["results"]
    assert top["days"] == [
        {"day": "2026-03-27", "count": 0, "visitors": 0},
        {"day": "2026-03-28", "count": 1, "visitors": 1},
        {"day": "2026-03-29", "count": 0, "visitors": 0},
        {"day": "2026-03-30", "count": 1, "visitors": 1},
    ]
    assert bottom["types"] == [
        {"type": "click", "count": 3, "visitors": 3},
        {"type": "rageclick", "count": 1, "visitors": 1},
    ]
    everything = ask(session, [BOTTOM], by="day", date_from="all", date_to="2026-03-30")["results"][0]["days"]
    assert [day["day"] for day in everything] == ["2026-03-28", "2026-03-29", "2026-03-30"]
    Project.objects.update(timezone="Pacific/Kiritimati")
    (late,) = ask(session, [BOTTOM], by="day", date_from="2026-03-31", date_to="2026-03-31")["results"]
    assert late["days"] == [{"day": "2026-03-31", "count": 3, "visitors": 3}]


def test_too_many_days_are_refused(session: Api, interactions: Interactions) -> None:
    areas = [{**TOP, "name": str(number)} for number in range(100)]
    error = ask(session, areas, by="day", date_from="2020-01-01")
    assert (error["attr"], error["type"]) == ("by", "validation_error")
    interactions.add(timestamp=datetime(1980, 1, 1, tzinfo=UTC))
    assert ask(session, areas, by="day", date_from="all")["attr"] == "by"


def test_an_area_with_too_few_visitors_stays_without_its_numbers(session: Api, visits: None) -> None:
    answer = ask(session, [TOP, BOTTOM], min_visitors=3, by="day", include="types,elements", date_from="2026-03-30")
    top, bottom = answer["results"]
    assert answer["total"]["visitors"] == 3
    days = [{"day": day, "count": None, "visitors": None} for day in ("2026-03-30", "2026-03-31")]
    assert top == {"name": "top", **dict.fromkeys(list(top)[1:7]), "types": [], "elements": [], "days": days}
    assert bottom["types"] == [{"type": "click", "count": 3, "visitors": 3}]
    assert bottom["days"] == [
        {"day": "2026-03-30", "count": 3, "visitors": 3},
        {"day": "2026-03-31", "count": 0, "visitors": 0},
    ]


def test_areas_are_compared(session: Api, interactions: Interactions) -> None:
    before = {"timestamp": NOON - timedelta(days=1)}
    interactions.add_all(
        [
            *({"distinct_id": f"new {number}", "y": 60 * (number < 4)} for number in range(12)),
            *({"distinct_id": f"old {number}", "y": 60 * (number < 11), **before} for number in range(12)),
        ]
    )
    given = {"date_from": "2026-03-30", "date_to": "2026-03-30", "against": "previous"}
    top, bottom, few = ask(session, [TOP, BOTTOM, {**TOP, "name": "few", "x": [0.7, 1]}], **given)["results"]
    assert (top["a"], top["b"]) == (
        {"count": 8, "visitors": 8, "share": 0.666667},
        {"count": 1, "visitors": 1, "share": 0.083333},
    )
    assert (top["count"], top["difference"], top["ratio"], top["verdict"]) == (8, 0.583333, 8.0, "too_few")
    assert (bottom["difference"], bottom["q"], bottom["verdict"]) == (-0.583333, 0.00942253, "less")
    assert (few["ratio"], few["q"], few["verdict"]) == (1.0, None, "too_few")
    hidden = ask(session, [TOP, BOTTOM], min_visitors=2, **given)["results"][0]
    assert hidden == {"name": "top", **dict.fromkeys(list(top)[1:])}


coordinates = st.floats(-1.2, 1.7) | st.sampled_from([0, 0.06, 0.5, 1])
heights = st.floats(-700, 900) | st.sampled_from([0, 16, 160, 800])
rectangles = st.builds(
    lambda xs, ys: {"x": sorted(xs), "y": sorted(ys)}, st.tuples(coordinates, coordinates), st.tuples(heights, heights)
)
polygons = st.builds(
    lambda corners: {"polygon": [[x + math.pi / 1e4, y + math.e / 1e2] for x, y in corners]},
    st.lists(st.tuples(coordinates, heights), min_size=3, max_size=12),
)
drawn = st.lists(
    st.tuples(rectangles | polygons, st.booleans()).map(lambda pair: {**pair[0], "target_fixed": pair[1]}),
    min_size=1,
    max_size=70,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=drawn, grid=st.sampled_from([{}, {"cell_width": "7", "cell_height": "48"}]))
def test_the_interactions_behind_an_area_are_as_many_as_it_counts(
    session: Api, interactions: Interactions, drawn: list[dict[str, Any]], grid: dict[str, str]
) -> None:
    rows = [
        {"x": x, "y": y, "pointer_target_fixed": fixed, "viewport_width": 64}
        for x in (-30, 1, 4, 32, 63, 90)
        for y in (-40, -1, 1, 7, 10, 50)
        for fixed in (False, True)
    ]
    if not interactions.are_there:
        interactions.add_all(rows)
    areas = [{"name": str(number), **area} for number, area in enumerate(drawn)]
    counted = [result["count"] for result in ask(session, areas)["results"]]
    complete = [{"scale_factor": 16, **row} for row in rows]
    assert counted == [sum(is_in(row, area) for row in complete) for area in areas]
    for count, area in list(zip(counted, areas, strict=True))[:3]:
        given = {"areas": orjson.dumps([area]).decode(), **grid}
        assert session.interactions(**given)["total_count"] == count
    together = session.interactions(areas=orjson.dumps(areas).decode())["total_count"]
    assert together == sum(any(is_in(row, area) for area in areas) for row in complete)


def test_a_star_is_hollow(session: Api, interactions: Interactions) -> None:
    """By the even-odd rule."""
    interactions.add_all([{"x": 32, "y": 31}, {"x": 32, "y": 12}])
    points = [
        (0.5 + 0.4 * math.sin(turn), 500 - 400 * math.cos(turn)) for turn in (0.8 * math.pi * n for n in range(5))
    ]
    (star,) = ask(session, [{"name": "star", "polygon": points}])["results"]
    assert star["count"] == 1


# --- Elements ------------------------------------------------------------------------------------------------------

CHAIN = (
    'button.buy.big:attr__class="big buy"attr_id="{id}"nth-child="1"nth-of-type="1"text="Shop \\"now\\""'
    'href="/cart?a=1";div;body'
)


def captured(events: Events, *rows: dict[str, Any]) -> None:
    events.add_all(
        [
            {
                "event": "$autocapture",
                "timestamp": NOON,
                "elements_chain": CHAIN.format(id="buy"),
                "properties": {"$current_url": "https://example.com"},
                **row,
            }
            for row in rows
        ]
    )


def elements(session: Api, **given: Any) -> Any:
    return ask(session, [EVERYWHERE], include="elements", **given)["results"][0]["elements"]


def test_what_is_probably_under_an_area(session: Api, interactions: Interactions, events: Events) -> None:
    interactions.add_all([{}, {}, {"x": 5}, {"session_id": "other"}])
    captured(events, {"timestamp": NOON - timedelta(seconds=3)})
    assert elements(session) == [
        {
            "tag_name": "button",
            "text": 'Shop "now"',
            "attr_id": "buy",
            "href": "/cart?a=1",
            "selector": "button#buy",
            "count": 3,
            "share": 0.75,
        }
    ]


@pytest.mark.parametrize(
    "filters",
    [
        {"url_exact": "https://example.com"},
        {"url_page": "https://EXAMPLE.com?a=1"},
        {"url_pattern": "https://example.com/*"},
        {"first_in_session": "true"},
        {"time_from": "2026-03-30T12:00:00Z"},
        {"viewport_width_min": "100", "cohort_ids": "[]", "type": "click"},
    ],
)
def test_elements_are_of_what_the_filters_leave(
    session: Api, interactions: Interactions, events: Events, filters: dict[str, str]
) -> None:
    interactions.add_all([{}, {"type": "other", "current_url": "https://example.com/b", "x": 5}])
    captured(events, {"timestamp": NOON - timedelta(seconds=3)})
    if "url_pattern" in filters:
        interactions.add(current_url="https://example.com/b")
        captured(events, {"properties": {"$current_url": "https://example.com/b"}})
    assert [(one["text"], one["share"]) for one in elements(session, **filters)] == [('Shop "now"', 1.0)]


def test_of_several_the_nearest_in_time_counts(session: Api, interactions: Interactions, events: Events) -> None:
    """As many rows as moments: each a minute apart, with events at so many seconds beside them."""
    around: list[list[float]] = [
        [-10],
        [-10.000001],
        [1],
        [1.000001],
        [-0.5, 0.5],
        [-0.6, 0.5],
        [-9, 1],
        [0, 0.1],
        [-11, 2],
        [-3, -2, -1],
    ]
    minutes: list[datetime] = [NOON + timedelta(minutes=number) for number in range(len(around))]
    interactions.add_all([{"timestamp": minute, "y": number + 1} for number, minute in enumerate(minutes)])
    captured(
        events,
        *(
            {"timestamp": minute + timedelta(seconds=second), "elements_chain": CHAIN.format(id=f"at{second}")}
            for minute, seconds in zip(minutes, around, strict=True)
            for second in seconds
        ),
    )
    names = ["at-10", None, "at1", None, "at-0.5", "at0.5", "at1", "at0", None, "at-1"]
    areas = [{"name": str(n), "x": [0, 1], "y": [16 * (n + 1)] * 2} for n in range(len(around))]
    found = [result["elements"] for result in ask(session, areas, include="elements")["results"]]
    assert [one[0]["attr_id"] if one else None for one in found] == names


def test_only_events_of_the_session_on_the_page_count(session: Api, interactions: Interactions, events: Events) -> None:
    interactions.add_all([{"current_url": "https://example.com/a//"}, {"session_id": ""}])
    other = {"$current_url": "https://example.com/b"}
    captured(
        events,
        {"session_id": ""},
        {"session_id": "other"},
        {"team_id": 2},
        {"properties": other},
        {"properties": {}},
        {"event": "$pageview"},
        {"elements_chain": ""},
    )
    assert elements(session) == []
    captured(events, {"properties": {"$current_url": "https://example.com/a/"}, "elements_chain": 'a:href="/x"'})
    assert [one["tag_name"] for one in elements(session)] == ["a"]


def test_five_elements_are_told_the_most_frequent_first(
    session: Api, interactions: Interactions, events: Events
) -> None:
    for number in range(7):
        times = number % 6 + 1
        who = {"session_id": str(number)}
        interactions.add_all([{**who, "distinct_id": f"v{one}"} for one in range(times)])
        captured(events, {**who, "elements_chain": f'a.b:text="{number}"'})
    found = elements(session)
    assert [(one["text"], one["count"]) for one in found] == [("5", 6), ("4", 5), ("3", 4), ("2", 3), ("1", 2)]
    assert found[0] == {
        "tag_name": "a",
        "text": "5",
        "attr_id": None,
        "href": None,
        "selector": "a.b",
        "count": 6,
        "share": 0.272727,
    }
    assert [one["text"] for one in elements(session, min_visitors=5)] == ["5", "4"]


def test_a_selector_is_written_as_css_has_it(session: Api, interactions: Interactions, events: Events) -> None:
    interactions.add()
    captured(events, {"elements_chain": 'a.md:w-1/2.1st:text="x"'})
    assert elements(session)[0]["selector"] == "a.md\\:w-1\\/2.\\31 st"


def test_places_have_names_on_posthogs_table_too(session: Api, upstream_table: None, events: Events) -> None:
    captured(events, {"timestamp": datetime(2026, 3, 25, 1, tzinfo=UTC), "session_id": "session 1"})

    def told() -> bytes:
        engine.columns.cache_clear()
        areas = orjson.dumps([EVERYWHERE, {**EVERYWHERE, "name": "fixed", "target_fixed": True}]).decode()
        return body(
            session.get(PATH, {"areas": areas, "include": "elements,types", "by": "day", "against": "previous"})
        )

    theirs = told()
    with engine.writer() as client:
        client.command("EXCHANGE TABLES heatmaps AND heatmaps_ours")
    ours = told()
    with engine.writer() as client:
        client.command("EXCHANGE TABLES heatmaps AND heatmaps_ours")
    engine.columns.cache_clear()
    assert ours == theirs
    assert orjson.loads(ours)["results"][0]["elements"]


# --- Bodies --------------------------------------------------------------------------------------------------------


def test_a_post_answers_as_a_get_does(session: Api, visits: None) -> None:
    expected = ask(session, [TOP, BOTTOM], include="types", date_from="-30d", against='{"date_from":"-2d"}', fdr="0.1")
    given = {"include": "types", "date_from": "-30d", "fdr": 0.1}
    assert post(session, {"areas": [TOP, BOTTOM], "against": {"date_from": "-2d"}, **given}) == expected
    texts = {"areas": orjson.dumps([TOP, BOTTOM]).decode(), "against": '{"date_from":"-2d"}'}
    assert post(session, {**texts, **given, "cohort_ids": None, "url_exact": ""}) == expected
    beside = {"areas": [TOP, BOTTOM], "against": {"date_from": "-2d"}, **given}
    assert post(session, beside, PATH + "?date_from=-1d&limit=x") == expected
    assert post(session, {"areas": [TOP, BOTTOM], "cohort_ids": []}) == ask(session, [TOP, BOTTOM])


def test_a_post_needs_what_a_get_needs(user: User, anonymous: Api, project: Project) -> None:
    def status(api: Api, path: str = PATH) -> int:
        return api.ask("POST", path, None, orjson.dumps({"areas": [TOP]})).status_code

    key = {scope: Api(PersonalAPIKey.make(user, "test", scopes=[scope])[1]) for scope in ("heatmap:read", "other:read")}
    assert status(key["heatmap:read"]) == 200
    assert status(key["heatmap:read"], "/api/environments/@current/heatmaps/areas") == 200
    assert status(key["other:read"]) == 403
    assert status(anonymous) == 401
    # The mirrored routes are not for posts, and this one not for more.
    assert status(key["heatmap:read"], "/api/projects/1/heatmaps/") == 403
    assert key["heatmap:read"].ask("DELETE", PATH).status_code == 403


def test_a_session_may_post_too(session: Api, project: Project) -> None:
    response = session.ask("POST", PATH, None, orjson.dumps({"areas": [TOP]}))
    assert response.status_code == 200
    assert "Cache-Control" not in response.headers
    assert session.ask("PUT", PATH).status_code == 405
    assert set(session.ask("PUT", PATH).headers["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    ("content", "status", "attr"),
    [
        (b"[]", 400, None),
        (b"5", 400, None),
        (b"{", 400, None),
        (b"", 400, "areas"),
        (b"{}", 400, "areas"),
        (b'{"areas":null}', 400, "areas"),
        (b'{"areas":"[]"}', 400, "areas"),
        (b'{"areas":[{"name":"a","x":[0,1],"y":[0,1]}],"url_exact":5,"url_pattern":[1]}', 400, "url_pattern"),
        (b'{"areas":[{"name":"a","x":[0,1],"y":[0,1]}],"date_from":{}}', 400, "date_from"),
        (b'{"areas":[{"name":"a","x":[0,1],"y":[0,1]}],"include":["types"]}', 400, "include"),
        (b'{"areas":[{"name":"a","x":[0,1],"y":[0,1]}],"format":"xlsx"}', 400, "format"),
        (b'{"areas":[{"name":"a","x":[0,1],"y":[0,1]}],"format":[1]}', 400, "format"),
        (b'{"areas":[{"name":"\xff","x":[0,1],"y":[0,1]}]}', 400, None),
    ],
)
def test_a_bad_body_is_refused(api: Api, project: Project, content: bytes, status: int, attr: str | None) -> None:
    response = api.ask("POST", PATH, None, content, content_type="application/json")
    assert (response.status_code, document(response)["attr"]) == (status, attr), document(response)


def test_a_body_says_in_what_format_it_is_answered(api: Api, project: Project) -> None:
    content = b'{"areas":[{"name":"a","x":[0,1],"y":[0,1]}],"format":"csv"}'
    response = api.ask("POST", PATH, {"format": "ndjson"}, content, content_type="application/json")
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv")


# --- What is refused -----------------------------------------------------------------------------------------------

SQUARE = [[0, 0], [1, 0], [1, 100], [0, 100]]


@pytest.mark.parametrize(
    ("areas", "names"),
    [
        ("", ""),
        ("nothing", "JSON"),
        ("{}", "array"),
        ("[]", "array"),
        ("null", "array"),
        ([5], "areas[0] must be an object"),
        ([{**TOP, "name": ""}], "areas[0] must have a name"),
        ([{**TOP, "name": 5}], "areas[0]"),
        ([{**TOP, "name": "a\0"}], "areas[0]"),
        ([{**TOP, "name": "n" * 201}], "areas[0]"),
        ([TOP, {**BOTTOM, "name": "top"}], "areas[1] (top) has the name of another area"),
        ([TOP, {**BOTTOM, "x": [0.5, 0.4]}], "areas[1] (bottom) has a from above its to in x"),
        ([{**TOP, "y": [5, 4]}], "areas[0] (top) has a from above its to in y"),
        ([{**TOP, "x": [0]}], "[from, to] as its x"),
        ([{**TOP, "x": 0}], "[from, to] as its x"),
        ([{**TOP, "x": [0, "1"]}], "numbers"),
        ([{**TOP, "x": [False, 1]}], "numbers"),
        ([{**TOP, "x": [None, 1]}], "numbers"),
        ([{**TOP, "y": [0, 1.1e9]}], "within ±1e9"),
        ('[{"name":"a","x":[0,NaN],"y":[0,1]}]', "JSON"),
        ('[{"name":"a","x":[0,1e999],"y":[0,1]}]', ""),
        ('[{"name":"a","x":[0,1],"y":[0,1' + "0" * 400 + "]}]", ""),
        ([{"name": "a"}], "x and y, or a polygon"),
        ([{"name": "a", "x": [0, 1]}], "x and y, or a polygon"),
        ([{**TOP, "polygon": SQUARE}], "x and y, or a polygon"),
        ([{**TOP, "targetFixed": True}], "x and y, or a polygon"),
        ([{**TOP, "target_fixed": "true"}], "target_fixed"),
        ([{"name": "a", "polygon": SQUARE[:2]}], "areas[0] (a) must have 3 to 200 corners"),
        ([{"name": "a", "polygon": SQUARE * 51}], "3 to 200 corners"),
        ([{"name": "a", "polygon": "round"}], "3 to 200 corners"),
        ([{"name": "a", "polygon": [*SQUARE, [1]]}], "[x, y]"),
        ([{"name": "a", "polygon": [*SQUARE, 7]}], "[x, y]"),
        ([{"name": "a", "polygon": [*SQUARE, [1, {}]]}], "numbers"),
        ([{**TOP, "name": str(number)} for number in range(101)], "at most 100"),
        ("[" * 5_000, "JSON"),
    ],
)
def test_areas_that_are_none_are_refused_by_name(session: Api, project: Project, areas: Any, names: str) -> None:
    text = areas if isinstance(areas, str) else orjson.dumps(areas).decode()
    for path in (PATH, "/api/projects/1/heatmaps/events/"):
        error = document(session.get(path, {"areas": text}))
        assert (error["type"], error["attr"]) == ("validation_error", "areas"), error
        assert names in error["detail"]


def test_interactions_are_behind_points_or_areas(session: Api, project: Project) -> None:
    areas, points = orjson.dumps([TOP]).decode(), '[{"x":0.06,"y":16}]'
    both = document(session.events(areas=areas, points=points))
    assert (both["code"], both["attr"]) == ("invalid", "areas") or both["attr"] == "areas"
    neither = document(session.events())
    assert (neither["code"], neither["detail"], neither["attr"]) == ("required", "This field is required.", "points")
    assert document(session.events(areas=areas, points=""))["attr"] == "points"
    assert document(session.events(areas="[", points="["))["attr"] == "areas"


def test_other_bad_parameters_are_refused_by_name(session: Api, project: Project) -> None:
    for name, value in (
        *(("include", "names"), ("include", "types,"), ("by", "week"), ("fdr", "1"), ("min_visitors", "0")),
        *(("against", "{}"), ("date_from", "soon")),
    ):
        assert ask(session, [TOP], **{name: value})["attr"] == name


def test_a_hundred_polygons_of_two_hundred_corners_over_everything(session: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [{"x": number % 64, "y": number // 64 + 1, "distinct_id": str(number)} for number in range(640)]
    )
    around = [2 * math.pi * number / 200 for number in range(200)]
    polygon = [[0.5 + 0.6 * math.sin(turn), 500 - 900 * math.cos(turn)] for turn in around]
    areas = [{"name": str(number), "polygon": polygon} for number in range(100)]
    answer = post(session, {"areas": areas, "include": "types"})
    assert answer["total"]["count"] == 640
    expected = sum(
        is_in(row, areas[0])
        for row in (
            {
                "x": number % 64,
                "y": number // 64 + 1,
                "viewport_width": 64,
                "scale_factor": 16,
                "pointer_target_fixed": False,
            }
            for number in range(640)
        )
    )
    assert [result["count"] for result in answer["results"]] == [expected] * 100


# --- Formats -------------------------------------------------------------------------------------------------------


def test_areas_are_sent_as_tables_too(session: Api, visits: None, events: Events) -> None:
    captured(events, {"session_id": "a"})
    given = {
        "areas": orjson.dumps([TOP, BOTTOM]).decode(),
        "against": '{"date_from":"-30d"}',
        "include": "types,elements",
        "by": "day",
        "min_visitors": "3",
    }
    response = session.get(PATH, {**given, "format": "parquet"})
    assert response.status_code == 200
    table = pq.read_table(io.BytesIO(body(response)))
    _, bottom = document(session.get(PATH, given))["results"]
    flat = {name: value for name, value in bottom.items() if name not in {"a", "b"}} | {
        f"{side}_{name}": bottom[side][name] for side in "ab" for name in bottom["a"]
    }
    assert set(table.column_names) == set(flat)
    told = table.to_pylist()
    assert told[1] == flat
    assert (told[0]["name"], told[0]["count"], told[0]["a_count"], told[0]["types"]) == ("top", None, None, [])
    assert {str(table.schema.field(name).type) for name in ("count", "visitors", "a_count", "b_visitors")} == {"uint64"}
    assert b'"count":6' in table.schema.metadata[b"total"]
    lines = body(session.get(PATH, {**given, "format": "csv"})).decode().splitlines()
    assert lines[0].startswith("name,count,visitors,sessions,share_of_count,share_of_visitors,first_share,types,")
    assert len(lines) == 3


def test_comparisons_are_sent_as_tables_too(session: Api, visits: None) -> None:
    for kind in ("click", "scrolldepth"):
        given = {"against": '{"date_from":"-30d"}', "type": kind}
        path = "/api/projects/1/heatmaps/compare/"
        rows = document(session.get(path, given))["results"]
        lines = body(session.get(path, {**given, "format": "ndjson"})).splitlines()
        assert [orjson.loads(line) for line in lines] == rows
        response = session.get(path, {**given, "format": "arrow"})
        table = pa.ipc.open_stream(body(response)).read_all()
        assert table.num_rows == len(rows)
        assert response["Heatmaps-Has-More"] == "false"
        assert orjson.loads(response["Heatmaps-Overlap"]) == {"visitors": 4 * (kind == "click")}
        assert [row["a_count"] for row in table.to_pylist()] == [row["a"]["count"] for row in rows]
