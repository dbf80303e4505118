"""Connections of callers: each has a time for what it does, and idle ones make room for new ones."""

import asyncio
import logging
from collections import Counter, OrderedDict
from enum import Enum, StrEnum
from itertools import islice, takewhile
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
SWEEP_SECONDS = 0.1
_CLOSED_AT_ONCE = 200
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


class Reason(StrEnum):
    """Why a connection was closed, or a request refused, by the process that talks to callers."""

    SLOW_HEADERS = "slow_headers"
    LONG_HEADERS = "long_headers"
    SLOW_BODY = "slow_body"
    NO_ROOM_FOR_BODY = "no_room_for_body"
    NO_THREAD = "no_thread"
    PROCESS_ENDED = "process_ended"
    UNREAD = "unread"
    TOO_MANY = "too_many"
    IDLE = "idle"


# How long a connection may be in a phase that nobody works in, and why it is closed then.
_MOST_SECONDS = {
    Phase.HEAD: (HEAD_SECONDS, Reason.SLOW_HEADERS),
    Phase.IDLE: (IDLE_SECONDS, Reason.IDLE),
    Phase.CLOSING: (CLOSING_SECONDS, Reason.UNREAD),
}
# No doing of callers.
_USUAL = {Reason.IDLE, Reason.PROCESS_ENDED}


class Connections:
    """All of a process."""

    def __init__(self, most: int) -> None:
        self.most = most
        # In each phase those that are in it longest come first.
        self.by_phase: dict[Phase, OrderedDict[Connection, None]] = {phase: OrderedDict() for phase in Phase}
        self.ended: Counter[Reason] = Counter(dict.fromkeys(Reason, 0))
        self._told: Counter[Reason] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self.by_phase.values()))

    def oldest(self, *phases: Phase) -> "Connection | None":
        """The one that is longest in one of these phases."""
        first = [next(iter(self.by_phase[phase])) for phase in phases if self.by_phase[phase]]
        return min(first, key=lambda connection: connection.since, default=None)

    def opened(self, connection: "Connection") -> None:
        if len(self) > self.most:
            # Of those that nobody works for.
            self.close(self.oldest(*_MOST_SECONDS) or connection, Reason.TOO_MANY)

    def close(self, connection: "Connection", reason: Reason) -> None:
        self.ended[reason] += 1
        self.by_phase[connection.phase].pop(connection, None)
        connection.transport.abort()

    def sweep(self, now: float) -> None:
        for phase, (seconds, reason) in _MOST_SECONDS.items():
            for connection in self._in_since(phase, now - seconds):
                self.close(connection, reason)
        for connection in list(self.by_phase[Phase.BODY]):
            if connection.is_too_slow(now):
                connection.refuse(Reason.SLOW_BODY)
        for connection in list(self.by_phase[Phase.REPLY]):
            if connection.transport.is_closing():
                connection.enter(Phase.CLOSING)
            elif connection.is_unread(now):
                self.close(connection, Reason.UNREAD)

    def _in_since(self, phase: Phase, before: float) -> "list[Connection]":
        """Those that are in a phase since before then. Not all at once: meanwhile nobody else is served."""
        return list(takewhile(lambda one: one.since < before, islice(self.by_phase[phase], _CLOSED_AT_ONCE)))

    def news(self) -> dict[str, int]:
        """How many callers were cut off, and why, since this was asked last."""
        found = {reason: number for reason, number in (self.ended - self._told).items() if reason not in _USUAL}
        if found:
            self._told = self.ended.copy()
        return {str(reason): number for reason, number in found.items()}


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
        self.refused: Reason | None = None
        self._is_lost = False
        self.exchange: Exchange | None = None

    def enter(self, phase: Phase) -> None:
        if self._is_lost:
            return
        self._all.by_phase[self.phase].pop(self, None)
        self.phase, self.since = phase, self.loop.time()
        self._all.by_phase[phase][self] = None

    def refuse(self, reason: Reason) -> None:
        """Lets who waits for the body know that it is not to be waited for."""
        self.refused = reason
        self._all.ended[reason] += 1
        self.enter(Phase.WORK)
        self.cycle.message_event.set()

    def is_too_slow(self, now: float) -> bool:
        return self.received < (now - self.since - GRACE_SECONDS) * LEAST_BYTES_A_SECOND

    def is_unread(self, now: float) -> bool:
        """Whether the caller leaves the reply. What is read leaves for the network."""
        waiting = self.transport.get_write_buffer_size()
        taken = self.sent - waiting
        if not waiting or taken - self._taken >= UNREAD_SECONDS * LEAST_BYTES_A_SECOND:
            self.since, self._taken = now, taken
        return now - self.since > UNREAD_SECONDS

    # --- What the network says -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.enter(Phase.HEAD)
        self._all.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._is_lost = True
        self._all.by_phase[self.phase].pop(self, None)
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
            self._all.close(self, Reason.LONG_HEADERS)

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
