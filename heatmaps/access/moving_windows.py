"""Moving windows in the memory of one process, as a storage of `limits`.

The library's own storage keeps an object for each hit, and a thread that looks through all of them a hundred times a
second. Here a hit takes 8 bytes, and expired windows are dropped a few at a time by the calls that come in anyway.
"""

import threading
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict

import structlog
from limits.storage import MovingWindowSupport, Storage

logger = structlog.get_logger(__name__)

MAX_CALLERS = 100_000
# Whoever comes when all windows are in use is counted together with others in one of these. Python's hash differs from
# process to process, so nobody can choose with whom.
SHARED_WINDOWS = 4_096
# More than one for each that is added, so that the table empties.
_DROPPED_AT_ONCE = 2


class MemoryStorage(Storage, MovingWindowSupport):
    """Windows of one length: at most 100,000 and the shared ones, each with at most as many marks as its limit.

    No window goes before it has expired, so nobody can push the count of somebody else out.
    """

    STORAGE_SCHEME = None

    def __init__(self, max_callers: int = MAX_CALLERS) -> None:
        super().__init__()
        self._max_callers = max_callers
        # The least recently hit first.
        self._windows: OrderedDict[str, array[float]] = OrderedDict()
        self._lock = threading.Lock()
        self._is_full = False

    @staticmethod
    def clock() -> float:
        """Seconds that no change of the system's time makes jump."""
        return time.monotonic()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        with self._lock:
            now = self.clock()
            self._drop_expired(now - expiry)
            key = self._counted_as(key)
            window = self._windows.setdefault(key, array("d"))
            # A hit that is exactly as old as the window is long counts no more.
            del window[: bisect_right(window, now - expiry)]
            if len(window) + amount > limit:
                if not window:
                    del self._windows[key]
                return False
            window.extend([now] * amount)
            self._windows.move_to_end(key)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest hit of the window was, and how many there are."""
        with self._lock:
            now = self.clock()
            window = self._windows.get(self._counted_as(key)) or array("d")
            first = bisect_right(window, now - expiry)
            return (window[first], len(window) - first) if first < len(window) else (now, 0)

    def newest(self, key: str) -> float | None:
        with self._lock:
            window = self._windows.get(self._counted_as(key))
            return window[-1] if window else None

    def reset(self) -> int | None:
        with self._lock:
            count = len(self._windows)
            self._windows.clear()
            return count

    def clear(self, key: str) -> None:
        with self._lock:
            self._windows.pop(key, None)

    def check(self) -> bool:
        return True

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return ()

    # What other strategies ask of a storage.

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError

    def get(self, key: str) -> int:
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError

    def _counted_as(self, key: str) -> str:
        was_full, self._is_full = self._is_full, len(self._windows) >= self._max_callers
        if key in self._windows or not self._is_full:
            return key
        if not was_full:
            logger.warning("More callers at once than are counted one by one", callers=self._max_callers)
        return f"shared {hash(key) % SHARED_WINDOWS}"

    def _drop_expired(self, horizon: float) -> None:
        for _ in range(_DROPPED_AT_ONCE):
            key = next(iter(self._windows), None)
            if key is None or self._windows[key][-1] > horizon:
                return
            del self._windows[key]
