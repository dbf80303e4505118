"""The one door to ClickHouse: the embedded engine or a server, whichever CLICKHOUSE_URL names.

Questions of the API are asked through `rows` and `blocks`, read-only and within the limits of the settings. Everything
that writes goes through `writer`. What the driver raises leaves here as an EngineError.
"""

import fcntl
import queue
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect import common
from clickhouse_connect.driver.binding import format_bind_value
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.httputil import get_pool_manager_options
from clickhouse_connect.driver.query import QueryResult
from django.conf import settings
from structlog.contextvars import get_contextvars
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from heatmaps import metrics
from heatmaps.places import FairPlaces
from heatmaps.queries import Query
from heatmaps.queries.layout import EVENT_PROPERTIES, KEY_COLUMNS, PLAIN, Layout

__all__ = [
    "Client",
    "EngineBusy",
    "EngineError",
    "EngineUnavailable",
    "ValueTooLong",
    "blocks",
    "close",
    "create_database",
    "database_exists",
    "layout",
    "patient_writer",
    "portions",
    "rows",
    "rows_read",
    "writer",
]

# Sessions serialise the queries that share one; ours share nothing.
common.set_setting("autogenerate_session_id", False)
# An account that may not change settings is asked without them.
common.set_setting("invalid_setting_action", "drop")

# The engine gives up first, and says why.
ANSWER_SECONDS_MORE = 10
_UNKNOWN_DATABASE = 81
# Of one parameter, as a server takes it (http_max_field_value_size).
_MAX_PARAMETER_BYTES = 128 * 1024

T = TypeVar("T")
_PATIENT_SECONDS = 6 * 3600
# An insert has reached its shard when it is acknowledged.
_WRITING = {"distributed_foreground_insert": 1, "distributed_product_mode": "global"}

# One block of an answer, column by column: sequences of equal length.
Block = Sequence[Sequence[Any]]


class EngineError(Exception):
    """ClickHouse refused or gave up a query. `code` is its error number, None when it never answered.

    The text is for logs and for whoever runs the service, never for a caller of the API.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class EngineUnavailable(EngineError):
    """There is no engine to ask: it cannot be opened or reached, or the connection broke."""


class ValueTooLong(EngineError):
    """A server takes no parameter as long as one of the question's."""


class EngineBusy(EngineError):
    """Every place for a query was taken for as long as one may wait."""


def rows(query: Query) -> list[tuple[Any, ...]]:
    """The whole answer to a question that has a short one."""
    with _readers().lend(query.parameters.get("team_id")) as client:
        began = perf_counter()
        answer = client.query(query.sql, parameters=dict(query.parameters), settings=_marked())
        metrics.asked(perf_counter() - began, _told_to_be_read(answer))
        return [tuple(row) for row in answer.result_rows]


def blocks(query: Query) -> Iterator[Block]:
    """The answer to a question that may have a long one, in blocks of columns as the engine makes them.

    The generator holds a place among the queries until it ends or is closed: close it.
    """
    with _readers().lend(query.parameters.get("team_id")) as client:
        began = perf_counter()
        seconds = 0.0
        with client.query_column_block_stream(
            query.sql, parameters=dict(query.parameters), settings=_marked()
        ) as stream:
            try:
                for block in stream:
                    seconds += perf_counter() - began
                    yield block
                    # What the caller does with a block is none of the engine's time.
                    began = perf_counter()
            finally:
                metrics.asked(seconds, _told_to_be_read(stream.source))


def _marked() -> dict[str, str]:
    """The request's id, which the engine's own log then has. Settings of one query do not keep the driver from handing
    over block after block, as they would for a raw stream."""
    request_id = get_contextvars().get("request_id")
    return {"log_comment": request_id} if request_id else {}


def _told_to_be_read(answer: QueryResult) -> int:
    """How many rows a server says it has read when its answer begins, which is when nearly all are read."""
    return int(answer.summary.get("read_rows", 0))


def rows_read() -> int:
    """How many rows the engine has read since it was opened."""
    found = rows(Query("SELECT value FROM system.events WHERE event = 'SelectedRows'", {}))
    return int(found[0][0]) if found else 0


@contextmanager
def writer() -> Iterator[Client]:
    """A client that may write, without the limits of the API's queries."""
    with _writers().lend() as client:
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
    with _patient_writers().lend() as client:
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
    if url.scheme == "chdb" or not name:
        return
    with _driver_errors(), _connect({}, url._replace(path="").geturl()) as client:
        everywhere = f" ON CLUSTER `{settings.CLICKHOUSE_CLUSTER}`" if settings.CLICKHOUSE_CLUSTER else ""
        client.command(f"CREATE DATABASE IF NOT EXISTS {{name:Identifier}}{everywhere}", parameters={"name": name})


@cache
def layout() -> Layout:
    """What the tables have that makes a question faster; asked once."""
    columns = set(
        rows(Query("SELECT table, name FROM system.columns WHERE database = currentDatabase()", {})),
    )
    return Layout(
        has_keys=all(("heatmaps", name) in columns for name in KEY_COLUMNS),
        event_session="session" if ("events", "session") in columns else PLAIN.event_session,
        event_properties={
            key: column for key, column in EVENT_PROPERTIES.items() if ("events", column.strip("`")) in columns
        },
    )


def close() -> None:
    """Closes every idle client. The engine opens again with the next question."""
    layout.cache_clear()
    for clients in (_readers, _writers, _patient_writers):
        if clients.cache_info().currsize:
            clients().close()
            clients.cache_clear()
    _http_pool.cache_clear()


class _Clients:
    """Clients lent to one user at a time, because a client of the embedded engine runs one query at once."""

    def __init__(
        self, places: int, query_settings: Mapping[str, Any], *, once: bool = False, seconds: int | None = None
    ) -> None:
        self._places = FairPlaces(places)
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
            with _driver_errors():
                client = self._client()
                try:
                    yield client
                except ClickHouseError as error:
                    if _lost_connection(error):
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
            client = _connect(self._query_settings, once=self._once, seconds=self._seconds)
            self._clients.append(client)
            return client

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()


class _OncePool(PoolManager):
    """Connections over which nothing is sent a second time. When a connection breaks, the driver would send an insert
    again, though the server may have stored it; whoever inserts here knows how to find out."""

    def urlopen(self, method: str, url: str, redirect: bool = True, **options: Any) -> Any:  # type: ignore[override]
        failure: HTTPError
        try:
            return super().urlopen(method, url, redirect, **options)
        except HTTPError as error:
            failure = error
        # Out of the handler, so that it does not carry the broken connection, by which the driver knows it.
        raise HTTPError(str(failure))


@cache
def _readers() -> _Clients:
    return _Clients(
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
            # The last one: from here on nothing can be written, and this cannot be taken back.
            "readonly": 2,
        },
    )


@cache
def _writers() -> _Clients:
    return _Clients(4, _WRITING, once=True)


@cache
def _patient_writers() -> _Clients:
    patience = {
        "distributed_ddl_task_timeout": _PATIENT_SECONDS,
        # A table whose rows have moved to another one may be of any size.
        "max_table_size_to_drop": 0,
    }
    return _Clients(1, {**_WRITING, **patience}, once=True, seconds=_PATIENT_SECONDS)


@contextmanager
def _driver_errors() -> Iterator[None]:
    try:
        yield
    except ClickHouseError as error:
        if _lost_connection(error):
            raise EngineUnavailable(str(error)) from error
        if "HTML Form Exception: Field value too long" in str(error):
            raise ValueTooLong(str(error)) from error
        raise EngineError(str(error), getattr(error, "code", None)) from error


def _lost_connection(error: ClickHouseError) -> bool:
    return getattr(error, "code", None) is None


_connecting = threading.Lock()
_opened: set[Path] = set()


def _connect(
    query_settings: Mapping[str, Any], server: str | None = None, *, once: bool = False, seconds: int | None = None
) -> Client:
    if settings.CLICKHOUSE_URL.startswith("chdb:"):
        with _connecting:
            return _open_embedded(query_settings)
    url = urlsplit(settings.CLICKHOUSE_URL)
    address = url.netloc.rpartition("@")[2]
    if url.port is None:
        address += ":8443" if url.scheme == "https" else ":8123"
    try:
        # The driver would wait for a silent server as long as for a long query.
        _http_pool().request(
            "GET",
            f"{url.scheme}://{address}/ping",
            timeout=settings.CLICKHOUSE_CONNECT_SECONDS,
            retries=False,
        )
        return clickhouse_connect.get_client(
            dsn=server or settings.CLICKHOUSE_URL,
            interface=url.scheme,
            settings=dict(query_settings),
            connect_timeout=settings.CLICKHOUSE_CONNECT_SECONDS,
            send_receive_timeout=seconds or settings.CLICKHOUSE_MAX_SECONDS + ANSWER_SECONDS_MORE,
            pool_mgr=_http_pool(once=once),
        )
    except (ClickHouseError, HTTPError) as error:
        if isinstance(error, ClickHouseError) and not _lost_connection(error):
            raise
        raise EngineUnavailable(
            f"The ClickHouse server at {address} does not answer. Is it running, and is CLICKHOUSE_URL right?"
        ) from error


@cache
def _http_pool(*, once: bool = False) -> PoolManager:
    options = get_pool_manager_options(maxsize=settings.CLICKHOUSE_MAX_QUERIES + 4, num_pools=2)
    return _OncePool(**options) if once else PoolManager(**options)


def _open_embedded(query_settings: Mapping[str, Any]) -> Client:
    """Opens the engine, or another connection to it. Raises EngineUnavailable with a sentence that says what is wrong,
    where the engine itself only says that it could not start."""
    path = Path(urlsplit(settings.CLICKHOUSE_URL).path)
    if path.is_absolute() and path not in _opened:
        try:
            path.mkdir(parents=True, exist_ok=True)
            _refuse_if_taken(path)
        except OSError as error:
            raise EngineUnavailable(f"The data directory {path} cannot be used: {error.strerror}.") from error
    client = clickhouse_connect.get_client(dsn=settings.CLICKHOUSE_URL, settings=dict(query_settings))
    _opened.add(path)
    return client


def _refuse_if_taken(path: Path) -> None:
    """The engine keeps a lock on its status file for as long as it runs."""
    status = path / "status"
    if not status.exists():
        return
    with status.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EngineUnavailable(
                f"The data directory {path} is in use by another process. "
                "Stop that one first, or set CLICKHOUSE_URL to another directory or to a server."
            ) from error
