"""Places for those who work at once, given out fairly."""

import threading
from collections import Counter, deque
from collections.abc import Hashable


class FairSemaphore:
    """A bounded number of places. A free one goes to who waits and holds the fewest, among equals to each in turn;
    so one who asks for hundreds does not keep another from the next. Nobody holds more than `most_of_one`: another
    finds a place at once."""

    def __init__(self, number: int, most_of_one: int | None = None) -> None:
        self._lock = threading.Lock()
        self._free = number
        self._most_of_one = most_of_one or number
        self._held: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[threading.Event]] = {}

    def acquire(self, holder: Hashable, timeout: float) -> bool:
        """Takes a place; False when there was none for that many seconds."""
        with self._lock:
            if self._free and self._has_room(holder):
                self._free -= 1
                self._held[holder] += 1
                return True
            turn = threading.Event()
            self._waiting.setdefault(holder, deque()).append(turn)
        if turn.wait(timeout):
            return True
        with self._lock:
            # It may have come in the last moment.
            if turn.is_set():
                return True
            self._forget(holder, turn)
        return False

    def release(self, holder: Hashable) -> None:
        with self._lock:
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]
            self._free += 1
            # Who has all that one may have is passed over, and does not keep the place from who comes after.
            able = [waiting for waiting in self._waiting if self._has_room(waiting)]
            if able:
                following = min(able, key=self._held.__getitem__)
                turn = self._waiting[following][0]
                self._forget(following, turn)
                if following in self._waiting:
                    # The next time all others come before it.
                    self._waiting[following] = self._waiting.pop(following)
                self._free -= 1
                self._held[following] += 1
                turn.set()

    def _has_room(self, holder: Hashable) -> bool:
        """What asks for nobody in particular is the service itself."""
        return holder is None or self._held[holder] < self._most_of_one

    def _forget(self, holder: Hashable, turn: threading.Event) -> None:
        self._waiting[holder].remove(turn)
        if not self._waiting[holder]:
            del self._waiting[holder]
