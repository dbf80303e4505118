"""ClickHouse is told of persons: of every version that it does not know yet, within two seconds, by a thread.

A kill between telling and noting that it is told tells it again, and the same version twice is one row.
"""

import os
import threading
import time
from collections.abc import Iterable
from multiprocessing.util import Finalize

import orjson
import pyarrow as pa
import structlog
from django.db import Error as MetadataError
from django.db import connection

from heatmaps import engine
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

_thread: threading.Thread | None = None
_lock = threading.Lock()
_finalizer: Finalize | None = None
_is_stopping = threading.Event()


def begin() -> None:
    """Starts the thread of this process, if there is none."""
    global _thread  # noqa: PLW0603 -- one for the process
    if _thread is not None and _thread.is_alive():
        return
    with _lock:
        if (_thread is None or not _thread.is_alive()) and not _is_stopping.is_set():
            _thread = threading.Thread(target=_follow, name="persons", daemon=True)
            _thread.start()


def end_with_process() -> None:
    """A worker of the server ends without what atexit has, and forgets what was registered before its fork."""
    global _finalizer  # noqa: PLW0603 -- one for the process
    if _finalizer is None:
        _finalizer = Finalize(None, _stop, exitpriority=2)


def _stop() -> None:
    """What is not told by now is told at the next start."""
    _is_stopping.set()
    keeping.has_news.set()
    if _thread is not None:
        _thread.join(REST_SECONDS)


def _follow() -> None:
    warned_at = float("-inf")
    while not _is_stopping.is_set():
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
        _is_stopping.wait(pause)
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


def _begin_anew() -> None:
    # Threads and locks of a parent are of no use to its child.
    global _thread, _lock, _finalizer
    _thread, _lock, _finalizer = None, threading.Lock(), None


os.register_at_fork(after_in_child=_begin_anew)
