"""Fisher's exact test of thousands of tables at once.

Each table says how many visitors of two sides did something: `a` of `n_a`, and `b` of `n_b`. With its margins held,
`a` is hypergeometric. The p-value adds up the chances of all tables that are no likelier than the one that was seen.
Margins differ in `a + b` alone, so all tables are worked on side by side, one step of all tails at a time.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Side = int | Integers

# Two tables are equally likely when their chances differ by no more than rounding does.
_TIE = 1e-11
# A term below this part of what it is added to no longer changes it.
_NEGLIGIBLE = 1e-17
# Tails that have ended are put aside every so many steps.
_STEPS_BETWEEN = 32
_HALF_LOG_2_PI = 0.918938533204672741780329736406


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
    # What is seen on the far side of the likeliest table is turned round, so that its own tail is always the upper one.
    is_below = a < likeliest
    seen, mine, theirs = np.where(is_below, did - a, a), np.where(is_below, n_b, n_a), np.where(is_below, n_a, n_b)
    p = np.ones(len(a))
    some = a != likeliest
    p[some] = _both_tails(seen[some], did[some], mine[some], theirs[some])
    return p


def _likeliest(did: Integers, n_a: Side, n_b: Side) -> Integers:
    return np.asarray((did + 1) * (n_a + 1) // (n_a + n_b + 2))


def _both_tails(seen: Integers, did: Integers, mine: Integers, theirs: Integers) -> Floats:
    """Of tables in which more was seen on the side of `mine` than is likeliest."""
    margins = _log_margins(did, mine, theirs)
    log_seen = margins - _unlikeliness(seen, did, mine, theirs)
    other = _other_end(seen, margins - log_seen, did, mine, theirs)
    is_there = other >= np.maximum(0, did - theirs)
    far, far_did, far_mine, far_theirs = other[is_there], did[is_there], mine[is_there], theirs[is_there]
    log_far = margins[is_there] - _unlikeliness(far, far_did, far_mine, far_theirs)
    # The lower tail of one side is the upper tail of the other.
    upper, lower = np.split(
        _tail(
            np.concatenate([seen, far_did - far]),
            np.concatenate([did, far_did]),
            np.concatenate([mine, far_theirs]),
            np.concatenate([theirs, far_mine]),
        ),
        [len(seen)],
    )
    chance = np.exp(log_seen) * upper
    chance[is_there] += np.exp(log_far) * lower
    return np.minimum(chance, 1.0)


def _tail(first: Integers, did: Integers, mine: Integers, theirs: Integers) -> Floats:
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


def _other_end(seen: Integers, unlikeliness: Floats, did: Integers, mine: Integers, theirs: Integers) -> Integers:
    """The largest number below the likeliest that is no likelier than the one seen; one less than there can be where
    all are likelier. Chances rise up to the likeliest, so it is found by halving, from a guess that lies close."""
    lowest = np.maximum(0, did - theirs)
    below, above = lowest - 1, _likeliest(did, mine, theirs)
    guess = np.clip(2 * above - seen, lowest, above)
    width = np.ones(len(seen), dtype=np.int64)
    while (is_open := above - below > 1).any():
        at = np.clip(guess, below + 1, above - 1)[is_open]
        found = _unlikeliness(at, did[is_open], mine[is_open], theirs[is_open])
        is_no_likelier = found >= unlikeliness[is_open] - _TIE
        below[is_open] = np.where(is_no_likelier, at, below[is_open])
        above[is_open] = np.where(is_no_likelier, above[is_open], at)
        # From the guess outward in steps that double, then by halves.
        step = np.where(is_no_likelier, at + width[is_open], at - width[is_open])
        is_within = (step > below[is_open]) & (step < above[is_open])
        guess[is_open] = np.where(is_within, step, (below[is_open] + above[is_open]) // 2)
        width[is_open] *= 2
    return np.asarray(below)


# The logarithm of a table's chance is what its margins give, less what its four cells take. Both are put together of
# what Stirling's formula leaves of each number, and of how far each cell is from what is expected there (Loader's
# saddle-point form): logarithms of factorials would lose the last eight digits where there are a million visitors.


def _log_margins(did: Integers, mine: Integers, theirs: Integers) -> Floats:
    everyone = mine + theirs
    rests = _stirling_rest(np.stack([mine, theirs, did, everyone - did, everyone]))
    return np.asarray(rests[:4].sum(axis=0) - rests[4])


def _unlikeliness(a: Integers, did: Integers, mine: Integers, theirs: Integers) -> Floats:
    """What the cells take: the less likely a table of its margins is, the more."""
    everyone = mine + theirs
    cells = np.stack([a, mine - a, did - a, theirs - did + a])
    share: Floats = did / everyone
    rest: Floats = (everyone - did) / everyone
    expected: Floats = np.array([share * mine, rest * mine, share * theirs, rest * theirs])
    return np.asarray(np.add(_stirling_rest(cells), _deviance(cells, expected)).sum(axis=0))


def _deviance(x: Integers, expected: Floats) -> Floats:
    """x log(x / expected) + expected - x. Where a table has a chance that is not zero to a float, rounding takes some
    1e-14 times the root of x off it."""
    over = x - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, expected, x * np.log1p(over / expected) - over)


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


# The same without the root of 2πn, of which there is none for 0.
_STIRLING_RESTS = _STIRLING_ERRORS + np.append(0, _HALF_LOG_2_PI + 0.5 * np.log(np.arange(1, len(_STIRLING_ERRORS))))


def _stirling_rest(n: Integers) -> Floats:
    """log n! - n log n + n."""
    few = np.minimum(n, len(_STIRLING_RESTS) - 1)
    many = np.maximum(n, len(_STIRLING_RESTS))
    inverse = 1.0 / many
    squared = inverse * inverse
    series = inverse * (
        1 / 12 - squared * (1 / 360 - squared * (1 / 1260 - squared * (1 / 1680 - squared * (1 / 1188))))
    )
    return np.where(n == few, _STIRLING_RESTS[few], series + _HALF_LOG_2_PI + 0.5 * np.log(many))
