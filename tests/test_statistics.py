"""The numbers that two sides are compared by, held against scipy and against their definitions."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, fisher_exact

from heatmaps.statistics import fisher
from heatmaps.statistics.sides import compared, significant

SIDES = [
    (1, 1),
    (3, 4),
    (0, 5),
    (5, 0),
    (0, 0),
    (10, 10),
    (20, 1_000_000),
    (300, 300),
    (3_000, 4_000),
    (10**6, 9 * 10**5),
]


def scipys(a: int, b: int, n_a: int, n_b: int) -> float:
    return float(fisher_exact([[a, n_a - a], [b, n_b - b]]).pvalue)


@pytest.mark.parametrize(("n_a", "n_b"), SIDES)
def test_p_values_are_scipys(n_a: int, n_b: int) -> None:
    rng = np.random.default_rng(20_261_128)
    share = rng.random(60) ** 3
    a = rng.binomial(n_a, share)
    b = rng.binomial(n_b, np.clip(share * rng.choice([1, 1, 1.05, 0.9, 2], len(a)), 0, 1))
    a[:4], b[:4] = [0, n_a, 0, n_a], [0, n_b, n_b, 0]
    expected = [scipys(*table, n_a, n_b) for table in zip(a.tolist(), b.tolist(), strict=True)]
    np.testing.assert_allclose(fisher.p_values(a, b, n_a, n_b), expected, rtol=1e-9, atol=1e-300)


@given(st.integers(0, 25), st.integers(0, 25), st.data())
@settings(max_examples=300, deadline=None)
def test_p_values_are_those_of_all_tables_counted_out(n_a: int, n_b: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, n_a)), data.draw(st.integers(0, n_b))
    did = a + b
    ways = [math.comb(n_a, x) * math.comb(n_b, did - x) for x in range(did + 1)]
    exact = Fraction(sum(way for way in ways if way <= ways[a]), sum(ways))
    (found,) = fisher.p_values(np.array([a]), np.array([b]), n_a, n_b)
    assert found == pytest.approx(float(exact), rel=1e-12)


def test_no_tables_have_no_p_values() -> None:
    assert len(fisher.p_values(np.zeros(0, int), np.zeros(0, int), 3, 4)) == 0


@pytest.mark.parametrize(("n_a", "n_b"), [(3_000, 4_000), (1_000_000, 900_000)])
def test_the_other_end_of_a_table_is_found_in_few_steps(n_a: int, n_b: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    share = rng.random(10_000) ** 4 * 0.3
    a, b = rng.binomial(n_a, share), rng.binomial(n_b, share)
    asked: list[int] = []
    unlikeliness = fisher._unlikeliness

    def counted(a: fisher.Integers, *margins: Any) -> fisher.Floats:
        asked.append(len(a))
        return unlikeliness(a, *margins)

    monkeypatch.setattr(fisher, "_unlikeliness", counted)
    fisher.p_values(a, b, n_a, n_b)
    # Halving would ask twenty times about each of a million visitors.
    assert sum(asked) < 6 * len(np.unique(a * (n_b + 1) + b))


def test_q_is_benjamini_and_hochbergs_over_the_tested_places() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 60, 500), rng.integers(0, 60, 500)
    found = compared(a, b, n_a=1_000, n_b=900, fdr=0.05)
    tested = a + b >= 10
    assert (found.is_tested == tested).all()
    assert 0 < tested.sum() < len(a)
    p = [scipys(*table, 1_000, 900) for table in zip(a[tested].tolist(), b[tested].tolist(), strict=True)]
    np.testing.assert_allclose(found.q[tested], false_discovery_control(p), rtol=1e-9)
    assert np.isnan(found.q[~tested]).all()


def test_ratios_have_the_interval_of_katz() -> None:
    found = compared(np.array([371, 12, 0, 0, 50]), np.array([240, 0, 30, 0, 40]), n_a=3_000, n_b=4_000, fdr=0.05)
    told = found.columns(slice(None))

    def katz(a: float, n_a: float, b: float, n_b: float) -> list[float]:
        ratio = (a / n_a) / (b / n_b)
        spread = math.exp(1.959963984540054 * math.sqrt(1 / a - 1 / n_a + 1 / b - 1 / n_b))
        return [round(ratio, 6), round(ratio / spread, 6), round(ratio * spread, 6)]

    expected = [
        katz(371, 3_000, 240, 4_000),
        katz(12.5, 3_001, 0.5, 4_001),
        katz(0.5, 3_001, 30.5, 4_001),
        katz(0.5, 3_001, 0.5, 4_001),
        katz(50, 3_000, 40, 4_000),
    ]
    assert [list(row) for row in zip(told["ratio"], told["ratio_low"], told["ratio_high"], strict=True)] == expected
    assert told["difference"] == [round(371 / 3_000 - 0.06, 6), 0.004, -0.0075, 0.0, round(50 / 3_000 - 0.01, 6)]
    assert told["verdict"] == ["more", "more", "less", "too_few", "more"]
    assert told["q"][3] is None


def test_a_side_without_visitors_has_no_shares() -> None:
    told = compared(np.array([0]), np.array([12]), n_a=0, n_b=20, fdr=0.05).columns(slice(None))
    assert told == {
        "difference": [None],
        "ratio": [None],
        "ratio_low": [None],
        "ratio_high": [None],
        "q": [1.0],
        "verdict": ["unclear"],
    }


def test_what_surprises_most_comes_first() -> None:
    #             unclear, sure, too few, surer, too few but further apart
    a, b = np.array([20, 40, 5, 90, 9]), np.array([21, 10, 4, 10, 0])
    found = compared(a, b, n_a=1_000, n_b=1_000, fdr=0.05)
    assert found.by_surprise(np.arange(5)).tolist() == [3, 1, 0, 4, 2]
    assert found.by_difference(np.arange(5)).tolist() == [3, 1, 4, 0, 2]


def test_places_that_look_equal_keep_their_order() -> None:
    found = compared(np.array([10, 10, 10]), np.array([10, 10, 10]), n_a=30, n_b=30, fdr=0.05)
    assert found.by_surprise(np.array([2, 0, 1])).tolist() == [1, 2, 0]
    assert found.by_surprise(np.array([1, 1, 1]), np.array([2, 1, 0])).tolist() == [2, 1, 0]


def test_a_place_differs_where_the_q_that_is_told_is_no_more_than_the_rate() -> None:
    # Exactly a twentieth, of which rounding leaves a little more.
    found = compared(np.array([0]), np.array([12]), n_a=2, n_b=14, fdr=0.05)
    assert found.q[0] > 0.05
    assert found.columns(slice(None))["q"] == [0.05]
    assert found.columns(slice(None))["verdict"] == ["less"]


def test_q_has_six_significant_digits() -> None:
    assert significant(0.0000123456789) == 1.23457e-05
    assert significant(0.1234567) == 0.123457
    assert significant(1.0) == 1.0
