"""What browsers sent lately, and what of it was refused: for the log, the metrics and `check_capture`.

The process that serves knows it, the command is another one. So a thread writes it to the metadata database, every few
seconds while there is something to write. No post waits for that, and none fails by it.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from django.db import Error as MetadataError
from django.http import HttpRequest

from heatmaps import metrics
from heatmaps.background import Background
from heatmaps.capture import cookieless, projects, tallies
from heatmaps.capture.points import Skip
from heatmaps.capture.refusals import Refused
from heatmaps.capture.tallies import EVENTS, POINTS, Example, Tally
from heatmaps.metadata.connections import close_connection
from heatmaps.persons.changes import Refusal

logger = structlog.get_logger(__name__)

LOG_EVERY_SECONDS = 60
WRITE_EVERY_SECONDS = 5.0
DESTROY_EVERY_SECONDS = 60
# Of reasons times projects; those of which nothing is to be told or written make room.
MAX_ENTRIES = 20_000
# Reasons of what was no refusal.
TAKEN = frozenset({POINTS, EVENTS})
_MAX_CHARS = 200
_TOKEN_CHARS = 8

# What the codes of refusals mean to an operator.
REASONS = {
    "authentication_failed": "unknown token",
    "not_found": "unknown token",
    "malformed": "body not understood",
    "request_too_large": "body too large",
    "foreign_host": "host not in ALLOWED_HOSTS",
    "method_not_allowed": "method not allowed",
    "busy": "not stored at the moment",
}


class Source(NamedTuple):
    """From where a post came: the host it was sent to, and the origin of the page."""

    host: str = ""
    origin: str = ""


NOWHERE = Source()


class _Key(NamedTuple):
    team_id: int | None
    reason: str


@dataclass(slots=True)
class _Entry:
    """What the log does not know yet, and what is not written yet."""

    example: Example
    untold: int = 0
    told_at: float = float("-inf")
    unwritten: Counter[int] = field(default_factory=Counter)


_entries: dict[_Key, _Entry] = {}
_lock = threading.Lock()


def source_of(request: HttpRequest) -> Source:
    return Source(_told(request.META.get("HTTP_HOST", "")), _told(request.META.get("HTTP_ORIGIN", "")))


def _told(text: str) -> str:
    """A stranger's text, as an operator's terminal and the metadata database can bear it."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_MAX_CHARS])


def stored(team_id: int, points: int, events: int, source: Source) -> None:
    for reason, number in ((POINTS, points), (EVENTS, events)):
        if number:
            _count(_Key(team_id, reason), number, source, "")


def refused(refusal: Refused, source: Source) -> None:
    """A post that is not taken."""
    reason = REASONS.get(refusal.code, refusal.code)
    metrics.refused(reason)
    team_id, detail = None, refusal.detail
    if refusal.token:
        try:
            owner = projects.owner(refusal.token)
        except Refused:
            owner = None
        if owner is None:
            detail = f"{detail} It is {_told(refusal.token[:_TOKEN_CHARS])}…"
        else:
            team_id = owner.team_id
    if count := _count(_Key(team_id, reason), 1, source, detail):
        _log_refused(reason, team_id, count, source, detail)


def not_kept(team_id: int, reasons: Mapping[Skip | Refusal, int], source: Source) -> None:
    """What of a post that is taken is not kept: points, and what an event said of a person."""
    for reason, number in reasons.items():
        if number <= 0:
            continue
        if isinstance(reason, Refusal):
            metrics.refused_of_persons(reason, number)
        else:
            metrics.skipped(reason, number)
        if count := _count(_Key(team_id, reason), number, source, ""):
            _log_not_kept(reason, team_id, count, source)


def _count(key: _Key, number: int, source: Source, detail: str) -> int:
    """Returns how many there are to be logged now: the first at once, later ones a minute after the last line."""
    at = datetime.now(UTC)
    now = time.monotonic()
    begin()
    with _lock:
        if len(_entries) >= MAX_ENTRIES:
            for idle in [key for key, entry in _entries.items() if not (entry.untold or entry.unwritten)]:
                del _entries[idle]
        example = Example(at=at, host=source.host, origin=source.origin, detail=detail[:_MAX_CHARS])
        entry = _entries.setdefault(key, _Entry(example))
        entry.example = example
        entry.untold += number
        entry.unwritten[int(at.timestamp()) // 60] += number
        return _due(entry, now)


def _due(entry: _Entry, now: float) -> int:
    if now - entry.told_at < LOG_EVERY_SECONDS:
        return 0
    count, entry.untold, entry.told_at = entry.untold, 0, now
    return count


def _log_refused(reason: str, team_id: int | None, count: int, source: Source, detail: str) -> None:
    logger.warning(
        "Posts of browsers were refused",
        reason=reason,
        project=team_id,
        posts=count,
        host=source.host,
        origin=source.origin,
        detail=detail,
    )


def _log_not_kept(reason: str, team_id: int, count: int, source: Source) -> None:
    is_of_person = reason in set(Refusal)
    logger.warning(
        "What browsers sent of persons was not kept" if is_of_person else "Points that browsers sent were not kept",
        reason=reason,
        project=team_id,
        **{"times" if is_of_person else "points": count},
        host=source.host,
        origin=source.origin,
    )


def log_what_is_due() -> None:
    """The lines of what was counted since the last one, a minute after it."""
    now = time.monotonic()
    with _lock:
        due = [(key, entry.example, _due(entry, now)) for key, entry in _entries.items() if entry.untold]
    for key, example, count in due:
        if not count or key.reason in TAKEN:
            continue
        source = Source(example.host, example.origin)
        if key.reason in REASONS.values() or key.team_id is None:
            _log_refused(key.reason, key.team_id, count, source, example.detail)
        else:
            _log_not_kept(key.reason, key.team_id, count, source)


def write() -> None:
    """Adds what was counted to what the metadata database has; keeps it for the next time where that fails."""
    taken = list(_take())
    if not taken:
        return
    try:
        tallies.add(taken)
    except MetadataError as error:
        logger.warning("What came in could not be noted for check_capture", cause=str(error))
        with _lock:
            for tally in taken:
                _entries.setdefault(_Key(tally.team_id, tally.reason), _Entry(tally.example)).unwritten.update(
                    tally.minutes
                )
    finally:
        close_connection()


def forget() -> None:
    with _lock:
        _entries.clear()


def _take() -> Iterator[Tally]:
    with _lock:
        for key, entry in _entries.items():
            if entry.unwritten:
                minutes, entry.unwritten = entry.unwritten, Counter()
                yield Tally(team_id=key.team_id, reason=key.reason, minutes=minutes, example=entry.example)


def begin() -> None:
    """Starts the thread of this process: what is to be destroyed does not wait for the next post."""
    _background.begin()


def _work() -> None:
    destroyed_at = float("-inf")
    while _background.goes_on(WRITE_EVERY_SECONDS):
        log_what_is_due()
        write()
        if time.monotonic() - destroyed_at > DESTROY_EVERY_SECONDS:
            destroyed_at = time.monotonic()
            cookieless.destroy_old(datetime.now(UTC))
            close_connection()


def _begin_anew() -> None:
    global _lock  # noqa: PLW0603 -- that of a parent is of no use to its child
    _lock = threading.Lock()
    _entries.clear()


_background = Background("traffic", _work, write, exit_priority=1)
os.register_at_fork(after_in_child=_begin_anew)
