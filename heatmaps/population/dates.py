"""Dates as callers write them: ISO 8601, or so long before now. Knows no Django."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.parser import isoparser
from dateutil.relativedelta import relativedelta

from heatmaps import moments
from heatmaps.population.filters import Window

EVERYTHING = "all"
FIRST_YEAR, LAST_YEAR = 1970, 2149

_RELATIVE = re.compile(r"-?(?P<number>[0-9]*)(?P<unit>[hdwmqysM])(?P<edge>Start|End)?")
_SHORT_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_ISO = isoparser()


class BadDate(ValueError):
    """A text that names no date, or one out of range."""


def parse_day(text: str, *, now: datetime, zone: ZoneInfo) -> date:
    """The day, in the project's time zone, that a text means; raises BadDate. `now` is aware."""
    try:
        day = _relative(text, now.astimezone(zone)) or _absolute(text, zone)
    except (ValueError, OverflowError) as error:
        raise BadDate(text) from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadDate(text)
    return day


def parse_moment(text: str, *, zone: ZoneInfo) -> datetime:
    """The moment that a text with a time means, in the zone where it has no offset; raises BadDate."""
    date_text, separator, time_text = _split(text)
    if not separator:
        raise BadDate(text)
    try:
        moment = _moment(_iso_day(date_text), time_text)
        # Of a time that a clock shows twice, the first.
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        year = moment.astimezone(zone).year
    except (ValueError, OverflowError) as error:
        raise BadDate(text) from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadDate(text)
    return moment


def window(
    date_from: date | None,
    date_to: date | None,
    zone: ZoneInfo,
    *,
    time_from: datetime | None = None,
    time_to: datetime | None = None,
) -> Window:
    """From the first moment of one day to the last of the other, in the zone; None is without end on that side. Of an
    end that has an exact time, the day says nothing."""
    first = _midnight(date_from, zone) if date_from else moments.FIRST
    end = _midnight(date_to + timedelta(days=1), zone) if date_to else moments.LAST + timedelta(seconds=1)
    return Window(start=time_from or first, end=time_to or end)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _relative(text: str, now: datetime) -> date | None:
    match = _RELATIVE.fullmatch(text)
    if not match:
        return None
    number, unit = int(match["number"] or 0), match["unit"]
    match unit:
        case "h" | "M" | "s":
            # Hours go by whatever clocks say: 24 hours ago may be another hour of the day.
            passed = timedelta(hours=number) if unit == "h" else timedelta(seconds=number * (60 if unit == "M" else 1))
            day = (now.astimezone(UTC) - passed).astimezone(now.tzinfo).date()
        case "d":
            day = now.date() - timedelta(days=number)
        case "w" | "q":
            day = now.date() - timedelta(weeks=number * (13 if unit == "q" else 1))
        case "m":
            day = now.date() - relativedelta(months=number)
        case _:
            day = now.date() - relativedelta(years=number)
    return _edge(day, unit, match["edge"]) if match["edge"] else day


def _edge(day: date, unit: str, edge: str) -> date:
    """The first or last day of the calendar unit around a day."""
    match unit:
        case "w":
            first, length = day - timedelta(days=day.weekday()), relativedelta(weeks=1)
        case "m":
            first, length = day.replace(day=1), relativedelta(months=1)
        case "q":
            first, length = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1), relativedelta(months=3)
        case "y":
            first, length = day.replace(month=1, day=1), relativedelta(years=1)
        case _:
            return day
    return first if edge == "Start" else first + length - timedelta(days=1)


def _absolute(text: str, zone: ZoneInfo) -> date:
    date_text, separator, time_text = _split(text)
    day = _iso_day(date_text)
    if not separator:
        return day
    moment = _moment(day, time_text)
    return moment.date() if moment.tzinfo is None else moment.astimezone(zone).date()


def _iso_day(text: str) -> date:
    if short := _SHORT_DATE.fullmatch(text):
        return date(*map(int, short.groups()))
    day: date = _ISO.parse_isodate(text)
    # The parser takes the 53rd week of a year that has none for the first of the next year.
    if "W" in text and f"W{day.isocalendar().week:02}" not in text:
        raise BadDate(text)
    return day


def _moment(day: date, time_text: str) -> datetime:
    moment: datetime = _ISO.isoparse(f"{day.isoformat()}T{time_text}")
    return moment


def _split(text: str) -> tuple[str, str, str]:
    """An ISO 8601 text into its date, "T" if there is a time, and the time."""
    match = re.search(r"[Tt ]", text)
    return (text[: match.start()], "T", text[match.end() :]) if match else (text, "", "")
