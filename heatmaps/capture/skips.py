"""How many points were not kept, and why: for the metrics, and told in the log once a minute."""

import threading
from collections import Counter
from time import monotonic

import structlog

from heatmaps import metrics
from heatmaps.capture.points import Skip

logger = structlog.get_logger(__name__)
LOG_EVERY_SECONDS = 60

# By reason, since this process started.
total: Counter[Skip] = Counter()
_untold: Counter[Skip] = Counter()
_told_at = float("-inf")
_lock = threading.Lock()


def count(skips: Counter[Skip]) -> None:
    global _told_at  # noqa: PLW0603 -- one log for the process
    skips = +skips
    if not skips:
        return
    for reason, number in skips.items():
        metrics.skipped(reason, number)
    with _lock:
        total.update(skips)
        _untold.update(skips)
        now = monotonic()
        if now - _told_at < LOG_EVERY_SECONDS:
            return
        _told_at = now
        told = {str(reason): number for reason, number in _untold.most_common()}
        _untold.clear()
    logger.warning("Points that browsers sent were not kept", points=told)
