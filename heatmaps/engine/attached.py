"""A command beside a service with the embedded engine: the service's process runs its SQL, all else it does itself.

The driver goes on as if the engine were in this process; only the connections that it opens lead elsewhere.
"""

import os
import re
import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple, Self

from django.conf import settings

from heatmaps.engine import messages
from heatmaps.engine.errors import EngineUnavailable

# How long a service may take to begin or to replace the process that has the engine.
_WAIT_SECONDS = 60
_RETRY_SECONDS = 0.1
# How much a command leaves the CPUs to a service beside it.
_NICE = 10
_PIECE_BYTES = 1024 * 1024
# How the driver inserts: from a file of its own, which the other process may not see.
_FROM_FILE = re.compile(r"(INSERT INTO .+) FROM INFILE '((?:[^'\\]|\\.)+)'(.*) FORMAT (\w+)", re.DOTALL)
_ENDED = "The service, which ran this command's SQL, has ended. Run the command again."

_data: Path | None = None


def is_attached() -> bool:
    """Whether the SQL of this process is run by a service."""
    return _data is not None


def attach(data: Path, say: Callable[[str], None]) -> bool:
    """From now on the service on this data directory runs the SQL, where there is one. Raises EngineUnavailable where
    it cannot, and says what is different there but does no harm."""
    global _data  # noqa: PLW0603 -- a process has one engine
    until = monotonic() + _WAIT_SECONDS
    while messages.is_served(data):
        try:
            connection, of_service = _connect(data)
        except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError, EOFError) as error:
            if monotonic() > until:
                raise EngineUnavailable(
                    f"A service has the data directory {data}, but takes no commands. Look at its log, or stop it."
                ) from error
            sleep(_RETRY_SECONDS)
            continue
        connection.close()
        _compare(of_service, say)
        _data = data
        os.nice(_NICE)
        # Not earlier: what it begins at its import survives no fork.
        import chdb  # noqa: PLC0415

        # By this name the driver opens a connection.
        chdb.connect = partial(_open, data)
        return True
    return False


def settle() -> None:
    """Waits until the service has ended what commands that were killed had sent to it."""
    if _data is not None:
        with closing(_open(_data)) as attached:
            attached.ask(messages.SETTLE)


def _compare(of_service: Mapping[str, str], say: Callable[[str], None]) -> None:
    ours = messages.greeting()
    if of_service["version"] != ours["version"]:
        raise EngineUnavailable(
            f"The service that runs is version {of_service['version']}, and this command {ours['version']}. "
            "Restart the service, or stop it first."
        )
    if of_service["DATABASE_URL"] != ours["DATABASE_URL"]:
        raise EngineUnavailable(
            "The service that runs on this data directory has another metadata database. "
            "Set DATABASE_URL as it is set for the service."
        )
    if of_service["RETENTION_DAYS"] != ours["RETENTION_DAYS"]:
        say(
            f"RETENTION_DAYS is {of_service['RETENTION_DAYS']} for the service that runs, and "
            f"{settings.RETENTION_DAYS} for this command, which goes by its own."
        )


def _connect(data: Path) -> tuple[Connection, dict[str, str]]:
    """A connection, and what the service says of itself."""
    with messages.socket_in(data) as address, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as ours:
        ours.connect(address)
        connection = Connection(ours.detach())
    try:
        (of_service,) = messages.receive(connection)
    except BaseException:
        connection.close()
        raise
    return connection, of_service


def _open(data: Path, _: str = "") -> "_Attached":
    try:
        connection, _of_service = _connect(data)
    except (OSError, EOFError) as error:
        raise ConnectionError(_ENDED) from error
    return _Attached(connection)


class _Answer(NamedTuple):
    """As much of an answer of the engine as the driver looks at."""

    content: bytes = b""
    counts: tuple[int, int, float] = (0, 0, 0.0)

    def bytes(self) -> bytes:
        return self.content

    def rows_read(self) -> int:
        return self.counts[0]

    def bytes_read(self) -> int:
        return self.counts[1]

    def elapsed(self) -> float:
        return self.counts[2]


class _Attached:
    """In the place of a connection to the engine."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def query(self, sql: str | bytes, kind: str, params: Mapping[str, Any]) -> _Answer:
        if isinstance(sql, str) and (found := _FROM_FILE.fullmatch(sql)):
            into, file, clause, kind = found.groups()
            return self._insert(f"{into}{clause}", kind, Path(re.sub(r"\\(.)", r"\1", file)))
        return _Answer(*self.ask(messages.QUERY, sql, kind, dict(params)))

    def send_query(self, sql: str | bytes, kind: str, params: Mapping[str, Any]) -> "_Pieces":
        self.ask(messages.STREAM, sql, kind, dict(params))
        return _Pieces(self)

    def close(self) -> None:
        self._connection.close()

    def ask(self, *message: Any) -> tuple[Any, ...]:
        """What is answered; nothing at the end of pieces. Raises what the driver takes for an error of the engine."""
        try:
            messages.send(self._connection, *message)
            return self._answer()
        except (OSError, EOFError) as error:
            raise ConnectionError(_ENDED) from error

    def _insert(self, sql: str, kind: str, file: Path) -> _Answer:
        try:
            messages.send(self._connection, messages.INSERT, sql, kind)
            with file.open("rb") as content:
                while piece := content.read(_PIECE_BYTES):
                    self._connection.send_bytes(piece)
            self._connection.send_bytes(b"")
            return _Answer(*self._answer())
        except (BrokenPipeError, ConnectionResetError, EOFError) as error:
            raise ConnectionError(_ENDED) from error

    def _answer(self) -> tuple[Any, ...]:
        kind, *content = messages.receive(self._connection)
        if kind == messages.FAILED:
            raise RuntimeError(*content)
        return tuple(content)


class _Pieces:
    """An answer that comes piece by piece."""

    def __init__(self, attached: _Attached) -> None:
        self._attached = attached
        self._is_over = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _Answer:
        if self._is_over:
            raise StopIteration
        self._is_over = True
        if not (piece := self._attached.ask(messages.NEXT)):
            raise StopIteration
        self._is_over = False
        return _Answer(*piece)

    def close(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._attached.ask(messages.STOP)
