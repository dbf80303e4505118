"""The fold: how much of what happened was further down than a visitor's first screenful, and how tall those are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

# The places that points.sql tells apart on screens of one height.
_FIXED, _BELOW = 1, 3


def fold_summary(counts: Sequence[int], screens: Sequence[int]) -> dict[str, Any]:
    """From the number of rows of each screen, and the numbers that points.sql makes of screens."""
    heights = Counter[int]()
    total = below = 0
    for count, screen in zip(counts, screens, strict=True):
        heights[screen >> 2] += count
        total += count * (screen & 3 != _FIXED)
        below += count * (screen & 3 == _BELOW)
    return {
        "total_count": total,
        "below_fold_count": below,
        "pct_below_fold": round(100 * below / total, 1) if total else 0.0,
        "median_viewport_height": _median(heights),
    }


def _median(times: Mapping[int, int]) -> int | None:
    """The median of values that each occur so many times, half to even between two."""
    total = sum(times.values())
    if not total:
        return None
    return round((_nth(times, (total - 1) // 2) + _nth(times, total // 2)) / 2)


def _nth(times: Mapping[int, int], n: int) -> int:
    for value in sorted(times):
        if n < times[value]:
            return value
        n -= times[value]
    raise IndexError(n)
