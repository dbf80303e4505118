"""The property language of test-account and event filters: read, and either understood or refused with a reason.

Knows no Django and no SQL; `queries.properties` says what each operator means to the engine.
"""

import json
import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from heatmaps.population import regexes, selectors
from heatmaps.population.selectors import Selector


class PropertyType(StrEnum):
    EVENT = "event"
    FEATURE = "feature"
    EVENT_METADATA = "event_metadata"
    PERSON = "person"
    COHORT = "cohort"
    STATIC_COHORT = "static-cohort"
    ELEMENT = "element"


class Operator(StrEnum):
    EXACT = "exact"
    IS_NOT = "is_not"
    IS_DATE_EXACT = "is_date_exact"
    ICONTAINS = "icontains"
    NOT_ICONTAINS = "not_icontains"
    REGEX = "regex"
    NOT_REGEX = "not_regex"
    IS_SET = "is_set"
    IS_NOT_SET = "is_not_set"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    NOT_BETWEEN = "not_between"
    IN = "in"
    NOT_IN = "not_in"
    IS_DATE_BEFORE = "is_date_before"
    IS_DATE_AFTER = "is_date_after"
    SEMVER_EQ = "semver_eq"
    SEMVER_NEQ = "semver_neq"
    SEMVER_GT = "semver_gt"
    SEMVER_GTE = "semver_gte"
    SEMVER_LT = "semver_lt"
    SEMVER_LTE = "semver_lte"
    SEMVER_TILDE = "semver_tilde"
    SEMVER_CARET = "semver_caret"
    SEMVER_WILDCARD = "semver_wildcard"


# Older names of two operators.
_SYNONYMS = {"min": Operator.GTE, "max": Operator.LTE}

PRESENCE = frozenset({Operator.IS_SET, Operator.IS_NOT_SET})
NUMERIC = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
RANGES = frozenset({Operator.BETWEEN, Operator.NOT_BETWEEN})
DATES = frozenset({Operator.IS_DATE_BEFORE, Operator.IS_DATE_AFTER})
SEMVER = frozenset(operator for operator in Operator if operator.startswith("semver_"))
LISTS = frozenset({Operator.IN, Operator.NOT_IN})
EXPRESSIONS = frozenset({Operator.REGEX, Operator.NOT_REGEX})
TEXTS = (
    EXPRESSIONS
    | LISTS
    | {
        Operator.EXACT,
        Operator.IS_NOT,
        Operator.IS_DATE_EXACT,
        Operator.ICONTAINS,
        Operator.NOT_ICONTAINS,
    }
)

# A number as JSON and people write it; the engine is given the same expression.
NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
# A version: whole numbers between dots; what comes after a hyphen or a plus does not count.
VERSION = r"^v?([0-9]{1,18}(\.[0-9]{1,18}){0,7})([-+].*)?$"
VERSION_PARTS = 8
_WILDCARD = re.compile(r"v?((?:[0-9]{1,18}\.){0,7})\*")

EVENT_COLUMNS = frozenset({"event", "distinct_id"})
ELEMENT_KEYS = frozenset({"selector", "tag_name", "href", "text"})
_NEGATION_OF_COHORT = {Operator.EXACT: False, Operator.IN: False, Operator.NOT_IN: True}
_MAX_ID = 2**63 - 1
# Characters of a caller's text that an error repeats.
MAX_SHOWN = 100
# What every version of the engine can hold.
FIRST_YEAR, LAST_YEAR = 1900, 2299


class BadFilter(ValueError):
    """A filter that cannot be understood; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMembers:
    """Where the members of a cohort are: in the list of a static one, or in a version of a calculated one."""

    id: int
    is_static: bool
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyFilter:
    """One understood filter. Which of the fields below `operator` has a value depends on type and operator."""

    type: PropertyType
    key: str
    operator: Operator
    # Texts to compare with; one of them has to hold. None where the operator asks for something else.
    values: tuple[str, ...] | None = None
    # Versions from the first to before the second; None is without end.
    versions: tuple[tuple[int, ...] | None, tuple[int, ...] | None] | None = None
    # A whole day, or a moment, which is naive when it was written without an offset.
    moment: date | datetime | None = None
    selectors: tuple[Selector, ...] | None = None
    cohort_id: int | None = None
    cohort: CohortMembers | None = None
    is_negated: bool = False

    @property
    def is_always_true(self) -> bool:
        """An empty list asks for nothing."""
        return self.values == () or self.selectors == ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """An event that a session must contain."""

    event: str
    properties: tuple[PropertyFilter, ...] = ()


def parse_filters(raw: Any, *, types: Collection[PropertyType] = frozenset(PropertyType)) -> tuple[PropertyFilter, ...]:
    """The filters of a JSON list; raises BadFilter."""
    if not isinstance(raw, list):
        raise BadFilter("Property filters must be a list.")
    return tuple(parse_filter(item, types=types) for item in raw)


def parse_filter(raw: Any, *, types: Collection[PropertyType] = frozenset(PropertyType)) -> PropertyFilter:
    """One filter, as JSON has it; raises BadFilter."""
    if not isinstance(raw, dict):
        raise BadFilter('A property filter must be an object such as {"key":"$host","value":"example.com"}.')
    kind = _type(raw.get("type", "event"), types)
    operator = _operator(raw.get("operator") or "exact")
    negation = raw.get("negation", False)
    if not isinstance(negation, bool | None):
        raise BadFilter("negation must be true or false.")
    if kind in {PropertyType.COHORT, PropertyType.STATIC_COHORT}:
        return _cohort_filter(kind, operator, raw.get("value"), is_negated=bool(negation))
    if negation:
        raise BadFilter(f"negation is for cohorts only; use the opposite of {operator}.")
    key = raw.get("key")
    if not isinstance(key, str) or not key:
        raise BadFilter("A property filter must have a key.")
    _refuse_unreadable(key)
    if kind is PropertyType.ELEMENT:
        return _element_filter(key, operator, raw.get("value"))
    if kind is PropertyType.EVENT_METADATA and key not in EVENT_COLUMNS:
        raise BadFilter(f"{_shown(key)} is no column of events that can be filtered; there are event and distinct_id.")
    return _value_filter(kind, key, operator, raw.get("value"))


def _type(raw: Any, types: Collection[PropertyType]) -> PropertyType:
    if not isinstance(raw, str) or raw not in [member.value for member in types]:
        offered = ", ".join(member.value for member in PropertyType if member in types)
        raise BadFilter(f"Property type {_shown(raw)} is not offered here; there are {offered}.")
    return PropertyType(raw)


def _operator(raw: Any) -> Operator:
    if isinstance(raw, str):
        if raw in _SYNONYMS:
            return _SYNONYMS[raw]
        if raw in [member.value for member in Operator]:
            return Operator(raw)
    raise BadFilter(f"Operator {_shown(raw)} is not known; there are {', '.join(Operator)}.")


def _shown(raw: Any) -> str:
    """What was given, as far as a sentence has room for it."""
    if isinstance(raw, list | dict):
        return "[…]" if isinstance(raw, list) else "{…}"
    return repr(_cut(raw)) if isinstance(raw, str) else _cut(json.dumps(raw))


def _cohort_filter(kind: PropertyType, operator: Operator, value: Any, *, is_negated: bool) -> PropertyFilter:
    if operator not in _NEGATION_OF_COHORT:
        raise BadFilter(f"Operator {operator} is not for cohorts; there are in and not_in.")
    if isinstance(value, str) and re.fullmatch("[0-9]{1,19}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _MAX_ID:
        raise BadFilter("The value of a cohort filter must be a cohort's id.")
    return PropertyFilter(
        type=kind,
        key="id",
        operator=operator,
        cohort_id=value,
        is_negated=is_negated or _NEGATION_OF_COHORT[operator],
    )


def _element_filter(key: str, operator: Operator, value: Any) -> PropertyFilter:
    if key not in ELEMENT_KEYS:
        raise BadFilter(f"{_shown(key)} is no property of elements; there are selector, tag_name, href and text.")
    if key in {"selector", "tag_name"} and operator not in {Operator.EXACT, Operator.IS_NOT}:
        raise BadFilter(f"{key} can be compared with exact and is_not only.")
    if operator not in TEXTS | PRESENCE or operator is Operator.IS_DATE_EXACT:
        raise BadFilter(f"Operator {operator} is not for elements.")
    parsed = _value_filter(PropertyType.ELEMENT, key, operator, value)
    if key != "selector":
        return parsed
    try:
        chains = tuple(selectors.parse(text) for text in parsed.values or ())
    except selectors.BadSelector as error:
        raise BadFilter(str(error)) from error
    return PropertyFilter(type=PropertyType.ELEMENT, key=key, operator=operator, selectors=chains)


def _value_filter(kind: PropertyType, key: str, operator: Operator, value: Any) -> PropertyFilter:
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
        given["moment"] = _moment(operator, value)
    else:
        given["versions"] = _versions(operator, value)
    return PropertyFilter(type=kind, key=key, operator=operator, **given)


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
            raise BadFilter(f"{_shown(text)} is not a valid regular expression: {_cut(reason)}")
    if texts and (reason := regexes.fault(regexes.any_of(texts))):
        raise BadFilter(f"The regular expressions cannot be used together: {_cut(reason)}")


def _text(value: Any) -> str:
    """A scalar as the engine writes the same JSON value."""
    if isinstance(value, str):
        _refuse_unreadable(value)
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


def _refuse_unreadable(text: str) -> None:
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


def _moment(operator: Operator, value: Any) -> date | datetime:
    text = value.strip() if isinstance(value, str) else ""
    for kind in (date, datetime):
        try:
            moment = kind.fromisoformat(text)
        except ValueError:
            continue
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise BadFilter(f"The value of {operator} must be a date from {FIRST_YEAR} to {LAST_YEAR}.")
        return moment
    raise BadFilter(f"The value of {operator} must be a date such as 2026-11-23, with or without a time.")


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
