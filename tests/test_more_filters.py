"""Parameters that PostHog does not have: exact times, the first of each session, a grid, fewest visitors, coverage."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heatmaps.models import Project
from tests.conftest import Api, Interactions

RELEASE = datetime(2026, 3, 30, 14, 32, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def total(api: Api, **parameters: Any) -> int:
    return int(api.answer(**parameters)["fold"]["total_count"])


def places(api: Api, **parameters: Any) -> list[tuple[float, int, int]]:
    """x, y and count of each point."""
    found = api.points(**parameters)
    return [(point["pointer_relative_x"], point["pointer_y"], point["count"]) for point in found]


# --- Exact times


def test_a_window_begins_with_its_first_microsecond_and_ends_before_its_last(
    api: Api, interactions: Interactions
) -> None:
    moments = [RELEASE - MICROSECOND, RELEASE, RELEASE + MICROSECOND]
    interactions.add_all([{"timestamp": moment} for moment in moments])
    assert total(api, time_from="2026-03-30T14:32") == 2
    assert total(api, time_from="2026-03-30T14:32:00.000001Z") == 1
    assert total(api, time_to="2026-03-30T14:32") == 1
    assert total(api, time_to="2026-03-30T14:32:00.000002") == 3
    assert total(api, time_from="2026-03-30T14:32", time_to="2026-03-30T14:32:00.000001") == 1
    assert total(api, time_from="2026-03-30T14:32", time_to="2026-03-30T14:32") == 0
    assert total(api, time_from="2026-03-30T15:00", time_to="2026-03-30T14:00") == 0
    assert total(api, time_from="2026-03-30T15:00:01", time_to="2026-03-30T14:07:01") == 0


def test_a_time_without_an_offset_is_in_the_projects_zone(
    api: Api, interactions: Interactions, project: Project
) -> None:
    Project.objects.update(timezone="Asia/Tokyo")
    interactions.add_all([{"timestamp": RELEASE}])
    for text in (
        "2026-03-30T23:32",
        "20260330T2332",
        "2026-03-30 14:32:00Z",
        "2026-3-30T15:32:00+01:00",
        "2026-W14-1T23:32",
    ):
        assert total(api, time_from=text) == 1
        assert total(api, time_to=text) == 0


def test_of_one_end_the_time_wins_over_the_day_which_must_still_be_one(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"timestamp": RELEASE}, {"timestamp": RELEASE - timedelta(days=20)}])
    assert total(api, time_from="2026-03-01T00:00", date_from="2026-03-31") == 2
    assert total(api, time_from="2026-03-01T00:00", date_to="2026-03-12") == 1
    assert total(api, time_to="2026-03-30T14:00", date_from="all", date_to="all") == 1
    assert api.error(time_from="2026-03-01T00:00", date_from="soon")["attr"] == "date_from"


@pytest.mark.parametrize("name", ["time_from", "time_to"])
@pytest.mark.parametrize(
    "text",
    [
        "2026-03-30",
        "-7d",
        "all",
        "now",
        "14:32",
        "2026-02-30T00:00",
        "2026-03-30T25:00",
        "1969-12-31T23:59:59",
        "2150-01-01T00:00",
        "0001-01-01T00:00+10:00",
        "9999-12-31T23:59:59-10:00",
        "2026-W54-1T10:00",
        "T",
        "2026-03-30T",
    ],
)
def test_what_is_no_moment_of_these_two_centuries_is_refused(api: Api, name: str, text: str) -> None:
    error = api.error(**{name: text})
    assert (error["attr"], error["detail"]) == (name, f"Error parsing provided {name}: {text}")


def test_the_first_and_the_last_moment_are_moments(api: Api, interactions: Interactions) -> None:
    interactions.add()
    assert total(api, time_from="1970-01-01T00:00", time_to="2149-12-31T23:59:59.999999") == 1


# --- The first of each session


def test_of_each_session_the_first_on_each_page_stays(api: Api, interactions: Interactions) -> None:
    page = {"current_url": "https://e.com/a"}
    interactions.add_all(
        [
            {"session_id": "s", "timestamp": RELEASE + MICROSECOND, "y": 2, **page},
            {"session_id": "s", "timestamp": RELEASE, "y": 1, "current_url": "https://e.com/a//"},
            {"session_id": "s", "timestamp": RELEASE, "y": 3, "current_url": "https://e.com/a?x"},
            {"session_id": "t", "timestamp": RELEASE + 2 * MICROSECOND, "y": 4, **page},
        ]
    )
    assert places(api, first_in_session=True) == [(0.06, 16, 1), (0.06, 48, 1), (0.06, 64, 1)]


def test_the_first_is_that_of_what_passes_all_other_filters(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [
            {"timestamp": RELEASE - 4 * MICROSECOND, "type": "rageclick", "y": 9},
            {"timestamp": RELEASE - 3 * MICROSECOND, "x": 0, "y": 0},
            {"timestamp": RELEASE - 2 * MICROSECOND, "viewport_width": 10, "y": 8},
            {"timestamp": RELEASE - MICROSECOND, "y": 7},
            {"timestamp": RELEASE, "y": 1},
            {"timestamp": RELEASE + MICROSECOND, "y": 2},
        ]
    )
    asked = {"first_in_session": True, "viewport_width_min": 1000, "time_from": RELEASE.isoformat()}
    assert places(api, **asked) == [(0.06, 16, 1)]
    # Points, the grid and the fewest visitors are no filters: they do not make another row the first.
    assert api.interactions(**asked, points=[{"x": 0.06, "y": 32}])["total_count"] == 0
    assert api.interactions(**asked, points=[{"x": 0.06, "y": 16}])["total_count"] == 1
    assert places(api, **asked, min_visitors=2) == []


def test_what_is_in_no_session_all_stays(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"session_id": ""}, {"session_id": ""}, {"session_id": "s"}, {"session_id": "s"}])
    assert total(api, first_in_session=True) == 3


def test_of_one_moment_the_first_is_not_fixed_then_higher_then_left_then_by_visitor(
    api: Api, interactions: Interactions
) -> None:
    def first(*rows: dict[str, Any]) -> tuple[Any, ...]:
        interactions.clear()
        interactions.add_all(list(rows))
        (point,) = api.points(first_in_session=True)
        asked = {
            "x": point["pointer_relative_x"],
            "y": point["pointer_y"],
            "target_fixed": point["pointer_target_fixed"],
        }
        (row,) = api.interactions(first_in_session=True, points=[asked])["results"]
        return point["pointer_target_fixed"], row["pointer_y"], row["pointer_relative_x"], row["distinct_id"]

    assert first({"pointer_target_fixed": True, "y": 1}, {"y": 9}) == (False, 144, 0.06, "visitor")
    assert first({"y": 9, "x": 1}, {"y": -1, "x": 9}) == (False, -16, 0.14, "visitor")
    assert first({"x": 9, "distinct_id": "a"}, {"x": -1, "distinct_id": "b"}) == (False, 16, -0.02, "b")
    assert first({"distinct_id": "bob"}, {"distinct_id": "ann"}) == (False, 16, 0.06, "ann")
    # The finest cell of both is the same, whatever their viewports' widths are.
    assert first({"x": 5, "viewport_width": 50, "distinct_id": "bob"}, {"x": 10, "viewport_width": 100})[3] == "bob"


# --- The caller's grid


def test_a_cell_of_the_grid_is_named_by_its_left_and_upper_edge(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [{"x": x, "y": y, "viewport_width": 100} for x, y in ((0, 3), (6, 4), (7, 5), (13, 5), (99, 6))]
    )
    assert places(api, cell_width=7, cell_height=48) == [(0.0, 48, 2), (0.07, 48, 2), (0.98, 96, 1)]


def test_edges_below_zero_are_further_down_too(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"x": -1, "y": -1, "viewport_width": 100}, {"x": -10, "y": -7, "viewport_width": 100}])
    assert places(api, cell_width=10, cell_height=112) == [(-0.1, -112, 2)]
    assert places(api, cell_width=3, cell_height=64) == [(-0.12, -128, 1), (-0.03, -64, 1)]


def test_of_the_grid_that_is_named_by_half_the_other_edge_is_the_finest(api: Api, interactions: Interactions) -> None:
    # A row of another scale, which is told to the px where no grid is asked for.
    interactions.add_all([{"x": 57, "y": 37, "scale_factor": 1, "viewport_width": 100}])
    assert places(api) == [(0.57, 37, 1)]
    assert places(api, cell_width=10) == [(0.5, 32, 1)]
    assert places(api, cell_height=64) == [(0.57, 0, 1)]
    assert places(api, cell_width=1, cell_height=16) == [(0.57, 32, 1)]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("cell_width", "0", "min_value"),
        ("cell_width", "101", "max_value"),
        ("cell_width", "1.5", "invalid"),
        ("cell_height", "0", "min_value"),
        ("cell_height", "1040", "max_value"),
        ("cell_height", "24", "invalid"),
        ("min_visitors", "0", "min_value"),
        ("min_visitors", "1001", "max_value"),
        ("include", "types", "invalid"),
        ("include", "coverage,", "invalid"),
        ("first_in_session", "null", "invalid"),
    ],
)
def test_what_is_out_of_range_is_refused_by_its_name(api: Api, name: str, value: str, code: str) -> None:
    error = api.error(**{name: value})
    assert error["attr"] == name
    assert error["code"].startswith(code)


# --- Fewest visitors, and coverage


def test_cells_of_few_visitors_are_left_out_and_the_fold_stays_whole(api: Api, interactions: Interactions) -> None:
    many = [{"distinct_id": name} for name in ("ann", "bob", "eve", "eve")]
    interactions.add_all([*many, *[{"y": 2, "distinct_id": "ann"}] * 9])
    assert places(api) == [(0.06, 32, 9), (0.06, 16, 4)]
    assert places(api, min_visitors=2) == [(0.06, 16, 4)]
    assert places(api, min_visitors=3, aggregation="unique_visitors") == [(0.06, 16, 3)]
    assert places(api, min_visitors=4) == []
    assert total(api, min_visitors=4) == 13
    assert api.answer(min_visitors=2, limit=1)["has_more"] is False


def test_buckets_of_few_visitors_are_left_out_and_those_that_stay_know_how_many_came_further(
    api: Api, interactions: Interactions
) -> None:
    depths = [(1, "ann"), (1, "bob"), (100, "ann"), (100, "ann")]
    interactions.add_all([{"type": "scrolldepth", "y": y, "distinct_id": name} for y, name in depths])
    assert api.answer(type="scrolldepth", min_visitors=2) == {
        "results": [{"cumulative_count": 4, "bucket_count": 2, "scroll_depth_bucket": 700}]
    }


def test_coverage_tells_what_is_beyond_the_limit_and_what_is_hidden(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"y": y, "distinct_id": str(n)} for y in range(1, 6) for n in range(y)])
    answer = api.answer(include="coverage", limit=2, offset=1, min_visitors=3, aggregation="unique_visitors")
    assert list(answer) == ["results", "fold", "has_more", "coverage"]
    assert [point["count"] for point in answer["results"]] == [4, 3]
    assert answer["coverage"] == {
        "cells_returned": 2,
        "cells_total": 5,
        "cells_hidden": 2,
        "count_returned": 7,
        "count_total": 15,
        "share": 0.466667,
        "visitors_total": 5,
    }


def test_the_coverage_of_nothing_has_no_share(api: Api) -> None:
    for parameters in ({}, {"type": "scrolldepth"}, {"aggregation": "unique_visitors"}, {"min_visitors": 2}):
        coverage = api.answer(include="coverage", **parameters)["coverage"]
        assert coverage.pop("share") is None
        assert set(coverage.values()) == {0}
