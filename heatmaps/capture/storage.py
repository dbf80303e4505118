"""A group of events into ClickHouse: none is lost once this returns, and none is ever there twice.

1. Claim: every event's key is written to `captured_events`, with the number of this batch.
2. Look: the claims of other batches on these keys are read. An event of a batch that is known to be complete is
   stored already. What a batch left that was broken off is looked for among the rows themselves, which carry the
   batch in `_partition` and the event in `_offset`. A batch that another process may still be working on leaves its
   events undecided: they are to be sent again.
3. Insert: the rows that are missing. All rows of an event have one time, so they are one part, there or not.
4. Mark: the batch is complete. This is written together with the claims of the next one, for it would otherwise cost
   a part of its own.

Claims come before looking: of two processes that are given one event at once, at least one sees the other.
"""

import secrets
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa

from heatmaps import engine, metrics
from heatmaps.capture import traffic
from heatmaps.capture.points import SCALE_FACTOR, Points, Skip
from heatmaps.capture.traffic import NOWHERE, Source
from heatmaps.engine import Client, EngineBusy

# Rows are not inserted any more when their claim is older than this.
CLAIM_SECONDS = 20
# A batch of another process that is older than this is not being worked on any more: its inserts were given less.
SETTLED_AFTER_MILLISECONDS = 60_000
INSERT_SETTINGS = {
    # A block may hold rows of any number of months.
    "max_partitions_per_insert_block": 0,
    # An event is never split over two blocks.
    "max_insert_block_size": 10_000_000,
    # An answer means that the rows are there, on a cluster too.
    "async_insert": 0,
    "distributed_foreground_insert": 1,
    "max_execution_time": 15,
}
_MARKS = 0
_MONDAY = 4 * 86_400 * 1_000_000
_WEEK = 7 * 86_400 * 1_000_000
_MICROSECONDS = pa.timestamp("us", tz="UTC")


class Key(NamedTuple):
    """What an event is known by."""

    team_id: int
    number: int

    @property
    def offset(self) -> int:
        """Tells the events of one batch apart."""
        return (self.number ^ self.number >> 64) & 0xFFFF_FFFF_FFFF_FFFF


@dataclass(slots=True, kw_only=True)
class StoredEvent:
    """The row of an event in `events`."""

    uuid: str
    name: str
    properties: str
    elements_chain: str


@dataclass(slots=True, kw_only=True)
class Captured:
    """An event and all that is to be stored of it."""

    key: Key
    happened_at: int
    distinct_id: str
    session_id: str
    points: Points
    event: StoredEvent | None
    skips: Counter[Skip] = field(default_factory=Counter)
    source: Source = NOWHERE


class _Claim(NamedTuple):
    key: Key
    batch: int
    age_milliseconds: int


class Store:
    """Puts groups into ClickHouse, one at a time."""

    def __init__(self) -> None:
        # Batches that are complete, while nothing in ClickHouse says so.
        self._unmarked: list[int] = []

    @property
    def has_marks(self) -> bool:
        return bool(self._unmarked)

    def put(self, group: Iterable[Captured]) -> tuple[set[Key], int]:
        """Stores what is not stored yet. Returns the events that are undecided, and how many parts it made."""
        events = {event.key: event for event in reversed(list(group))}
        # The top bit is set: numbers without it are those of the demo.
        batch = secrets.randbits(63) | 1 << 63
        begun_at = time.monotonic()
        with engine.writer() as client:
            self._claim(client, list(events), batch)
            stored, undecided = self._judge(
                client, [claim for claim in _claims(client, events) if claim.batch != batch]
            )
            new = [event for key, event in events.items() if key not in undecided]
            parts = 1
            _refuse_if_late(begun_at)
            parts += _insert_points(client, [event for event in new if ("heatmaps", event.key) not in stored], batch)
            _refuse_if_late(begun_at)
            parts += _insert_events(client, [event for event in new if ("events", event.key) not in stored], batch)
        if not undecided:
            self._unmarked.append(batch)
        _tell(new, stored)
        return undecided, parts

    def mark(self) -> None:
        """Says of complete batches that they are."""
        with engine.writer() as client:
            self._claim(client, [], 0)

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
        if event.skips and not has_points and not has_row:
            traffic.skipped(event.key.team_id, event.skips, event.source)
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


def _insert_points(client: Client, events: Sequence[Captured], batch: int) -> int:
    """Returns how many parts that made."""
    events = [event for event in events if len(event.points)]
    if not events:
        return 0
    of_each = _Repeated([len(event.points) for event in events])
    client.insert_arrow(
        "heatmaps",
        pa.table(
            {
                "session_id": of_each([event.session_id for event in events], pa.string()),
                "team_id": of_each([event.key.team_id for event in events], pa.int64()),
                "distinct_id": of_each([event.distinct_id for event in events], pa.string()),
                "timestamp": of_each([event.happened_at for event in events], _MICROSECONDS),
                "x": pa.array(_joined(event.points.x for event in events), pa.int16()),
                "y": pa.array(_joined(event.points.y for event in events), pa.int16()),
                "scale_factor": of_each([SCALE_FACTOR] * len(events), pa.int16()),
                "viewport_width": of_each([event.points.viewport_width for event in events], pa.int16()),
                "viewport_height": of_each([event.points.viewport_height for event in events], pa.int16()),
                "pointer_target_fixed": pa.array(_joined(event.points.is_fixed for event in events), pa.bool_()),
                "current_url": pa.array(_joined(event.points.url for event in events), pa.string()),
                "type": pa.array(_joined(event.points.type for event in events), pa.string()),
                "_partition": of_each([batch] * len(events), pa.uint64()),
                "_offset": of_each([event.key.offset for event in events], pa.uint64()),
            }
        ),
        settings=INSERT_SETTINGS,
    )
    return _weeks(events)


def _insert_events(client: Client, events: Sequence[Captured], batch: int) -> int:
    """Returns how many parts that made."""
    rows = [(event, event.event) for event in events if event.event is not None]
    if not rows:
        return 0
    client.insert_arrow(
        "events",
        pa.table(
            {
                "uuid": pa.array([row.uuid for _, row in rows], pa.string()),
                "event": pa.array([row.name for _, row in rows], pa.string()),
                "properties": pa.array([row.properties for _, row in rows], pa.string()),
                "timestamp": pa.array([event.happened_at for event, _ in rows], _MICROSECONDS),
                "team_id": pa.array([event.key.team_id for event, _ in rows], pa.int64()),
                "distinct_id": pa.array([event.distinct_id for event, _ in rows], pa.string()),
                "elements_chain": pa.array([row.elements_chain for _, row in rows], pa.string()),
                "$session_id": pa.array([event.session_id for event, _ in rows], pa.string()),
                "_partition": pa.array([batch] * len(rows), pa.uint64()),
                "_offset": pa.array([event.key.offset for event, _ in rows], pa.uint64()),
            }
        ),
        settings=INSERT_SETTINGS,
    )
    return _weeks([event for event, _ in rows])


class _Repeated:
    """Makes a column of the points' rows from a value for each event."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._places = pa.array(_joined([place] * number for place, number in enumerate(numbers)), pa.int32())

    def __call__(self, values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(self._places)


def _joined(lists: Iterable[list[Any]]) -> list[Any]:
    return list(chain.from_iterable(lists))


def _weeks(events: Iterable[Captured]) -> int:
    """How many parts the events become: the tables are partitioned by week, or by something longer."""
    return len({(event.happened_at - _MONDAY) // _WEEK for event in events})
