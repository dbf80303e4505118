"""Asking the engine: reading within the limits of the settings, writing through a writer."""

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple, TypeVar, overload
from urllib.parse import urlsplit

from clickhouse_connect.driver.binding import format_bind_value
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.query import QueryResult
from django.conf import settings
from structlog.contextvars import get_contextvars

from heatmaps import metrics
from heatmaps.engine.clients import patient_writers, readers, writers
from heatmaps.engine.connecting import connect, http_pool, is_embedded
from heatmaps.engine.errors import EngineError, driver_errors
from heatmaps.engine.query import Query

_UNKNOWN_DATABASE = 81
# Of one parameter, as a server takes it (http_max_field_value_size).
_MAX_PARAMETER_BYTES = 128 * 1024

_LARGE_ROWS = 10_000
_TURN_SECONDS = 1
_one_large = threading.Lock()

T = TypeVar("T")
R = TypeVar("R", bound=NamedTuple)

# One block of an answer: each column by its name, all of equal length.
Block = Mapping[str, Sequence[Any]]


@overload
def rows(query: Query) -> list[tuple[Any, ...]]: ...
@overload
def rows(query: Query, row: type[R]) -> list[R]: ...
def rows(query: Query, row: type[Any] = tuple) -> list[Any]:
    """The whole answer to a question that has a short one. `row` is a NamedTuple whose fields are the columns."""
    with readers().lend(query.parameters.get("team_id")) as client:
        began = perf_counter()
        answer = client.query(query.sql, parameters=dict(query.parameters), settings=_marked())
        metrics.asked(perf_counter() - began, _rows_read_for(answer))
        if row is tuple:
            return [tuple(one) for one in answer.result_rows]
        # An empty answer has no columns either.
        if answer.result_rows and row._fields != tuple(answer.column_names):
            raise TypeError(f"{row.__name__} has {row._fields}, and the columns are {answer.column_names}.")
        return [row._make(one) for one in answer.result_rows]


def blocks(query: Query) -> Generator[Block]:
    """The answer to a question that may have a long one, in blocks of columns as the engine makes them.

    The generator holds a place among the queries until it ends or is closed: close it.
    """
    with readers().lend(query.parameters.get("team_id")) as client:
        began = perf_counter()
        seconds = 0.0
        with client.query_column_block_stream(
            query.sql, parameters=dict(query.parameters), settings=_marked()
        ) as stream:
            names = stream.source.column_names
            try:
                for block in stream:
                    seconds += perf_counter() - began
                    with _turn_for(len(next(iter(block), ()))):
                        yield dict(zip(names, block, strict=True))
                    # What the caller does with a block is none of the engine's time.
                    began = perf_counter()
            finally:
                metrics.asked(seconds, _rows_read_for(stream.source))


@contextmanager
def _turn_for(rows: int) -> Iterator[None]:
    """Lets one large block be worked on at a time. The interpreter does it no faster side by side, and a small question
    would wait for each of those that do."""
    is_large = rows > _LARGE_ROWS
    # Who holds the turn may have to wait for whoever reads the reply, which nobody else is to do.
    has_turn = is_large and _one_large.acquire(timeout=_TURN_SECONDS)
    try:
        yield
    finally:
        if has_turn:
            _one_large.release()


def _marked() -> dict[str, str]:
    """The request's id, which the engine's own log then has. Settings of one query do not keep the driver from handing
    over block after block, as they would for a raw stream."""
    request_id = get_contextvars().get("request_id")
    return {"log_comment": request_id} if request_id else {}


def _rows_read_for(answer: QueryResult) -> int:
    """How many rows a server says it has read when its answer begins, which is when nearly all are read."""
    return int(answer.summary.get("read_rows", 0))


def rows_read() -> int:
    """How many rows the engine has read since it was opened."""
    found = rows(Query("SELECT value FROM system.events WHERE event = 'SelectedRows'", {}))
    return int(found[0][0]) if found else 0


@contextmanager
def writer() -> Iterator[Client]:
    """A client that may write, without the limits of the API's queries."""
    with writers().lend() as client:
        yield client


def portions(values: Sequence[T]) -> Iterator[list[T]]:
    """All values in their order, as many at a time as one parameter can hold."""
    portion: list[T] = []
    size = 0
    for value in values:
        added = len(format_bind_value([value]).encode())
        if portion and size + added > _MAX_PARAMETER_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(value)
        size += added
    if portion:
        yield portion


@contextmanager
def patient_writer() -> Iterator[Client]:
    """A client for what may take very long, such as a change of whole tables on all servers of a cluster."""
    with patient_writers().lend() as client:
        yield client


def database_exists() -> bool:
    """Whether there is the database that CLICKHOUSE_URL names."""
    try:
        with writer():
            return True
    except EngineError as error:
        if error.code != _UNKNOWN_DATABASE:
            raise
        return False


def create_database() -> None:
    """Makes the database that CLICKHOUSE_URL names on a server; the embedded engine has one."""
    url = urlsplit(settings.CLICKHOUSE_URL)
    name = url.path.strip("/")
    if is_embedded() or not name:
        return
    with driver_errors(), connect({}, url._replace(path="").geturl()) as client:
        everywhere = f" ON CLUSTER `{settings.CLICKHOUSE_CLUSTER}`" if settings.CLICKHOUSE_CLUSTER else ""
        client.command(f"CREATE DATABASE IF NOT EXISTS {{name:Identifier}}{everywhere}", parameters={"name": name})


@cache
def columns() -> frozenset[tuple[str, str]]:
    """The columns of all tables, as (table, column); asked once."""
    found = rows(Query("SELECT table, name FROM system.columns WHERE database = currentDatabase()", {}))
    return frozenset((table, name) for table, name in found)


@cache
def has_shards() -> bool:
    """Whether the interactions are spread over the servers of a cluster; asked once."""
    sql = "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = 'heatmaps'"
    return rows(Query(sql, {})) == [("Distributed",)]


def close() -> None:
    """Closes every idle client. The engine opens again with the next question."""
    columns.cache_clear()
    has_shards.cache_clear()
    for clients in (readers, writers, patient_writers):
        if clients.cache_info().currsize:
            clients().close()
            clients.cache_clear()
    http_pool.cache_clear()
