"""What fits into which column. A converter returns the stored value or raises BadValue."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import orjson
import pyarrow as pa
from dateutil.parser import isoparse

MICROSECONDS = pa.timestamp("us", tz="UTC")
_SMALLEST, _LARGEST = -(2**15), 2**15 - 1
_WHOLE = re.compile(r"[+-]?[0-9]{1,300}(\.0*)?")
_BOOLEANS = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
# The engine's DateTime64 begins and ends here.
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)


class BadValue(ValueError):
    """A value that does not fit its column; the text says why, and does not repeat the value."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. What is missing or null takes the default, and is a bad row when there is none."""

    name: str
    convert: Callable[[Any], Any]
    type: pa.DataType
    default: Any = None
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of ClickHouse, the columns that a file may give, and what is worked out from them."""

    name: str
    columns: tuple[Column, ...]
    # Other names of columns, and columns that are read only to work something out.
    aliases: Mapping[str, str]
    complete: Callable[[dict[str, list[Any]]], None] | None = None

    def texts(self) -> frozenset[str]:
        """The columns in which a text may be empty."""
        return frozenset(column.name for column in self.columns if column.convert is text)

    def schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.type) for column in self.columns])


def text(value: Any) -> str:
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise BadValue("is not a text")


def int16(value: Any) -> int:
    if type(value) is not int:
        value = _whole(value)
    if not _SMALLEST <= value <= _LARGEST:
        raise BadValue(f"does not fit a 16-bit integer ({_SMALLEST} to {_LARGEST})")
    return int(value)


def _whole(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(float(value))
    raise BadValue("is not a whole number")


def boolean(value: Any) -> bool:
    if isinstance(value, str):
        value = value.strip().lower()
    if not isinstance(value, bool | int | str) or value not in _BOOLEANS:
        raise BadValue("is not a boolean (true, false, 1, 0)")
    return _BOOLEANS[value]


def timestamp(value: Any) -> datetime:
    if isinstance(value, str):
        value = _moment(value.strip())
    if not isinstance(value, datetime):
        raise BadValue("is not a time (2026-11-20 10:00:00, or ISO 8601)")
    try:
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise BadValue("is out of range (years 1900 to 2299)") from None
    if not _FIRST <= moment <= _LAST:
        raise BadValue("is out of range (years 1900 to 2299)")
    return moment


def _moment(value: str) -> datetime | None:
    # The first is quick and reads all but a few rare forms; the second reads those.
    for read in (datetime.fromisoformat, isoparse):
        try:
            # A year or a month alone is no time, though the second would take it.
            return cast("datetime", read(value)) if len(value) > len("2026-11") else None
        except (ValueError, OverflowError):
            continue
    return None


def json_object(value: Any) -> str:
    """A JSON object, or its text, as text."""
    if isinstance(value, dict):
        try:
            return orjson.dumps(value).decode()
        except orjson.JSONEncodeError:
            raise BadValue("is not a JSON object") from None
    if isinstance(value, str):
        if not value.strip():
            return ""
        try:
            if isinstance(orjson.loads(value), dict):
                return value
        except orjson.JSONDecodeError:
            pass
    raise BadValue("is not a JSON object")


def uuid(value: Any) -> str:
    try:
        return str(value if isinstance(value, UUID) else UUID(value if isinstance(value, str) else ""))
    except ValueError:
        raise BadValue("is not a UUID") from None


INTERACTIONS = Table(
    name="heatmaps",
    columns=(
        Column("session_id", text, pa.string(), default=""),
        Column("distinct_id", text, pa.string(), is_required=True),
        Column("timestamp", timestamp, MICROSECONDS, is_required=True),
        Column("x", int16, pa.int16(), is_required=True),
        Column("y", int16, pa.int16(), is_required=True),
        Column("scale_factor", int16, pa.int16(), default=16),
        Column("viewport_width", int16, pa.int16(), is_required=True),
        Column("viewport_height", int16, pa.int16(), is_required=True),
        Column("pointer_target_fixed", boolean, pa.bool_(), default=False),
        Column("current_url", text, pa.string(), is_required=True),
        Column("type", text, pa.string(), is_required=True),
    ),
    aliases={},
)

_NO_ID = str(UUID(int=0))


def _sessions_from_properties(columns: dict[str, list[Any]]) -> None:
    """An event's session is where browsers put it, in its properties, unless it is given beside them."""
    columns["$session_id"] = [
        session or _session_of(properties)
        for session, properties in zip(columns["$session_id"], columns["properties"], strict=True)
    ]


def _session_of(properties: str) -> str:
    session = orjson.loads(properties).get("$session_id") if "$session_id" in properties else None
    return session if isinstance(session, str) else ""


EVENTS = Table(
    name="events",
    columns=(
        Column("uuid", uuid, pa.string(), default=_NO_ID),
        Column("event", text, pa.string(), is_required=True),
        Column("properties", json_object, pa.string(), default=""),
        Column("timestamp", timestamp, MICROSECONDS, is_required=True),
        Column("distinct_id", text, pa.string(), is_required=True),
        Column("elements_chain", text, pa.string(), default=""),
        Column("person_id", uuid, pa.string(), default=_NO_ID),
        Column("person_properties", json_object, pa.string(), default=""),
        Column("$session_id", text, pa.string(), default=""),
    ),
    aliases={"session_id": "$session_id"},
    complete=_sessions_from_properties,
)

# Of ids of persons, as upstream has it.
_MAX_ID_CHARS = 400


def id_of_person(value: Any) -> str:
    name = text(value)
    if len(name) > _MAX_ID_CHARS:
        raise BadValue(f"has more than {_MAX_ID_CHARS} characters")
    if "\0" in name:
        raise BadValue("has a NUL character")
    return name


PERSONS = Table(
    name="person_distinct_id2",
    columns=(
        Column("distinct_id", id_of_person, pa.string(), is_required=True),
        Column("person_id", uuid, pa.string(), default=""),
        Column("properties", json_object, pa.string(), default=""),
    ),
    aliases={},
)
