"""How far down the page it was scrolled."""

from typing import Any

import pytest

from heatmaps.models import Project
from tests.conftest import Api, Interactions

SCROLLED = {"type": "scrolldepth", "x": 0, "y": 31, "viewport_height": 48}


def bucket(depth: int, count: int, cumulative: int) -> dict[str, int]:
    return {"cumulative_count": cumulative, "bucket_count": count, "scroll_depth_bucket": depth}


def answer(api: Api, **parameters: Any) -> Any:
    return api.answer(type="scrolldepth", **parameters)


def test_the_whole_answer(api: Api, interactions: Interactions) -> None:
    interactions.add_all([SCROLLED] * 2)
    interactions.add_all([SCROLLED | {"y": 15}] * 6)
    assert answer(api) == {"results": [bucket(1000, 6, 8), bucket(1200, 2, 2)]}


def test_an_empty_answer(api: Api) -> None:
    assert answer(api) == {"results": []}


@pytest.mark.parametrize(
    ("y", "height", "scale", "depth"),
    [
        (0, 0, 16, 0),
        (6, 0, 16, 0),
        (7, 0, 16, 100),
        (25, 0, 16, 400),
        (99, 0, 1, 0),
        (100, 0, 1, 100),
        # Negative depths are rounded down, not toward zero.
        (-1, 0, 16, -100),
        (-100, 0, 1, -100),
        (-101, 0, 1, -200),
        (-50, 48, 16, -100),
        (32767, 32767, 16, 1_048_500),
        (-32768, -32768, 16, -1_048_600),
        (32767, 32767, 32767, 2_147_352_500),
    ],
)
def test_the_bucket_of_a_depth(
    api: Api, interactions: Interactions, y: int, height: int, scale: int, depth: int
) -> None:
    interactions.add(**(SCROLLED | {"y": y, "viewport_height": height, "scale_factor": scale}))
    assert answer(api) == {"results": [bucket(depth, 1, 1)]}


def test_buckets_ascend_and_count_what_is_as_deep_or_deeper(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [SCROLLED | {"y": y, "viewport_height": 0, "scale_factor": 100} for y in (7, -2, 3, 3, 0, 7, 7)]
    )
    assert answer(api) == {"results": [bucket(-200, 1, 7), bucket(0, 1, 6), bucket(300, 2, 5), bucket(700, 3, 3)]}


def test_visitors_are_distinct_in_a_bucket_and_added_up_over_buckets(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [
            SCROLLED | {"y": y, "viewport_height": 0, "scale_factor": 100, "distinct_id": visitor}
            for y, visitor in ((1, "ann"), (1, "ann"), (1, "bob"), (2, "ann"))
        ]
    )
    assert answer(api, aggregation="unique_visitors") == {"results": [bucket(100, 2, 3), bucket(200, 1, 1)]}


def test_filters_apply_but_for_zero_coordinates_and_pages(
    api: Api, other_project: Project, interactions: Interactions
) -> None:
    interactions.add_all([SCROLLED | {"y": 0}, SCROLLED | {"team_id": other_project.pk}, SCROLLED | {"type": "click"}])
    interactions.add_all([SCROLLED | {"current_url": "elsewhere"}, SCROLLED | {"viewport_width": 99}])
    one = {"results": [bucket(700, 1, 1)]}
    asked = {"url_exact": "https://example.com", "viewport_width_max": 80 * 16}
    assert answer(api, **asked) == one
    assert answer(api, hide_zero_coordinates="true", limit=1, offset=1_000_000, **asked) == one


def test_only_the_exact_word_asks_for_buckets(api: Api, interactions: Interactions) -> None:
    interactions.add(**(SCROLLED | {"type": "ScrollDepth"}))
    assert "fold" in api.answer(type="ScrollDepth")
