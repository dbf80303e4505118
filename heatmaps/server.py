"""The production server, with the process model that fits the engine."""

import gc
import os
import resource
import signal
import socket
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext, suppress
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from tempfile import gettempdir
from threading import Thread
from time import monotonic, sleep

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from heatmaps import engine, metrics, schema
from heatmaps.metadata.connections import keep_open
from heatmaps.serving import front, orphans
from heatmaps.serving.dispatch import limits_for
from heatmaps.serving.supervisor import Supervisor
from heatmaps.serving.worker import Worker, application_named

# More than all sockets and databases that all threads may have open.
MOST_FILES = 65_536
# How long the data directory and the port may stay taken by processes whose server was killed.
ORPHAN_SECONDS = 10
ORPHAN_PORT_SECONDS = 2
MOST_ADDRESS_CHARS = 60
_OBJECTS_BEFORE_GARBAGE = 10_000


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
    _wait_for_port(host, port)
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
        try:
            check.result()
        except BrokenProcessPool as error:
            raise CommandError(
                "The process that looked at ClickHouse was killed. Is there enough memory? Start again."
            ) from error


def _check_clickhouse() -> None:
    until = monotonic() + ORPHAN_SECONDS
    while True:
        try:
            with engine.writer() as client:
                if not schema.is_current(client):
                    raise CommandError("ClickHouse is not up to date. Run `manage.py migrate_clickhouse` first.")
        except engine.EngineUnavailable as error:
            # A server may come back while we serve, a directory that another process holds will not, unless that one
            # was left behind by a service that was killed.
            if not engine.is_embedded():
                sys.stderr.write(f"{error} Serving all the same.\n")
            elif monotonic() < until and orphans.let_go_soon(engine.directory() / "status"):
                sleep(0.2)
                continue
            else:
                raise
        else:
            _tell_set_aside()
        return


def _tell_set_aside() -> None:
    if parts := engine.set_aside():
        sys.stderr.write(
            f"ClickHouse could not read {len(parts)} of its parts, and serves without their rows: "
            f"{', '.join(parts[:5])}{', …' if parts[5:] else ''}. Restore a backup, or see docs/operations.md.\n"
        )


def _wait_for_port(host: str, port: int) -> None:
    """Checks it, for as long as what a killed service left behind may take to let go of it."""
    until = monotonic() + ORPHAN_PORT_SECONDS
    while monotonic() < until:
        with suppress(CommandError):
            check_port(host, port)
            return
        sleep(0.1)
    check_port(host, port)


def check_port(host: str, port: int, *, advice: str = "Choose another --host or --port.") -> None:
    """Raises CommandError, with advice, when nobody can listen there."""
    try:
        family, *_ = _address(host, port)
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "a port is a number from 1 to 65535"
        raise CommandError(f"Cannot listen on {host}:{port}: {reason}. {advice}") from error


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
    until = monotonic() + _last_seconds()
    while monotonic() < until:
        # More than once: in its first moment a process has the handlers of its server, which only take a note.
        os.kill(os.getpid(), signal.SIGTERM)
        sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)


def _last_seconds() -> int:
    """How long a worker may finish what it does when it is told to stop."""
    return int(settings.CLICKHOUSE_MAX_SECONDS) + 10


def serve(
    *, host: str, port: int, workers: int, threads: int, application: str = "heatmaps_service.wsgi:application"
) -> None:
    """Serves until a signal stops it: requests under way are finished, new ones refused."""
    # The number is taken here: the server may be gone before a worker looks for it.
    os.register_at_fork(after_in_child=partial(_end_with, os.getpid()))
    _allow_many_files()
    limits = limits_for(threads, settings.MAX_REQUESTS)
    seconds = _last_seconds()
    answering = application_named(application)
    connection.close()
    # What is loaded by now stays: no process looks through it for garbage, and all share its memory.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_GARBAGE)
    # The address of a socket is short, whatever TMPDIR says.
    place = "/tmp" if len(gettempdir()) > MOST_ADDRESS_CHARS else None  # noqa: S108 -- a directory of our own in it
    held = engine.lock_for_service(ORPHAN_SECONDS) if engine.is_embedded() else nullcontext()
    with held as lock, metrics.directory("heatmaps-serve-", place) as directory, metrics.shared_by(workers):
        address = str(Path(directory) / "threads")
        family, at = _address(host, port)
        callers = socket.create_server((at, port), family=family, backlog=front.BACKLOG)
        taking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        taking.bind(address)
        taking.listen(front.BACKLOG)

        def answer() -> None:
            callers.close()
            taking.close()
            _kept = keep_open()
            worker = Worker(answering, address, sum(limits.values()))
            if lock is None:
                worker.run(seconds)
                return
            commands = engine.Sharing()
            commands.begin()
            worker.run(seconds, partial(commands.end, seconds))
            commands.join()

        def talk() -> None:
            if lock is not None:
                # Replies that are still on their way need no engine.
                lock.close()
            together = {group: number * workers for group, number in limits.items()}
            front.run(callers, taking, together, seconds)

        Supervisor(talk, answer, workers, seconds + 2).run()


def _allow_many_files() -> None:
    """Every browser that waits has a socket, and every thread a file of the metadata: more than the 1,024 that many
    systems start a process with."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(MOST_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
