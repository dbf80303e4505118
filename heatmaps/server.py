"""The production server: Granian, with the process model that fits the engine."""

import os
import socket

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels


def is_embedded() -> bool:
    return settings.CLICKHOUSE_URL.startswith("chdb:")


def default_workers() -> int:
    """The embedded engine's directory belongs to one process; a server's clients may be many."""
    return 1 if is_embedded() else os.cpu_count() or 1


def default_threads() -> int:
    """As many requests as there are places for queries, and a few that need none."""
    return settings.CLICKHOUSE_MAX_QUERIES + 4


def check_ready(host: str, port: int) -> None:
    """Raises CommandError with the command that is missing, before the first request has to fail."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The metadata database is not up to date. Run `manage.py migrate` first.")
    connection.close()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.") from error


def serve(*, host: str, port: int, workers: int, threads: int) -> None:
    """Serves until a signal stops it: requests under way are finished, new ones refused."""
    Granian(
        "heatmaps_service.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backpressure=threads * 8,
        workers_kill_timeout=settings.CLICKHOUSE_MAX_SECONDS + 10,
        websockets=False,
        log_level=LogLevels.error,
    ).serve()
