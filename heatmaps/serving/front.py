"""The process that talks to callers."""

import asyncio
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

import structlog
import uvicorn
from django.conf import settings
from structlog.contextvars import clear_contextvars

from heatmaps.serving.connections import IDLE_SECONDS, SWEEP_SECONDS, Connection, Connections
from heatmaps.serving.dispatch import Dispatcher, Thread
from heatmaps.serving.exchange import Group
from heatmaps.serving.gateway import Gateway
from heatmaps.serving.spool import Room

logger = structlog.get_logger(__name__)

# Connections that wait until they are taken.
BACKLOG = 4_096
_TAKEN_AT_ONCE = 100
MAX_CONNECTIONS = 30_000
_QUIET_SECONDS = 60
# For what is no connection of a caller: files of replies, and whatever else is open.
_OTHER_FILES = 500


def run(callers: socket.socket, threads: socket.socket, limits: dict[Group, int], seconds_to_finish: int) -> None:
    """Serves until the process is told to stop, and then finishes what it has begun."""
    # Its lines are not of the command that began it all.
    clear_contextvars()
    asyncio.run(_run(callers, threads, limits, seconds_to_finish))


async def _run(
    callers: socket.socket, threads: socket.socket, limits: dict[Group, int], seconds_to_finish: int
) -> None:
    # One project may have half of what all have together.
    most_of_one = {Group.REST: max(1, limits[Group.REST] // 2)}
    dispatcher = Dispatcher(limits, most_of_one, settings.CLICKHOUSE_QUEUE_SECONDS)
    connections = Connections(_most_connections(sum(limits.values())))
    gateway = Gateway(dispatcher, connections, Room())
    loop = asyncio.get_running_loop()
    answering = await loop.create_unix_server(lambda: Thread(dispatcher), sock=threads, backlog=BACKLOG)
    config = uvicorn.Config(
        gateway,
        http=cast("type[asyncio.Protocol]", partial(Connection, connections)),
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        # We come first, and do not close all at once.
        timeout_keep_alive=2 * IDLE_SECONDS,
        timeout_graceful_shutdown=seconds_to_finish,
        # So many are taken at a time before anybody else is served.
        backlog=_TAKEN_AT_ONCE,
    )
    sweeping = loop.create_task(_sweep(connections))
    await _Server(config).serve([callers])
    sweeping.cancel()
    answering.close()


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or ():
            # It was told the number that is taken at once.
            listening.listen(BACKLOG)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The signal is not raised again when all is done: being told to stop is no failure."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        yield

    def _stop(self) -> None:
        self.should_exit = True


async def _sweep(connections: Connections) -> None:
    loop = asyncio.get_running_loop()
    quiet_until = 0.0
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        connections.sweep(loop.time())
        # The first at once, then one line a minute.
        if loop.time() >= quiet_until and (news := connections.news()):
            logger.warning("Callers were too slow, or too many", open=len(connections), **news)
            quiet_until = loop.time() + _QUIET_SECONDS


def _most_connections(threads: int) -> int:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(50, min(MAX_CONNECTIONS, files - threads - _OTHER_FILES))
