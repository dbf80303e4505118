"""Which visitor is which person."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import orjson
import pyarrow as pa

from heatmaps import engine
from heatmaps.engine import Client
from heatmaps.loading.spool import Spool
from heatmaps.persons import following, loading

CURRENT_PERSONS = """
SELECT distinct_id, argMax(person_id, version) AS person, argMax(is_deleted, version) AS is_gone, max(version)
FROM person_distinct_id2
WHERE team_id = {team_id:Int64} AND distinct_id IN {distinct_ids:Array(String)}
GROUP BY distinct_id
"""
_AT_ONCE = 5_000


def store_persons(client: Client, spool: Spool, team_id: int) -> Iterator[tuple[int, int]]:
    """Stores the mappings that say something new. Yields for each block its rows, and how many were new."""
    for block in spool.blocks():
        for batch in block.to_batches(max_chunksize=_AT_ONCE):
            yield batch.num_rows, _store(client, batch, team_id)


def current_persons(client: Client, team_id: int, distinct_ids: Sequence[str]) -> dict[str, UUID]:
    """The person of each visitor who has one."""
    return {
        distinct_id: person
        for distinct_id, person, is_gone, _ in _current(client, team_id, distinct_ids)
        if not is_gone
    }


def _store(client: Client, batch: pa.RecordBatch, team_id: int) -> int:
    names, persons, properties = (batch[name].to_pylist() for name in ("distinct_id", "person_id", "properties"))
    # The last row of a visitor that names a person wins, as it would in two files.
    given: dict[str, str] = {}
    for distinct_id, text in zip(names, persons, strict=True):
        given[distinct_id] = text or given.get(distinct_id, "")
    told = {row[0]: row[1:] for row in _current(client, team_id, list(given))}
    described = [(name, orjson.loads(text)) for name, text in zip(names, properties, strict=True) if text]
    news = loading.load(
        team_id,
        {name: UUID(text) if text else None for name, text in given.items()},
        described,
        {name: (None if is_gone else person, version) for name, (person, is_gone, version) in told.items()},
    )
    following.tell_all(client)
    return news


def _current(client: Client, team_id: int, distinct_ids: Sequence[str]) -> list[tuple[str, UUID, int, int]]:
    return [
        (distinct_id, person, is_gone, version)
        for asked in engine.portions(distinct_ids)
        for distinct_id, person, is_gone, version in client.query(
            CURRENT_PERSONS,
            parameters={"team_id": team_id, "distinct_ids": asked},
        ).result_rows
    ]
