"""Connections to the metadata database, of a process that serves: every thread has one while it asks something."""

import threading
from weakref import WeakSet

from django.conf import settings
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# PostgreSQL has 100 connections for all processes. Who gets none in these seconds is told that the metadata is away.
_POOL = {"min_size": 0, "max_size": 8, "timeout": 2, "reconnect_timeout": 2}

_kept = WeakSet[BaseDatabaseWrapper]()
_lock = threading.Lock()


def share_connections() -> None:
    """From now on all threads share a few connections to PostgreSQL. Call it before there is any.

    A command, which has one thread, goes without: it is to say at once why it gets no connection.
    """
    database = connections["default"]
    if database.vendor == "postgresql":
        database.settings_dict["OPTIONS"]["pool"] = _POOL
        # What is kept is kept by the pool.
        database.settings_dict["CONN_MAX_AGE"] = 0


def keep_open() -> BaseDatabaseWrapper | None:
    """A connection to SQLite that the process holds and never uses. With the last one the files go that all share, and
    the next could not make them anew on a full disk, though it only wants to read."""
    connection = connections.create_connection("default")
    if connection.vendor != "sqlite":
        return None
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
    except Error:
        return None
    return connection


def close_connection() -> None:
    """For a thread that asks seldom, or is one of hundreds: it keeps none. That of a transaction is still in use."""
    connection = connections["default"]
    if not connection.in_atomic_block:
        connection.close()


def release_connection() -> None:
    """For when a thread has asked all that it wants to know, above all before it asks the engine, which may take long.

    A connection to PostgreSQL goes back to the pool. One to SQLite stays open for the thread's next request, unless
    there are as many of those as requests may work at once.
    """
    connection = connections["default"]
    if connection.connection is None or connection.in_atomic_block:
        return
    if connection.vendor == "sqlite":
        with _lock:
            if len(_kept) < settings.MAX_REQUESTS:
                _kept.add(connection)
            if connection in _kept:
                return
    connection.close()
