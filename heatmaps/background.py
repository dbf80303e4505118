"""What goes on beside the requests of a process."""

import os
import threading
from collections.abc import Callable
from multiprocessing.util import Finalize


class Background:
    """A thread that begins with the first that there is for it to do, in the process where that is, and ends with it.

    `end` is called then, of those with the highest `exit_priority` first. What the standard library has for the end of
    a process forgets at a fork what was registered before it, so it is registered when the thread begins.
    """

    def __init__(self, name: str, work: Callable[[], None], end: Callable[[], None], *, exit_priority: int) -> None:
        self._name = name
        self._work = work
        self._end = end
        self._exit_priority = exit_priority
        self._thread: threading.Thread | None
        self._finalizer: Finalize[None] | None
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def begin(self) -> None:
        """Starts the thread of this process, if there is none."""
        if self._is_alive():
            return
        with self._lock:
            if self._finalizer is None:
                self._finalizer = Finalize(None, self._stop, exitpriority=self._exit_priority)
            if not (self._is_alive() or self._is_stopping.is_set()):
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def goes_on(self, seconds: float = 0.0) -> bool:
        """Waits; False as soon as the process ends."""
        return not self._is_stopping.wait(seconds)

    def join(self, seconds: float) -> None:
        if self._thread is not None:
            self._thread.join(seconds)

    def _is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _stop(self) -> None:
        self._is_stopping.set()
        self._end()

    def _begin_anew(self) -> None:
        # Threads and locks of a parent are of no use to its child.
        self._lock = threading.Lock()
        self._is_stopping = threading.Event()
        self._thread = self._finalizer = None
