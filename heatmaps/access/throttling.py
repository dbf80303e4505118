"""How often a personal API key may ask, by a burst and a sustained rate, and a share token, by a rate of its own.
Sessions are not limited, but in having pages of others looked at."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from heatmaps import metrics
from heatmaps.access.rate_limits import Budget, RateLimit
from heatmaps.models import PersonalAPIKey, Share

if TYPE_CHECKING:
    # The framework reads this module while it is still importing its views.
    from rest_framework.views import APIView


class KeyThrottle(SimpleRateThrottle):
    """What it counts is `rate_limits`'s, not the framework's, which would
    forget one of two requests at once."""

    # Whose requests it counts.
    limits: type[PersonalAPIKey | Share]
    scope: str
    duration: int
    num_requests: int

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if not (settings.RATE_LIMIT_ENABLED and isinstance(request.auth, self.limits)):
            return None
        return str(request.auth.pk)

    def allow_request(self, request: Request, view: "APIView") -> bool:
        caller = self.get_cache_key(request, view)
        if caller is None or self.rate_limit.hit(caller) is not False:
            return True
        metrics.throttled(self.scope)
        return False

    def wait(self) -> None:
        """`seconds_to_wait` tells, when all rates have counted the request."""

    def budget(self, request: Request, view: "APIView") -> Budget | None:
        """Reads the key's budget without spending any of it; None when the caller has none."""
        caller = self.get_cache_key(request, view)
        return None if caller is None else self.rate_limit.budget(caller)

    @property
    def rate_limit(self) -> RateLimit:
        return RateLimit(self.scope, self.num_requests, self.duration)


class PersonalAPIKeyThrottle(KeyThrottle):
    limits = PersonalAPIKey


class BurstThrottle(PersonalAPIKeyThrottle):
    scope = "burst"


class SustainedThrottle(PersonalAPIKeyThrottle):
    scope = "sustained"


class ShareThrottle(KeyThrottle):
    """Of everybody together who has the same token."""

    limits = Share
    scope = "share"

    def get_rate(self) -> str:
        rate: str = settings.RATE_LIMIT_SHARE
        return rate


class PreflightThrottle(KeyThrottle):
    """Of each user, with whichever keys and also with a session: what they ask goes out to other people's servers."""

    scope = "preflight"

    def get_rate(self) -> str:
        rate: str = settings.RATE_LIMIT_PREFLIGHT
        return rate

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        is_counted = settings.RATE_LIMIT_ENABLED and settings.FRAME_PREFLIGHT and request.method == "POST"
        return str(request.user.pk) if is_counted and request.user.pk else None


def seconds_to_wait(request: Request, throttles: Iterable[BaseThrottle], view: "APIView") -> int:
    """Until one more request of the caller is allowed by all rates, which is when the oldest one is forgotten. What one
    rate refuses the others count, and it may be the last that they allow."""
    return max([1, *(budget.next for budget in _budgets(request, throttles, view))])


def budget_headers(request: Request, throttles: Iterable[BaseThrottle], view: "APIView") -> dict[str, str]:
    """What is left to the caller's key, of the rate that will stop it first; nothing for other callers."""
    budgets = _budgets(request, throttles, view)
    if not budgets:
        return {}
    tightest = min(budgets, key=lambda budget: (budget.remaining, -budget.reset))
    return {
        "RateLimit-Limit": str(tightest.limit),
        "RateLimit-Remaining": str(tightest.remaining),
        "RateLimit-Reset": str(tightest.reset),
    }


def _budgets(request: Request, throttles: Iterable[BaseThrottle], view: "APIView") -> list[Budget]:
    return [
        budget
        for throttle in throttles
        if isinstance(throttle, KeyThrottle) and (budget := throttle.budget(request, view))
    ]
