"""Which request is answered next: places of threads, given out fairly among those who wait."""

import asyncio
from collections import Counter, deque
from collections.abc import Hashable, Mapping
from typing import cast

from heatmaps.serving import wire
from heatmaps.serving.exchange import Ended, Exchange, Group, Unread

# Requests of a kind that wait for a thread, and those of one holder.
MOST_WAITING = 4_096
MOST_WAITING_OF_ONE = 2_048


class Thread(asyncio.Protocol):
    """The connection of a thread that answers."""

    def __init__(self, dispatcher: "Dispatcher") -> None:
        self._dispatcher = dispatcher
        self._transport: asyncio.Transport
        # Unknown until it has said which it belongs to.
        self.process: int | None = None
        self._received = bytearray()
        # How much of a piece of the body is still to come.
        self._left = 0
        self._is_paused = False
        self._was_closing = False
        self.exchange: Exchange | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        # A thread that is told to end reads no more; what was not sent to it whole has not been read.
        is_unread = self._was_closing or isinstance(exc, BrokenPipeError)
        self._dispatcher.left(self, Unread() if is_unread else Ended())

    def hand_over(self, exchange: Exchange) -> None:
        # Nobody has been told yet that the thread has left; nothing is written to it any more.
        self._was_closing = self._transport.is_closing()
        self.exchange = exchange
        exchange.thread = self
        self._transport.write(exchange.content)

    def go_on(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def drop(self) -> None:
        """Lets the thread know that nobody wants the rest of its reply."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self.process is None and len(self._received) >= wire.HELLO.size:
            (self.process,) = wire.HELLO.unpack_from(self._received)
            del self._received[: wire.HELLO.size]
            self._dispatcher.came(self, self.process)
        while self.exchange and self._received:
            if self._left:
                self._pass_on(self.exchange)
                continue
            if len(self._received) < wire.HEADER.size:
                return
            kind, size = wire.HEADER.unpack_from(self._received)
            if kind == wire.BODY:
                del self._received[: wire.HEADER.size]
                self._left = size
                continue
            end = wire.HEADER.size + size
            if len(self._received) < end:
                return
            content = bytes(self._received[wire.HEADER.size : end])
            del self._received[:end]
            if kind == wire.HEAD:
                if not self.exchange.head.done():
                    self.exchange.head.set_result(wire.head_of(content))
            else:
                exchange, self.exchange = self.exchange, None
                exchange.thread = None
                self._dispatcher.done(self, cast("int", self.process), exchange)
                exchange.end(Ended() if kind == wire.BROKEN else None)

    def _pass_on(self, exchange: Exchange) -> None:
        piece = bytes(self._received[: self._left])
        del self._received[: len(piece)]
        self._left -= len(piece)
        if exchange.is_unwanted:
            self.drop()
            # Or its end would make the thread a free one.
            self._received.clear()
        elif not exchange.add(piece) and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()


class Dispatcher:
    """Hands requests to threads. A free place goes to who waits and has the fewest, among equals to who came first."""

    def __init__(self, limits: Mapping[Group, int], most_of_one: Mapping[Group, int], seconds: float) -> None:
        self._limits = limits
        self._most_of_one = most_of_one
        self._seconds = seconds
        # By process. The last one in is the first one out: it has its connection to the metadata open.
        self._idle: dict[int, list[Thread]] = {}
        self._busy: Counter[int] = Counter()
        self._running: Counter[Group] = Counter()
        self._held: dict[Group, Counter[Hashable]] = {group: Counter() for group in Group}
        self._waiting: dict[Group, dict[Hashable, deque[Exchange]]] = {group: {} for group in Group}
        self._queued: Counter[Group] = Counter()
        self._timers: dict[Exchange, asyncio.TimerHandle] = {}

    def waiting(self) -> dict[str, int]:
        """How many requests of each kind wait for a thread."""
        return {group.value: self._queued[group] for group in Group}

    def running(self) -> dict[str, int]:
        return {group.value: self._running[group] for group in Group}

    @property
    def is_answering(self) -> bool:
        """Whether there is any process that answers."""
        return bool(self._idle) or bool(self._busy.total())

    def ask(self, exchange: Exchange) -> None:
        """Hands a request out, now or when its turn comes. Its head raises Busy when that takes too long."""
        if self._may_run(exchange.group, exchange.holder) and (found := self._idle_thread()):
            self._start(exchange, *found)
        elif self._is_full(exchange.group, exchange.holder):
            exchange.refuse()
        else:
            self._waiting[exchange.group].setdefault(exchange.holder, deque()).append(exchange)
            self._queued[exchange.group] += 1
            self._timers[exchange] = asyncio.get_running_loop().call_later(self._seconds, self._give_up, exchange)

    def forget(self, exchange: Exchange) -> None:
        """Its caller has all of it, or is gone. A thread that has not begun to reply keeps its place until it does: it
        works as long, whoever waits."""
        exchange.is_unwanted = True
        if exchange in self._timers:
            self._leave_queue(exchange)
        if exchange.thread and exchange.has_begun:
            exchange.thread.drop()
        exchange.spool.close()

    def came(self, thread: Thread, process: int) -> None:
        self._idle.setdefault(process, []).append(thread)
        self._next()

    def left(self, thread: Thread, failure: Exception) -> None:
        exchange, thread.exchange = thread.exchange, None
        if thread.process is None:
            return
        if exchange is None:
            self._idle[thread.process].remove(thread)
            self._forget_process(thread.process)
            return
        exchange.thread = None
        self._busy[thread.process] -= 1
        self._forget_process(thread.process)
        self._release(exchange)
        exchange.end(failure)
        self._next()

    def _forget_process(self, process: int) -> None:
        if not self._idle.get(process) and not self._busy[process]:
            self._idle.pop(process, None)
            del self._busy[process]

    def done(self, thread: Thread, process: int, exchange: Exchange) -> None:
        self._idle.setdefault(process, []).append(thread)
        self._busy[process] -= 1
        self._release(exchange)
        self._next()

    def _is_full(self, group: Group, holder: Hashable) -> bool:
        return self._queued[group] >= MOST_WAITING or len(self._waiting[group].get(holder, ())) >= MOST_WAITING_OF_ONE

    def _idle_thread(self) -> "tuple[Thread, int] | None":
        """One of the process that has the least to do."""
        processes = [process for process, idle in self._idle.items() if idle]
        if not processes:
            return None
        process = min(processes, key=self._busy.__getitem__)
        return self._idle[process].pop(), process

    def _may_run(self, group: Group, holder: Hashable) -> bool:
        most = self._most_of_one.get(group, self._limits[group])
        return self._running[group] < self._limits[group] and self._held[group][holder] < most

    def _start(self, exchange: Exchange, thread: Thread, process: int) -> None:
        self._busy[process] += 1
        self._running[exchange.group] += 1
        self._held[exchange.group][exchange.holder] += 1
        thread.hand_over(exchange)

    def _release(self, exchange: Exchange) -> None:
        self._running[exchange.group] -= 1
        held = self._held[exchange.group]
        held[exchange.holder] -= 1
        if not held[exchange.holder]:
            del held[exchange.holder]

    def _next(self) -> None:
        if not self._timers:
            return
        for group in Group:
            held, waiting = self._held[group], self._waiting[group]
            while waiting:
                following = min(waiting, key=held.__getitem__)
                if not self._may_run(group, following) or not (found := self._idle_thread()):
                    break
                exchange = waiting[following][0]
                self._leave_queue(exchange)
                self._start(exchange, *found)

    def _leave_queue(self, exchange: Exchange) -> None:
        self._timers.pop(exchange).cancel()
        queue = self._waiting[exchange.group][exchange.holder]
        queue.remove(exchange)
        self._queued[exchange.group] -= 1
        if not queue:
            del self._waiting[exchange.group][exchange.holder]

    def _give_up(self, exchange: Exchange) -> None:
        self._leave_queue(exchange)
        exchange.refuse()


def limits_for(threads: int, most_requests: int) -> dict[Group, int]:
    """How many of so many threads each kind of request may have at once."""
    return {
        Group.PROBES: 2,
        Group.CAPTURE: max(1, threads - min(most_requests, threads // 2)),
        # A load takes long and one of the engine's places to write: capture has the others.
        Group.IMPORTS: 2,
        Group.REST: min(most_requests, threads),
    }
