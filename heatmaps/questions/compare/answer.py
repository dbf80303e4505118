"""The answer of a comparison: what the engine counted on each side, put beside each other and tested."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population.cells import places
from heatmaps.population.filters import SCROLL_DEPTH, Aggregation, Filters
from heatmaps.population.fold import fold_summary
from heatmaps.population.layout import current_layout
from heatmaps.questions.compare import queries
from heatmaps.questions.compare.question import CompareQuestion, Order
from heatmaps.questions.compare.reply import HeatmapComparedBucket, HeatmapComparedCell
from heatmaps.replies.answer import Answer, Columns
from heatmaps.statistics.fisher import Integers
from heatmaps.statistics.sides import Compared, compared, side_columns

# So many places are handed on together.
PLACES_AT_ONCE = 10_000
# In a key, as the SQL makes them, is the side; or nothing, and the sides that a visitor is on.
_SIDE, _OF_VISITORS, _A, _B = 3, 0, 1, 2
_BOTH = _A | _B


@dataclass(slots=True)
class Found:
    """What there is on the two sides, place by place, and altogether."""

    places: Integers
    count_a: Integers
    count_b: Integers
    visitors_a: Integers
    visitors_b: Integers
    # Of the whole sides, and how many visitors are on both.
    visitors: dict[int, int]
    overlap: int
    folds: dict[int, dict[str, Any]] = field(default_factory=dict)

    def only(self, kept: NDArray[np.bool_]) -> "Found":
        return Found(
            self.places[kept],
            self.count_a[kept],
            self.count_b[kept],
            self.visitors_a[kept],
            self.visitors_b[kept],
            self.visitors,
            self.overlap,
            self.folds,
        )


def answer(question: CompareQuestion) -> Answer:
    is_depth = question.side_a.types == (SCROLL_DEPTH,)
    found = _depths(question) if is_depth else _cells(question)
    totals = {
        name: {
            "from": filters.window.start,
            "to": filters.window.end,
            "visitors": found.visitors[side],
            "count": total,
            **({} if is_depth else {"fold": found.folds[side]}),
        }
        for name, side, filters, total in _sides(question, found, is_depth=is_depth)
    }
    shown = found.only(~(_is_hidden(found.visitors_a, question) | _is_hidden(found.visitors_b, question)))
    result = compared(
        shown.visitors_a, shown.visitors_b, n_a=found.visitors[_A], n_b=found.visitors[_B], fdr=question.fdr
    )
    order = _ordered(shown, result, question)
    tested = int(result.is_tested.sum())
    return Answer(
        item=HeatmapComparedBucket if is_depth else HeatmapComparedCell,
        blocks=_blocks(shown, result, order[question.offset : question.offset + question.limit], is_depth=is_depth),
        head=totals,
        tail={
            "tested": tested,
            "too_few": len(order) - tested,
            "fdr": question.fdr,
            "overlap": {"visitors": found.overlap},
            "has_more": len(order) > question.offset + question.limit,
        },
    )


def _sides(question: CompareQuestion, found: Found, *, is_depth: bool) -> Iterator[tuple[str, int, Filters, int]]:
    """Name, side, filters, and how many interactions there are. As many as came at least as far as the shallowest."""
    for name, side, filters, counts in (
        ("a", _A, question.side_a, found.count_a),
        ("b", _B, question.side_b, found.count_b),
    ):
        yield name, side, filters, int(counts.max(initial=0) if is_depth else counts.sum())


def _cells(question: CompareQuestion) -> Found:
    cells, screens, counts, visitors, visitors_a, of_either = _columns(
        queries.cells(question, current_layout()),
        "cell_key",
        "screen_key",
        "count",
        "visitors",
        "visitors_a",
        "visitors_of_either",
    )
    is_cell, is_part = cells != 0, cells + screens == 0
    of_a, of_both_sides = int(visitors_a.sum()), int(visitors[is_part].sum())
    found = _by_place(
        cells[is_cell],
        counts[is_cell],
        visitors[is_cell],
        of_sides={_A: of_a, _B: of_both_sides - of_a},
        overlap=of_both_sides - int(of_either.sum()),
    )
    for side in (_A, _B):
        of_side = screens & _SIDE == side
        found.folds[side] = fold_summary(counts[of_side].tolist(), (screens[of_side] >> 2).tolist())
    return found


def _depths(question: CompareQuestion) -> Found:
    """Of each bucket those who came at least that far."""
    keys, counts, visitors = _columns(queries.scroll_depth(question, current_layout()), "key", "count", "visitors")
    is_total = keys & _SIDE == _OF_VISITORS
    by_sides = Counter(dict(zip((keys[is_total] >> 2).tolist(), counts[is_total].tolist(), strict=True)))
    found = _by_place(
        keys[~is_total],
        counts[~is_total],
        visitors[~is_total],
        of_sides={side: by_sides[side] + by_sides[_BOTH] for side in (_A, _B)},
        overlap=by_sides[_BOTH],
    )
    for name in ("count_a", "count_b", "visitors_a", "visitors_b"):
        setattr(found, name, np.cumsum(getattr(found, name)[::-1])[::-1])
    return found


def _columns(query: Query, *names: str) -> list[Integers]:
    with closing(engine.blocks(query)) as blocks:
        # Numbers of 64 bits without a sign, too, have room in those with one: a cell takes 56 bits.
        found = [[np.asarray(block[name]).astype(np.int64) for name in names] for block in blocks]
    if not found:
        return [np.zeros(0, dtype=np.int64) for _ in names]
    return [np.concatenate(column) for column in zip(*found, strict=True)]


def _by_place(keys: Integers, counts: Integers, visitors: Integers, *, of_sides: dict[int, int], overlap: int) -> Found:
    order = np.argsort(keys)
    places, sides = np.divmod(keys[order], _SIDE + 1)
    # Those of one place stand together.
    is_first = np.diff(places, prepend=places[:1] - 1) != 0
    nth = np.cumsum(is_first) - 1

    def of_side(side: int) -> list[Integers]:
        rows = np.flatnonzero(sides == side)
        columns = np.zeros((2, int(is_first.sum())), dtype=np.int64)
        columns[:, nth[rows]] = counts[order[rows]], visitors[order[rows]]
        return list(columns)

    (count_a, visitors_a), (count_b, visitors_b) = of_side(_A), of_side(_B)
    return Found(places[is_first], count_a, count_b, visitors_a, visitors_b, of_sides, overlap)


def _is_hidden(visitors: Integers, question: CompareQuestion) -> NDArray[np.bool_]:
    return (visitors > 0) & (visitors < question.min_visitors)


def _ordered(found: Found, result: Compared, question: CompareQuestion) -> Integers:
    """The places in the order of the answer; equal ones as they stand on the page."""
    match question.order:
        case Order.SURPRISE:
            return result.by_surprise(found.places)
        case Order.DIFFERENCE:
            return result.by_difference(found.places)
        case Order.COUNT:
            is_count = question.aggregation is Aggregation.TOTAL_COUNT
            both = found.count_a + found.count_b if is_count else found.visitors_a + found.visitors_b
            return np.lexsort((found.places, -both))


def _blocks(found: Found, result: Compared, order: Integers, *, is_depth: bool) -> Iterator[Columns]:
    for start in range(0, len(order), PLACES_AT_ONCE):
        some = order[start : start + PLACES_AT_ONCE]
        yield {
            **(_depth_columns(found.places[some]) if is_depth else _cell_columns(found.places[some])),
            "a": side_columns(found.count_a[some].tolist(), found.visitors_a[some].tolist(), result.share_a[some]),
            "b": side_columns(found.count_b[some].tolist(), found.visitors_b[some].tolist(), result.share_b[some]),
            **result.columns(some),
        }


def _cell_columns(cells: Integers) -> Columns:
    ys, xs, are_fixed = places(cells)
    return {"pointer_relative_x": xs, "pointer_y": ys, "pointer_target_fixed": are_fixed}


def _depth_columns(buckets: Integers) -> Columns:
    return {"scroll_depth_bucket": buckets}
