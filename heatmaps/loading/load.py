"""From a spool into a table, once. A row is known by what is in it, so what is there already is not added, whichever
file put it there. Each row also carries where it came from, in `_partition` the file and in `_offset` its number in it:
so a load that is made again on purpose is finished after a kill, and what a file has loaded can be found."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog
from django.conf import settings
from django.utils.timezone import now

from heatmaps import engine, schema
from heatmaps.engine import Client
from heatmaps.loading import spool as spooling
from heatmaps.loading.columns import Table
from heatmaps.loading.known import Stored
from heatmaps.loading.spool import ROW_NUMBER, Spool

logger = structlog.get_logger(__name__)

ORIGIN = "_partition"
# By this an insert of a project's load is found among all that a server is doing.
_COMMENT = "load of project {}"
_UNDER_WAY = """
SELECT count() FROM system.processes WHERE query_kind = 'Insert' AND Settings['log_comment'] = {comment:String}
"""
_RETRY_SECONDS = 0.2
_ORIGINS_AT_ONCE = 16


def store(
    client: Client, table: Table, spool: Spool, digest: bytes, *, team_id: int, again: bool
) -> Iterator[tuple[int, int]]:
    """Stores the spooled rows that are not stored yet, or with `again` all of them once more. Yields for each block its
    rows, and how many were added."""
    if not spool.rows:
        return
    load = _Load(client, table, spool, digest, team_id)
    yield from load.again() if again else load.missing()


def finish(table: Table, progress: Callable[[int, int], Any] = lambda _done, _steps: None) -> None:
    """Has the engine make what it keeps beside the rows, week by week, so that questions are as fast as they get.
    `progress` is told how many steps are done, and how many there are. The rows are stored either way: what a kill or
    a full disk leaves undone is done by the next load."""
    if table.name != "heatmaps":
        return
    try:
        with engine.patient_writer() as client:
            statements = list(schema.making_projections(client))
            for done, statement in enumerate(statements):
                progress(done, len(statements))
                client.command(statement)
    except engine.EngineError as error:
        logger.warning("The rows were loaded, but not counted by weeks", cause=str(error))


def oldest_kept(table: Table) -> datetime | None:
    """Rows from before are not loaded; None where all are kept."""
    has_time = any(column.name == "timestamp" for column in table.columns)
    return now() - timedelta(days=settings.RETENTION_DAYS) if settings.RETENTION_DAYS and has_time else None


def wait_for_inserts(team_id: int) -> None:
    """A server goes on with an insert when the load that sent it is killed, as a service does that has the embedded
    engine. What that stores is to be seen first."""
    if engine.is_embedded():
        engine.wait_for_killed()
        return
    with suppress(engine.EngineError):
        while _are_under_way(team_id):
            time.sleep(_RETRY_SECONDS)


def _are_under_way(team_id: int) -> bool:
    with engine.writer() as client:
        found = client.query(_UNDER_WAY, parameters={"comment": _COMMENT.format(team_id)}).result_rows
    return bool(found[0][0])


def origin_of(digest: bytes, times: int) -> int:
    """The number that marks the rows of a file: those that it added when it was loaded, and, from 1 on, those of each
    time that it was loaded again on purpose."""
    return int.from_bytes(hashlib.sha256(digest + times.to_bytes(4)).digest()[:8])


class _Load:
    def __init__(self, client: Client, table: Table, spool: Spool, digest: bytes, team_id: int) -> None:
        self._client = client
        self._table = table
        self._spool = spool
        self._digest = digest
        self._team_id = team_id

    def missing(self) -> Iterator[tuple[int, int]]:
        origins = next(_portions(self._digest))
        counts = self._counts(origins)
        stored = Stored(self._client, self._table, self._team_id)
        if counts.get(origins[0], 0) >= self._spool.rows:
            yield self._spool.rows, 0
        elif not stored.count(self._spool.hours.first, self._spool.hours.last):
            for block in self._spool.blocks():
                yield block.num_rows, self._insert(block, origins[0])
        else:
            # What is added also counts for a load that was to be made again and broke off.
            open_ones = (origin for origin in origins[1:] if 0 < counts.get(origin, 0) < self._spool.rows)
            origin = next(open_ones, origins[0])
            for rows in self._spool.slices():
                is_missing = stored.missing(rows)
                yield rows.num_rows - int(is_missing.sum()), 0
                new = rows.filter(pa.array(is_missing))
                for first in range(0, new.num_rows, spooling.BLOCK_ROWS):
                    block = new.slice(first, spooling.BLOCK_ROWS)
                    yield block.num_rows, self._insert(block, origin)

    def again(self) -> Iterator[tuple[int, int]]:
        if 0 < self._counts([first := origin_of(self._digest, 0)]).get(first, 0) < self._spool.rows:
            # The first load broke off, or rows of the file were there before it. Then nothing is missing.
            added = 0
            for rows, new in self.missing():
                added += new
                yield rows, new
            if added:
                return
        origin, number = self._first_unfinished()
        for block in self._spool.blocks():
            new = self._not_there(block, origin) if number else block
            yield block.num_rows, self._insert(new, origin) if new.num_rows else 0

    def _first_unfinished(self) -> tuple[int, int]:
        """A load on purpose that was killed is finished, not begun anew. Also, how many of its rows are there."""
        for origins in _portions(self._digest):
            counts = self._counts(origins)
            for origin in origins:
                if origin != origin_of(self._digest, 0) and counts.get(origin, 0) < self._spool.rows:
                    return origin, counts.get(origin, 0)
        raise AssertionError("There are always more origins.")

    def _counts(self, origins: list[int]) -> dict[int, int]:
        """How many rows there are of each origin, from the first moment of the file on."""
        rows = self._client.query(
            "SELECT _partition, count() FROM {table:Identifier} WHERE team_id = {team_id:Int64}"
            " AND _partition IN {origins:Array(UInt64)}"
            " AND timestamp >= fromUnixTimestamp64Micro({first:Int64}) GROUP BY _partition",
            parameters={
                "table": self._table.name,
                "team_id": self._team_id,
                "origins": origins,
                "first": self._spool.hours.first,
            },
        ).result_rows
        return dict(map(tuple, rows))

    def _not_there(self, block: pa.Table, origin: int) -> pa.Table:
        numbers = self._client.query(
            "SELECT _offset FROM {table:Identifier} WHERE team_id = {team_id:Int64} AND _partition = {origin:UInt64}"
            " AND _offset BETWEEN {first:UInt64} AND {last:UInt64}",
            parameters={
                "table": self._table.name,
                "team_id": self._team_id,
                "origin": origin,
                "first": block[ROW_NUMBER][0].as_py(),
                "last": block[ROW_NUMBER][-1].as_py(),
            },
        ).result_rows
        there = pa.array([number for (number,) in numbers], pa.uint64())
        return block.filter(pc.invert(pc.is_in(block[ROW_NUMBER], there)))

    def _insert(self, block: pa.Table, origin: int) -> int:
        self._client.insert_arrow(
            self._table.name,
            _complete(block, self._team_id, origin),
            # A block may hold rows of any number of months.
            settings={"max_partitions_per_insert_block": 0, "log_comment": _COMMENT.format(self._team_id)},
        )
        return int(block.num_rows)


def _complete(block: pa.Table, team_id: int, origin: int) -> pa.Table:
    block = block.append_column("team_id", pa.array(np.full(block.num_rows, team_id, np.int64)))
    return block.append_column(ORIGIN, pa.array(np.full(block.num_rows, origin, np.uint64)))


def _portions(digest: bytes) -> Iterator[list[int]]:
    origins = (origin_of(digest, times) for times in count())
    while True:
        yield list(islice(origins, _ORIGINS_AT_ONCE))
