"""Which days a text means, and which moments belong to them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest

from heatmaps import engine, moments
from heatmaps.models import Project
from tests.conftest import Api, Interactions, document

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
# What the days are counted from: the tests are asked on Tuesday, 2026-03-31, at 02:30 in UTC.


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Calendar:
    """One row at noon of each of some days, and which of them an answer has."""

    def __init__(self, interactions: Interactions, days: Iterable[date]) -> None:
        self.days = sorted(set(days))
        noon = time(12, tzinfo=UTC)
        interactions.add_all(
            [{"y": n, "timestamp": datetime.combine(day, noon)} for n, day in enumerate(self.days, start=1)]
        )

    def shown(self, api: Api, **parameters: str) -> list[date]:
        return sorted(self.days[point["pointer_y"] // 16 - 1] for point in api.points(limit=0, **parameters))


ISO = {
    "2026-11-23": "2026-11-23",
    "20261123": "2026-11-23",
    "2026-11": "2026-11-01",
    "2026": "2026-01-01",
    "2026-W48-1": "2026-11-23",
    "2026W481": "2026-11-23",
    "2026-W48": "2026-11-23",
    "2026-W53-7": "2027-01-03",
    "2026-327": "2026-11-23",
    "2026327": "2026-11-23",
    "2024-366": "2024-12-31",
    "2026-1-5": "2026-01-05",
    "2026-01-5": "2026-01-05",
    "2026-11-3": "2026-11-03",
    "2024-02-29": "2024-02-29",
    "1970-01-01": "1970-01-01",
    "2149-12-31": "2149-12-31",
}
WITH_TIME = {
    "T00:00": 0,
    "T23:59:59.999999": 0,
    "T10": 0,
    "T1030": 0,
    "T103015": 0,
    " 10:30:15": 0,
    "t10:30": 0,
    "T10:30:15,5": 0,
    "T24:00": 1,
    "T12:00Z": 0,
    "T12:00:00.123Z": 0,
    "T23:30:00-01:00": 1,
    "T00:30+01:00": -1,
    "T00:30+0100": -1,
    "T00:30+01": -1,
}
RELATIVE = {
    "-7d": "2026-03-24",
    "7d": "2026-03-24",
    "-0d": "2026-03-31",
    "0d": "2026-03-31",
    "d": "2026-03-31",
    "-d": "2026-03-31",
    "dStart": "2026-03-31",
    "dEnd": "2026-03-31",
    "-dStart": "2026-03-31",
    "-1dStart": "2026-03-30",
    "-1dEnd": "2026-03-30",
    "-24h": "2026-03-30",
    "-2h": "2026-03-31",
    "-3h": "2026-03-30",
    "3h": "2026-03-30",
    "-3hStart": "2026-03-30",
    "-3hEnd": "2026-03-30",
    "hStart": "2026-03-31",
    "-6M": "2026-03-31",
    "-150M": "2026-03-31",
    "-151M": "2026-03-30",
    "-9000s": "2026-03-31",
    "-9001s": "2026-03-30",
    "-1w": "2026-03-24",
    "wStart": "2026-03-30",
    "wEnd": "2026-04-05",
    "-1wStart": "2026-03-23",
    "-1wEnd": "2026-03-29",
    "-1m": "2026-02-28",
    "-2m": "2026-01-31",
    "-25m": "2024-02-29",
    "mStart": "2026-03-01",
    "mEnd": "2026-03-31",
    "-1mStart": "2026-02-01",
    "-1mEnd": "2026-02-28",
    "-1q": "2025-12-30",
    "-2q": "2025-09-30",
    "qStart": "2026-01-01",
    "qEnd": "2026-03-31",
    "-1qStart": "2025-10-01",
    "-1qEnd": "2025-12-31",
    "-1y": "2025-03-31",
    "yStart": "2026-01-01",
    "yEnd": "2026-12-31",
    "-1yStart": "2025-01-01",
    "-1yEnd": "2025-12-31",
    "-56y": "1970-03-31",
}


@pytest.mark.parametrize("texts", [ISO, RELATIVE], ids=["ISO 8601", "relative"])
def test_a_text_means_a_day(session: Api, interactions: Interactions, texts: dict[str, str]) -> None:
    expected = {text: date.fromisoformat(day) for text, day in texts.items()}
    calendar = Calendar(interactions, [day + n * DAY for day in expected.values() for n in (-1, 0, 1)])
    assert {text: calendar.shown(session, date_from=text, date_to=text) for text in texts} == {
        text: [day] for text, day in expected.items()
    }


def test_a_date_may_have_a_time_and_an_offset(session: Api, interactions: Interactions) -> None:
    day = date(2026, 11, 23)
    calendar = Calendar(interactions, [day + n * DAY for n in (-2, -1, 0, 1, 2)])
    for form in ("2026-11-23", "20261123", "2026-W48-1", "2026-327"):
        for suffix, later in WITH_TIME.items():
            text = f"{form}{suffix}"
            assert calendar.shown(session, date_from=text, date_to=text) == [day + later * DAY], text


def test_other_forms_may_have_a_time_too(api: Api, interactions: Interactions) -> None:
    interactions.add(timestamp=moment("2026-01-01T12:00"))
    for text in ("2026T10:00", "2026-01T10:00Z", "2026-1-1T23:00-00:30", "2026-1-1 10:00", "2026-001T00:00"):
        assert len(api.points(date_from=text, date_to=text)) == 1, text


# fmt: off
NO_DATES = [
    "2024-13-45", "2024-02-30", "2023-02-29", "2023-366", "2023-000", "2026-W54-1", "2025-W53-1", "2026-W48-8",
    "2026-W00-1", "2026-00", "2026-13", "202611", "26-11-23", "23.11.2026", "11/23/2026", "2026/11/23",
    "2026-11-23Z", "2026-11-23T", "2026-11-23T25:00", "2026-11-23T10:60", "2026-11-23T10:00+25:00",
    "2026-11-23T10:00 02:00",
    "today", "yesterday", "now", "ALL", "All", "-", "+7d", "--7d", "- 7d", "7 d", "-7D", "-7x", "-7", "-7dstart",
    "-7dStartEnd", "Start", "-1.5d", "-1e3d", "\u0667d", "\u0662\u0660\u0662\u0666", "x" * 10_000,
    "1" * 5000 + "d", "-" + "9" * 400 + "y",
    "'; DROP TABLE heatmaps; --", "1970-01-0\n1", "NaN", "null", "0", "2026-11-23T10:00:00[Europe/Berlin]",
]
# fmt: on
OUT_OF_RANGE = [
    *("1969-12-31", "2150-01-01", "0001-01-01", "9999-12-31", "0000-01-01", "-57y", "-3000y", "-100000m"),
    *("1970-01-01T00:00+00:01", "2149-12-31T23:59-00:01", "0001-01-01T00:00+14:00", "2149-12-31T24:00"),
    *("-" + "9" * 30 + unit for unit in "hdwmqysM"),
]


@pytest.mark.parametrize("texts", [NO_DATES, OUT_OF_RANGE], ids=["none", "out of range"])
def test_what_is_no_date_is_refused(session: Api, texts: list[str]) -> None:
    for text in texts:
        for name in ("date_from", "date_to"):
            assert session.error(**{name: text}) == {
                "type": "validation_error",
                "code": "invalid_input",
                "detail": f"Error parsing provided {name}: {text}",
                "attr": name,
            }


def test_the_default_is_today_and_the_seven_days_before(api: Api, interactions: Interactions) -> None:
    today = date(2026, 3, 31)
    calendar = Calendar(interactions, [today + n * DAY for n in range(-10, 3)])
    assert calendar.shown(api) == [today - n * DAY for n in range(7, -1, -1)]


def test_both_days_are_included_to_the_microsecond(api: Api, interactions: Interactions) -> None:
    start, end = moment("2026-03-10"), moment("2026-03-13")
    interactions.add_all(
        [{"y": n, "timestamp": at} for n, at in enumerate([start - MICROSECOND, start, end - MICROSECOND, end])]
    )
    answer = api.answer(date_from="2026-03-10", date_to="2026-03-12")
    assert [point["pointer_y"] for point in answer["results"]] == [16, 32]
    assert answer["fold"]["total_count"] == 2
    points = [{"x": 0.06, "y": 16 * n} for n in range(4)]
    assert api.interactions(points=points, date_from="2026-03-10", date_to="2026-03-12")["total_count"] == 2


def test_the_wrong_way_round_is_empty(api: Api, interactions: Interactions) -> None:
    interactions.add()
    assert api.answer(date_from="2026-03-31", date_to="2026-03-30") == {
        "results": [],
        "fold": {"total_count": 0, "below_fold_count": 0, "pct_below_fold": 0.0, "median_viewport_height": None},
        "has_more": False,
    }
    assert api.answer(date_from="-1d", date_to="-2d", type="scrolldepth") == {"results": []}
    assert document(api.events(points=[{"x": 0.06, "y": 16}], date_from="-1d", date_to="-2d")) == {
        "results": [],
        "total_count": 0,
        "has_more": False,
    }


EXTREMES = [
    "1970-01-01T00:00",
    "1970-01-02T12:00",
    "2026-03-30T12:00",
    "2149-06-07T12:00",
    "2149-12-31T23:59:59.999999",
]


def test_all_is_everything_that_is_kept(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"timestamp": moment(text)} for text in EXTREMES])
    assert api.points(date_from="all")[0]["count"] == 3
    assert api.points(date_from="all", date_to="all")[0]["count"] == 5
    assert api.points(date_to="all")[0]["count"] == 3


def test_no_row_is_lost_at_the_ends_of_time(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"timestamp": moment(text)} for text in EXTREMES])
    for first in range(len(EXTREMES)):
        for last in range(first, len(EXTREMES)):
            asked = {"date_from": EXTREMES[first][:10], "date_to": EXTREMES[last][:10]}
            assert api.points(**asked)[0]["count"] == last - first + 1, asked


@pytest.mark.parametrize(
    ("zone", "day", "edges"),
    [
        ("UTC", "2026-03-29", ("2026-03-29T00:00", "2026-03-30T00:00")),
        ("Asia/Tokyo", "2026-03-29", ("2026-03-28T15:00", "2026-03-29T15:00")),
        ("America/Los_Angeles", "2026-01-15", ("2026-01-15T08:00", "2026-01-16T08:00")),
        ("Asia/Kathmandu", "2026-01-15", ("2026-01-14T18:15", "2026-01-15T18:15")),
        # 23 hours, and 25.
        ("Europe/Berlin", "2026-03-29", ("2026-03-28T23:00", "2026-03-29T22:00")),
        ("Europe/Berlin", "2025-10-26", ("2025-10-25T22:00", "2025-10-26T23:00")),
        ("Australia/Lord_Howe", "2026-04-05", ("2026-04-04T13:00", "2026-04-05T13:30")),
        # Days without a midnight, and one with two.
        ("America/Havana", "2026-03-08", ("2026-03-08T05:00", "2026-03-09T04:00")),
        ("America/Havana", "2025-11-02", ("2025-11-02T04:00", "2025-11-03T05:00")),
        ("Asia/Beirut", "2026-03-29", ("2026-03-28T22:00", "2026-03-29T21:00")),
        ("America/Santiago", "2025-09-07", ("2025-09-07T04:00", "2025-09-08T03:00")),
        # The ends of what can be asked for.
        ("Pacific/Kiritimati", "2149-12-31", ("2149-12-30T10:00", "2149-12-31T10:00")),
        ("America/Los_Angeles", "2149-12-31", ("2149-12-31T08:00", "2150-01-01T08:00")),
        ("Asia/Tokyo", "1970-01-01", ("1969-12-31T15:00", "1970-01-01T15:00")),
    ],
)
def test_a_day_goes_from_midnight_to_midnight_in_the_projects_zone(
    api: Api, project: Project, interactions: Interactions, zone: str, day: str, edges: tuple[str, str]
) -> None:
    project.timezone = zone
    project.save()
    start, end = map(moment, edges)
    around = [start - MICROSECOND, start, end - MICROSECOND, end]
    interactions.add_all([{"y": n, "timestamp": at} for n, at in enumerate(around)])
    asked = {"date_from": day, "date_to": day}
    assert [point["pointer_y"] for point in api.points(**asked)] == [16, 32]
    newest_first = api.interactions(points=[{"x": 0.06, "y": 16 * n} for n in range(4)], **asked)
    assert [one["pointer_y"] for one in newest_first["results"]] == [32, 16]


def test_a_day_that_a_zone_left_out_is_empty(api: Api, project: Project, interactions: Interactions) -> None:
    project.timezone = "Pacific/Apia"
    project.save()
    interactions.add_all([{"timestamp": moment("2011-12-30T09:59:59")}, {"timestamp": moment("2011-12-30T10:00")}])
    assert api.points(date_from="2011-12-30", date_to="2011-12-30") == []
    assert len(api.points(date_from="2011-12-29", date_to="2011-12-29")) == 1
    assert len(api.points(date_from="2011-12-31", date_to="2011-12-31")) == 1


@pytest.mark.parametrize(
    ("zone", "text", "day"),
    [
        ("Asia/Tokyo", "2024-05-03T23:30:00Z", "2024-05-04"),
        ("Asia/Tokyo", "2024-05-03T23:30:00", "2024-05-03"),
        ("Asia/Tokyo", "2024-05-03T23:30:00+09:00", "2024-05-03"),
        ("America/Los_Angeles", "2024-05-03T06:59Z", "2024-05-02"),
        # It is still the 30th there, a quarter to eight in the evening.
        ("America/Los_Angeles", "d", "2026-03-30"),
        ("America/Los_Angeles", "-19h", "2026-03-30"),
        ("America/Los_Angeles", "-20h", "2026-03-29"),
        ("America/Los_Angeles", "-1m", "2026-02-28"),
        ("Pacific/Kiritimati", "dStart", "2026-03-31"),
        # 02:30 UTC is 04:30 in Berlin, where the night to the 29th was an hour short.
        ("Europe/Berlin", "-52h", "2026-03-28"),
        ("Europe/Berlin", "-51h", "2026-03-29"),
        ("Europe/Berlin", "-28h", "2026-03-30"),
        ("Europe/Berlin", "-29h", "2026-03-29"),
    ],
)
def test_dates_are_read_in_the_projects_zone(
    api: Api, project: Project, interactions: Interactions, zone: str, text: str, day: str
) -> None:
    project.timezone = zone
    project.save()
    expected = datetime.combine(date.fromisoformat(day), time(12), project.zone)
    interactions.add_all([{"y": n + 1, "timestamp": expected + (n - 1) * DAY} for n in range(3)])
    assert [point["pointer_y"] for point in api.points(date_from=text, date_to=text)] == [32]


def test_today_is_the_projects(api: Api, project: Project, interactions: Interactions) -> None:
    project.timezone = "America/Los_Angeles"
    project.save()
    interactions.add_all([{"timestamp": moment("2026-03-31T06:59:59")}, {"timestamp": moment("2026-03-31T07:00")}])
    assert [point["count"] for point in api.points()] == [1]


@pytest.fixture
def upstream_table() -> Iterator[None]:
    """PostHog's own layout of the table in the place of ours."""
    with engine.writer() as client:
        client.command("RENAME TABLE heatmaps TO heatmaps_ours")
        client.command(
            "CREATE TABLE heatmaps AS heatmaps_ours ENGINE = MergeTree PARTITION BY toYYYYMM(timestamp)"
            " ORDER BY (type, team_id, toDate(timestamp), current_url, viewport_width)"
        )
    yield
    with engine.writer() as client:
        client.command("DROP TABLE heatmaps")
        client.command("RENAME TABLE heatmaps_ours TO heatmaps")


@pytest.mark.usefixtures("upstream_table")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_upstreams_key_of_days_loses_no_row(api: Api, project: Project, interactions: Interactions, zone: str) -> None:
    """Its dates wrap in June 2149, so a window that ends later must not send the engine to 1970."""
    project.timezone = zone
    project.save()
    interactions.add_all([{"timestamp": moment(text)} for text in ("2020-01-01T12:00", "2026-03-30T12:00")])
    for first in ("all", "1970-01-01", "1970-01-02", "2020-01-01"):
        for last in ("all", "2149-12-31", "2149-06-06", "2149-06-05", "2026-03-31"):
            assert api.points(date_from=first, date_to=last)[0]["count"] == 2, (first, last)
    assert api.points(date_from="2026-03-30", date_to="2149-12-31")[0]["count"] == 1


def test_all_reaches_as_far_as_the_engine(api: Api, interactions: Interactions) -> None:
    for moment in (moments.FIRST, datetime(1965, 5, 5, tzinfo=UTC), datetime(2160, 5, 5, tzinfo=UTC), moments.LAST):
        interactions.add(timestamp=moment)
    assert document(api.list(date_from="all", date_to="all"))["fold"]["total_count"] == 4
    assert document(api.list(date_from="all"))["fold"]["total_count"] == 2
