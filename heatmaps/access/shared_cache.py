"""What is counted in the cache, which may be away: then nothing is counted, and nobody is turned away."""

import math
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

T = TypeVar("T")

# After a failure, nobody waits for the cache again for so long.
REST_SECONDS = 1.0
_rests_until = -math.inf


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
