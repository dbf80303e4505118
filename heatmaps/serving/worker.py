"""A process that answers: threads that each take one whole request at a time, and have no caller to wait for."""

import io
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Any, cast

import structlog

from heatmaps.engine import EngineError
from heatmaps.serving import wire

logger = structlog.get_logger(__name__)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Pieces of a reply that are smaller go out together.
_TOGETHER_BYTES = 64 * 1024
# After so long without any of a reply being taken, its thread lets go of it.
MOST_SECONDS_UNTAKEN = 60
# A thread that has a little to do waits so long for one that has much, each time that it waits for anything.
_SWITCH_SECONDS = 0.001
# Those who wait for a front process that is not there look for it so often.
_RETRY_SECONDS = 0.1


class Untaken(OSError):
    """The front process takes no more of a reply."""


class Worker:
    """Threads that connect to the front process, answer what it hands to them, and end when they are told to."""

    def __init__(self, application: Application, address: str, threads: int) -> None:
        self._application = application
        self._address = address
        self._number = threads
        self._is_stopping = threading.Event()
        self._idle: set[socket.socket] = set()
        self._lock = threading.Lock()

    def run(self, seconds_to_finish: float, told: Callable[[], None] | None = None) -> None:
        """Returns when the process was told to stop, and every request under way is answered or out of time. `told` is
        called in between."""
        signal.signal(signal.SIGTERM, lambda *_: self._is_stopping.set())
        # Typed at a terminal it reaches all processes; this one ends when the front process needs it no more.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        sys.setswitchinterval(_SWITCH_SECONDS)
        threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(self._number)]
        for thread in threads:
            thread.start()
        while not self._is_stopping.wait(3600):
            pass
        if told:
            told()
        with self._lock:
            for connection in self._idle:
                # What has been sent already is still read and answered.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        until = monotonic() + seconds_to_finish
        for thread in threads:
            thread.join(max(0.0, until - monotonic()))

    def _serve(self) -> None:
        while not self._is_stopping.is_set():
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            seconds = struct.pack("ll", MOST_SECONDS_UNTAKEN, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
            with connection:
                try:
                    connection.connect(self._address)
                    connection.sendall(wire.HELLO.pack(os.getpid()))
                    self._answer_all(connection)
                except OSError:
                    sleep(_RETRY_SECONDS)

    def _answer_all(self, connection: socket.socket) -> None:
        with connection.makefile("rb", 64 * 1024) as received:
            while content := self._next(connection, cast("IO[bytes]", received)):
                environ, body = wire.request_of(content)
                del content
                answer(self._application, environ, body, connection)
                del environ, body

    def _next(self, connection: socket.socket, received: IO[bytes]) -> bytes:
        """The next request as it came; nothing at the end."""
        with self._lock:
            if self._is_stopping.is_set():
                connection.shutdown(socket.SHUT_RD)
            self._idle.add(connection)
        try:
            header = received.read(wire.HEADER.size)
        finally:
            with self._lock:
                self._idle.discard(connection)
        if len(header) < wire.HEADER.size:
            return b""
        _, size = wire.HEADER.unpack(header)
        content = received.read(size)
        return content if len(content) == size else b""


def answer(application: Application, environ: dict[str, Any], body: bytes, connection: socket.socket) -> None:
    """Lets the application answer one request. Raises Untaken when the front process takes no more of it."""
    file = environ.pop(wire.BODY_FILE, None)
    with Path(file).open("rb") if file else io.BytesIO(body) as sent:
        _answer(application, environ, sent, connection)


def _answer(application: Application, environ: dict[str, Any], sent: IO[bytes], connection: socket.socket) -> None:
    environ |= {
        "wsgi.version": (1, 0),
        "wsgi.input": sent,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    reply = _Reply(connection)
    try:
        chunks = application(environ, reply.start)
        try:
            # Whoever asks for the head alone is not to make the engine write it all.
            if environ["REQUEST_METHOD"] != "HEAD":
                for chunk in chunks:
                    reply.add(chunk)
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()
        reply.send(wire.frame(wire.END))
    except Untaken:
        raise
    except EngineError:
        # It has had its line.
        reply.send(wire.frame(wire.BROKEN))
    except Exception:
        logger.exception("A reply could not be finished")
        reply.send(wire.frame(wire.BROKEN))


class _Reply:
    """What the application says, handed to the front process in few pieces."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pieces: list[bytes] = []
        self._size = 0

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        self._pieces = [wire.head(status, headers)]
        self._size = 0
        return self.add

    def add(self, chunk: bytes) -> None:
        if not chunk:
            return
        self._pieces.append(wire.HEADER.pack(wire.BODY, len(chunk)))
        self._pieces.append(chunk)
        self._size += len(chunk)
        if self._size > _TOGETHER_BYTES:
            self.send()

    def send(self, last: bytes = b"") -> None:
        data = b"".join((*self._pieces, last))
        self._pieces, self._size = [], 0
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise Untaken from error


def application_named(name: str) -> Application:
    """What `package.module:name` names."""
    module, _, attribute = name.partition(":")
    __import__(module)
    return cast("Application", getattr(sys.modules[module], attribute))
