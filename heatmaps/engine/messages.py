"""What passes between a command and the process that serves from the same data directory, over a socket in it.

The embedded engine is one process's alone. A command that is run meanwhile sends it its SQL, and does all else itself.
Both are processes of one user and of one version of this program.
"""

import fcntl
import marshal
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from django.conf import settings

from heatmaps import __version__

# Only its user may open it, so nobody else may open what is in it.
DIRECTORY_MODE = 0o700
SOCKET_MODE = 0o600
_SOCKET = "socket"
_LOCK = "lock"
# Of a path of a socket, with room for the end of the text; less than any system allows.
_MOST_PATH_BYTES = 100

# To the process that has the engine: a statement whose whole answer is wanted; one whose answer is taken in pieces, the
# next piece of it, and that no more is wanted; an insert, with its content in pieces up to an empty one; and to wait
# for the statements of commands that were killed.
QUERY, STREAM, NEXT, STOP, INSERT, SETTLE = "query", "stream", "next", "stop", "insert", "settle"
# Back from it; of an answer in pieces, the one without content is the last.
DONE, FAILED = "done", "failed"


def directory_in(data: Path) -> Path:
    """Where, in a data directory, the socket and the lock are."""
    return data / "serving"


def lock_in(data: Path) -> Path:
    """A file that is locked from when the service begins until its last process is gone."""
    return directory_in(data) / _LOCK


@contextmanager
def socket_in(data: Path) -> Iterator[str]:
    """The path of the socket, short enough for the system."""
    directory = directory_in(data)
    path = str(directory / _SOCKET)
    if len(os.fsencode(path)) <= _MOST_PATH_BYTES:
        yield path
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{_SOCKET}"
    finally:
        os.close(descriptor)


def is_served(data: Path) -> bool:
    """Whether a service has the directory, or is about to open it."""
    try:
        with lock_in(data).open("rb") as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    return True


def greeting() -> dict[str, str]:
    """By which settings a process does what it does; no secret among them."""
    metadata = settings.DATABASES["default"]
    return {
        "version": __version__,
        "DATABASE_URL": " ".join(str(metadata.get(name, "")) for name in ("ENGINE", "HOST", "PORT", "NAME")),
        "RETENTION_DAYS": str(settings.RETENTION_DAYS),
    }


def send(connection: Connection, *message: Any) -> None:
    connection.send_bytes(marshal.dumps(message))


def receive(connection: Connection) -> tuple[Any, ...]:
    """Raises OSError or EOFError when the other end is gone."""
    message: tuple[Any, ...] = marshal.loads(connection.recv_bytes())  # noqa: S302 -- from a process of the same user
    return message
