"""Where on the page it happened."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatmaps import engine
from heatmaps.models import Project
from heatmaps.population.cells import cell_of, places
from heatmaps.population.filters import Point
from heatmaps.questions.heatmap.reply import HeatmapResponseItem
from heatmaps.replies import json
from heatmaps.replies.answer import Answer, Columns
from tests.conftest import Api, Interactions, body, document


def xs(api: Api, **parameters: Any) -> list[float]:
    return [point["pointer_relative_x"] for point in api.points(**parameters)]


def test_unique_visitors_counts_people_not_events(api: Api, interactions: Interactions) -> None:
    interactions.add(distinct_id="ann")
    interactions.add(distinct_id="ann")
    interactions.add(distinct_id="bob")
    assert [point["count"] for point in api.points(aggregation="unique_visitors")] == [2]


def test_the_whole_answer(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"x": 4, "viewport_width": 67, "pointer_target_fixed": True}] * 2)
    interactions.add(x=34, y=50, viewport_height=49)
    for aggregation, hottest in (("total_count", 2), ("unique_visitors", 1)):
        fixed = {"count": hottest, "pointer_y": 16, "pointer_relative_x": 0.06, "pointer_target_fixed": True}
        loose = {"count": 1, "pointer_y": 800, "pointer_relative_x": 0.53, "pointer_target_fixed": False}
        assert api.answer(aggregation=aggregation) == {
            "results": [fixed, loose] if hottest == 2 else [loose, fixed],
            "fold": {"total_count": 1, "below_fold_count": 1, "pct_below_fold": 100.0, "median_viewport_height": 768},
            "has_more": False,
        }


def test_an_empty_answer(api: Api) -> None:
    for aggregation in ("total_count", "unique_visitors"):
        assert api.answer(aggregation=aggregation) == {
            "results": [],
            "fold": {"total_count": 0, "below_fold_count": 0, "pct_below_fold": 0.0, "median_viewport_height": None},
            "has_more": False,
        }


def test_other_projects_are_not_counted(api: Api, other_project: Project, interactions: Interactions) -> None:
    interactions.add_all([{"team_id": other_project.pk}, {"team_id": -1}, {}])
    assert [point["count"] for point in api.points()] == [1]


def test_rounding_is_half_to_even_as_the_engine_does_it(api: Api, interactions: Interactions) -> None:
    rounded = {
        (31, 200): 0.16,  # 0.155, which Python rounds to 0.15
        (1, 200): 0.0,
        (3, 200): 0.02,
        (5, 200): 0.02,
        (57, 200): 0.28,
        (1, 3): 0.33,
        (2, 3): 0.67,
        (-31, 200): -0.16,
        (32767, 1): 32767.0,
        (-32768, 1): -32768.0,
        (-32768, 32767): -1.0,
        (-32768, -32768): 1.0,
        (7, -5): -1.4,
    }
    interactions.add_all(
        [{"x": x, "viewport_width": width, "y": n, "scale_factor": 1} for n, (x, width) in enumerate(rounded)]
    )
    by_y = {point["pointer_y"]: point["pointer_relative_x"] for point in api.points()}
    assert [by_y[n] for n in range(len(rounded))] == list(rounded.values())
    for n, x in enumerate(rounded.values()):
        assert api.interactions(points=[{"x": x, "y": n}])["total_count"] == 1


def test_a_negative_zero_is_zero(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"x": 1, "viewport_width": 1000}, {"x": -1, "viewport_width": 1000}, {"x": 0}])
    interactions.add(x=0, viewport_width=-5)
    response = api.list()
    assert document(response)["results"] == [
        {"count": 4, "pointer_y": 16, "pointer_relative_x": 0.0, "pointer_target_fixed": False}
    ]
    assert b"-0" not in response.content  # type: ignore[attr-defined]
    found = api.interactions(points=[{"x": -0.0, "y": 16}])
    assert found["total_count"] == 4
    assert b"-0.0" not in api.events(points=[{"x": 0, "y": 16}]).content  # type: ignore[attr-defined]


def test_rows_without_a_viewport_width_are_left_out_of_every_answer(api: Api, interactions: Interactions) -> None:
    for kind in ("click", "scrolldepth"):
        interactions.add_all([{"type": kind, "viewport_width": 0, "x": x, "viewport_height": 99} for x in (-1, 0, 1)])
        interactions.add(type=kind)
    answer = api.answer(hide_zero_coordinates="false")
    assert [point["count"] for point in answer["results"]] == [1]
    assert answer["fold"] == {
        "total_count": 1, "below_fold_count": 0, "pct_below_fold": 0.0, "median_viewport_height": 768,
    }  # fmt: skip
    assert [bucket["bucket_count"] for bucket in api.points(type="scrolldepth")] == [1]
    assert api.interactions(points=[{"x": x, "y": 16} for x in (0, 0.06, 1)])["total_count"] == 1


def test_cells_are_told_apart_by_fixed_x_and_y(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"pointer_target_fixed": True}, {}, {"x": 5}, {"y": 2}, {"y": 1, "scale_factor": 32}])
    assert [
        (point["count"], point["pointer_target_fixed"], point["pointer_y"], point["pointer_relative_x"])
        for point in api.points()
    ] == [(2, False, 32, 0.06), (1, False, 16, 0.06), (1, False, 16, 0.08), (1, True, 16, 0.06)]


def test_the_hottest_come_first_then_fixed_y_and_x_ascending(api: Api, interactions: Interactions) -> None:
    cells = [
        {"x": x, "y": y, "viewport_width": 100, "pointer_target_fixed": fixed}
        for fixed in (True, False)
        for y in (9, -3, 200)
        for x in (50, -7, 3)
    ]
    interactions.add_all([*cells, {"x": 3, "y": 9, "viewport_width": 100, "pointer_target_fixed": True}])
    order = [
        (-point["count"], point["pointer_target_fixed"], point["pointer_y"], point["pointer_relative_x"])
        for point in api.points()
    ]
    assert len(order) == len(cells)
    assert order == sorted(order)
    assert order[0] == (-2, True, 144, 0.03)


@pytest.mark.parametrize("aggregation", ["total_count", "unique_visitors"])
@pytest.mark.parametrize("size", [1, 7, 8, 100])
def test_pages_neither_overlap_nor_leave_gaps(
    api: Api, interactions: Interactions, aggregation: str, size: int
) -> None:
    interactions.add_all([{"x": n % 7, "y": n % 5 + 1, "distinct_id": str(n % 3)} for n in range(90)])
    whole = api.answer(aggregation=aggregation)
    assert len(whole["results"]) == 35
    pages, offset = [], 0
    while True:
        page = api.answer(aggregation=aggregation, limit=size, offset=offset)
        assert page["fold"] == whole["fold"]
        pages += page["results"]
        offset += size
        if not page["has_more"]:
            break
    assert pages == whole["results"]


def test_has_more_is_honest(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"y": y} for y in range(10)])
    for limit, offset, shown, more in (
        (9, 0, 9, True), (10, 0, 10, False), (11, 0, 10, False), (0, 0, 10, False), (1, 9, 1, False), (1, 8, 1, True),
        (1, 10, 0, False), (0, 9, 1, False), (0, 10, 0, False), (1_000_000, 0, 10, False), (0, 1_000_000, 0, False),
    ):  # fmt: skip
        answer = api.answer(limit=limit, offset=offset)
        assert (len(answer["results"]), answer["has_more"]) == (shown, more), (limit, offset)


def test_500_points_unless_told_otherwise(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"y": y} for y in range(501)])
    answer = api.answer()
    assert (len(answer["results"]), answer["has_more"]) == (500, True)
    answer = api.answer(limit=0)
    assert (len(answer["results"]), answer["has_more"]) == (501, False)


@pytest.fixture
def million_cells(interactions: Interactions) -> int:
    """More cells than one answer may have; how many."""
    cells = 1_110_003
    with engine.writer() as client:
        client.command(
            "INSERT INTO heatmaps (team_id, type, timestamp, x, y, viewport_width, viewport_height, distinct_id)"
            " SELECT 1, 'click', '2026-03-30 12:00:00', number % 100, intDiv(number, 100), 100, 48, 'ann'"
            " FROM numbers({cells:UInt64})",
            parameters={"cells": cells},
        )
    interactions.are_there = True
    return cells


def test_a_million_points_at_most_and_the_rest_on_the_next_page(api: Api, million_cells: int) -> None:
    everything = {"limit": "0", "hide_zero_coordinates": "false"}
    first = body(api.list(**everything))
    assert first.count(b'"count":') == 1_000_000
    assert first.endswith(b'"has_more":true}')
    # All are equally hot, so the first page ends where the second begins.
    assert b'{"count":1,"pointer_y":159984,"pointer_relative_x":0.99,"pointer_target_fixed":false}],"fold"' in first
    for aggregation in ("total_count", "unique_visitors"):
        second = api.answer(offset=1_000_000, aggregation=aggregation, **everything)
        assert (len(second["results"]), second["has_more"]) == (million_cells - 1_000_000, False)
        assert (second["results"][0]["pointer_y"], second["results"][0]["pointer_relative_x"]) == (160_000, 0.0)
        assert second["fold"]["total_count"] == million_cells


def test_the_fold_is_the_same_whoever_is_counted(api: Api, interactions: Interactions) -> None:
    interactions.add(pointer_target_fixed=True)
    interactions.add(y=50)
    interactions.add(y=50)
    assert (
        api.answer(aggregation="unique_visitors")["fold"]
        == api.answer()["fold"]
        == {
            "total_count": 2,
            "below_fold_count": 2,
            "pct_below_fold": 100.0,
            "median_viewport_height": 768,
        }
    )


INT16 = st.integers(-(2**15), 2**15 - 1)


@given(
    st.lists(
        st.tuples(st.integers(1, 2**63 - 1), INT16, INT16, st.integers(-3_276_800, 3_276_800), st.booleans()),
        min_size=1,
    )
)
def test_points_are_written_as_a_json_library_writes_them(rows: list[tuple[int, int, int, int, bool]]) -> None:
    points, cells = [], []
    for count, y, scale, x, is_fixed in rows:
        points.append(
            {"count": count, "pointer_y": y * scale, "pointer_relative_x": x / 100, "pointer_target_fixed": is_fixed}
        )
        cells.append(cell_of(Point(x_hundredths=x, y=y * scale, is_fixed=is_fixed)) or 0)
    ys, xs, are_fixed = places(cells)
    columns: Columns = {
        "count": [row[0] for row in rows],
        "pointer_y": ys,
        "pointer_relative_x": xs,
        "pointer_target_fixed": are_fixed,
    }
    answer = Answer(item=HeatmapResponseItem, blocks=iter([columns]))
    assert b"".join(json.chunks(answer)) == orjson.dumps({"results": points})
