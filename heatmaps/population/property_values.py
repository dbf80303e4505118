"""The values of property filters: read as what their operator compares, or refused with a reason."""

import json
import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from heatmaps import moments
from heatmaps.population import regexes
from heatmaps.population.property_filters import (
    DATES,
    EXPRESSIONS,
    LISTS,
    NUMBER,
    NUMERIC,
    PRESENCE,
    RANGES,
    TEXTS,
    UNIX_TIME,
    VERSION,
    VERSION_PARTS,
    BadFilter,
    Operator,
)

_WILDCARD = re.compile(r"v?((?:[0-9]{1,18}\.){0,7})\*")
# Characters of a caller's text that an error repeats.
MAX_SHOWN = 100
# What every version of the engine can hold.
FIRST_YEAR, LAST_YEAR = moments.FIRST.year, moments.LAST.year


def value_fields(operator: Operator, value: Any) -> dict[str, Any]:
    """The fields of a property filter in which its value is kept; raises BadFilter."""
    given: dict[str, Any] = {}
    if operator in PRESENCE:
        pass
    elif operator in TEXTS:
        given["values"] = _texts(operator, value)
    elif operator in NUMERIC:
        given["values"] = (_number(operator, value),)
    elif operator in RANGES:
        given["values"] = _range(operator, value)
    elif operator in DATES:
        given["dates"] = _dates(operator, value)
    else:
        given["versions"] = _versions(operator, value)
    return given


def _texts(operator: Operator, value: Any) -> tuple[str, ...]:
    if operator in LISTS and not isinstance(value, list):
        raise BadFilter(f"The value of {operator} must be a list.")
    texts = tuple(_text(item) for item in (value if isinstance(value, list) else [value]))
    if operator in EXPRESSIONS:
        _refuse_bad_expressions(texts)
    return texts


def _refuse_bad_expressions(texts: tuple[str, ...]) -> None:
    for text in texts:
        if reason := regexes.fault(text):
            raise BadFilter(f"{shown(text)} is not a valid regular expression: {_cut(reason)}")
    if texts and (reason := regexes.fault(regexes.any_of(texts))):
        raise BadFilter(f"The regular expressions cannot be used together: {_cut(reason)}")


def _text(value: Any) -> str:
    """A scalar as the engine writes the same JSON value."""
    if isinstance(value, str):
        refuse_unreadable(value)
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return _float_text(value)
    raise BadFilter("A property filter needs a value: a text, a number, a boolean, or a list of them.")


def _float_text(value: float) -> str:
    """As the engine writes it, and JavaScript: 1, 0.00001, 1e21, 1.5e-7."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    written = "".join(map(str, digits))
    # Where the point is, counted from the first digit.
    point = len(written) + int(exponent)
    if not -6 < point <= 21:
        rest = f".{written[1:]}" if len(written) > 1 else ""
        text = f"{written[0]}{rest}e{point - 1}"
    elif point <= 0:
        text = f"0.{'0' * -point}{written}"
    elif point >= len(written):
        text = written + "0" * (point - len(written))
    else:
        text = f"{written[:point]}.{written[point:]}"
    return f"-{text}" if sign else text


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def refuse_unreadable(text: str) -> None:
    if "\0" in text:
        raise BadFilter("Null characters are not allowed.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadFilter("A text has half of a character: a surrogate without the other one.") from None


def _number(operator: Operator, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not re.match(NUMBER, str(value).strip()):
        raise BadFilter(f"The value of {operator} must be a number.")
    return str(value).strip()


def _range(operator: Operator, value: Any) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:
        raise BadFilter(f"The value of {operator} must be a list of two numbers.")
    low, high = _number(operator, value[0]), _number(operator, value[1])
    if float(low) > float(high):
        raise BadFilter(f"The value of {operator} must begin with the smaller number.")
    return low, high


def _dates(operator: Operator, value: Any) -> tuple[date | datetime, ...]:
    is_list = isinstance(value, list) and operator is Operator.IS_DATE_EXACT
    return tuple(_date(operator, item) for item in (value if is_list else [value]))


def _date(operator: Operator, value: Any) -> date | datetime:
    is_scalar = isinstance(value, int | float | str) and not isinstance(value, bool)
    # As ISO 8601 and RFC 3339 have it, also in small letters and with a space before the offset.
    text = re.sub(r" (?=[Z+-])", "", _text(value).strip().upper()) if is_scalar else ""
    if re.match(UNIX_TIME, text):
        return _unix_time(text)
    for kind in (date, datetime):
        try:
            moment = kind.fromisoformat(text)
        except ValueError:
            continue
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise BadFilter(f"The value of {operator} must be a date from {FIRST_YEAR} to {LAST_YEAR}.")
        return moment
    raise BadFilter(
        f"The value of {operator} must be a date such as 2026-11-23, with or without a time, or a Unix time."
    )


def _unix_time(text: str) -> datetime:
    whole, _, fraction = text.partition(".")
    digits = 6 if len(whole) == 10 else 3
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(whole + fraction[:digits].ljust(digits, "0")))


def _versions(operator: Operator, value: Any) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """The half-open range of versions that the operator is about."""
    text = _text(value).strip()
    if operator is Operator.SEMVER_WILDCARD:
        return _wildcard(text)
    match = re.match(VERSION, text)
    if match is None:
        raise BadFilter(f"The value of {operator} must be a version such as 1.2.3.")
    parts = [int(part) for part in match[1].split(".")]
    version = _padded(parts)
    following = _next(parts, VERSION_PARTS - 1)
    # ^1.2.3 stays within 1, ^0.2.3 within 0.2, ^0.0.3 within 0.0.3: the leftmost part that is not 0.
    leftmost = next((place for place, part in enumerate(parts) if part), len(parts) - 1)
    return {
        Operator.SEMVER_EQ: (version, following),
        Operator.SEMVER_NEQ: (version, following),
        Operator.SEMVER_GT: (following, None),
        Operator.SEMVER_GTE: (version, None),
        Operator.SEMVER_LT: (None, version),
        Operator.SEMVER_LTE: (None, following),
        # ~1.2.3 stays within 1.2; ~1 within 1.
        Operator.SEMVER_TILDE: (version, _next(parts, min(1, len(parts) - 1))),
        Operator.SEMVER_CARET: (version, _next(parts, leftmost)),
    }[operator]


def _wildcard(text: str) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    match = _WILDCARD.fullmatch(text)
    if match is None:
        raise BadFilter("The value of semver_wildcard must be a version that ends in *, such as 1.2.*.")
    parts = [int(part) for part in match[1].split(".") if part]
    return (_padded(parts), _next(parts, len(parts) - 1)) if parts else (None, None)


def _padded(parts: list[int]) -> tuple[int, ...]:
    return tuple((parts + [0] * VERSION_PARTS)[:VERSION_PARTS])


def _next(parts: list[int], place: int) -> tuple[int, ...]:
    """The first version beyond all that agree with this one up to a place."""
    padded = list(_padded(parts))
    return _padded([*padded[:place], padded[place] + 1])


def shown(raw: Any) -> str:
    """What was given, as far as a sentence has room for it."""
    if isinstance(raw, list | dict):
        return "[…]" if isinstance(raw, list) else "{…}"
    return repr(_cut(raw)) if isinstance(raw, str) else _cut(json.dumps(raw))
