"""The production server: Granian, with the process model that fits the engine."""

import os
import resource
import signal
import socket
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from threading import Thread
from time import monotonic, sleep

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from heatmaps import engine, metrics, schema

# More than all sockets and databases that all threads may have open.
MOST_FILES = 65_536
# How many times a second apart a worker is told to stop, before it is waited for.
_REMINDERS = 3


def default_workers() -> int:
    """The embedded engine's directory belongs to one process; a server's clients may be many."""
    return 1 if engine.is_embedded() else os.cpu_count() or 1


def default_threads() -> int:
    """One for each request that may be worked on, a few for what is answered at once, and those of browsers that wait
    until they are stored together."""
    return settings.MAX_REQUESTS + 4 + settings.CAPTURE_MAX_WAITING


def check_ready(host: str, port: int) -> None:
    """Raises CommandError with the command that is missing, before the first request has to fail."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The metadata database is not up to date. Run `manage.py migrate` first.")
    connection.close()
    check_port(host, port)
    if engine.is_in_memory():
        raise CommandError(
            "chdb://memory is empty in every new process. Set CLICKHOUSE_URL to chdb:///absolute/path or to a server."
        )
    # In a process of its own, because the embedded engine must not be open when the workers are forked.
    # It ends with its parent, which may be told to stop meanwhile: it would wait for the next order for ever.
    with ProcessPoolExecutor(
        1, mp_context=get_context("fork"), initializer=_end_with, initargs=(os.getpid(),)
    ) as child:
        check = child.submit(_check_clickhouse)
        # Meanwhile the application is loaded, once for all workers.
        import_module("heatmaps_service.wsgi")
        check.result()


def _check_clickhouse() -> None:
    try:
        with engine.writer() as client:
            if not schema.is_current(client):
                raise CommandError("ClickHouse is not up to date. Run `manage.py migrate_clickhouse` first.")
    except engine.EngineUnavailable as error:
        # A server may come back while we serve, a directory that another process holds will not.
        if engine.is_embedded():
            raise
        sys.stderr.write(f"{error} Serving all the same.\n")


def check_port(host: str, port: int) -> None:
    """Raises CommandError when nobody can listen there."""
    try:
        family, *_ = _address(host, port)
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "a port is a number from 1 to 65535"
        raise CommandError(f"Cannot listen on {host}:{port}: {reason}. Choose another --host or --port.") from error


def _address(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return family, str(address[0])


def _end_with(parent: int) -> None:
    """A worker whose server was killed would go on, and keep the port and the data directory from the next one. It
    finishes what it does, as long as the server would have let it."""
    Thread(target=_wait_for_other_parent, args=(parent,), daemon=True).start()


def _wait_for_other_parent(parent: int) -> None:
    while os.getppid() == parent:
        sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(_last_seconds())
    os.kill(os.getpid(), signal.SIGKILL)


class _Server(Granian):  # type: ignore[misc,valid-type]
    """Tells its workers to stop more than once: one that is told in its first moment still has the server's handlers,
    which swallow it, and would have to be killed a minute later."""

    def _stop_workers(self) -> None:
        for _ in range(_REMINDERS):
            until = monotonic() + 1
            for worker in self.wrks:
                if worker.is_alive():
                    worker.terminate()
            for worker in self.wrks:
                worker.join(max(0, until - monotonic()))
        super()._stop_workers()


def _last_seconds() -> int:
    """How long a worker may finish what it does when it is told to stop."""
    return int(settings.CLICKHOUSE_MAX_SECONDS) + 10


def serve(
    *, host: str, port: int, workers: int, threads: int, application: str = "heatmaps_service.wsgi:application"
) -> None:
    """Serves until a signal stops it: requests under way are finished, new ones refused."""
    # The number is taken here: the server may be gone before a worker looks for it.
    os.register_at_fork(after_in_child=partial(_end_with, os.getpid()))
    # A worker inherits the server's handlers, which would swallow a signal that comes before it has its own.
    os.register_at_fork(after_in_child=_end_at_signals)
    server = _Server(
        application,
        address=_address(host, port)[1],
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backpressure=max(threads * 2, 160),
        workers_kill_timeout=_last_seconds() - _REMINDERS,
        websockets=False,
        log_level=LogLevels.error,
    )
    _allow_many_files()
    with metrics.shared_by(workers):
        server.serve()


def _allow_many_files() -> None:
    """Every browser that waits has a socket, and every thread a file of the metadata: more than the 1,024 that many
    systems start a process with."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(MOST_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _end_at_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
