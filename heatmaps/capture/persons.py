"""What an event says of persons: which visitor is which, and what is known of them. Pure functions, no Django."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson

from heatmaps.capture.points import is_visitor
from heatmaps.persons.changes import (
    MAX_ID_CHARS,
    MAX_NAME_CHARS,
    MAX_PROPERTIES,
    MAX_PROPERTY_BYTES,
    Change,
    Refusal,
    Tie,
)
from heatmaps.persons.properties import order_of

IDENTIFY, ALIAS, MERGE, SET = "$identify", "$create_alias", "$merge_dangerously", "$set"
_NAMES = frozenset({IDENTIFY, ALIAS, MERGE, SET})
_SET, _SET_ONCE, _UNSET = "$set", "$set_once", "$unset"
# Where the event has the other id of a tie.
_OTHER = {IDENTIFY: "$anon_distinct_id", ALIAS: "alias", MERGE: "alias"}
COOKIELESS = "$posthog_cookieless"
# First values are only ever filled in.
_INITIAL = "$initial_"


def change(
    event: Mapping[str, Any], distinct_id: str, team_id: int, happened_at: int, place: int, number: int
) -> tuple[Change | None, Counter[Refusal]]:
    """What the event changes, None where it makes no person, and what of it cannot be kept."""
    refused: Counter[Refusal] = Counter()
    properties = event.get("properties") or {}
    if not _makes_a_person(event, properties):
        return None, refused
    if problem := _problem_of_id(distinct_id):
        refused[problem] += 1
        return None, refused
    put, fill_in = (_described(event, properties, name, refused) for name in (_SET, _SET_ONCE))
    initial = {name: put.pop(name) for name in list(put) if name.startswith(_INITIAL)}
    return (
        Change(
            team_id=team_id,
            number=number,
            distinct_id=distinct_id,
            order=order_of(happened_at, place, number),
            happened_at=happened_at,
            is_identified=event["event"] == IDENTIFY,
            tied_id=_tied_id(event["event"], properties, distinct_id, refused),
            tie=Tie.ALWAYS if event["event"] == MERGE else Tie.CAREFUL,
            put=put,
            fill_in={**fill_in, **initial},
            remove=_removed(event, properties, refused),
        ),
        refused,
    )


def _makes_a_person(event: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    return (
        event["event"] in _NAMES
        or properties.get("$process_person_profile") is True
        or any(name in source for source in (event, properties) for name in (_SET, _SET_ONCE, _UNSET))
    )


def _problem_of_id(distinct_id: str) -> Refusal | None:
    # PostgreSQL takes no NUL. The name that all unnamed visitors have would tie them all together.
    if not is_visitor(distinct_id) or "\0" in distinct_id or distinct_id == COOKIELESS:
        return Refusal.NO_ID
    return Refusal.LONG_ID if len(distinct_id) > MAX_ID_CHARS else None


def _tied_id(name: str, properties: Mapping[str, Any], distinct_id: str, refused: Counter[Refusal]) -> str | None:
    if name not in _OTHER:
        return None
    other = properties.get(_OTHER[name])
    if isinstance(other, int | float) and not isinstance(other, bool):
        other = orjson.dumps(other).decode()
    if other is None and name == IDENTIFY:
        return None
    if not isinstance(other, str) or (problem := _problem_of_id(other)) is Refusal.NO_ID:
        refused[Refusal.NO_OTHER] += 1
    elif problem:
        refused[problem] += 1
    elif other == distinct_id:
        # What newer SDKs send with every $identify of somebody known.
        refused[Refusal.ITSELF] += name != IDENTIFY
    else:
        return other
    return None


def _described(
    event: Mapping[str, Any], properties: Mapping[str, Any], name: str, refused: Counter[Refusal]
) -> dict[str, Any]:
    """The values under a name, in the properties or beside them, which goes first where both have one."""
    found: dict[str, Any] = {}
    for source in (properties, event):
        values = source.get(name)
        if isinstance(values, dict):
            found |= values
        elif values is not None:
            refused[Refusal.NO_PROPERTIES] += 1
    kept: dict[str, Any] = {}
    for key, value in found.items():
        if len(kept) >= MAX_PROPERTIES:
            refused[Refusal.MANY_PROPERTIES] += 1
        elif len(key) > MAX_NAME_CHARS or _is_too_long(value):
            refused[Refusal.LONG_PROPERTY] += 1
        else:
            kept[key] = value
    return kept


def _is_too_long(value: Any) -> bool:
    if not isinstance(value, str | list | dict):
        return False
    try:
        # It will stand in other values, and there is a limit to how deep that may go.
        return len(orjson.dumps([[[[[[value]]]]]])) > MAX_PROPERTY_BYTES
    except TypeError:
        # Nested too deeply to be written.
        return True


def _removed(event: Mapping[str, Any], properties: Mapping[str, Any], refused: Counter[Refusal]) -> list[str]:
    names: dict[str, None] = {}
    for source in (properties, event):
        given = source.get(_UNSET)
        if isinstance(given, list) and all(isinstance(name, str) for name in given):
            names |= dict.fromkeys(name for name in given if len(name) <= MAX_NAME_CHARS)
        elif given is not None:
            refused[Refusal.NO_NAMES] += 1
    return list(names)[:MAX_PROPERTIES]
