"""Clients of the engine, in pools: those that read for the API, those that write, and one for what takes very long."""

import os
import queue
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from django.conf import settings

from heatmaps.engine.connecting import connect, is_embedded
from heatmaps.engine.errors import EngineBusy, driver_errors, lost_connection
from heatmaps.engine.slots import FairSemaphore

_PATIENT_SECONDS = 6 * 3600
# An insert has reached its shard when it is acknowledged.
_WRITING = {"distributed_foreground_insert": 1, "distributed_product_mode": "global"}


class Clients:
    """Clients lent to one user at a time, because a client of the embedded engine runs one query at once."""

    def __init__(
        self, places: int, query_settings: Mapping[str, Any], *, once: bool = False, seconds: int | None = None
    ) -> None:
        self._places = FairSemaphore(places, _most_of_one(places))
        self._idle: queue.LifoQueue[Client] = queue.LifoQueue()
        self._query_settings = dict(query_settings)
        self._once = once
        self._seconds = seconds
        # All of them, lent ones too: a reply that is dropped half-way may come back only when garbage is collected,
        # and a client that nothing else holds would be closed by then.
        self._clients: list[Client] = []

    @contextmanager
    def lend(self, holder: Hashable = None) -> Iterator[Client]:
        """A client for as long as the context lasts; `holder` is for whom, so that places are given out fairly."""
        if not self._places.acquire(holder, settings.CLICKHOUSE_QUEUE_SECONDS):
            raise EngineBusy("All places for queries stayed taken (CLICKHOUSE_MAX_QUERIES).", code=202)
        try:
            with driver_errors():
                client = self._client()
                try:
                    yield client
                except ClickHouseError as error:
                    if lost_connection(error):
                        self._clients.remove(client)
                        client.close()
                    else:
                        self._idle.put(client)
                    raise
                except BaseException:
                    self._idle.put(client)
                    raise
                self._idle.put(client)
        finally:
            self._places.release(holder)

    def _client(self) -> Client:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            client = connect(self._query_settings, once=self._once, seconds=self._seconds)
            self._clients.append(client)
            return client

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()


def _most_of_one(places: int) -> int:
    """One project has half of the places at most, so that another does not wait for its questions to end. In this
    process each of them competes for our CPUs, too, and two for each CPU get as much done as any more would."""
    half = places - places // 2
    return min(half, 2 * (os.cpu_count() or 1)) if is_embedded() else half


@cache
def readers() -> Clients:
    return Clients(
        settings.CLICKHOUSE_MAX_QUERIES,
        {
            "max_execution_time": settings.CLICKHOUSE_MAX_SECONDS,
            "max_memory_usage": settings.CLICKHOUSE_MAX_MEMORY_BYTES,
            "max_result_rows": settings.CLICKHOUSE_MAX_RESULT_ROWS,
            "result_overflow_mode": "throw",
            "max_threads": settings.CLICKHOUSE_MAX_THREADS,
            # Room for as many property filters as a request may have; values are bound, so the text is all ours.
            "max_query_size": 4_000_000,
            "max_ast_elements": 500_000,
            # What a sub-query finds is looked for on all shards, where the table is on several.
            "distributed_product_mode": "global",
            # Filters by what is known of persons look into six tables, one within another.
            "max_distributed_depth": 20,
            # The last one: from here on nothing can be written, and this cannot be taken back.
            "readonly": 2,
        },
    )


@cache
def writers() -> Clients:
    return Clients(4, _WRITING, once=True)


@cache
def patient_writers() -> Clients:
    patience = {
        "distributed_ddl_task_timeout": _PATIENT_SECONDS,
        # A table whose rows have moved to another one may be of any size.
        "max_table_size_to_drop": 0,
    }
    return Clients(1, {**_WRITING, **patience}, once=True, seconds=_PATIENT_SECONDS)
