"""The interactions behind chosen points."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heatmaps import engine
from heatmaps.models import Project
from tests.conftest import Api, Interactions, document

HERE = {"x": 0.06, "y": 16}
NUMBERS = "x and y of each point must be numbers"
RANGE = "x and y of each point must be finite and within ±1e9"


def refusal(api: Api, **parameters: Any) -> Any:
    response = api.events(**parameters)
    error = document(response)
    assert (response.status_code, error["type"]) == (400, "validation_error"), error
    return error["attr"], error["code"], error["detail"]


def test_the_whole_answer(api: Api, interactions: Interactions) -> None:
    interactions.add(
        session_id="s1",
        distinct_id="ann",
        timestamp=datetime(2026, 3, 30, 12, 0, 0, 123000, tzinfo=UTC),
        current_url="https://e.com/?ü=1#x/",
    )
    assert api.interactions(points=[HERE]) == {
        "results": [
            {
                "session_id": "s1",
                "distinct_id": "ann",
                "timestamp": "2026-03-30T12:00:00.123000Z",
                "pointer_relative_x": 0.06,
                "pointer_y": 16,
                "current_url": "https://e.com/?ü=1#x/",
                "type": "click",
            }
        ],
        "total_count": 1,
        "has_more": False,
    }


def test_an_empty_answer(api: Api) -> None:
    assert api.interactions(points=[HERE]) == {"results": [], "total_count": 0, "has_more": False}


def test_a_missing_session_is_null(api: Api, interactions: Interactions) -> None:
    interactions.add(session_id="")
    assert api.interactions(points=[HERE])["results"][0]["session_id"] is None


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [(0, "2026-03-30T12:00:00Z"), (1, "2026-03-30T12:00:00.000001Z"), (500_000, "2026-03-30T12:00:00.500000Z")],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_timestamps_are_in_utc(
    api: Api, project: Project, interactions: Interactions, microsecond: int, text: str, zone: str
) -> None:  # fmt: skip
    project.timezone = zone
    project.save()
    interactions.add(timestamp=datetime(2026, 3, 30, 12, 0, 0, microsecond, tzinfo=UTC))
    assert [one["timestamp"] for one in api.interactions(points=[HERE])["results"]] == [text]


def test_the_newest_come_first_and_pages_neither_overlap_nor_leave_gaps(api: Api, interactions: Interactions) -> None:
    noon = datetime(2026, 3, 30, 12, tzinfo=UTC)
    interactions.add_all([{"timestamp": noon + timedelta(minutes=n % 3), "distinct_id": str(n)} for n in range(25)])
    whole = api.interactions(points=[HERE])
    assert (len(whole["results"]), whole["total_count"], whole["has_more"]) == (25, 25, False)
    times = [one["timestamp"] for one in whole["results"]]
    assert times == sorted(times, reverse=True)
    for size in (1, 7, 25, 100):
        pages: list[Any] = []
        has_more = True
        while has_more:
            page = api.interactions(points=[HERE], limit=size, offset=len(pages))
            pages += page["results"]
            has_more = page["has_more"]
            assert page["total_count"] == 25
        assert pages == whole["results"]


def test_has_more_is_whether_there_are_more(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{}] * 51)
    for parameters, shown, more in (
        ({}, 50, True),
        ({"limit": 100}, 51, False),
        ({"limit": 51}, 51, False),
        ({"offset": 1}, 50, False),
        ({"offset": 51}, 0, False),
        ({"offset": 10**999}, 0, False),
        ({"offset": 2**64 - 1, "limit": 100}, 0, False),
    ):
        answer = api.interactions(points=[HERE], **parameters)
        assert (len(answer["results"]), answer["total_count"], answer["has_more"]) == (shown, 51, more)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"limit": 0}, ("limit", "min_value", "Ensure this value is greater than or equal to 1.")),
        ({"limit": 101}, ("limit", "max_value", "Ensure this value is less than or equal to 100.")),
        ({"limit": -1}, ("limit", "min_value", "Ensure this value is greater than or equal to 1.")),
        ({"offset": -1}, ("offset", "min_value", "Ensure this value is greater than or equal to 0.")),
        ({"limit": "x"}, ("limit", "invalid_input", "A valid integer is required.")),
        ({"points": []}, ("points", "invalid_input", "points must be a non-empty array")),
        ({"points": ""}, ("points", "blank", "This field may not be blank.")),
        ({"points": " \n"}, ("points", "blank", "This field may not be blank.")),
    ],
)
def test_what_is_refused(api: Api, parameters: dict[str, Any], error: tuple[str, str, str]) -> None:
    assert refusal(api, **({"points": [HERE]} | parameters)) == error


def test_points_are_required(api: Api) -> None:
    assert refusal(api) == ("points", "required", "This field is required.")


@pytest.mark.parametrize(
    ("points", "detail"),
    [
        ("x", "points must be valid JSON"),
        ("[", "points must be valid JSON"),
        ('[{"x":1,"y":1},]', "points must be valid JSON"),
        ("[{'x':1,'y':1}]", "points must be valid JSON"),
        ('[{"x":NaN,"y":1}]', "points must be valid JSON"),
        ('[{"x":Infinity,"y":1}]', "points must be valid JSON"),
        ('[{"x":1,"y":-Infinity}]', "points must be valid JSON"),
        ('[{"x":"\\ud800","y":1}]', "points must be valid JSON"),
        ("[" * 100_00, "points must be valid JSON"),
        ("[" * 5000 + "]" * 5000, "points must be valid JSON"),
        ("{}", "points must be a non-empty array"),
        ("null", "points must be a non-empty array"),
        ("0", "points must be a non-empty array"),
        ('"x"', "points must be a non-empty array"),
        ('{"x":1,"y":1}', "points must be a non-empty array"),
        ("[1]", "each point must have x and y"),
        ("[null]", "each point must have x and y"),
        ("[[0.06,16]]", "each point must have x and y"),
        ("[{}]", "each point must have x and y"),
        ('[{"x":1}]', "each point must have x and y"),
        ('[{"x":0.06,"y":16},{"y":1}]', "each point must have x and y"),
        ('[{"x":true,"y":1}]', NUMBERS),
        ('[{"x":1,"y":false}]', NUMBERS),
        ('[{"x":null,"y":1}]', NUMBERS),
        ('[{"x":[1],"y":1}]', NUMBERS),
        ('[{"x":{},"y":1}]', NUMBERS),
        ('[{"x":"","y":1}]', NUMBERS),
        ('[{"x":"a","y":1}]', NUMBERS),
        ('[{"x":"0x1","y":1}]', NUMBERS),
        ('[{"x":"1_0","y":1}]', NUMBERS),
        ('[{"x":"\u0660","y":1}]', NUMBERS),
        ('[{"x":"\\u0000","y":1}]', NUMBERS),
        ('[{"x":"nan","y":1}]', RANGE),
        ('[{"x":1,"y":"-inf"}]', RANGE),
        ('[{"x":1,"y":"1e400"}]', RANGE),
        ('[{"x":1000000001,"y":1}]', RANGE),
        ('[{"x":1,"y":-1000000001}]', RANGE),
        ('[{"x":1e300,"y":1}]', RANGE),
        ('[{"x":18446744073709551615,"y":1}]', RANGE),
        ('[{"x":1,"y":1,"target_fixed":1}]', "target_fixed of each point must be a boolean"),
        ('[{"x":1,"y":1,"target_fixed":"true"}]', "target_fixed of each point must be a boolean"),
        ('[{"x":1,"y":1,"target_fixed":null}]', "target_fixed of each point must be a boolean"),
    ],
    ids=lambda text: text[:40],
)
def test_points_that_cannot_be_read(api: Api, interactions: Interactions, points: str, detail: str) -> None:
    interactions.add()
    assert refusal(api, points=points) == ("points", "invalid_input", detail)


@pytest.mark.parametrize("number", ["1" + "0" * 400, "-1" + "0" * 400, "1e400", "1" * 5000, "99999999999999999999"])
def test_numbers_beyond_all_bounds_are_refused(api: Api, number: str) -> None:
    for point in (f'[{{"x":{number},"y":1}}]', f'[{{"x":1,"y":{number}}}]', f'[{{"x":"{number}","y":1}}]'):
        assert refusal(api, points=point)[0] == "points"


def test_500_points_at_most(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"y": y} for y in range(500)])
    points = [{"x": 0.06, "y": 16 * y} for y in range(500)]
    assert api.interactions(points=points)["total_count"] == 500
    assert refusal(api, points=[*points, HERE]) == ("points", "invalid_input", "points must have at most 500 entries")


@pytest.mark.parametrize(
    ("point", "count"),
    [
        ({"x": 0.06, "y": 16}, 1),
        ({"x": "0.06", "y": "16"}, 1),
        ({"x": " 6e-2 ", "y": "1.6e1"}, 1),
        ({"x": 0.0649, "y": 16.0}, 1),
        ({"x": 0.0551, "y": 16}, 1),
        ({"x": 0.06, "y": 16, "target_fixed": False, "more": [1]}, 1),
        ({"x": 0.0651, "y": 16}, 0),
        ({"x": 0.06, "y": 16.5}, 0),
        ({"x": 0.06, "y": "16.000001"}, 0),
        ({"x": 0.06, "y": 17}, 0),
        ({"x": 0.06, "y": 16, "target_fixed": True}, 0),
        ({"x": -0.06, "y": 16}, 0),
        ({"x": 1e9, "y": 1e9}, 0),
        ({"x": -1e9, "y": -1e9}, 0),
    ],
)
def test_what_a_point_matches(api: Api, interactions: Interactions, point: dict[str, Any], count: int) -> None:
    interactions.add()
    assert api.interactions(points=[point])["total_count"] == count


def test_halves_are_rounded_to_even_in_points_too(api: Api, interactions: Interactions) -> None:
    interactions.add(x=31, viewport_width=200)
    for x, count in ((0.155, 1), (0.16, 1), (0.165, 1), (0.15, 0)):
        assert api.interactions(points=[{"x": x, "y": 16}])["total_count"] == count


def test_points_are_alternatives_and_count_once(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{}, {"y": 2}, {"y": 3}])
    points = [HERE, HERE, {"x": 0.06, "y": 32}, {"x": 0.5, "y": 0.5}]
    assert api.interactions(points=points)["total_count"] == 2


def test_the_last_of_two_equal_keys_counts(api: Api, interactions: Interactions) -> None:
    interactions.add()
    assert api.interactions(points='[{"x":9,"x":0.06,"y":16}]')["total_count"] == 1


def test_aggregation_has_no_effect(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{}] * 3)
    assert api.interactions(points=[HERE], aggregation="unique_visitors") == api.interactions(points=[HERE])


def test_the_total_over_all_points_is_the_sum_of_their_counts(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [
            {"x": x, "y": y, "viewport_width": width, "pointer_target_fixed": x % 2 == 0}
            for x in (-31, 0, 1, 31, 57, 32767)
            for y in (-1, 0, 2)
            for width in (-200, 0, 3, 67, 200, 32767)
        ]
    )
    for hidden in ("true", "false"):
        points = api.points(hide_zero_coordinates=hidden)
        chosen = [
            {"x": point["pointer_relative_x"], "y": point["pointer_y"], "target_fixed": point["pointer_target_fixed"]}
            for point in points
        ]
        total = api.interactions(points=json.dumps(chosen), hide_zero_coordinates=hidden)["total_count"]
        assert total == sum(point["count"] for point in points)
        for point, one in zip(points, chosen, strict=True):
            assert api.interactions(points=[one], hide_zero_coordinates=hidden)["total_count"] == point["count"]


def test_bytes_that_are_no_text_do_no_harm(api: Api, interactions: Interactions) -> None:
    interactions.add()
    with engine.writer() as client:
        client.command(
            "INSERT INTO heatmaps (team_id, type, timestamp, x, y, viewport_width, current_url, distinct_id)"
            " SELECT 1, 'click', '2026-03-30 12:00:00', 4, 1, 64, unhex('68FF'), unhex('C3')"
        )
    assert api.interactions(points=[HERE])["total_count"] == 2
    assert api.points(aggregation="unique_visitors")[0]["count"] == 2
