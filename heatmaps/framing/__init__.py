"""Whether a page lets itself be shown in a frame, by what its site answers to somebody who is not signed in.

A caller names the page, so all of it is for a hostile one: `network` says which addresses are asked at all, and
`looking` how much is read, and for how long. Knows no Django.
"""

import threading
from dataclasses import dataclass
from enum import StrEnum

from heatmaps.framing.looking import NothingSeen, look
from heatmaps.framing.network import Network
from heatmaps.framing.places import Place
from heatmaps.framing.policies import BlockedBy, blocked_by

# Each holds a thread that answers, for 5 seconds at most.
_LOOKS_AT_ONCE = 8
_looks = threading.BoundedSemaphore(_LOOKS_AT_ONCE)


class Verdict(StrEnum):
    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """What became of looking at a page. `why` is for the log: who asked is not told what is at which address."""

    verdict: Verdict
    blocked_by: BlockedBy | None = None
    status: int | None = None
    why: str = ""


class TooManyAtOnce(Exception):
    """No more pages are looked at just now."""


def framing_of(page: Place, viewer: Place, network: Network) -> Framing:
    """Whether the page may be framed by a page of the viewer's origin. Raises TooManyAtOnce."""
    if not _looks.acquire(blocking=False):
        raise TooManyAtOnce
    try:
        seen = look(page, network)
    except NothingSeen as nothing:
        return Framing(verdict=Verdict.UNKNOWN, status=nothing.status, why=str(nothing))
    finally:
        _looks.release()
    by = blocked_by(seen.place, seen.values("content-security-policy"), seen.values("x-frame-options"), viewer)
    return Framing(verdict=Verdict.BLOCKED if by else Verdict.ALLOWED, blocked_by=by, status=seen.status)
