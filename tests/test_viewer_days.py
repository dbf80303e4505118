"""The viewer's arithmetic of days, times and zones, in Node, beside Python's and what the service does."""

import calendar
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from heatmaps.population.dates import BadDate, parse_day, parse_moment
from tests import node
from tests.test_dates import ISO, RELATIVE, WITH_TIME

if not node.is_there():
    node.leave_out_module("The tests of the viewer's calendar were left out, as they need Node 20 or newer with npm.")

# Whose clocks are changed by an hour in spring and autumn, by half an hour, and once by a whole day; and others.
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu")
# Not far from today, where all who keep lists of time zones agree.
FIRST, LAST = datetime(1990, 1, 1), datetime(2036, 1, 1)  # noqa: DTZ001 -- what clocks show
zones = st.sampled_from(ZONES)
shown = st.datetimes(FIRST, LAST).map(lambda moment: moment.replace(second=0, microsecond=0))
days = st.dates(date(1970, 1, 1), date(2149, 12, 31))
units = st.sampled_from("hdwmqysM")
relative = st.builds(
    "{}{}{}{}".format, st.sampled_from(["", "-"]), st.integers(0, 400), units, st.sampled_from(["", "Start", "End"])
)
digits = st.text("0123456789-W", min_size=4, max_size=10)
clocks = st.text("0123456789:.,Z+", min_size=2, max_size=8)
texts = st.one_of(
    relative,
    digits,
    days.map(str),
    st.builds("{}-W{:02}-{}".format, st.integers(1968, 2151), st.integers(0, 54), st.integers(0, 8)),
    st.builds("{}-{:03}".format, st.integers(1968, 2151), st.integers(0, 367)),
    st.builds("{}{}{}".format, days, st.sampled_from("Tt "), clocks),
    st.builds("{}T{:%H:%M}{}".format, days, st.times(), st.sampled_from(["", "Z", "+01:00", "-0930", "+14", "+0160"])),
)
EN_DASH = "\N{EN DASH}"
AT = datetime(2026, 11, 29, 13, 5, tzinfo=UTC)


class Modules:
    """The modules, in a Node that stays."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def __call__(self, file: str, name: str, *given: Any) -> Any:
        sent, got = self._process.stdin, self._process.stdout
        assert sent
        assert got
        sent.write(orjson.dumps([file, name, given]) + b"\n")
        sent.flush()
        return orjson.loads(got.readline()).get("result")


@pytest.fixture(scope="module")
def modules() -> Iterator[Modules]:
    command = ["node", str(node.BROWSER / "call.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 -- Node
        yield Modules(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(10) == 0


def ms(moment: datetime) -> dict[str, int]:
    return {"ms": round(moment.timestamp() * 1000)}


def at(now: datetime = AT, zone: str = "UTC") -> dict[str, Any]:
    return {"now": ms(now), "zone": zone}


def meant(text: str, now: datetime, zone: str) -> str | None:
    """As the service takes it."""
    with suppress(BadDate):
        return str(parse_day(text, now=now, zone=ZoneInfo(zone)))
    return None


@settings(max_examples=400, deadline=None)
@given(text=texts, now=shown, zone=zones)
def test_a_text_means_the_day_that_the_service_takes_it_for(
    modules: Modules, text: str, now: datetime, zone: str
) -> None:
    now = now.replace(tzinfo=UTC)
    assert modules("written_dates.js", "dayWritten", text, at(now, zone)) == meant(text, now, zone)


def test_all_that_is_written_in_the_tests_of_dates_means_the_same(modules: Modules) -> None:
    texts = [*ISO, *RELATIVE, *(f"2026-11-23{time}" for time in WITH_TIME)]
    found = {text: modules("written_dates.js", "dayWritten", text, at()) for text in texts}
    assert found == {text: meant(text, AT, "UTC") for text in texts}
    assert None not in found.values()


@settings(max_examples=300, deadline=None)
@given(moment=shown, zone=zones)
def test_what_a_clock_shows_is_the_moment_that_the_service_takes_it_for(
    modules: Modules, moment: datetime, zone: str
) -> None:
    written = f"{moment:%Y-%m-%dT%H:%M}"
    found = modules("written_dates.js", "momentWritten", written, zone)
    assert found["moment"] == ms(parse_moment(written, zone=ZoneInfo(zone)))["ms"]
    assert found["often"] == how_often(moment, zone)


@pytest.mark.parametrize(
    ("written", "zone", "often"),
    [
        ("2026-03-29T02:30", "Europe/Berlin", 0),
        ("2026-03-29T03:00", "Europe/Berlin", 1),
        ("2026-10-25T02:30", "Europe/Berlin", 2),
        ("2026-10-25T03:00", "Europe/Berlin", 1),
        ("2026-03-08T02:00", "America/New_York", 0),
        ("2026-04-05T01:45", "Australia/Lord_Howe", 2),
        ("2011-12-30T12:00", "Pacific/Apia", 0),
        ("2011-12-31T00:00", "Pacific/Apia", 1),
    ],
)
def test_when_clocks_are_changed(modules: Modules, written: str, zone: str, often: int) -> None:
    found = modules("written_dates.js", "momentWritten", written, zone)
    assert found["often"] == often == how_often(datetime.fromisoformat(written), zone)
    assert found["moment"] == ms(parse_moment(written, zone=ZoneInfo(zone)))["ms"]


def how_often(moment: datetime, zone: str) -> int:
    """How often clocks of the zone show it."""
    both = {moment.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sum(one.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment for one in both)


@settings(max_examples=200, deadline=None)
@given(moment=shown, zone=zones)
def test_a_moment_that_is_written_means_itself(modules: Modules, moment: datetime, zone: str) -> None:
    moment = moment.replace(tzinfo=UTC)
    written = modules("zones.js", "writtenMoment", zone, ms(moment))
    assert parse_moment(written, zone=ZoneInfo(zone)) == moment
    clock = modules("zones.js", "clockOf", zone, ms(moment))
    local = moment.astimezone(ZoneInfo(zone))
    assert clock == {"day": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M:%S}"}


@pytest.mark.parametrize("first", range(7))
@settings(max_examples=30, deadline=None)
@given(day=days)
def test_the_weeks_of_a_month_are_those_of_the_calendar(modules: Modules, first: int, day: date) -> None:
    weeks = calendar.Calendar(first).monthdayscalendar(day.year, day.month)
    assert modules("calendar.js", "weeksOf", f"{day:%Y-%m}", first) == [
        [f"{day:%Y-%m}-{date:02}" if date else None for date in week] for week in weeks
    ]
    assert modules("calendar.js", "placeInWeek", str(day), first) == (day.weekday() - first) % 7


@settings(max_examples=100, deadline=None)
@given(day=days, step=st.integers(-2000, 2000))
def test_steps_of_days_and_months(modules: Modules, day: date, step: int) -> None:
    def kept(moved: date) -> str | None:
        return str(moved) if 1970 <= moved.year <= 2149 else None

    assert modules("calendar.js", "addDays", str(day), step) == kept(day + timedelta(days=step))
    assert modules("calendar.js", "addMonths", str(day), step) == kept(day + relativedelta(months=step))


def test_weeks_begin_as_where_a_language_is_spoken(modules: Modules) -> None:
    firsts = {
        language: modules("calendar.js", "firstOfWeek", language) for language in ("de-DE", "en-US", "ar-EG", "?")
    }
    assert firsts == {"de-DE": 0, "en-US": 6, "ar-EG": 5, "?": 0}


DEFAULT = {"date_from": "-7d", "date_to": "", "time_from": "", "time_to": ""}


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ({}, "last 7 days"),
        ({"date_from": "7d"}, "last 7 days"),
        ({"date_from": "-31d"}, "last 31 days"),
        ({"date_from": "-2w"}, "last 2 weeks"),
        ({"date_from": "dStart"}, "today"),
        ({"date_from": "mStart", "date_to": "dStart"}, "this month"),
        ({"date_from": "-1mStart", "date_to": "-1mEnd"}, "last month"),
        ({"date_from": "-1d", "date_to": "-1d"}, "yesterday"),
        ({"date_from": "all"}, "all time"),
        ({"date_from": "-1d"}, "28--29 November"),
        ({"date_from": "2026-11-14", "date_to": "2026-11-20"}, "14--20 November"),
        ({"date_from": "2026-11-20", "date_to": "2026-11-20"}, "20 November"),
        ({"date_from": "2026-10-28", "date_to": "2026-11-03"}, "28 October -- 3 November"),
        ({"date_from": "2025-12-28", "date_to": "2026-01-03"}, "28 December 2025 -- 3 January 2026"),
        ({"date_from": "2025-10-28", "date_to": "2025-11-03"}, "28 October -- 3 November 2025"),
        ({"date_from": "2026-11-14"}, "14--29 November"),
        ({"date_from": "all", "date_to": "2026-11-20"}, "up to 20 November"),
        ({"date_from": "2026-12-24"}, "since 24 December"),
        ({"time_from": "2026-11-20T14:32"}, "since 14:32 on 20 November"),
        ({"time_from": "2026-11-20T14:32:05"}, "since 14:32:05 on 20 November"),
        ({"time_from": "2025-11-20T14:32"}, "since 14:32 on 20 November 2025"),
        # In the project's time zone, whatever the offset that it is written with.
        ({"time_from": "2026-11-20T23:30Z"}, "since 00:30 on 21 November"),
        ({"time_from": "2026-11-20T14:32", "time_to": "2026-11-20T16:00"}, "14:32--16:00 on 20 November"),
        (
            {"time_from": "2026-11-20T14:32", "time_to": "2026-11-21T09:00"},
            "14:32 on 20 November -- 09:00 on 21 November",
        ),
        ({"time_from": "2026-11-20T14:32", "date_to": "2026-11-22"}, "14:32 on 20 November -- the end of 22 November"),
        ({"time_from": "2026-11-20T14:32", "date_to": "2026-11-20"}, "14:32--24:00 on 20 November"),
        ({"date_from": "all", "time_to": "2026-11-20T14:32"}, "up to 14:32 on 20 November"),
        ({"date_from": "soon"}, "from soon"),
        ({"date_from": "-7d", "date_to": "28/11/2026"}, "-7d to 28/11/2026"),
    ],
)
def test_spans_in_words(modules: Modules, span: dict[str, str], words: str) -> None:
    assert modules("spans.js", "spanWords", {**DEFAULT, **span}, at(zone="Europe/Berlin")) == words.replace(
        "--", EN_DASH
    )


def test_the_last_hours_are_exact_also_when_clocks_go_back(modules: Modules) -> None:
    now = datetime(2026, 10, 25, 1, 40, tzinfo=UTC)
    span = modules("spans.js", "lastHours", 1, at(now, "Europe/Berlin"))
    assert span == {**DEFAULT, "time_from": "2026-10-25T02:40"}
    # The second time that clocks show 02:40.
    assert modules("spans.js", "lastHours", 0, at(now, "Europe/Berlin"))["time_from"] == "2026-10-25T01:40Z"
    assert modules("spans.js", "lastHours", 24, at(now, "Europe/Berlin"))["time_from"] == "2026-10-24T03:40"
