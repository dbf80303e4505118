"""From a spool into a table. A row's origin (file and number) is stored with it, in `_partition` and `_offset`, so a
load that is repeated, after a kill or by mistake, finds what is there and adds only what is missing."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pyarrow as pa
import pyarrow.compute as pc

from heatmaps.engine import Client
from heatmaps.loading.columns import Table
from heatmaps.loading.spool import ROW_NUMBER, Spool

ORIGIN = "_partition"
# A block may hold rows of any number of months.
INSERT_SETTINGS = {"max_partitions_per_insert_block": 0}


def store(
    client: Client, table: Table, spool: Spool, digest: bytes, *, team_id: int, again: bool
) -> Iterator[tuple[int, int]]:
    """Stores the spooled rows that are not stored yet. Yields for each block its rows, and how many were missing."""
    origin = _origin(client, table, spool, digest, team_id) if again else origin_of(digest, 0)
    is_begun = _count(client, table, team_id, origin, spool.oldest) > 0
    for block in spool.blocks():
        missing = _without(block, _numbers(client, table, team_id, origin, block)) if is_begun else block
        if missing.num_rows:
            client.insert_arrow(table.name, _complete(missing, team_id, origin), settings=INSERT_SETTINGS)
        yield block.num_rows, missing.num_rows


def _origin(client: Client, table: Table, spool: Spool, digest: bytes, team_id: int) -> int:
    """The first origin of which rows are missing: a load on purpose that was killed is finished, not begun anew."""
    return next(
        origin
        for origin in (origin_of(digest, times) for times in count())
        if not spool.rows or _count(client, table, team_id, origin, spool.oldest) < spool.rows
    )


def origin_of(digest: bytes, times: int) -> int:
    """The number that marks the rows of a file that was loaded so many times before."""
    return int.from_bytes(hashlib.sha256(digest + times.to_bytes(4)).digest()[:8])


def _complete(block: pa.Table, team_id: int, origin: int) -> pa.Table:
    block = block.append_column("team_id", pa.array([team_id], pa.int64()).take(pa.array([0] * block.num_rows)))
    return block.append_column(ORIGIN, pa.array([origin], pa.uint64()).take(pa.array([0] * block.num_rows)))


def _without(block: pa.Table, numbers: list[int]) -> pa.Table:
    return block.filter(pc.invert(pc.is_in(block[ROW_NUMBER], pa.array(numbers, pa.uint64()))))


def _count(client: Client, table: Table, team_id: int, origin: int, oldest: datetime | None) -> int:
    rows = client.query(
        f"SELECT count() FROM {table.name} WHERE team_id = {{team_id:Int64}} AND _partition = {{origin:UInt64}}"  # noqa: S608 -- the name of a table of ours
        " AND timestamp >= {oldest:DateTime64(6, 'UTC')}",
        parameters={"team_id": team_id, "origin": origin, "oldest": oldest or datetime(1900, 1, 1, tzinfo=UTC)},
    ).result_rows
    return int(rows[0][0])


def _numbers(client: Client, table: Table, team_id: int, origin: int, block: pa.Table) -> list[int]:
    first, last = block[ROW_NUMBER][0].as_py(), block[ROW_NUMBER][-1].as_py()
    return [
        number
        for (number,) in client.query(
            f"SELECT _offset FROM {table.name} WHERE team_id = {{team_id:Int64}} AND _partition = {{origin:UInt64}}"  # noqa: S608 -- the name of a table of ours
            " AND _offset BETWEEN {first:UInt64} AND {last:UInt64}",
            parameters={"team_id": team_id, "origin": origin, "first": first, "last": last},
        ).result_rows
    ]
