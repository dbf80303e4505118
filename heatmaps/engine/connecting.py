"""Opening the engine that CLICKHOUSE_URL names: the embedded one in its directory, or connections to a server."""

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect import common
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.httputil import get_pool_manager_options
from django.conf import settings
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from heatmaps.engine.attached import attach, is_attached
from heatmaps.engine.errors import EngineUnavailable, lost_connection

# Sessions serialise the queries that share one; ours share nothing.
common.set_setting("autogenerate_session_id", False)
# An account that may not change settings is asked without them.
common.set_setting("invalid_setting_action", "drop")

# The engine gives up first, and says why.
ANSWER_SECONDS_MORE = 10


def is_embedded() -> bool:
    """Whether the engine runs in this process; otherwise it is a server."""
    return bool(settings.CLICKHOUSE_URL.startswith("chdb:"))


def is_in_memory() -> bool:
    """Whether every new process begins with an empty engine."""
    return bool(settings.CLICKHOUSE_URL == "chdb://memory")


def is_shared() -> bool:
    """Whether others use the engine meanwhile: of a server, or of a service that runs."""
    return not is_embedded() or is_attached()


def directory() -> Path:
    """Where the embedded engine keeps its data."""
    return Path(urlsplit(settings.CLICKHOUSE_URL).path)


def attach_where_served(say: Callable[[str], None]) -> None:
    """From now on this process works beside a service on the embedded engine, where there is one. What is worth telling
    of that goes to `say`."""
    global _say  # noqa: PLW0603 -- a process has one engine
    _say = say


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


_connecting = threading.Lock()
_opened: set[Path] = set()
_say: Callable[[str], None] | None = None
# Of what a command asks of the engine of a service: the rest of the CPUs is for questions.
_BESIDE_A_SERVICE = {"max_threads": max(1, (os.cpu_count() or 1) // 2)}


def connect(
    query_settings: Mapping[str, Any], server: str | None = None, *, once: bool = False, seconds: int | None = None
) -> Client:
    if is_embedded():
        with _connecting:
            return _open_embedded(query_settings)
    url = urlsplit(settings.CLICKHOUSE_URL)
    address = url.netloc.rpartition("@")[2]
    if url.port is None:
        address += ":8443" if url.scheme == "https" else ":8123"
    try:
        # The driver would wait for a silent server as long as for a long query.
        http_pool().request(
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
            pool_mgr=http_pool(once=once),
        )
    except (ClickHouseError, HTTPError) as error:
        if isinstance(error, ClickHouseError) and not lost_connection(error):
            raise
        raise EngineUnavailable(
            f"The ClickHouse server at {address} does not answer. Is it running, and is CLICKHOUSE_URL right?"
        ) from error


@cache
def http_pool(*, once: bool = False) -> PoolManager:
    options = get_pool_manager_options(maxsize=settings.CLICKHOUSE_MAX_QUERIES + 4, num_pools=2)
    return _OncePool(**options) if once else PoolManager(**options)


def _open_embedded(query_settings: Mapping[str, Any]) -> Client:
    """Opens the engine, or another connection to it. Raises EngineUnavailable with a sentence that says what is wrong,
    where the engine itself only says that it could not start."""
    path = directory()
    if path.is_absolute() and path not in _opened:
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, "it may not be written to")
            if not (_say and attach(path, _say)):
                _refuse_if_taken(path)
        except OSError as error:
            raise EngineUnavailable(f"The data directory {path} cannot be used: {error.strerror}.") from error
    if is_attached():
        query_settings = {**query_settings, **_BESIDE_A_SERVICE}
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
            raise EngineUnavailable(in_use(path)) from error


def in_use(path: Path) -> str:
    return (
        f"The data directory {path} is in use by another process. "
        "Stop that one first, or set CLICKHOUSE_URL to another directory or to a server."
    )
