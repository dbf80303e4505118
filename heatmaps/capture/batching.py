"""One thread for each process gathers the events of concurrent requests into groups, and stores group after group.

Every insert makes a part, and ClickHouse wants few of them. A request waits until its group is stored.
"""

import atexit
import os
import threading
from collections import deque
from collections.abc import Sequence
from time import monotonic, sleep

import structlog

from heatmaps.capture.captured import Captured, Key
from heatmaps.capture.refusals import busy
from heatmaps.capture.storage import Store
from heatmaps.engine import EngineError

logger = structlog.get_logger(__name__)

# New parts in all tables together, on average; and how many may come at once after a rest.
PARTS_A_SECOND = 4.5
PARTS_AT_ONCE = 3
GROUP_ROWS = 50_000
# Of what waits. More is turned away.
MAX_ROWS_WAITING = 600_000
MAX_BYTES_WAITING = 128 * 1024**2
MAX_SECONDS_WAITING = 20
# After so long without a post, it is written down which batches are complete.
REST_SECONDS = 1.0

_BYTES_A_ROW = 64
_BYTES_AN_EVENT = 1_000


class _Waiting:
    """A request's events, and what became of them."""

    __slots__ = ("events", "is_done", "is_stored", "rows", "size")

    def __init__(self, events: Sequence[Captured]) -> None:
        self.events = events
        self.rows = sum(len(event.points) for event in events)
        self.size = self.rows * _BYTES_A_ROW + sum(
            _BYTES_AN_EVENT + (len(event.event.properties) if event.event else 0) for event in events
        )
        self.is_done = threading.Event()
        self.is_stored = False


class Writer:
    """The thread and its queue. The thread starts with the first events, in the process that they came to."""

    def __init__(self) -> None:
        self._store = Store()
        self._queue: deque[_Waiting] = deque()
        self._rows = 0
        self._bytes = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_stopping = False
        # Not after it failed, until something is stored again.
        self._may_mark = True
        # When the parts made so far are worked off, at the pace of PARTS_A_SECOND.
        self._paid_until = 0.0

    def put(self, events: Sequence[Captured]) -> None:
        """Returns when ClickHouse has the events. Raises Refused when it does not, or nobody knows."""
        waiting = _Waiting(events)
        with self._changed:
            if self._queue and (
                self._rows + waiting.rows > MAX_ROWS_WAITING or self._bytes + waiting.size > MAX_BYTES_WAITING
            ):
                raise busy()
            self._start()
            self._queue.append(waiting)
            self._rows += waiting.rows
            self._bytes += waiting.size
            self._changed.notify()
        if not waiting.is_done.wait(MAX_SECONDS_WAITING) or not waiting.is_stored:
            raise busy()

    def stop(self) -> None:
        """Stores what waits, notes what is complete, and ends the thread."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(MAX_SECONDS_WAITING)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="capture", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while group := self._next_group():
            self._put(group)

    def _next_group(self) -> list[_Waiting]:
        """Waits for events, and for the moment when another part may be made. Empty at the end."""
        while True:
            with self._changed:
                if not self._queue and not self._is_stopping:
                    self._changed.wait(REST_SECONDS if self._has_marks() else None)
                if self._queue:
                    break
                is_stopping = self._is_stopping
            if self._has_marks():
                self._mark()
            if is_stopping:
                return []
        sleep(max(0.0, self._paid_until - PARTS_AT_ONCE / PARTS_A_SECOND - monotonic()))
        group: list[_Waiting] = []
        rows = 0
        with self._changed:
            while self._queue and (not group or rows + self._queue[0].rows <= GROUP_ROWS):
                waiting = self._queue.popleft()
                group.append(waiting)
                rows += waiting.rows
                self._rows -= waiting.rows
                self._bytes -= waiting.size
        return group

    def _put(self, group: list[_Waiting]) -> None:
        undecided: set[Key] = set()
        is_stored = False
        parts = PARTS_AT_ONCE
        try:
            undecided, parts = self._store.put(event for waiting in group for event in waiting.events)
            is_stored = self._may_mark = True
        except EngineError as error:
            logger.error("What browsers sent could not be stored", cause=" ".join(str(error).split())[:500])  # noqa: TRY400 -- one line
        except Exception:
            logger.exception("What browsers sent could not be stored")
        finally:
            for waiting in group:
                waiting.is_stored = is_stored and not any(event.key in undecided for event in waiting.events)
                waiting.is_done.set()
        self._pay(parts)

    def _has_marks(self) -> bool:
        return self._may_mark and self._store.has_marks

    def _mark(self) -> None:
        self._may_mark = False
        try:
            self._store.mark()
            self._may_mark = True
        except EngineError as error:
            logger.warning("It could not be noted what is stored", cause=" ".join(str(error).split())[:500])
        self._pay(1)

    def _pay(self, parts: int) -> None:
        self._paid_until = max(self._paid_until, monotonic()) + parts / PARTS_A_SECOND


_writer = Writer()


def put(events: Sequence[Captured]) -> None:
    """Returns when ClickHouse has the events. Raises Refused when it does not, or nobody knows."""
    _writer.put(events)


def _stop() -> None:
    _writer.stop()


def _begin_anew() -> None:
    global _writer  # noqa: PLW0603 -- threads and locks of a parent are of no use to its child
    _writer = Writer()


atexit.register(_stop)
os.register_at_fork(after_in_child=_begin_anew)
