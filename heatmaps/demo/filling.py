"""Putting the demo's people into ClickHouse, once: what a killed run left is completed, never doubled."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid5

import numpy as np
import pyarrow as pa

from heatmaps.demo import visitors
from heatmaps.demo.visitors import BLOCK_ROWS, Block
from heatmaps.demo.visits import DAYS
from heatmaps.engine import Client
from heatmaps.persons import following, loading

MAX_ROWS = 10_000_000
# The upper bits of `_partition` in the demo's rows; a number that no loaded file is likely to have.
_MARK = int.from_bytes(b"DEM")
_EPOCH = date(1970, 1, 1)
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one filling is to hold: so many interactions in the 30 days before a day. Each of its rows carries it in
    `_partition`, and its own number in `_offset`, so that a later run knows what there should be and what there is."""

    day: date
    rows: int

    @property
    def partition(self) -> int:
        return _MARK << 40 | (self.day - _EPOCH).days << 24 | self.rows

    def date_from(self, today: date) -> str:
        """From when on there is something, as the API takes it."""
        return f"-{DAYS + (today - self.day).days}d"

    @classmethod
    def from_partition(cls, partition: int) -> Self:
        return cls(_EPOCH + timedelta(days=partition >> 24 & 0xFFFF), partition & 0xFFFFFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a filling goes. `keeps_from` is the age at which retention takes rows: older ones are not put in."""

    team_id: int
    customers_id: int
    keeps_from: datetime


def plan_found(client: Client, team_id: int) -> Plan | None:
    """The plan of the interactions that are there already."""
    found = client.query(
        "SELECT max(_partition) FROM heatmaps "
        "WHERE team_id = {team_id:Int64} AND bitShiftRight(_partition, 40) = {mark:UInt64}",
        parameters={"team_id": team_id, "mark": _MARK},
    ).result_rows[0][0]
    return Plan.from_partition(found) if found else None


def fill(client: Client, plan: Plan, place: Place, progress: Callable[[int], object]) -> int:
    """Puts in what is missing, and returns how many interactions that was. `progress` is told of every block."""
    added = 0
    there = _rows_by_block(client, plan, place)
    for number in range(-(-plan.rows // BLOCK_ROWS)):
        rows = min(BLOCK_ROWS, plan.rows - number * BLOCK_ROWS)
        # A block's interactions go in last: where all of them are there, so is what belongs to them.
        if there.get(number) != rows:
            block = visitors.block(number, day=plan.day, rows=rows)
            _add_events(client, plan, place, number, block)
            _add_persons(client, place, block)
            _add_customers(client, place, block)
            added += _add_interactions(client, plan, place, number, block)
        progress(rows)
    return added


def _rows_by_block(client: Client, plan: Plan, place: Place) -> dict[int, int]:
    counted: Any = client.query(
        "SELECT intDiv(_offset, {block_rows:UInt64}), count() FROM heatmaps "
        "WHERE team_id = {team_id:Int64} AND _partition = {partition:UInt64} GROUP BY 1",
        parameters={"team_id": place.team_id, "partition": plan.partition, "block_rows": BLOCK_ROWS},
    ).result_rows
    return dict(counted)


def _numbers_there(client: Client, table: str, plan: Plan, place: Place, number: int) -> list[int]:
    """Which rows of a block are there. Of an interrupted insert it may be those of one month and not of the other."""
    columns = client.query(
        "SELECT _offset - {start:UInt64} FROM {table:Identifier} WHERE team_id = {team_id:Int64} "
        "AND _partition = {partition:UInt64} AND intDiv(_offset, {block_rows:UInt64}) = {number:UInt64}",
        parameters={
            "table": table,
            "team_id": place.team_id,
            "partition": plan.partition,
            "block_rows": BLOCK_ROWS,
            "number": number,
            "start": number * BLOCK_ROWS,
        },
        column_oriented=True,
    ).result_columns
    return list(columns[0]) if columns else []


def _add_interactions(client: Client, plan: Plan, place: Place, number: int, block: Block) -> int:
    rows = block.interactions
    is_wanted = ~np.isin(rows.number, _numbers_there(client, "heatmaps", plan, place, number))
    is_wanted &= rows.timestamp >= int(place.keeps_from.timestamp()) * 1_000_000
    count = int(is_wanted.sum())
    if count:
        columns: dict[str, Any] = {
            "session_id": rows.session_id[is_wanted],
            "team_id": np.full(count, place.team_id, dtype=np.int64),
            "distinct_id": rows.distinct_id[is_wanted],
            "timestamp": pa.array(rows.timestamp[is_wanted]).cast(pa.timestamp("us", tz="UTC")),
            "x": rows.x[is_wanted],
            "y": rows.y[is_wanted],
            "scale_factor": np.full(count, 16, dtype=np.int16),
            "viewport_width": rows.viewport_width[is_wanted],
            "viewport_height": rows.viewport_height[is_wanted],
            "pointer_target_fixed": rows.pointer_target_fixed[is_wanted],
            "current_url": rows.current_url[is_wanted],
            "type": rows.type[is_wanted],
            "_offset": (rows.number[is_wanted] + number * BLOCK_ROWS).astype(np.uint64),
            "_partition": np.full(count, plan.partition, dtype=np.uint64),
        }
        client.insert_arrow("heatmaps", pa.table(columns))
    return count


def _add_events(client: Client, plan: Plan, place: Place, number: int, block: Block) -> None:
    rows = block.events
    is_wanted = ~np.isin(rows.number, _numbers_there(client, "events", plan, place, number))
    is_wanted &= rows.timestamp >= int(place.keeps_from.timestamp()) * 1_000_000
    count = int(is_wanted.sum())
    if count:
        distinct_ids = rows.distinct_id[is_wanted]
        columns: dict[str, Any] = {
            "uuid": rows.uuid[is_wanted],
            "event": rows.event[is_wanted],
            "properties": rows.properties[is_wanted],
            "timestamp": pa.array(rows.timestamp[is_wanted]).cast(pa.timestamp("us", tz="UTC")),
            "team_id": np.full(count, place.team_id, dtype=np.int64),
            "distinct_id": distinct_ids,
            "elements_chain": rows.elements_chain[is_wanted],
            "person_id": [str(block.persons.get(visitor, _NOBODY)) for visitor in distinct_ids.tolist()],
            "_offset": (rows.number[is_wanted] + number * BLOCK_ROWS).astype(np.uint64),
            "_partition": np.full(count, plan.partition, dtype=np.uint64),
        }
        client.insert_arrow("events", pa.table(columns))


def _add_persons(client: Client, place: Place, block: Block) -> None:
    known = client.query(
        "SELECT distinct_id, person_id, version FROM person_distinct_id2 WHERE team_id = {team_id:Int64}",
        parameters={"team_id": place.team_id},
    ).result_rows
    told = {distinct_id: (person_id, version) for distinct_id, person_id, version in known}
    loading.load(place.team_id, block.persons, [], told)
    following.tell_all(client)


def _add_customers(client: Client, place: Place, block: Block) -> None:
    known = client.query(
        "SELECT person_id FROM person_static_cohort WHERE team_id = {team_id:Int64} AND cohort_id = {cohort_id:Int64}",
        parameters={"team_id": place.team_id, "cohort_id": place.customers_id},
    ).result_rows
    there = {person_id for (person_id,) in known}
    _insert(
        client,
        "person_static_cohort",
        [
            {
                "id": uuid5(person_id, str(place.customers_id)),
                "person_id": person_id,
                "cohort_id": place.customers_id,
                "team_id": place.team_id,
            }
            for person_id in sorted(block.customers - there)
        ],
    )


def _insert(client: Client, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        client.insert(table, [list(row.values()) for row in rows], column_names=list(rows[0]))


def keeps_from(now: datetime, retention_days: int) -> datetime:
    return now - timedelta(days=retention_days) if retention_days else datetime(1970, 1, 1, tzinfo=UTC)


def hottest_point(client: Client, team_id: int, *, kind: str, url: str) -> dict[str, Any] | None:
    """Where on a page most of a kind happened, as the API's parameter `points` takes it."""
    found = client.query(
        "SELECT round(x / viewport_width, 2) AS x, y * 16 AS y, pointer_target_fixed AS target_fixed FROM heatmaps "
        "WHERE team_id = {team_id:Int64} AND type = {kind:String} AND current_url = {url:String} "
        "GROUP BY ALL ORDER BY count() DESC, 1, 2 LIMIT 1",
        parameters={"team_id": team_id, "kind": kind, "url": url},
    )
    return next(iter(found.named_results()), None)
