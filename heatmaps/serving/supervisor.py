"""The process that was started: it starts the others, replaces one that ends, and ends them in order."""

import atexit
import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable
from time import monotonic, sleep

import structlog

logger = structlog.get_logger(__name__)

_WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LOOK_SECONDS = 0.1
# A process that ends as soon as it is started is not started again at once.
_LEAST_SECONDS = 1.0


class Supervisor:
    """Keeps a number of processes running: the one that talks to callers, and those that answer."""

    def __init__(self, front: Callable[[], None], worker: Callable[[], None], workers: int, seconds: float) -> None:
        self._front = front
        self._worker = worker
        self._workers = workers
        self._seconds = seconds
        self._signals: deque[int] = deque()
        # What each process does, and since when.
        self._running: dict[int, tuple[Callable[[], None], float]] = {}

    def run(self) -> None:
        """Returns when it was told to stop, and all is answered."""
        for number in _WATCHED:
            signal.signal(number, lambda number, _: self._signals.append(number))
        self._start(self._front)
        for _ in range(self._workers):
            self._start(self._worker)
        while (told := self._next_signal()) not in {signal.SIGTERM, signal.SIGINT}:
            if told == signal.SIGHUP:
                # One after the other would need more than the one that the embedded engine allows.
                self._tell(self._worker)
            self._replace_ended()
        for process in (self._front, self._worker):
            self._end(process)

    def _start(self, work: Callable[[], None]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        if process := os.fork():
            self._running[process] = (work, monotonic())
            return
        status = 1
        try:
            for number in _WATCHED:
                signal.signal(number, signal.SIG_DFL)
            work()
            status = 0
        except BaseException:  # noqa: BLE001 -- the process ends here, whatever it is
            traceback.print_exc()
        finally:
            atexit._run_exitfuncs()  # noqa: SLF001 -- as multiprocessing does at the end of a process
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _next_signal(self) -> int | None:
        if not self._signals:
            sleep(_LOOK_SECONDS)
        return self._signals.popleft() if self._signals else None

    def _replace_ended(self) -> None:
        for process, (work, since) in list(self._running.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended:
                continue
            del self._running[process]
            if status:
                logger.error("A process ended, and is replaced", status=os.waitstatus_to_exitcode(status))
            if monotonic() - since < _LEAST_SECONDS:
                sleep(_LEAST_SECONDS)
            self._start(work)

    def _tell(self, work: Callable[[], None], number: int = signal.SIGTERM) -> None:
        for process, (other, _) in self._running.items():
            if other is work:
                os.kill(process, number)

    def _end(self, work: Callable[[], None]) -> None:
        """Tells processes to stop more than once: one that was just started may not hear it yet."""
        until = monotonic() + self._seconds
        while self._of(work) and monotonic() < until:
            self._tell(work)
            again = min(until, monotonic() + 1)
            while self._of(work) and monotonic() < again:
                sleep(_LOOK_SECONDS / 2)
                self._collect(work)
        self._tell(work, signal.SIGKILL)
        for process in self._of(work):
            os.waitpid(process, 0)
            del self._running[process]

    def _collect(self, work: Callable[[], None]) -> None:
        for process in self._of(work):
            if os.waitpid(process, os.WNOHANG)[0]:
                del self._running[process]

    def _of(self, work: Callable[[], None]) -> list[int]:
        return [process for process, (other, _) in self._running.items() if other is work]
