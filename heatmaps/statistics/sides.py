"""Two sides compared in many places at once: shares, difference, ratio, and whether chance alone would do it.

What is counted is visitors, since what one visitor does hangs together. docs/comparing.md says what follows from that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatmaps.statistics import fisher
from heatmaps.statistics.fisher import Floats, Integers

# Fewer visitors than these, of both sides together, tell nothing either way.
MIN_TESTED = 10
# Of the normal distribution, for an interval that holds in 95 % of cases.
_Z_95 = 1.959963984540054
_DIGITS = 6


class Verdict(StrEnum):
    MORE = "more"
    LESS = "less"
    UNCLEAR = "unclear"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Side a beside side b, place by place. NaN stands for what there is not: a share of nobody, a place not tested."""

    share_a: Floats
    share_b: Floats
    difference: Floats
    ratio: Floats
    ratio_low: Floats
    ratio_high: Floats
    q: Floats
    is_tested: NDArray[np.bool_]
    fdr: float

    def columns(self, places: slice | Integers) -> dict[str, list[Any]]:
        """What is told of some of the places."""
        numbers = ("difference", "ratio", "ratio_low", "ratio_high")
        # As they are told: rounding may have left more of a q than there is.
        q = [None if np.isnan(one) else significant(one) for one in self.q[places].tolist()]
        return {
            **{name: told(getattr(self, name)[places]) for name in numbers},
            "q": q,
            "verdict": [self._verdict(*one) for one in zip(q, self.difference[places], strict=True)],
        }

    def by_surprise(self, *ties: NDArray[Any]) -> Integers:
        """The places, those with the smallest q first, untested ones last, then by the size of the difference."""
        return np.lexsort(
            (*ties[::-1], -np.abs(rounded(self.difference)), np.where(self.is_tested, _sorted_q(self.q), 2))
        )

    def by_difference(self, *ties: NDArray[Any]) -> Integers:
        """The places, those with the largest difference either way first."""
        return np.lexsort((*ties[::-1], -np.abs(rounded(self.difference))))

    def _verdict(self, q: float | None, difference: float) -> Verdict:
        if q is None:
            return Verdict.TOO_FEW
        if q > self.fdr:
            return Verdict.UNCLEAR
        return Verdict.MORE if difference > 0 else Verdict.LESS


def compared(a: Integers, b: Integers, *, n_a: int, n_b: int, fdr: float) -> Compared:
    """`a` of the `n_a` visitors of one side and `b` of the `n_b` of the other, for each place."""
    share_a, share_b = _shares(a, n_a), _shares(b, n_b)
    is_tested = a + b >= MIN_TESTED
    q = np.full(len(a), np.nan)
    q[is_tested] = adjusted(fisher.p_values(a[is_tested], b[is_tested], n_a, n_b))
    ratio, low, high = _ratio(a, b, n_a, n_b)
    return Compared(
        share_a=share_a,
        share_b=share_b,
        difference=share_a - share_b,
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        q=q,
        is_tested=is_tested,
        fdr=fdr,
    )


def adjusted(p: Floats) -> Floats:
    """Benjamini and Hochberg's: of the places whose adjusted value is at most q, a part of q is expected to be false
    alarms."""
    order = np.argsort(p)[::-1]
    ranks = np.arange(len(p), 0, -1)
    found = np.empty(len(p))
    found[order] = np.minimum(np.minimum.accumulate(p[order] * len(p) / ranks), 1.0)
    return found


def told(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in rounded(values).tolist()]  # noqa: PLR0124 -- NaN


def rounded(values: Floats) -> Floats:
    # Adding 0 makes a negative zero zero.
    return np.round(values, _DIGITS) + 0


def significant(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def share(part: int, whole: int) -> float | None:
    return round(part / whole, _DIGITS) if whole else None


def side_columns(counts: Sequence[int], visitors: Sequence[int], shares: Floats) -> list[dict[str, Any]]:
    """One side of each place, as it is told."""
    return [
        {"count": count, "visitors": number, "share": part}
        for count, number, part in zip(counts, visitors, told(shares), strict=True)
    ]


def _shares(part: Integers, whole: int) -> Floats:
    return part / whole if whole else np.full(len(part), np.nan)


def _ratio(a: Integers, b: Integers, n_a: int, n_b: int) -> tuple[Floats, Floats, Floats]:
    """Share a by share b, and Katz's interval of it. Where one of them is zero, both are moved a little off it."""
    if not (n_a and n_b):
        none = np.full(len(a), np.nan)
        return none, none, none
    moved = np.where((a == 0) | (b == 0), 0.5, 0.0)
    a, b, of_a, of_b = a + moved, b + moved, n_a + 2 * moved, n_b + 2 * moved
    ratio = (a / of_a) / (b / of_b)
    # Of counts that are all there is, rounding may leave less than nothing.
    spread = np.exp(_Z_95 * np.sqrt(np.maximum(1 / a - 1 / of_a + 1 / b - 1 / of_b, 0)))
    return ratio, ratio / spread, ratio * spread


def _sorted_q(q: Floats) -> Floats:
    """As it is told, so that those which look equal are ordered by what comes next."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(q)))
        return np.where(q > 1e-290, np.round(q * scale) / scale, np.where(q == q, 0, q))  # noqa: PLR0124 -- NaN
