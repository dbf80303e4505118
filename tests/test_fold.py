"""How much happened below the first screenful."""

from typing import Any

import pytest

from heatmaps.questions.heatmap.answer import _screens
from tests.conftest import Api, Interactions


def fold(api: Api, **parameters: Any) -> dict[str, Any]:
    summary: dict[str, Any] = api.answer(**parameters)["fold"]
    return summary


def test_below_the_fold_is_further_down_than_the_viewport_is_high(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"y": y, "viewport_height": 48} for y in (-1, 1, 47, 48, 49, 500)])
    assert fold(api) == {
        "total_count": 6,
        "below_fold_count": 2,
        "pct_below_fold": 33.3,
        "median_viewport_height": 768,
    }


@pytest.mark.parametrize("aggregation", ["total_count", "unique_visitors"])
def test_what_is_fixed_counts_for_the_median_only(api: Api, interactions: Interactions, aggregation: str) -> None:
    interactions.add_all([{"pointer_target_fixed": True, "y": 99, "viewport_height": 10}] * 3)
    assert fold(api, aggregation=aggregation) == {
        "total_count": 0,
        "below_fold_count": 0,
        "pct_below_fold": 0.0,
        "median_viewport_height": 160,
    }
    interactions.add_all([{"y": 99, "viewport_height": 20}] * 2)
    assert fold(api, aggregation=aggregation) == {
        "total_count": 2,
        "below_fold_count": 2,
        "pct_below_fold": 100.0,
        "median_viewport_height": 160,
    }


def test_the_fold_describes_all_matching_rows_whatever_the_page_and_the_aggregation(
    api: Api, interactions: Interactions
) -> None:
    interactions.add_all([{"y": y, "distinct_id": "ann"} for y in range(40, 60)])
    whole = fold(api)
    assert whole == {
        "total_count": 20,
        "below_fold_count": 11,
        "pct_below_fold": 55.0,
        "median_viewport_height": 768,
    }
    for parameters in ({"limit": 1}, {"offset": 100}, {"limit": 3, "offset": 19}, {"limit": 0}):
        for aggregation in ("total_count", "unique_visitors"):
            assert fold(api, aggregation=aggregation, **parameters) == whole


def test_the_fold_follows_the_filters(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [{"y": 99, "viewport_height": 10}, {"type": "mousemove"}, {"current_url": "u", "x": 0, "y": 0}]
    )
    assert fold(api)["total_count"] == 1
    assert fold(api, hide_zero_coordinates="false")["median_viewport_height"] == (160 + 768) // 2
    assert fold(api, url_exact="nowhere")["median_viewport_height"] is None


@pytest.mark.parametrize(
    ("heights", "scale", "median"),
    [
        ([1], 16, 16),
        ([1, 2], 16, 24),
        ([3, 1, 2], 16, 32),
        ([1, 1, 1, 9], 16, 16),
        ([1, 1, 9, 9], 16, 80),
        # Half to even.
        ([1, 2], 1, 2),
        ([2, 3], 1, 2),
        ([3, 4], 1, 4),
        ([-1, -2], 1, -2),
        ([0, -1], 1, 0),
        ([0], 16, 0),
        ([32767, -32768], 16, -8),
        ([32767], 32767, 32767 * 32767),
    ],
)
def test_the_median_is_exact_interpolated_and_rounded_half_to_even(
    api: Api, interactions: Interactions, heights: list[int], scale: int, median: int
) -> None:
    interactions.add_all([{"viewport_height": height, "scale_factor": scale} for height in heights])
    for aggregation in ("total_count", "unique_visitors"):
        assert fold(api, aggregation=aggregation)["median_viewport_height"] == median


def test_one_height_at_two_scales_is_one_height(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [
            {"viewport_height": 10, "scale_factor": 16},
            {"viewport_height": 20, "scale_factor": 8},
            {"viewport_height": 30},
        ]
    )
    assert fold(api)["median_viewport_height"] == 160


def test_many_heights_of_screens(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"viewport_height": height, "y": n} for n, height in enumerate(range(1, 3001), start=1)])
    answer = api.answer(limit=1)
    assert answer["fold"]["median_viewport_height"] == 24_008
    assert answer["fold"]["total_count"] == 3000
    assert (len(answer["results"]), answer["has_more"]) == (1, True)


@pytest.mark.parametrize(
    ("below", "total", "percent"), [(1, 3, 33.3), (2, 3, 66.7), (1, 8, 12.5), (1, 800, 0.1), (1, 7, 14.3)]
)
def test_the_share_has_one_decimal(
    api: Api, interactions: Interactions, below: int, total: int, percent: float
) -> None:
    interactions.add_all([{"y": 99 if n < below else 1} for n in range(total)])
    assert fold(api)["pct_below_fold"] == percent


@pytest.mark.parametrize("aggregation", ["total_count", "unique_visitors"])
def test_the_fold_knows_every_height_of_a_screen(
    aggregation: str, api: Api, interactions: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more heights than the first question has room for, the points and the fold are still whole."""
    monkeypatch.setattr("heatmaps.questions.heatmap.queries.SCREENS", 5)
    interactions.add_all([{"x": height % 3, "y": 2, "viewport_height": height} for height in range(1, 20)])
    few = api.answer(aggregation=aggregation, limit=1)
    assert few["fold"] == {
        "total_count": 19,
        "below_fold_count": 1,
        "pct_below_fold": 5.3,
        "median_viewport_height": 160,
    }
    assert (len(few["results"]), few["has_more"]) == (1, True)
    everything = api.answer(aggregation=aggregation, limit=3)
    assert (len(everything["results"]), everything["has_more"]) == (3, False)


def test_screens_may_come_in_several_blocks() -> None:
    """The engine is free to hand them over one by one."""
    last = {"count": [4], "cell": [6], "screen": [0]}
    blocks = iter(
        [
            {"count": [2, 1], "cell": [0, 0], "screen": [42, 38]},
            {"count": [3, 9, 8], "cell": [0, 7, 5], "screen": [39, 0, 0]},
            last,
        ]
    )
    counts, screens, cells = _screens(blocks)
    assert (counts, screens, cells) == ([2, 1, 3], [42, 38, 39], {"count": [9, 8], "cell": [7, 5], "screen": [0, 0]})
    assert list(blocks) == [last]
