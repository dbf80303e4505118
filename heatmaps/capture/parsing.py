"""What a post holds: whose it is, its events, and when each of them happened. Knows no Django."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from heatmaps import moments
from heatmaps.capture.refusals import malformed

_UUID = re.compile(r"[0-9a-fA-F]{32}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# The column of time begins here.
_FIRST = (moments.FIRST - _EPOCH) // _MICROSECOND
_MAX_AHEAD = 23 * 3600 * 1_000_000
_SHORTEST_TIME = len("2026-11-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """The events of one request, as they were sent."""

    token: str | None
    sent_at: int | None
    events: list[dict[str, Any]]


def post(document: Any, sent_ms: str | None) -> Post:
    """Reads any of the shapes that the SDKs have sent over the years. Raises Refused."""
    root = document if isinstance(document, dict) else {}
    if isinstance(document, list):
        events = document
    elif "batch" in root:
        events = root["batch"]
    elif root:
        events = [root]
    else:
        raise malformed("Send an event, a list of events, or an object with a batch of them.")
    if not isinstance(events, list):
        raise malformed("batch is not a list of events.")
    token = _text(root, "api_key", "token")
    if problem := _problem(events, "batch" if "batch" in root else "", is_alone=events == [root]):
        raise malformed(problem, token)
    sent_at = moment(root.get("sent_at"))
    if sent_at is None and sent_ms is not None:
        sent_at = _from_milliseconds(sent_ms)
    return Post(token=token or _token_of(events), sent_at=sent_at, events=events)


def _problem(events: list[Any], name: str, *, is_alone: bool) -> str | None:
    """Why the events cannot be taken, with the index of the first that cannot."""
    for index, event in enumerate(events):
        place = "The event" if is_alone else f"{name}[{index}]"
        if not isinstance(event, dict):
            return f"{place} is no event: an event is an object with its name in event."
        if not isinstance(event.get("event"), str):
            return f"{place} has no name: an event has it as a text in event."
        if not isinstance(event.get("properties"), dict | None):
            return f"{place} has properties that are no object."
    return None


def _token_of(events: list[dict[str, Any]]) -> str | None:
    tokens = [
        _text(event, "token", "$token", "api_key") or _text(event.get("properties") or {}, "token") for event in events
    ]
    for index, token in enumerate(tokens):
        if token != tokens[0]:
            raise malformed(f"The events of one request have one token, and that of [{index}] is another one.")
    return tokens[0] if tokens else None


def _text(source: Mapping[str, Any], *names: str) -> str | None:
    return next((value for name in names if isinstance(value := source.get(name), str) and value), None)


def distinct_id(event: Mapping[str, Any]) -> str:
    """The visitor's id as text; empty when there is none."""
    for value in (event.get("distinct_id"), (event.get("properties") or {}).get("distinct_id")):
        if isinstance(value, str):
            if value and not value.isspace():
                return value
        elif isinstance(value, bool | int | float):
            return orjson.dumps(value).decode()
    return ""


def known_by(event: Mapping[str, Any]) -> int | None:
    """The event's own UUID as a number; None without a usable one."""
    value = event.get("uuid")
    if not isinstance(value, str):
        return None
    digits = value.replace("-", "")
    return int(digits, 16) or None if _UUID.fullmatch(digits) else None


def happened_at(event: Mapping[str, Any], *, received_at: int, sent_at: int | None) -> int:
    """When the event happened by our clock, in microseconds since 1970. The browser's clock may be off, and is only
    used to tell how long before sending it was."""
    offset = event.get("offset")
    if isinstance(offset, int | float) and not isinstance(offset, bool):
        happened = received_at - round(offset * 1000) if abs(offset) < 1e15 else None
    else:
        happened = moment(event.get("timestamp"))
        if happened is not None and sent_at is not None:
            happened -= sent_at - received_at
    if happened is None or not _FIRST <= happened <= received_at + _MAX_AHEAD:
        return received_at
    return happened


def moment(value: Any) -> int | None:
    """A time of ISO 8601 in microseconds since 1970, in UTC unless it says otherwise; None when it is no time."""
    if not isinstance(value, str) or len(value) < _SHORTEST_TIME:
        return None
    time = moments.read_iso(value)
    return None if time is None else ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def _from_milliseconds(text: str) -> int | None:
    return int(text) * 1000 if text.isascii() and text.isdigit() and len(text) < 16 else None
