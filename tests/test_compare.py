"""What changed between two sides of a page: `against`, the order of the answer, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from heatmaps.models import Project
from tests.conftest import Api, Cohorts, Events, Interactions, Persons, document

THIS_WEEK = {"date_from": "2026-03-24", "date_to": "2026-03-30"}
MONDAY = datetime(2026, 3, 30, 12, tzinfo=UTC)
A_WEEK = timedelta(days=7)


def compare(session: Api, **given: Any) -> Any:
    given = {name: orjson.dumps(value).decode() if isinstance(value, dict) else value for name, value in given.items()}
    return document(session.get("/api/projects/1/heatmaps/compare/", given))


def of_visitors(number: int, **columns: Any) -> list[dict[str, Any]]:
    return [{"distinct_id": f"visitor {one}", **columns} for one in range(number)]


@pytest.fixture
def weeks(interactions: Interactions) -> None:
    """A button that moved: 12 of 20 visitors used it, and the week before 10 of 30 somewhere else; one visitor is there
    in both weeks, and clicks twice."""
    before = {"timestamp": MONDAY - A_WEEK}
    interactions.add_all(
        [
            *of_visitors(12),
            *of_visitors(20, x=32, y=10, viewport_height=4),
            {"distinct_id": "visitor 0"},
            *({**row, "distinct_id": f"old {row['distinct_id']}"} for row in of_visitors(29, x=32, y=10, **before)),
            {"distinct_id": "visitor 0", "x": 32, "y": 10, **before},
            *({**row, "distinct_id": f"old {row['distinct_id']}"} for row in of_visitors(10, y=3, **before)),
        ]
    )


def test_two_weeks_are_compared_cell_by_cell(session: Api, weeks: None) -> None:
    answer = compare(session, **THIS_WEEK, against="previous")
    fold = {"total_count": 33, "below_fold_count": 20, "pct_below_fold": 60.6, "median_viewport_height": 64}
    assert answer["a"] == {
        "from": "2026-03-24T00:00:00Z",
        "to": "2026-03-31T00:00:00Z",
        "visitors": 20,
        "count": 33,
        "fold": fold,
    }
    assert answer["b"] == {
        "from": "2026-03-17T00:00:00Z",
        "to": "2026-03-24T00:00:00Z",
        "visitors": 30,
        "count": 40,
        "fold": {"total_count": 40, "below_fold_count": 0, "pct_below_fold": 0.0, "median_viewport_height": 768},
    }
    more, less, same = answer["results"]
    assert more == {
        "pointer_relative_x": 0.06,
        "pointer_y": 0,
        "pointer_target_fixed": False,
        "a": {"count": 13, "visitors": 12, "share": 0.6},
        "b": {"count": 0, "visitors": 0, "share": 0.0},
        "difference": 0.6,
        "ratio": 36.904762,
        "ratio_low": 2.308153,
        "ratio_high": 590.06541,
        "q": more["q"],
        "verdict": "more",
    }
    assert (less["pointer_y"], less["verdict"], less["difference"]) == (32, "less", -0.333333)
    assert same == {
        "pointer_relative_x": 0.5,
        "pointer_y": 160,
        "pointer_target_fixed": False,
        "a": {"count": 20, "visitors": 20, "share": 1.0},
        "b": {"count": 30, "visitors": 30, "share": 1.0},
        "difference": 0.0,
        "ratio": 1.0,
        "ratio_low": 1.0,
        "ratio_high": 1.0,
        "q": 1.0,
        "verdict": "unclear",
    }
    rest = {name: answer[name] for name in ("tested", "too_few", "fdr", "overlap", "has_more")}
    assert rest == {"tested": 3, "too_few": 0, "fdr": 0.05, "overlap": {"visitors": 1}, "has_more": False}
    assert list(answer) == ["a", "b", "results", *rest]


def test_the_order_and_the_pages_of_an_answer(session: Api, weeks: None) -> None:
    def ys(**given: Any) -> list[int]:
        return [one["pointer_y"] for one in compare(session, **THIS_WEEK, against="previous", **given)["results"]]

    assert ys() == ys(order="surprise") == ys(order="difference") == [0, 32, 160]
    assert ys(order="count") == ys(order="count", aggregation="unique_visitors") == [160, 0, 32]
    assert ys(limit=1) == [0]
    assert ys(limit=0, offset=1) == [32, 160]
    assert compare(session, **THIS_WEEK, against="previous", limit=2, offset=1)["has_more"] is False
    page = compare(session, **THIS_WEEK, against="previous", limit=1)
    assert (page["has_more"], page["tested"]) == (True, 3)


def test_the_grid_is_the_callers(session: Api, weeks: None) -> None:
    (cell,) = compare(session, **THIS_WEEK, against="previous", cell_width=100, cell_height=1024)["results"]
    assert (cell["pointer_relative_x"], cell["pointer_y"], cell["a"]["visitors"]) == (0.0, 0, 20)
    fine = compare(session, **THIS_WEEK, against="previous", cell_width=1, cell_height=16)["results"]
    assert [one["pointer_y"] for one in fine] == [16, 48, 160]


def test_scroll_depths_are_compared_by_who_came_at_least_that_far(session: Api, interactions: Interactions) -> None:
    kind = {"type": "scrolldepth", "x": 0, "y": 0}
    before = kind | {"timestamp": MONDAY - A_WEEK}
    interactions.add_all(
        [
            *of_visitors(20, viewport_height=10, **kind),
            *of_visitors(15, viewport_height=40, **kind),
            *of_visitors(20, viewport_height=10, **before),
            *of_visitors(4, viewport_height=20, **before),
        ]
    )
    answer = compare(session, type="scrolldepth", **THIS_WEEK, against="previous")
    told = [
        (one["scroll_depth_bucket"], *(one[side][name] for side in "ab" for name in ("count", "visitors", "share")))
        for one in sorted(answer["results"], key=lambda one: one["scroll_depth_bucket"])
    ]
    assert told == [
        (100, 35, 20, 1.0, 24, 20, 1.0),
        (300, 15, 15, 0.75, 4, 4, 0.2),
        (600, 15, 15, 0.75, 0, 0, 0.0),
    ]
    assert [one["verdict"] for one in answer["results"]] == ["more", "more", "unclear"]
    assert answer["overlap"] == {"visitors": 20}
    assert [answer[side]["count"] for side in "ab"] == [35, 24]
    assert "fold" not in answer["a"]


@pytest.mark.parametrize(
    ("given", "against", "window"),
    [
        (THIS_WEEK, "previous", ("2026-03-17T00:00:00Z", "2026-03-24T00:00:00Z")),
        (
            {"date_from": "2026-03-29", "date_to": "2026-03-29"},
            "previous",
            ("2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z"),
        ),
        (
            {"time_from": "2026-03-29T10:00:00.5Z", "time_to": "2026-03-29T11:30:00Z"},
            "previous",
            ("2026-03-29T08:30:01Z", "2026-03-29T10:00:00.500000Z"),
        ),
        (
            {"time_from": "2026-03-29T12:00:00Z", "date_to": "2026-03-29"},
            "previous",
            ("2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z"),
        ),
        (THIS_WEEK, {"date_from": "2026-03-28"}, ("2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z")),
        (THIS_WEEK, {"date_from": None}, ("2026-03-24T00:00:00Z", "2026-03-31T00:00:00Z")),
        (
            THIS_WEEK | {"time_from": "2026-03-29T12:00:00Z"},
            {"date_from": "2026-03-28"},
            ("2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z"),
        ),
        (
            THIS_WEEK,
            {"time_to": "2026-03-28T01:00:00Z", "date_from": "-30d"},
            ("2026-03-01T00:00:00Z", "2026-03-28T01:00:00Z"),
        ),
        (
            THIS_WEEK | {"time_from": "2026-03-29T12:00:00Z"},
            {"time_from": None},
            ("2026-03-24T00:00:00Z", "2026-03-31T00:00:00Z"),
        ),
    ],
)
def test_side_b_has_a_window_of_its_own(session: Api, given: Any, against: Any, window: tuple[str, str]) -> None:
    answer = compare(session, **given, against=against)
    assert (answer["b"]["from"], answer["b"]["to"]) == window


def test_the_days_before_are_the_projects(session: Api, project: Project) -> None:
    Project.objects.update(timezone="Europe/Berlin")
    side = compare(session, date_from="2026-03-29", date_to="2026-03-29", against="previous")["b"]
    assert (side["from"], side["to"]) == ("2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z")


def test_the_later_week_may_be_the_other_side(session: Api, weeks: None) -> None:
    forward = compare(session, **THIS_WEEK, against="previous")
    backward = compare(session, date_from="2026-03-17", date_to="2026-03-23", against=THIS_WEEK)
    assert (backward["a"], backward["b"]) == (forward["b"], forward["a"])
    assert backward["overlap"] == forward["overlap"]
    assert [(cell["b"], cell["a"]) for cell in backward["results"]] == [
        (cell["a"], cell["b"]) for cell in forward["results"]
    ]


@pytest.mark.parametrize("given", [{"events": '[{"id": "purchase"}]'}, {"first_in_session": True}])
def test_what_else_happened_is_looked_for_on_each_side(
    session: Api, interactions: Interactions, events: Events, given: dict[str, Any]
) -> None:
    midnight = datetime(2026, 3, 24, tzinfo=UTC)
    around = (midnight - timedelta(minutes=1), midnight + timedelta(minutes=1))
    interactions.add_all([{"timestamp": moment} for moment in around])
    events.add("purchase", timestamp=around[0])
    answer = compare(session, **THIS_WEEK, against="previous", **given)
    # One session, which goes on past midnight: it bought on side b only, and each side has a first interaction of it.
    assert (answer["a"]["count"], answer["b"]["count"]) == (0 if "events" in given else 1, 1)


def test_any_filter_may_differ(session: Api, interactions: Interactions, persons: Persons, cohorts: Cohorts) -> None:
    interactions.add_all(
        [
            *of_visitors(3, viewport_width=100),
            *of_visitors(2, current_url="https://example.com/b?x=1"),
            *of_visitors(1, x=0, y=0),
        ]
    )
    persons.add("visitor 1", 7)

    def visitors(against: Any, **given: Any) -> int:
        answer = compare(session, against=against, **given)
        assert "b" in answer, answer
        return int(answer["b"]["visitors"])

    assert visitors({"viewport_width_min": 1600}) == 3
    assert visitors({"viewport_width_max": "1600.0"}) == 3
    assert visitors({"viewport_width_max": 1500}) == 2
    assert visitors({"cohort_ids": [cohorts.static(7)]}) == 1
    assert visitors({"cohort_ids": None}, cohort_ids=f"[{cohorts.static(9)}]") == 3
    assert visitors({"events": [{"id": "purchase"}]}) == 0
    assert visitors({"hide_zero_coordinates": False, "viewport_width_max": 1500}) == 2
    # Of the filters of URLs one takes the place of another.
    exact = {"url_exact": "https://example.com/none"}
    assert visitors({"url_page": "https://example.com/b"}, **exact) == 2
    assert visitors({"url_pattern": "https://example.com/b*"}, **exact) == 2
    assert visitors({"url_exact": "https://example.com"}, url_pattern="none") == 3
    assert visitors({"url_exact": None}, **exact) == 3
    assert visitors({"url_page": None}, **exact) == 0


@pytest.mark.parametrize(
    ("against", "names"),
    [
        ("", "blank"),
        ("   ", "blank"),
        ("next", "JSON object"),
        ("[]", "JSON object"),
        ("null", "JSON object"),
        ("{}", "at least one filter"),
        ('{"type":"click"}', "type"),
        ('{"cell_width":4}', "cell_width"),
        ('{"min_visitors":4}', "min_visitors"),
        ('{"limit":4}', "limit"),
        ('{"aggregation":"total_count"}', "aggregation"),
        ('{"nonsense":4}', "nonsense"),
        ('{"date_from":"yesterday"}', "date_from: Error parsing provided date_from: yesterday"),
        ('{"date_from":true}', "date_from"),
        ('{"date_to":[]}', "date_to"),
        ('{"time_from":"2026-03-01"}', "time_from"),
        ('{"viewport_width_max":"wide"}', "viewport_width_max: A valid integer is required."),
        ('{"viewport_width_max":{}}', "viewport_width_max"),
        ('{"viewport_width_max":1e999}', ""),
        ('{"url_exact":""}', "url_exact"),
        ('{"url_exact":"a\\u0000b"}', "url_exact"),
        ('{"url_pattern":"("}', "url_pattern"),
        ('{"url_pattern":["("]}', "url_pattern"),
        ('{"url_exact":[1],"url_pattern":5}', "url_exact"),
        ('{"cohort_ids":[9]}', "cohort_ids: Cohort(s) not found or deleted: [9]"),
        ('{"cohort_ids":"[9"}', "cohort_ids"),
        ('{"events":{"id":"a"}}', "events"),
        ('{"filter_test_accounts":[true]}', "filter_test_accounts"),
        ('{"first_in_session":"maybe"}', "first_in_session"),
        ('{"hide_zero_coordinates":5}', "hide_zero_coordinates"),
        ("[" * 5_000, "JSON object"),
    ],
)
def test_what_side_b_cannot_be_is_refused_by_name(session: Api, against: str, names: str) -> None:
    error = compare(session, against=against)
    assert (error["type"], error["attr"]) == ("validation_error", "against"), error
    assert names in error["detail"]


@pytest.mark.parametrize("given", [{"date_from": "all"}, {"date_to": "all"}, {"date_from": "1971-01-01"}])
def test_there_is_nothing_before_everything(session: Api, given: dict[str, str]) -> None:
    assert compare(session, **given, against="previous")["attr"] == "against"


def test_other_bad_parameters_are_refused_first(session: Api) -> None:
    assert compare(session)["attr"] == "against"
    assert compare(session)["code"] == "required"
    assert compare(session, against='{"type":"click"}', date_from="yesterday")["attr"] == "date_from"
    for name, value in (("order", "best"), ("fdr", "0"), ("fdr", "0.6"), ("fdr", "nan"), ("cell_height", "17")):
        assert compare(session, against="previous", **{name: value})["attr"] == name


def test_an_empty_side_has_no_shares(session: Api, interactions: Interactions) -> None:
    interactions.add_all(of_visitors(12))
    answer = compare(session, **THIS_WEEK, against="previous")
    (cell,) = answer["results"]
    assert (cell["a"]["share"], cell["b"]["share"], cell["difference"], cell["ratio"]) == (1.0, None, None, None)
    assert (cell["q"], cell["verdict"]) == (1.0, "unclear")
    assert answer["b"]["fold"]["median_viewport_height"] is None
    nothing = compare(session, url_exact="https://example.com/none", against="previous")
    assert (nothing["results"], nothing["tested"], nothing["too_few"]) == ([], 0, 0)


def test_cells_with_too_few_visitors_are_left_out(session: Api, weeks: None, interactions: Interactions) -> None:
    interactions.add_all(of_visitors(3, y=20))
    given = THIS_WEEK | {"against": "previous"}
    assert compare(session, **given)["too_few"] == 1
    hidden = compare(session, **given, min_visitors=4)
    assert (hidden["too_few"], len(hidden["results"]), hidden["a"]["count"]) == (0, 3, 36)
    # A cell that nobody used on one side shows nobody there.
    assert {one["pointer_y"] for one in compare(session, **given, min_visitors=12)["results"]} == {0, 160}
