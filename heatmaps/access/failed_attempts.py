"""How often an address may be wrong about a key or a password, before it has to wait.

A right one that came from the same address a while ago is not kept waiting by wrong ones from there: offices and
proxies have one address for many people.
"""

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from heatmaps import metrics
from heatmaps.access.rate_limits import SECONDS, RateLimit

logger = structlog.get_logger(__name__)

KNOWN_FOR_SECONDS = 3600
MAX_KNOWN = 100_000


@dataclass(frozen=True, slots=True)
class Attempts:
    """Counts what failed, each address for itself."""

    kind: str
    setting: str

    def seconds_to_wait(self, address: str) -> int:
        """0 for an address that has not been wrong too often."""
        if not settings.RATE_LIMIT_ENABLED:
            return 0
        budget = self._rate_limit.budget(address)
        if budget is None or budget.remaining:
            return 0
        metrics.throttled(self.kind)
        return budget.next

    def failed(self, address: str) -> None:
        if not (settings.RATE_LIMIT_ENABLED and self._rate_limit.hit(address)):
            return
        budget = self._rate_limit.budget(address)
        if budget and not budget.remaining:
            logger.warning("An address was wrong too often, and has to wait", kind=self.kind, address=address)

    @property
    def _rate_limit(self) -> RateLimit:
        limit, _, unit = getattr(settings, self.setting).partition("/")
        return RateLimit(self.kind, int(limit), SECONDS[unit])


BAD_KEYS = Attempts("bad_keys", "RATE_LIMIT_BAD_KEYS")
BAD_PASSWORDS = Attempts("bad_passwords", "RATE_LIMIT_BAD_PASSWORDS")

# Which key was right from which address, and when; the oldest first.
_known: dict[tuple[str, str], float] = {}
_one_remembers = threading.Lock()


def remember(address: str, digest: str) -> None:
    now = time.monotonic()
    with _one_remembers:
        if len(_known) >= MAX_KNOWN:
            _drop_those_before(now - KNOWN_FOR_SECONDS)
        # Nobody is forgotten for a newcomer.
        if len(_known) < MAX_KNOWN:
            _known.pop((address, digest), None)
            _known[address, digest] = now


def _drop_those_before(moment: float) -> None:
    for one in list(takewhile(lambda one: _known[one] < moment, _known)):
        del _known[one]


def is_known(address: str, digest: str) -> bool:
    since = _known.get((address, digest))
    return since is not None and time.monotonic() - since < KNOWN_FOR_SECONDS


def forget() -> None:
    _known.clear()


def address_of(request: HttpRequest) -> str:
    """Where a request comes from: what the outermost of NUM_PROXIES trusted proxies saw. Of IPv6 the network, since one
    caller has all of its addresses."""
    address = request.META.get("REMOTE_ADDR", "")
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if settings.NUM_PROXIES and seen[0]:
        address = seen[-min(settings.NUM_PROXIES, len(seen))].strip()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)


@receiver(user_login_failed)
def _count_login(request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None:
        BAD_PASSWORDS.failed(address_of(request))


def slowed(login: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A login page that does not even look at a password from an address that has been wrong too often."""

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wait = BAD_PASSWORDS.seconds_to_wait(address_of(request)) if request.method == "POST" else 0
        if wait:
            return HttpResponse(
                f"Too many wrong passwords. Try again in {wait} seconds.",
                status=429,
                headers={"Retry-After": str(wait)},
                content_type="text/plain",
            )
        return login(request, *args, **kwargs)

    return view
