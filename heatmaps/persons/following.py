"""ClickHouse is told of persons: of every version that it does not know yet, within two seconds, by a thread.

A kill between telling and noting that it is told tells it again, and the same version twice is one row.
"""

import time
from collections.abc import Iterable

import orjson
import pyarrow as pa
import structlog
from django.db import Error as MetadataError
from django.db import connection

from heatmaps import engine
from heatmaps.background import Background
from heatmaps.engine import Client, EngineError
from heatmaps.models import Person, PersonDistinctId
from heatmaps.persons import keeping
from heatmaps.persons.properties import current

logger = structlog.get_logger(__name__)

# Each time makes two parts. What another process left is found as fast.
EVERY_SECONDS = 1.0
NEWS_SECONDS = 0.5
REST_SECONDS = 5.0
WARN_EVERY_SECONDS = 60
AT_ONCE = 5_000
_MICROSECONDS = pa.timestamp("us", tz="UTC")


def begin() -> None:
    """Starts the thread of this process, if there is none."""
    _background.begin()


def _end() -> None:
    """What is not told by now is told at the next start."""
    keeping.has_news.set()
    _background.join(REST_SECONDS)


def _follow() -> None:
    warned_at = float("-inf")
    while _background.goes_on():
        pause = EVERY_SECONDS
        try:
            keeping.has_news.clear()
            if has_pending():
                with engine.writer() as client:
                    tell_all(client)
        except (EngineError, MetadataError) as error:
            if time.monotonic() - warned_at > WARN_EVERY_SECONDS:
                warned_at = time.monotonic()
                logger.warning("ClickHouse could not be told of persons", cause=" ".join(str(error).split())[:500])
            connection.close()
            pause = REST_SECONDS
        except Exception:
            logger.exception("ClickHouse could not be told of persons")
            pause = REST_SECONDS
        keeping.release_connection()
        _background.goes_on(pause)
        keeping.has_news.wait(NEWS_SECONDS)


def has_pending() -> bool:
    return any(rows.objects.filter(is_pending=True).exists() for rows in (Person, PersonDistinctId))


def tell_all(client: Client) -> int:
    """Tells all that is pending, and returns how many rows that were."""
    told = 0
    # Persons first: an id must not be that of somebody who is not there.
    for tell in (_tell_persons, _tell_ids):
        while number := tell(client):
            told += number
            if number < AT_ONCE:
                break
    return told


def _tell_persons(client: Client) -> int:
    rows = list(Person.objects.filter(is_pending=True).order_by("version")[:AT_ONCE])
    if rows:
        client.insert_arrow(
            "person",
            pa.table(
                {
                    "id": pa.array([str(row.uuid) for row in rows], pa.string()),
                    "created_at": pa.array([row.created_at for row in rows], _MICROSECONDS),
                    "team_id": pa.array([row.project_id for row in rows], pa.int64()),
                    "properties": pa.array(
                        [orjson.dumps(current(orjson.loads(row.registers))).decode() for row in rows], pa.string()
                    ),
                    "is_identified": pa.array([int(row.is_identified) for row in rows], pa.int8()),
                    "is_deleted": pa.array([int(row.is_deleted) for row in rows], pa.int8()),
                    "version": pa.array([row.version for row in rows], pa.uint64()),
                }
            ),
        )
        _note(Person, ((row.pk, row.version) for row in rows))
        gone = [row.pk for row in rows if row.is_deleted]
        Person.objects.filter(pk__in=gone, is_deleted=True, is_pending=False).delete()
    return len(rows)


def _tell_ids(client: Client) -> int:
    rows = list(PersonDistinctId.objects.filter(is_pending=True).order_by("version").select_related("person")[:AT_ONCE])
    if rows:
        client.insert_arrow(
            "person_distinct_id2",
            pa.table(
                {
                    "team_id": pa.array([row.project_id for row in rows], pa.int64()),
                    "distinct_id": pa.array([row.distinct_id for row in rows], pa.string()),
                    "person_id": pa.array([str(row.person.uuid) for row in rows], pa.string()),
                    "is_deleted": pa.array([0] * len(rows), pa.int8()),
                    "version": pa.array([row.version for row in rows], pa.int64()),
                }
            ),
        )
        _note(PersonDistinctId, ((row.pk, row.version) for row in rows))
    return len(rows)


def _note(model: type[Person | PersonDistinctId], told: Iterable[tuple[int, int]]) -> None:
    """Of these versions ClickHouse knows; what was changed meanwhile has another."""
    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001 -- Django's own name for it
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET is_pending = %s WHERE id = %s AND version = %s",  # noqa: S608 -- the name of a table of ours
            [(False, pk, version) for pk, version in told],
        )


# Before the counts of what came in are written.
_background = Background("persons", _follow, _end, exit_priority=2)
