"""Fisher's exact test of thousands of tables at once.

Each table says how many visitors of two sides did something: `a` of `n_a`, and `b` of `n_b`. With its margins held,
`a` is hypergeometric. The p-value adds up the chances of all tables that are no likelier than the one that was seen.
Margins differ in `a + b` alone, so all tables are worked on side by side, one step of all tails at a time.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Two tables are equally likely when their chances differ by no more than rounding does.
_TIE = 1e-11
# A term below this part of what it is added to no longer changes it.
_NEGLIGIBLE = 1e-17
# Tails that have ended are put aside every so many steps.
_STEPS_BETWEEN = 32
_LOG_SQRT_2_PI = 0.918938533204672741780329736406


def p_values(a: Integers, b: Integers, n_a: int, n_b: int) -> Floats:
    """Two-sided p-values; `n_a` and `n_b` are the visitors of the sides, whoever of them did it."""
    if not len(a):
        return np.zeros(0)
    # Most tables of a page are seen many times. As one number each they are sorted fast.
    tables, places = np.unique(a.astype(np.int64) * (n_b + 1) + b, return_inverse=True)
    a, b = np.divmod(tables, n_b + 1)
    return _of_distinct(a, a + b, n_a, n_b)[places]


def _of_distinct(a: Integers, did: Integers, n_a: int, n_b: int) -> Floats:
    likeliest = _likeliest(did, n_a, n_b)
    p = np.ones(len(a))
    # What is seen on the far side of the likeliest table is turned round, so that its own tail is always the upper one.
    is_above, is_below = a > likeliest, a < likeliest
    for some, seen, mine, theirs in (
        (is_above, a[is_above], n_a, n_b),
        (is_below, (did - a)[is_below], n_b, n_a),
    ):
        if some.any():
            p[some] = _both_tails(seen, did[some], mine, theirs)
    return p


def _likeliest(did: Integers, n_a: int, n_b: int) -> Integers:
    return np.asarray((did + 1) * (n_a + 1) // (n_a + n_b + 2))


def _both_tails(seen: Integers, did: Integers, mine: int, theirs: int) -> Floats:
    """Of tables in which more was seen on the side of `mine` than is likeliest."""
    log_seen = log_chance(seen, did, mine, theirs)
    other = _other_end(seen, log_seen, did, mine, theirs)
    chance = np.exp(log_seen) * _tail(seen, did, mine, theirs)
    has_other = other >= np.maximum(0, did - theirs)
    low, low_did = other[has_other], did[has_other]
    # The lower tail of one side is the upper tail of the other.
    chance[has_other] += np.exp(log_chance(low, low_did, mine, theirs)) * _tail(low_did - low, low_did, theirs, mine)
    return np.minimum(chance, 1.0)


def _tail(first: Integers, did: Integers, mine: int, theirs: int) -> Floats:
    """The chance of `first` or more, as a multiple of the chance of `first`."""
    total, places = np.ones(len(first)), np.arange(len(first))
    sums: Floats = np.ones(len(first))
    terms: Floats = np.ones(len(first))
    left: Floats = (did - first).astype(float)
    free: Floats = (mine - first).astype(float)
    up: Floats = (first + 1).astype(float)
    down: Floats = (theirs - did + first + 1).astype(float)
    while len(places):
        for _ in range(_STEPS_BETWEEN):
            terms *= left * free / (up * down)
            sums += terms
            left -= 1
            free -= 1
            up += 1
            down += 1
        # Behind the last table there is a term of zero, and all that follow have it as a factor.
        goes_on = terms > sums * _NEGLIGIBLE
        total[places] = sums
        places, sums, terms = places[goes_on], sums[goes_on], terms[goes_on]
        left, free, up, down = left[goes_on], free[goes_on], up[goes_on], down[goes_on]
    return total


def _other_end(seen: Integers, log_seen: Floats, did: Integers, mine: int, theirs: int) -> Integers:
    """The largest number below the likeliest that is no likelier than the one seen; one less than there can be where
    all are likelier. Chances rise up to the likeliest, so it is found by halving, from a guess that lies close."""
    lowest = np.maximum(0, did - theirs)
    below, above = lowest - 1, _likeliest(did, mine, theirs)
    guess = np.clip(2 * above - seen, lowest, above)
    width = np.ones(len(seen), dtype=np.int64)
    while (is_open := above - below > 1).any():
        at = np.clip(guess, below + 1, above - 1)[is_open]
        is_no_likelier = log_chance(at, did[is_open], mine, theirs) <= log_seen[is_open] + _TIE
        below[is_open] = np.where(is_no_likelier, at, below[is_open])
        above[is_open] = np.where(is_no_likelier, above[is_open], at)
        # From the guess outward in steps that double, then by halves.
        step = np.where(is_no_likelier, at + width[is_open], at - width[is_open])
        is_within = (step > below[is_open]) & (step < above[is_open])
        guess[is_open] = np.where(is_within, step, (below[is_open] + above[is_open]) // 2)
        width[is_open] *= 2
    return np.asarray(below)


def log_chance(a: Integers, did: Integers, n_a: int, n_b: int) -> Floats:
    """The logarithm of the chance of a table, by Loader's saddle-point form of the binomial: logarithms of factorials
    would lose the last eight digits where there are a million visitors."""
    everyone = n_a + n_b
    did_not = everyone - did
    return (
        _log_binomial(a, n_a, did, did_not)
        + _log_binomial(did - a, n_b, did, did_not)
        - _log_binomial(did, everyone, did, did_not)
    )


def _log_binomial(x: Integers, n: int, did: Integers, did_not: Integers) -> Floats:
    """The logarithm of the chance that `x` of `n` did it, where `did` of `did + did_not` do."""
    if not n:
        return np.zeros(len(x))
    share, rest = did / (did + did_not), did_not / (did + did_not)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = (
            _stirling_error(np.array(n))
            - _stirling_error(x)
            - _stirling_error(n - x)
            - _deviance(x, n * share)
            - _deviance(n - x, n * rest)
            - _LOG_SQRT_2_PI
            - 0.5 * (np.log(x) + np.log1p(-x / n))
        )
        nobody = n * np.where(share < 0.5, np.log1p(-share), np.log(rest))
        everybody = n * np.where(rest < 0.5, np.log1p(-rest), np.log(share))
    return np.where(x == 0, nobody, np.where(x == n, everybody, inner))


def _deviance(x: Integers, expected: Floats) -> Floats:
    """x log(x / expected) + expected - x, also where the two are so close that little is left of the difference."""
    distance = (x - expected) / (x + expected)
    squared = distance * distance
    # 2x (v³/3 + v⁵/5 + …) with v the distance; where it is less than a tenth, ten terms are exact.
    series = np.zeros(len(x))
    for power in range(21, 1, -2):
        series = (series + 1 / power) * squared
    close = (x - expected) * distance + 2 * x * distance * series
    return np.where(np.abs(distance) < 0.1, close, x * np.log(x / expected) + expected - x)


# log n! minus Stirling's formula, for n from 0 to 15.
_STIRLING_ERRORS = np.array(
    [
        0.0,
        0.081061466795327258219670264,
        0.041340695955409294093822081,
        0.0276779256849983391487892927,
        0.020790672103765093111522771,
        0.0166446911898211921631948653,
        0.013876128823070747998745727,
        0.0118967099458917700950557241,
        0.010411265261972096497478567,
        0.0092554621827127329177286366,
        0.008330563433362871256469318,
        0.0075736754879518407949720242,
        0.006942840107209529865664152,
        0.0064089941880042070684396310,
        0.005951370112758847735624416,
        0.0055547335519628013710386899,
    ]
)


def _stirling_error(n: Integers) -> Floats:
    inverse = 1.0 / np.maximum(n, 1)
    squared = inverse * inverse
    series = inverse * (
        1 / 12 - squared * (1 / 360 - squared * (1 / 1260 - squared * (1 / 1680 - squared * (1 / 1188))))
    )
    return np.where(n < len(_STIRLING_ERRORS), _STIRLING_ERRORS[np.minimum(n, len(_STIRLING_ERRORS) - 1)], series)
