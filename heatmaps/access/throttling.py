"""How often a personal API key may ask: a burst and a sustained rate. Sessions are not limited."""

import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from heatmaps import metrics
from heatmaps.access import shared_cache
from heatmaps.models import PersonalAPIKey

if TYPE_CHECKING:
    # The framework reads this module while it is still importing its views.
    from rest_framework.views import APIView

# The framework reads a history, adds to it and writes it back; two requests at once would forget one of them.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a rate, and in how many seconds all of it is there again."""

    limit: int
    remaining: int
    reset: int


class PersonalAPIKeyThrottle(SimpleRateThrottle):
    history: list[float]
    duration: int
    num_requests: int

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if not (settings.RATE_LIMIT_ENABLED and isinstance(request.auth, PersonalAPIKey)):
            return None
        return f"throttle:{self.scope}:{request.auth.pk}"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        with _one_at_a_time:
            is_allowed = shared_cache.cached_or_none(
                lambda: bool(super(PersonalAPIKeyThrottle, self).allow_request(request, view))
            )
        if is_allowed is None:
            return True
        if not is_allowed:
            metrics.throttled(self.scope or "")
        return is_allowed

    def wait(self) -> int:
        """Seconds until one more request is allowed: until the oldest one is forgotten."""
        return max(1, math.ceil(self.history[-1] + self.duration - self.now))

    def budget(self, request: Request, view: "APIView") -> Budget | None:
        """Reads the key's budget without spending any of it; None when the caller has none."""
        key = self.get_cache_key(request, view)
        if key is None:
            return None
        now = self.timer()
        history = shared_cache.cached_or_none(lambda: self.cache.get(key, []))
        if history is None:
            return None
        spent = [moment for moment in history if moment > now - self.duration]
        reset = math.ceil(spent[0] + self.duration - now) if spent else 0
        return Budget(self.num_requests, max(0, self.num_requests - len(spent)), max(0, reset))


class BurstThrottle(PersonalAPIKeyThrottle):
    scope = "burst"


class SustainedThrottle(PersonalAPIKeyThrottle):
    scope = "sustained"


def budget_headers(request: Request, throttles: Iterable[BaseThrottle], view: "APIView") -> dict[str, str]:
    """What is left to the caller's key, of the rate that will stop it first; nothing for other callers."""
    budgets = [
        budget
        for throttle in throttles
        if isinstance(throttle, PersonalAPIKeyThrottle) and (budget := throttle.budget(request, view))
    ]
    if not budgets:
        return {}
    tightest = min(budgets, key=lambda budget: (budget.remaining, -budget.reset))
    return {
        "RateLimit-Limit": str(tightest.limit),
        "RateLimit-Remaining": str(tightest.remaining),
        "RateLimit-Reset": str(tightest.reset),
    }
