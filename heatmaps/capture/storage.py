"""A group of events into ClickHouse: none is lost once this returns, and none is ever there twice.

1. Claim: every event's key is written to `captured_events`, with the number of this batch.
2. Look: the claims of other batches on these keys are read. An event of a batch that is known to be complete is
   stored already. What a batch left that was broken off is looked for among the rows themselves, which carry the
   batch in `_partition` and the event in `_offset`. A batch that another process may still be working on leaves its
   events undecided: they are to be sent again.
3. Persons: what the events say of persons goes into the metadata database. Of an event that is stored already, it is
   there.
4. Insert: the rows that are missing. All rows of an event have one time, so they are one part, there or not.
5. Mark: the batch is complete. This is written together with the claims of the next one, for it would otherwise cost
   a part of its own.

Claims come before looking: of two processes that are given one event at once, at least one sees the other.
"""

import secrets
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa

from heatmaps import engine, metrics
from heatmaps.capture import traffic
from heatmaps.capture.captured import Captured, Key
from heatmaps.capture.inserting import INSERT_SETTINGS, insert_events, insert_points
from heatmaps.capture.person_keeper import PersonKeeper
from heatmaps.capture.traffic import Source
from heatmaps.engine import Client, EngineBusy

# Rows are not inserted any more when their claim is older than this.
CLAIM_SECONDS = 20
# A batch of another process that is older than this is not being worked on any more: its inserts were given less.
SETTLED_AFTER_MILLISECONDS = 60_000
_MARKS = 0


class _Claim(NamedTuple):
    key: Key
    batch: int
    age_milliseconds: int


class Store:
    """Puts groups into ClickHouse, one at a time."""

    def __init__(self) -> None:
        # Batches that are complete, while nothing in ClickHouse says so.
        self._unmarked: list[int] = []
        self._persons = PersonKeeper()

    @property
    def has_marks(self) -> bool:
        return bool(self._unmarked)

    def put(self, group: Iterable[Captured]) -> tuple[set[Key], int]:
        """Stores what is not stored yet. Returns the events that are undecided, and how many parts it made."""
        # In the order of arrival; an event that is there twice counts as the first.
        events: dict[Key, Captured] = {}
        for event in group:
            events.setdefault(event.key, event)
        # The top bit is set: numbers without it are those of the demo.
        batch = secrets.randbits(63) | 1 << 63
        begun_at = time.monotonic()
        with engine.writer() as client:
            self._claim(client, list(events), batch)
            stored, undecided = self._judge(
                client, [claim for claim in _claims(client, events) if claim.batch != batch]
            )
            new = [event for key, event in events.items() if key not in undecided]
            if without_person := self._keep_persons(new, stored, batch):
                undecided |= without_person
                new = [event for event in new if event.key not in without_person]
            parts = 1
            _refuse_if_late(begun_at)
            parts += insert_points(client, [event for event in new if ("heatmaps", event.key) not in stored], batch)
            _refuse_if_late(begun_at)
            parts += insert_events(client, [event for event in new if ("events", event.key) not in stored], batch)
        if not undecided:
            self._unmarked.append(batch)
        _tell(new, stored)
        return undecided, parts

    def _keep_persons(self, events: Sequence[Captured], stored: set[tuple[str, Key]], batch: int) -> set[Key]:
        """Before the rows, so that who is found to be stored needs no look at his person. Returns the events whose
        person could not be kept."""
        with_person = [
            event
            for event in events
            if event.person is not None and not {("heatmaps", event.key), ("events", event.key)} & stored
        ]
        if not with_person:
            return set()
        outcome = self._persons.keep([event.person for event in with_person if event.person is not None], batch)
        if outcome is None:
            return {event.key for event in with_person}
        for place, refused in outcome.refused.items():
            with_person[place].refused += refused
        return set()

    def mark(self) -> None:
        """Says of complete batches that they are."""
        with engine.writer() as client:
            self._claim(client, [], 0)
        self._persons.rest()

    def _claim(self, client: Client, keys: Sequence[Key], batch: int) -> None:
        marks = list(self._unmarked)
        client.insert_arrow(
            "captured_events",
            pa.table(
                {
                    "team_id": pa.array([key.team_id for key in keys] + [_MARKS] * len(marks), pa.int64()),
                    "key": pa.array(
                        [number.to_bytes(16, "little") for number in chain((key.number for key in keys), marks)],
                        pa.binary(16),
                    ),
                    "batch": pa.array([batch] * len(keys) + marks, pa.uint64()),
                }
            ),
            settings=INSERT_SETTINGS,
        )
        del self._unmarked[: len(marks)]
        self._persons.note_complete(marks)

    def _judge(self, client: Client, claims: Sequence[_Claim]) -> tuple[set[tuple[str, Key]], set[Key]]:
        """What is stored of the events that were claimed before, by table, and which of them nobody can tell of yet."""
        stored: set[tuple[str, Key]] = set()
        if not claims:
            return stored, set()
        complete = self._complete(client, {claim.batch for claim in claims})
        known = {claim.key for claim in claims if claim.batch in complete}
        stored.update((table, key) for table in ("heatmaps", "events") for key in known)
        open_claims = [claim for claim in claims if claim.key not in known]
        undecided = {claim.key for claim in open_claims if not _is_settled(claim)}
        to_verify = [claim for claim in open_claims if claim.key not in undecided]
        if to_verify:
            for table in ("heatmaps", "events"):
                stored.update((table, key) for key in _found(client, table, to_verify))
        return stored, undecided

    def _complete(self, client: Client, batches: Collection[int]) -> set[int]:
        rows = _select(
            client,
            "SELECT toUInt64(key) FROM captured_events WHERE team_id = {marks:Int64} AND key IN {some:Array(UInt128)}",
            list(batches),
            {"marks": _MARKS},
        )
        return {batch for (batch,) in rows} | set(self._unmarked)


def _tell(events: Iterable[Captured], stored_before: Collection[tuple[str, Key]]) -> None:
    points = Counter[tuple[int, Source]]()
    rows = Counter[tuple[int, Source]]()
    for event in events:
        of = event.key.team_id, event.source
        has_points, has_row = ((table, event.key) in stored_before for table in ("heatmaps", "events"))
        points[of] += 0 if has_points else len(event.points)
        rows[of] += not has_row and event.event is not None
        if not has_points and not has_row:
            traffic.not_kept(event.key.team_id, event.not_kept, event.source)
    metrics.captured(points.total())
    for of in points:
        traffic.stored(of[0], points[of], rows[of], of[1])


def _refuse_if_late(begun_at: float) -> None:
    if time.monotonic() - begun_at > CLAIM_SECONDS:
        raise EngineBusy("ClickHouse took too long to say what is stored already.")


def _is_settled(claim: _Claim) -> bool:
    # The embedded engine has one process, and one batch at a time.
    return engine.is_embedded() or claim.age_milliseconds > SETTLED_AFTER_MILLISECONDS


def _claims(client: Client, keys: Collection[Key]) -> list[_Claim]:
    rows = _select(
        client,
        "SELECT team_id, key, batch, dateDiff('millisecond', captured_at, now64(3)) FROM captured_events"
        " WHERE team_id IN {teams:Array(Int64)} AND key IN {some:Array(UInt128)}",
        [key.number for key in keys],
        {"teams": list({key.team_id for key in keys})},
    )
    claims = (_Claim(Key(team_id, number), batch, age) for team_id, number, batch, age in rows)
    return [claim for claim in claims if claim.key in keys]


def _found(client: Client, table: str, claims: Sequence[_Claim]) -> set[Key]:
    """Those of the claimed events of which the table has rows."""
    rows = set(
        _select(
            client,
            "SELECT DISTINCT team_id, _partition, _offset FROM {table:Identifier}"
            " WHERE team_id IN {teams:Array(Int64)} AND _partition IN {some:Array(UInt64)}",
            list({claim.batch for claim in claims}),
            {"table": table, "teams": list({claim.key.team_id for claim in claims})},
        )
    )
    return {claim.key for claim in claims if (claim.key.team_id, claim.batch, claim.key.offset) in rows}


def _select(client: Client, sql: str, some: Sequence[int], parameters: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    for asked in engine.portions(some):
        yield from map(tuple, client.query(sql, parameters={**parameters, "some": asked}).result_rows)
