"""Where hits are counted: in Redis, for all processes together, or in the memory of this one.

Redis may be away: then nothing is counted, and nobody is turned away.
"""

import math
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import structlog
from django.conf import settings
from limits.storage import RedisStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from heatmaps.access.moving_windows import MemoryStorage

logger = structlog.get_logger(__name__)

T = TypeVar("T")

# After a failure, nobody waits for the cache again for so long.
REST_SECONDS = 1.0
# A cache that is away does not hold requests up.
ANSWER_SECONDS = 1.0
_rests_until = -math.inf
_one_makes = threading.Lock()


class SharedStorage(RedisStorage):
    """The library's own, whose windows are lists with the newest hit first."""

    STORAGE_SCHEME = None  # type: ignore[assignment]

    @staticmethod
    def clock() -> float:
        """The library's: the time of day, since several machines may count."""
        return time.time()

    def newest(self, key: str) -> float | None:
        moment = self.storage.lindex(self.prefixed_key(key), 0)
        return None if moment is None else float(moment)


def storage(kind: str) -> SharedStorage | MemoryStorage:
    """Where hits of a kind are counted. Each kind has its own, so that those of strangers do not fill another's."""
    # Two that ask for the first time at once get the same one.
    with _one_makes:
        return _storage(settings.CACHE_URL, kind)


def forget() -> None:
    """Begins anew in this process."""
    _storage.cache_clear()


@cache
def _storage(url: str, kind: str) -> SharedStorage | MemoryStorage:
    if not url:
        return MemoryStorage()
    return SharedStorage(url, connection_pool=_connections(url), key_prefix=f"heatmaps:{kind}")


@cache
def _connections(url: str) -> ConnectionPool:
    # Tried once more at once, for a connection that was closed while nobody used it.
    return ConnectionPool.from_url(
        url,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


def cached_or_none(ask: Callable[[], T]) -> T | None:
    """What the cache says, None while it is away: how often somebody may ask is worth less than the answer."""
    global _rests_until  # noqa: PLW0603 -- one cache, for all requests of the process
    if time.monotonic() < _rests_until:
        return None
    try:
        return ask()
    except (RedisError, OSError) as error:
        _rests_until = time.monotonic() + REST_SECONDS
        logger.warning("The cache does not answer, so rate limits let requests pass", cause=str(error))
        return None
