"""So many hits in so many seconds: counted in windows that move with the clock, by the library `limits`."""

import math
from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.strategies import MovingWindowRateLimiter

from heatmaps.access.shared_cache import cached_or_none, storage

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a limit, in how many seconds there is one hit more, and in how many all of them."""

    limit: int
    remaining: int
    next: int
    reset: int


@dataclass(frozen=True, slots=True)
class RateLimit:
    kind: str
    limit: int
    seconds: int

    def hit(self, caller: str) -> bool | None:
        """Whether there was one left, which is then spent; None while the cache is away."""
        return cached_or_none(lambda: MovingWindowRateLimiter(storage(self.kind)).hit(self._item, caller))

    def budget(self, caller: str) -> Budget | None:
        """Spends nothing; None while the cache is away."""
        return cached_or_none(lambda: self._budget(caller))

    def _budget(self, caller: str) -> Budget:
        counted, item = storage(self.kind), self._item
        window = MovingWindowRateLimiter(counted).get_window_stats(item, caller)
        # The library tells when the oldest hit is forgotten, and not when all of them are.
        newest = counted.newest(item.key_for(caller)) if window.remaining < self.limit else None
        now = counted.clock()
        return Budget(
            limit=self.limit,
            remaining=max(0, window.remaining),
            next=max(1, self._seconds_until(window.reset_time, now)) if window.remaining <= 0 else 0,
            reset=0 if newest is None else max(0, self._seconds_until(newest + self.seconds, now)),
        )

    def _seconds_until(self, moment: float, now: float) -> int:
        """Where the clock was set back meanwhile, hits lie in the future; what counts them forgets them after a window
        all the same."""
        return min(self.seconds, math.ceil(moment - now))

    @property
    def _item(self) -> RateLimitItemPerSecond:
        return RateLimitItemPerSecond(self.limit, self.seconds)
