"""The pages of a project: which there are, how busy they are, and what happened on them."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.models import Project
from heatmaps.population.binding import Binder
from heatmaps.population.dates import window
from heatmaps.population.layout import current_layout
from heatmaps.population.search import search_condition
from heatmaps.questions.pages import queries
from heatmaps.questions.pages.question import PagesQuestion
from tests.conftest import Api, Interactions, body, document

PAGES = "/api/projects/1/heatmaps/pages/"
NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)


def urls(api: Api, **parameters: Any) -> list[str]:
    return [page["url"] for page in api.pages(**parameters)["results"]]


def test_a_page_is_told_with_its_counts_visitors_and_times(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [
            {"distinct_id": "ann", "timestamp": NOON - timedelta(hours=3, microseconds=-250_000)},
            {"distinct_id": "ann"},
            {"distinct_id": "bob", "type": "scrolldepth", "timestamp": NOON + timedelta(hours=1)},
            {"distinct_id": "cem", "current_url": "https://example.com/pricing"},
        ]
    )
    assert api.pages() == {
        "results": [
            {
                "url": "https://example.com",
                "total_count": 3,
                "visitors": 2,
                "first_seen": "2026-03-30T09:00:00.250000Z",
                "last_seen": "2026-03-30T13:00:00Z",
                "types": [
                    {"type": "click", "count": 2, "last_seen": "2026-03-30T12:00:00Z"},
                    {"type": "scrolldepth", "count": 1, "last_seen": "2026-03-30T13:00:00Z"},
                ],
            },
            {
                "url": "https://example.com/pricing",
                "total_count": 1,
                "visitors": 1,
                "first_seen": "2026-03-30T12:00:00Z",
                "last_seen": "2026-03-30T12:00:00Z",
                "types": [{"type": "click", "count": 1, "last_seen": "2026-03-30T12:00:00Z"}],
            },
        ],
        "types": [
            {"type": "click", "count": 3, "last_seen": "2026-03-30T12:00:00Z"},
            {"type": "scrolldepth", "count": 1, "last_seen": "2026-03-30T13:00:00Z"},
        ],
        "has_more": False,
    }


def test_without_interactions_there_are_no_pages(api: Api) -> None:
    assert api.pages() == {"results": [], "types": [], "has_more": False}


def test_slashes_at_the_end_make_no_other_page_and_all_else_does(api: Api, interactions: Interactions) -> None:
    same, others = ["e.com/a", "e.com/a/", "e.com/a//"], ["e.com/A", "e.com/a/?b", "e.com/a#"]
    interactions.add_all([{"current_url": f"https://{url}"} for url in [*same, *others]])
    found = {page["url"]: page["total_count"] for page in api.pages()["results"]}
    assert found == {"https://e.com/a": 3} | {f"https://{url}": 1 for url in others}


def test_the_busiest_pages_come_first_and_equal_ones_by_url(api: Api, interactions: Interactions) -> None:
    times = {"d": 1, "b": 2, "a": 1, "c": 2, "B": 2}
    interactions.add_all([{"current_url": url} for url, count in times.items() for _ in range(count)])
    assert urls(api) == ["B", "b", "c", "a", "d"]


def test_types_come_by_count_and_equal_ones_by_name(api: Api, interactions: Interactions) -> None:
    kinds = ["z", "b", "a", "z"]
    interactions.add_all([{"type": kind} for kind in kinds])
    answer = api.pages()
    assert [one["type"] for one in answer["types"]] == ["z", "a", "b"]
    assert answer["results"][0]["types"] == answer["types"]


def test_pages_of_the_answer_neither_overlap_nor_leave_gaps(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"current_url": f"https://e.com/{n}"} for n in range(5)])
    whole = api.pages()
    parts = [api.pages(limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [page for part in parts for page in part["results"]] == whole["results"]
    assert [part["has_more"] for part in parts] == [True, True, False, False]
    assert [part["types"] for part in parts] == [whole["types"]] * 4


def test_only_what_its_map_shows_is_counted(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [
            {"current_url": "no width", "viewport_width": 0},
            {"current_url": "no place", "x": 0, "y": 0},
            {"current_url": "scrolled", "x": 0, "y": 0, "type": "scrolldepth"},
            {"current_url": "at the edge", "x": 0, "y": 5},
        ]
    )
    assert urls(api) == ["at the edge", "scrolled"]


def test_the_counts_are_those_of_the_maps(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [
            {"x": n % 3, "y": n % 2, "type": kind, "distinct_id": f"visitor {n % 4}", "current_url": url}
            for n, kind in enumerate(["click", "click", "mousemove", "scrolldepth"] * 10)
            for url in ("https://e.com/a", "https://e.com/a/", "https://e.com/b")
        ]
    )
    answer = api.pages()
    assert urls(api) == ["https://e.com/a", "https://e.com/b"]
    for page in answer["results"]:
        for kind in page["types"]:
            results = api.points(url_exact=page["url"], type=kind["type"], limit=0)
            counted = "bucket_count" if kind["type"] == "scrolldepth" else "count"
            assert sum(one[counted] for one in results) == kind["count"]


def test_visitors_are_distinct_over_the_types_that_were_asked_about(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [
            {"distinct_id": "ann"},
            {"distinct_id": "ann", "type": "mousemove"},
            {"distinct_id": "bob", "type": "mousemove"},
        ]
    )
    for parameters, visitors in (({}, 2), ({"type": "click"}, 1), ({"type": "mousemove"}, 2)):
        assert [page["visitors"] for page in api.pages(**parameters)["results"]] == [visitors]


def test_a_type_leaves_the_others_out_everywhere(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{}, {"type": "mousemove"}, {"type": "mousemove", "current_url": "https://example.com/b"}])
    answer = api.pages(type="click")
    assert urls(api, type="click") == ["https://example.com"]
    assert answer["types"] == answer["results"][0]["types"]
    assert [one["type"] for one in answer["types"]] == ["click"]
    assert api.pages(type="nothing") == {"results": [], "types": [], "has_more": False}


def test_the_window_is_of_whole_days_in_the_projects_time_zone(
    api: Api, interactions: Interactions, project: Project
) -> None:
    project.timezone = "America/Los_Angeles"
    project.save()
    for hour in (6, 7, 8):
        moment = datetime(2026, 3, 30, hour, tzinfo=UTC)
        interactions.add(current_url=f"at {hour}", timestamp=moment)
    assert urls(api, date_from="2026-03-29", date_to="2026-03-29") == ["at 6"]
    assert urls(api, date_from="2026-03-30", date_to="2026-03-30") == ["at 7", "at 8"]
    assert urls(api, date_from="-1d") == ["at 6", "at 7", "at 8"]
    assert urls(api, date_from="2026-03-31", date_to="2026-03-29") == []


SEARCHED = [
    *("https://e.com", "https://e.com/Pricing", "https://e.com/preis?50%", "https://e.com/preis?50_"),
    *("https://e.com/MÜNCHEN", "https://e.com/a.b", "https://e.com/acb", "https://e.com/ὈΔΥΣΣΕΎΣ"),
]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("e.com", SEARCHED),
        ("pricing", ["https://e.com/Pricing"]),
        ("PRICING", ["https://e.com/Pricing"]),
        ("50%", ["https://e.com/preis?50%"]),
        ("50_", ["https://e.com/preis?50_"]),
        ("a.b", ["https://e.com/a.b"]),
        ("a*b", []),
        ("münchen", ["https://e.com/MÜNCHEN"]),
        ("ὀδυσσεύς", ["https://e.com/ὈΔΥΣΣΕΎΣ"]),
        ("com/p", ["https://e.com/Pricing", "https://e.com/preis?50%", "https://e.com/preis?50_"]),
        ("https://e.com/pricing/", ["https://e.com/Pricing"]),
        ("cing//", []),
        ("shop", []),
    ],
)
def test_a_search_is_a_part_of_the_url_in_any_case_and_no_pattern(
    api: Api, interactions: Interactions, search: str, found: list[str]
) -> None:
    interactions.add_all([{"current_url": url} for url in SEARCHED])
    assert sorted(urls(api, search=search)) == sorted(found)


WRITTEN = {
    "encoded": "https://xn--bcher-kva.example/stra%C3%9Fe?q=a%2Fb",
    "plain": "https://bücher.example/straße?q=a/b",
    "twice": "https://e.com/stra%25C3%259Fe",
    "latin": "https://e.com/stra%DFe%00",
}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("straße", "encoded plain"),
        ("/STRASSE", "encoded plain"),
        ("stra%C3%9Fe", "encoded plain"),
        ("stra%c3%9fe", "encoded plain"),
        ("%C3", "encoded twice"),
        ("stra%25c3", "twice"),
        ("%DF", "latin"),
        ("%ff", ""),
        ("%00", "latin"),
        ("%", "encoded twice latin"),
        ("a%2fb", "encoded plain"),
        ("?q=a/b", "encoded plain"),
        ("bücher.example", "encoded plain"),
        ("BÜCHER.ex", "encoded plain"),
        ("bu\u0308cher", "encoded"),
        ("https://bücher.example/straße", "encoded plain"),
        ("xn--bcher-kva.example", "encoded plain"),
        ("//XN--BCHER-KVA.example/stra", "encoded plain"),
        ("/bücher", "plain"),
        ("xn--b", "encoded"),
        ("xn--\u00e9", ""),
        ("xn--99999999999", ""),
        ("xn--0ca24w", ""),
        ("//", "encoded plain twice latin"),
    ],
)
def test_a_search_finds_what_is_written_otherwise(
    api: Api, interactions: Interactions, search: str, found: str
) -> None:
    interactions.add_all([{"current_url": url} for url in WRITTEN.values()])
    by_url = {url: name for name, url in WRITTEN.items()}
    assert {by_url[url] for url in urls(api, search=search)} == set(found.split())


@settings(deadline=None)
@given(search=st.text() | st.text("xn-%c3FF09ß./:\u0308", max_size=12))
@example(search="ß" * 50_000)
@example(search="xn--" + "9" * 50_000)
@example(search="https://xn--0ca24w")
def test_any_text_can_be_looked_for(search: str) -> None:
    binder = Binder()
    search_condition(search, "url", binder)
    for form in binder.parameters.values():
        form.encode()
        assert "\0" not in form or "\0" in search


def test_the_types_of_a_search_are_those_of_the_pages_it_finds(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"current_url": "https://e.com/a"}, {"current_url": "https://e.com/b", "type": "mousemove"}])
    assert [one["type"] for one in api.pages(search="/b", limit=1, offset=7)["types"]] == ["mousemove"]


def test_no_page_of_another_project_is_shown(session: Api, interactions: Interactions, other_project: Project) -> None:
    interactions.add_all([{}, {"team_id": 2, "current_url": "https://e.com/SECRET"}])
    assert urls(session) == ["https://example.com"]
    assert urls(session, search="secret") == []


def test_the_defaults(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"current_url": str(n), "timestamp": NOON - timedelta(days=n % 9)} for n in range(300)])
    written_out = {"date_from": "-7d", "date_to": "2026-03-31", "limit": "100", "offset": "0"}
    assert body(api.get(PAGES)) == body(api.get(PAGES, written_out))
    assert len(api.pages()["results"]) == 100


@pytest.mark.parametrize("name", ["date_from", "date_to", "search", "type", "limit", "offset"])
def test_an_empty_parameter_is_absent_and_the_last_one_wins(api: Api, interactions: Interactions, name: str) -> None:
    interactions.add()
    for value in ("", ["\0", ""]):
        assert document(api.get(PAGES, {name: value})) == api.pages()


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"),
    [
        ("date_from", "x", "invalid_input", "Error parsing provided date_from: x"),
        ("date_to", "2024-13-45", "invalid_input", "Error parsing provided date_to: 2024-13-45"),
        ("search", " ", "blank", "This field may not be blank."),
        ("search", "\0", "null_characters_not_allowed", "Null characters are not allowed."),
        ("type", "\0", "null_characters_not_allowed", "Null characters are not allowed."),
        ("limit", "0", "min_value", "Ensure this value is greater than or equal to 1."),
        ("limit", "1001", "max_value", "Ensure this value is less than or equal to 1000."),
        ("limit", "x", "invalid_input", "A valid integer is required."),
        ("offset", "-1", "min_value", "Ensure this value is greater than or equal to 0."),
        ("offset", "1000001", "max_value", "Ensure this value is less than or equal to 1000000."),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(api: Api, name: str, value: str, code: str, detail: str) -> None:
    response = api.get(PAGES, {name: value})
    assert (response.status_code, document(response)) == (
        400,
        {"type": "validation_error", "code": code, "detail": detail, "attr": name},
    )


def test_the_first_failing_parameter_is_told(api: Api) -> None:
    wrong = {"date_from": "x", "date_to": "x", "search": "\0", "type": "\0", "limit": "x", "offset": "x"}
    for name in list(wrong):
        assert document(api.get(PAGES, wrong))["attr"] == name
        del wrong[name]
    assert api.get(PAGES, wrong).status_code == 200


def test_text_is_trimmed_and_unknown_parameters_are_ignored(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{}, {"current_url": "https://e.com/b"}])
    assert urls(api, search=" /B ", url_exact="x", viewport_width_min="x") == ["https://e.com/b"]


def test_the_edges_of_the_bounds(api: Api) -> None:
    assert urls(api, limit=1000, offset=1_000_000) == []
    assert urls(api, limit=1, offset=1_000_000) == []


@pytest.mark.parametrize(("zone", "parts"), [("UTC", {"pages"}), ("Asia/Kathmandu", {"pages", "heatmaps"})])
def test_whole_days_are_answered_from_the_projection_of_pages(
    api: Api, interactions: Interactions, zone: str, parts: set[str]
) -> None:
    """What of the window is no whole day of UTC is looked up in the interactions, and the answer is the same."""
    Project.objects.update(timezone=zone)
    rows: list[dict[str, Any]] = [{"timestamp": NOON + timedelta(hours=hour)} for hour in range(-60, 12)]
    interactions.add_all(rows)
    interactions.merge()
    found = api.pages(date_from="-2d")["results"]
    kept = [row["timestamp"] for row in rows if row["timestamp"].astimezone(ZoneInfo(zone)).date() >= date(2026, 3, 29)]
    assert [(page["total_count"], page["first_seen"][:13]) for page in found] == [
        (len(kept), f"{min(kept):%Y-%m-%dT%H}")
    ]
    question = PagesQuestion(
        team_id=1,
        window=window(date(2026, 3, 29), date(2026, 3, 31), ZoneInfo(zone)),
        search="example",
        types=(),
        limit=100,
        offset=0,
    )
    query = queries.pages(question, current_layout())
    plan = "\n".join(row[0] for row in engine.rows(Query(f"EXPLAIN {query.sql}", query.parameters)))
    assert {name.rpartition(".")[2] for name in re.findall(r"ReadFromMergeTree \((.+?)\)", plan)} == parts
