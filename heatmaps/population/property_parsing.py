"""The property language of test-account and event filters: read, and either understood or refused with a reason."""

import re
from collections.abc import Collection
from typing import Any

from heatmaps.population import selectors
from heatmaps.population.property_filters import (
    PRESENCE,
    TEXTS,
    BadFilter,
    Operator,
    PropertyFilter,
    PropertyType,
)
from heatmaps.population.property_values import refuse_unreadable, shown, value_fields

# Older names of two operators.
_SYNONYMS = {"min": Operator.GTE, "max": Operator.LTE}
EVENT_COLUMNS = frozenset({"event", "distinct_id"})
ELEMENT_KEYS = frozenset({"selector", "tag_name", "href", "text"})
_NEGATION_OF_COHORT = {Operator.EXACT: False, Operator.IN: False, Operator.NOT_IN: True}
_MAX_ID = 2**63 - 1


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
    refuse_unreadable(key)
    if kind is PropertyType.ELEMENT:
        return _element_filter(key, operator, raw.get("value"))
    if kind is PropertyType.EVENT_METADATA and key not in EVENT_COLUMNS:
        raise BadFilter(f"{shown(key)} is no column of events that can be filtered; there are event and distinct_id.")
    return PropertyFilter(type=kind, key=key, operator=operator, **value_fields(operator, raw.get("value")))


def _type(raw: Any, types: Collection[PropertyType]) -> PropertyType:
    if not isinstance(raw, str) or raw not in [member.value for member in types]:
        offered = ", ".join(member.value for member in PropertyType if member in types)
        raise BadFilter(f"Property type {shown(raw)} is not offered here; there are {offered}.")
    return PropertyType(raw)


def _operator(raw: Any) -> Operator:
    if isinstance(raw, str):
        if raw in _SYNONYMS:
            return _SYNONYMS[raw]
        if raw in [member.value for member in Operator]:
            return Operator(raw)
    raise BadFilter(f"Operator {shown(raw)} is not known; there are {', '.join(Operator)}.")


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
        raise BadFilter(f"{shown(key)} is no property of elements; there are selector, tag_name, href and text.")
    if key in {"selector", "tag_name"} and operator not in {Operator.EXACT, Operator.IS_NOT}:
        raise BadFilter(f"{key} can be compared with exact and is_not only.")
    if operator not in TEXTS | PRESENCE:
        raise BadFilter(f"Operator {operator} is not for elements.")
    parsed = PropertyFilter(type=PropertyType.ELEMENT, key=key, operator=operator, **value_fields(operator, value))
    if key != "selector":
        return parsed
    try:
        chains = tuple(selectors.parse(text) for text in parsed.values or ())
    except selectors.BadSelector as error:
        raise BadFilter(str(error)) from error
    return PropertyFilter(type=PropertyType.ELEMENT, key=key, operator=operator, selectors=chains)
