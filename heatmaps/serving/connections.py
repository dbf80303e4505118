"""Connections of callers: each has a time for what it does, and idle ones make room for new ones."""

import asyncio
import logging
from collections import OrderedDict
from enum import Enum
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from heatmaps.serving.exchange import Exchange

# From the first byte of a request, or from the beginning of the connection, until its headers are complete.
HEAD_SECONDS = 10
MAX_HEAD_BYTES = 256 * 1024
# A connection on which nothing is asked is closed after so long, or earlier when a new one needs its place.
IDLE_SECONDS = 75
# A body and a reply have this long, and then as long as they take at the least rate.
GRACE_SECONDS = 10
LEAST_BYTES_A_SECOND = 5_000
# How long without reading at that rate a caller may leave a reply.
UNREAD_SECONDS = 30
# After that a connection that is being closed is not waited for.
CLOSING_SECONDS = 10
SWEEP_SECONDS = 1.0
_ANY_LENGTH = 2**62

# What callers send wrongly is answered, and nothing to write a line about each time.
logging.getLogger("uvicorn.error").disabled = True


class Phase(Enum):
    HEAD = "head"
    BODY = "body"
    WORK = "work"
    REPLY = "reply"
    IDLE = "idle"
    CLOSING = "closing"


class Verdict(Enum):
    """Why a body is not waited for any longer."""

    TOO_SLOW = "slow_bodies"
    NO_ROOM = "no_room_for_bodies"


class Connections:
    """All of a process."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.all: set[Connection] = set()
        # Those that nobody works for, the oldest first.
        self.idle: OrderedDict[Connection, None] = OrderedDict()
        # Those whose body is on its way, the oldest first.
        self.sending: OrderedDict[Connection, None] = OrderedDict()
        # Why how many were closed or refused.
        self.closed: dict[str, int] = {}

    def opened(self, connection: "Connection") -> None:
        self.all.add(connection)
        if len(self.all) > self.most:
            self.close(next(iter(self.idle), connection), "too_many")

    def count(self, reason: str) -> None:
        self.closed[reason] = self.closed.get(reason, 0) + 1

    def close(self, connection: "Connection", reason: str | None) -> None:
        """Closes one, and counts why; what is only idle is nothing to tell."""
        if reason:
            self.count(reason)
        self.all.discard(connection)
        self.idle.pop(connection, None)
        connection.transport.abort()

    def sweep(self, now: float) -> None:
        for connection in list(self.all):
            if connection.phase is Phase.BODY:
                if connection.is_too_slow(now):
                    connection.refuse(Verdict.TOO_SLOW)
            elif (reason := connection.overdue(now)) is not None:
                self.close(connection, reason)


class _Joined:
    """A transport that sends the head of a reply together with what comes next, and names the caller's version."""

    def __init__(self, transport: asyncio.Transport, version: str) -> None:
        self._transport = transport
        self._begin = f"HTTP/{version} ".encode()
        self._head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if not self._head and data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 100"):
            self._head = data.replace(b"HTTP/1.1 ", self._begin, 1)
            # Nothing may come next, as after the head of a reply to HEAD.
            asyncio.get_running_loop().call_soon(self.flush)
        else:
            self._transport.write(self._head + data if self._head else data)
            self._head = b""

    def flush(self) -> None:
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()


class Connection(HttpToolsProtocol):
    """A connection with a time for everything that its caller does."""

    def __init__(self, connections: Connections, **options: Any) -> None:
        super().__init__(**options)
        self._all = connections
        self.phase = Phase.HEAD
        self.since = self.loop.time()
        self._head_bytes = 0
        self.received = 0
        self.sent = 0
        self._taken = 0
        self.verdict: Verdict | None = None
        self.exchange: Exchange | None = None

    def enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, self.loop.time()
        if phase in {Phase.HEAD, Phase.IDLE, Phase.CLOSING}:
            self._all.idle[self] = None
        else:
            self._all.idle.pop(self, None)
        if phase is Phase.BODY:
            self._all.sending[self] = None
        else:
            self._all.sending.pop(self, None)

    def refuse(self, verdict: Verdict) -> None:
        """Lets who waits for the body know that it is not to be waited for."""
        self.verdict = verdict
        self._all.count(verdict.value)
        self._all.sending.pop(self, None)
        self.phase = Phase.WORK
        self.cycle.message_event.set()

    def is_too_slow(self, now: float) -> bool:
        return self.received < (now - self.since - GRACE_SECONDS) * LEAST_BYTES_A_SECOND

    def overdue(self, now: float) -> str | None:
        """Why the connection is to be closed; None when it is not."""
        seconds = now - self.since
        if self.transport.is_closing() and self.phase is not Phase.CLOSING:
            self.enter(Phase.CLOSING)
            return None
        match self.phase:
            case Phase.HEAD:
                return "slow_headers" if seconds > HEAD_SECONDS else None
            case Phase.IDLE:
                return "" if seconds > IDLE_SECONDS else None
            case Phase.CLOSING:
                return "unread" if seconds > CLOSING_SECONDS else None
            case Phase.REPLY:
                return self._unread(now, seconds)
        return None

    def _unread(self, now: float, seconds: float) -> str | None:
        """A reply is read when its bytes leave for the network."""
        waiting = self.transport.get_write_buffer_size()
        taken = self.sent - waiting
        if not waiting or taken - self._taken >= UNREAD_SECONDS * LEAST_BYTES_A_SECOND:
            self.since, self._taken = now, taken
        return "unread" if seconds > UNREAD_SECONDS else None

    # --- What the network says -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.enter(Phase.HEAD)
        self._all.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._all.all.discard(self)
        self._all.idle.pop(self, None)
        self._all.sending.pop(self, None)
        if self.exchange:
            self.exchange.abandon()

    def data_received(self, data: bytes) -> None:
        if self.phase is Phase.IDLE:
            self.enter(Phase.HEAD)
        if self.phase is Phase.HEAD:
            self._head_bytes += len(data)
        self.received += len(data)
        super().data_received(data)
        if self.phase is Phase.HEAD and self._head_bytes > MAX_HEAD_BYTES:
            self._all.close(self, "long_headers")

    # --- What the parser says --------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["connection"] = self  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        self.scope["target"] = self.url  # type: ignore[typeddict-unknown-key]
        # Whatever is longer is refused for its length, and the parser of URLs counts to 65,535.
        self.url = self.url[:65_000]
        super().on_headers_complete()
        self.cycle.transport = cast("asyncio.Transport", _Joined(self.transport, self.scope["http_version"]))
        self._head_bytes = 0
        self.received = 0

    def send_until_closed(self) -> None:
        """A caller of HTTP/1.0 knows no pieces: the reply ends with the connection."""
        self.cycle.chunked_encoding = False
        self.cycle.expected_content_length = _ANY_LENGTH

    def end_with_closing(self) -> None:
        if self.cycle.expected_content_length > _ANY_LENGTH // 2:
            self.cycle.expected_content_length = 0

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self.enter(Phase.CLOSING)
        elif self.cycle.response_complete:
            self.enter(Phase.IDLE)

    def timeout_keep_alive_handler(self) -> None:
        if not self.transport.is_closing():
            self._all.close(self, None)
