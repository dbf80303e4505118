"""The process of the service that has the embedded engine runs the SQL of commands, too.

Each connection of a command has a thread and a connection to the engine of its own, and takes no place of a question.
"""

import fcntl
import os
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Any

import structlog

from heatmaps.engine import messages
from heatmaps.engine.attached import settle
from heatmaps.engine.connecting import connect, directory, in_use
from heatmaps.engine.errors import EngineError, EngineUnavailable, driver_errors

logger = structlog.get_logger(__name__)

_RETRY_SECONDS = 0.2
_BACKLOG = 64
_CREDENTIALS = struct.Struct("iII")

_sharing: "Sharing | None" = None


def lock_for_service(seconds: float) -> IO[bytes]:
    """Tells commands that a service has the data directory, until the file is closed in this process and in all that it
    starts. Raises EngineUnavailable when another one has it for that many seconds."""
    place = messages.directory_in(directory())
    place.mkdir(messages.DIRECTORY_MODE, parents=True, exist_ok=True)
    place.chmod(messages.DIRECTORY_MODE)
    file = messages.lock_in(directory()).open("wb")
    until = monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if monotonic() > until:
                file.close()
                raise EngineUnavailable(in_use(directory())) from error
            sleep(_RETRY_SECONDS)
        else:
            return file


def wait_for_killed() -> None:
    """Waits until nothing is being done any more that commands had sent which were killed since."""
    settle()
    if _sharing:
        _sharing.settle()


class Sharing:
    """Takes commands from `begin` to `end`, in the process that holds the engine."""

    def __init__(self) -> None:
        self._data = directory()
        # Ready to be read from when all threads are to end.
        self._ended, self._ending = Pipe(duplex=False)
        self._until = 0.0
        self._taking = threading.Thread(target=self._take_all, name="commands", daemon=True)
        self._threads: set[threading.Thread] = set()
        self._connections: set[Connection] = set()

    def begin(self) -> None:
        global _sharing  # noqa: PLW0603 -- a process has one engine
        _sharing = self
        self._taking.start()

    def end(self, seconds: float) -> None:
        """Takes no more commands. A statement under way has so many seconds left."""
        self._until = monotonic() + seconds
        self._ending.send_bytes(b"end")

    def join(self) -> None:
        for thread in [self._taking, *self._threads]:
            thread.join(max(0.0, self._until - monotonic()))

    def settle(self) -> None:
        while any(map(_is_gone, list(self._connections))):
            sleep(_RETRY_SECONDS / 4)

    def _take_all(self) -> None:
        try:
            with self._listening() as listening:
                while self._ended not in wait([listening, self._ended]):
                    self._take(listening)
        except OSError as error:
            logger.warning("Commands need the service stopped: there is no socket for them", cause=str(error))

    def _take(self, listening: socket.socket) -> None:
        try:
            caller, _ = listening.accept()
        except OSError:
            # It is gone, or there is no file for it at the moment.
            sleep(_RETRY_SECONDS)
            return
        if not _is_of_this_user(caller):
            caller.close()
            return
        thread = threading.Thread(target=self._serve, args=(Connection(caller.detach()),), daemon=True)
        self._threads.add(thread)
        thread.start()

    @contextmanager
    def _listening(self) -> Iterator[socket.socket]:
        with messages.socket_in(self._data) as address, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            path = Path(address)
            # What a service left behind that was killed.
            path.unlink(missing_ok=True)
            listening.bind(address)
            path.chmod(messages.SOCKET_MODE)
            listening.listen(_BACKLOG)
            own = path.stat().st_ino
            try:
                yield listening
            finally:
                # By now another service may have its own there.
                with suppress(OSError):
                    if path.stat().st_ino == own:
                        path.unlink()

    def _serve(self, connection: Connection) -> None:
        try:
            with connection, self._engine() as engine:
                self._connections.add(connection)
                try:
                    messages.send(connection, messages.greeting())
                    while self._ended not in wait([connection, self._ended]):
                        self._run(engine, connection, *messages.receive(connection))
                finally:
                    self._connections.discard(connection)
        except EngineError as error:
            logger.warning("A command cannot be served", cause=" ".join(str(error).split())[:500])
        except (OSError, EOFError):
            # The command is done, or was killed.
            pass
        finally:
            self._threads.discard(threading.current_thread())

    @contextmanager
    def _engine(self) -> Iterator[Any]:
        """A connection to the engine, which one of the driver's own opens where that was not done yet."""
        # Not earlier: what it begins at its import survives no fork.
        import chdb  # noqa: PLC0415

        with (
            driver_errors(),
            closing(connect({})),
            closing(chdb.connect(os.path.realpath(self._data))) as engine,  # type: ignore[no-untyped-call]
        ):
            yield engine

    def _run(self, engine: Any, connection: Connection, kind: str, *content: Any) -> None:
        if kind == messages.SETTLE:
            self.settle()
            messages.send(connection, messages.DONE)
            return
        runs: dict[str, Callable[..., None]]
        runs = {messages.QUERY: _query, messages.STREAM: _stream, messages.INSERT: _insert}
        try:
            runs[kind](engine, connection, *content)
        except (OSError, EOFError):
            raise
        except Exception as error:  # noqa: BLE001 -- the driver at the other end tells them apart, as it would here
            messages.send(connection, messages.FAILED, str(error))


def _query(engine: Any, connection: Connection, sql: str | bytes, kind: str, values: dict[str, Any]) -> None:
    answer = engine.query(sql, kind, params=values)
    messages.send(
        connection, messages.DONE, answer.bytes() or b"", (answer.rows_read(), answer.bytes_read(), answer.elapsed())
    )


def _stream(engine: Any, connection: Connection, sql: str | bytes, kind: str, values: dict[str, Any]) -> None:
    with closing(engine.send_query(sql, kind, params=values)) as pieces:
        messages.send(connection, messages.DONE)
        while messages.receive(connection) == (messages.NEXT,):
            if (piece := next(pieces, None)) is None:
                break
            messages.send(connection, messages.DONE, piece.bytes() or b"")
        messages.send(connection, messages.DONE)


def _insert(engine: Any, connection: Connection, sql: str, kind: str) -> None:
    pieces = iter(connection.recv_bytes, b"")
    try:
        with engine.send_insert(sql, kind) as inserting:
            for piece in pieces:
                inserting.append(piece)
            done = inserting.finish()
    except RuntimeError:
        # The rest is on its way all the same.
        for _ in pieces:
            pass
        raise
    messages.send(connection, messages.DONE, b"", (done.rows_written, done.bytes_written, done.elapsed))


def _is_of_this_user(caller: socket.socket) -> bool:
    """Where the system tells who is at the other end; the modes of directory and socket say the same."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(credentials)
    return bool(user == os.geteuid())


def _is_gone(connection: Connection) -> bool:
    """Whether the command at the other end has ended, while something that it sent is still being done."""
    poll = select.poll()
    with suppress(OSError):
        poll.register(connection.fileno(), 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))
    return False
