"""Where on the page it happened."""

from tests.conftest import Api, Interactions


def test_unique_visitors_counts_people_not_events(api: Api, interactions: Interactions) -> None:
    interactions.add(distinct_id="ann")
    interactions.add(distinct_id="ann")
    interactions.add(distinct_id="bob")
    assert [point["count"] for point in api.points(aggregation="unique_visitors")] == [2]


def test_the_whole_answer(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"x": 4, "viewport_width": 67, "pointer_target_fixed": True}] * 2)
    interactions.add(x=34, y=50, viewport_height=49)
    assert api.answer() == {
        "results": [
            {"count": 2, "pointer_y": 16, "pointer_relative_x": 0.06, "pointer_target_fixed": True},
            {"count": 1, "pointer_y": 800, "pointer_relative_x": 0.53, "pointer_target_fixed": False},
        ],
        "fold": {"total_count": 1, "below_fold_count": 1, "pct_below_fold": 100.0, "median_viewport_height": 768},
        "has_more": False,
    }


def test_an_empty_answer(api: Api) -> None:
    assert api.answer() == {
        "results": [],
        "fold": {"total_count": 0, "below_fold_count": 0, "pct_below_fold": 0.0, "median_viewport_height": None},
        "has_more": False,
    }
