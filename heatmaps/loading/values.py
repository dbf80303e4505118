"""What fits into which column, a value at a time. A converter returns the stored value or raises BadValue."""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from heatmaps import moments

SMALLEST, LARGEST = -(2**15), 2**15 - 1
# Beyond this not every whole number is a float of its own.
_LARGEST_EXACT = 2**53
_WHOLE = re.compile(r"[+-]?[0-9]{1,300}(\.0*)?")
_BOOLEANS = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}


class BadValue(ValueError):
    """A value that does not fit its column; the text says why, and does not repeat the value."""


def text(value: Any) -> str:
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        # A column of whole numbers in which one is missing becomes one of floats on its way through many programs.
        return str(int(value)) if value.is_integer() and abs(value) <= _LARGEST_EXACT else str(value)
    raise BadValue("is not a text")


def visitor(value: Any) -> str:
    """A text that tells one visitor from another."""
    name = text(value)
    if not name.strip():
        raise BadValue("is empty")
    return name


def int16(value: Any) -> int:
    if type(value) is not int:
        value = _whole(value)
    if not SMALLEST <= value <= LARGEST:
        raise BadValue(f"does not fit a 16-bit integer ({SMALLEST} to {LARGEST})")
    return int(value)


def _whole(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    # Without the spaces, of which float() knows fewer.
    if isinstance(value, str) and _WHOLE.fullmatch(digits := value.strip()):
        return int(float(digits))
    raise BadValue("is not a whole number")


def boolean(value: Any) -> bool:
    if isinstance(value, str):
        value = value.strip().lower()
    if not isinstance(value, bool | int | str) or value not in _BOOLEANS:
        raise BadValue("is not a boolean (true, false, 1, 0)")
    return _BOOLEANS[value]


def timestamp(value: Any) -> datetime:
    if isinstance(value, str):
        value = value.strip()
        # A year or a month alone is no time, though it could be read as one.
        value = moments.read_iso(value) if len(value) > len("2026-11") else None
    if not isinstance(value, datetime):
        raise BadValue("is not a time (2026-11-20 10:00:00, or ISO 8601)")
    try:
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise BadValue("is out of range (years 1900 to 2299)") from None
    if not moments.FIRST <= moment <= moments.LAST:
        raise BadValue("is out of range (years 1900 to 2299)")
    return moment


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


# Of ids of persons, as upstream has it.
_MAX_ID_CHARS = 400


def id_of_person(value: Any) -> str:
    name = visitor(value)
    if len(name) > _MAX_ID_CHARS:
        raise BadValue(f"has more than {_MAX_ID_CHARS} characters")
    if "\0" in name:
        raise BadValue("has a NUL character")
    return name
