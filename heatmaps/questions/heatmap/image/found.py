"""What is drawn: the cells or buckets of the heatmap's answer, all of them, of one side or of two put together."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings

from heatmaps.drawing.bands import Band, bands
from heatmaps.drawing.counting import Cells, Floats, Integers
from heatmaps.engine import TooManyCells
from heatmaps.population.cells import numbers as cell_numbers
from heatmaps.population.cells import places
from heatmaps.population.filters import Filters
from heatmaps.population.grid import Grid
from heatmaps.questions.heatmap import answer as heatmap
from heatmaps.questions.heatmap.image.question import ImageQuestion
from heatmaps.questions.heatmap.queries import SCREENS
from heatmaps.questions.heatmap.question import PointsQuestion, ScrollDepthQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCells:
    """Cells that scroll with the page, and those that are fixed to the screen. A value of `unit` is one interaction,
    visitor or person; with two sides, one for each visitor of a side."""

    of_page: Cells
    of_screen: Cells
    unit: int
    fold_height: int | None
    matched: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBands:
    """Bands, whose shares are parts of the `largest`."""

    bands: list[Band]
    largest: float
    matched: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """The columns of one side, and what is told beside them."""

    columns: Mapping[str, Any]
    tail: Mapping[str, Any]

    @property
    def matched(self) -> int:
        return int(self.tail["coverage"]["count_total"])

    @property
    def visitors(self) -> int:
        return int(self.tail["coverage"]["visitors_total"])


# --- Cells ---------------------------------------------------------------------------------------------------------


def cells(question: ImageQuestion) -> FoundCells:
    side_a = _points(question.filters, question, question.min_visitors)
    numbers, values = _numbers(side_a), side_a.columns["count"].astype(np.int64)
    matched: tuple[int, ...] = (side_a.matched,)
    unit = 1
    if question.side_b:
        side_b = _points(question.side_b, question, question.min_visitors)
        hidden = [_hidden(side_a, question.filters, question), _hidden(side_b, question.side_b, question)]
        numbers, values = _difference(side_a, side_b, np.concatenate(hidden))
        matched, unit = (side_a.matched, side_b.matched), side_a.visitors * side_b.visitors
    ys, xs, are_fixed = places(numbers)
    # A cell of the finest grid is drawn where it is named, which is what its rows were rounded to; a larger one in the
    # middle of those that are in it.
    grid, finest = question.grid or Grid(), Grid()
    found = Cells(xs + (grid.width - finest.width) / 200, ys + (grid.height - finest.height) // 2, values)
    return FoundCells(
        of_page=found.only(~are_fixed),
        of_screen=found.only(are_fixed),
        unit=unit,
        fold_height=side_a.tail["fold"]["median_viewport_height"],
        matched=matched,
    )


def _points(filters: Filters, question: ImageQuestion, min_visitors: int) -> _Side:
    points = PointsQuestion(
        filters=filters,
        aggregation=question.aggregation,
        grid=question.grid,
        min_visitors=min_visitors,
        with_coverage=True,
        # All that the engine may answer, beside the screens.
        limit=max(1, settings.CLICKHOUSE_MAX_RESULT_ROWS - SCREENS - 2),
        offset=0,
    )
    side = _asked(points, ("count", "pointer_y", "pointer_relative_x", "pointer_target_fixed"))
    if side.tail["has_more"]:
        raise TooManyCells("A picture has more cells than CLICKHOUSE_MAX_RESULT_ROWS.")
    return side


def _numbers(side: _Side) -> Integers:
    columns = side.columns
    return cell_numbers(
        columns["pointer_y"], columns["pointer_relative_x"], columns["pointer_target_fixed"].astype(np.bool_)
    )


def _hidden(side: _Side, filters: Filters, question: ImageQuestion) -> Integers:
    """The cells of a side that have visitors, but too few of them."""
    if question.min_visitors == 1:
        return np.zeros(0, dtype=np.int64)
    return np.setdiff1d(_numbers(_points(filters, question, 1)), _numbers(side))


def _difference(a: _Side, b: _Side, hidden: Integers) -> tuple[Integers, Integers]:
    """Of each cell how much more there is for a visitor of side a, as a whole number: both are multiplied by the
    visitors of both sides. Of a side without visitors nothing can be said."""
    cells, places = np.unique(np.concatenate([_numbers(a), _numbers(b)]), return_inverse=True)
    counts_a, counts_b = (side.columns["count"].astype(np.int64) for side in (a, b))
    values = np.zeros(len(cells), dtype=np.int64)
    values[places[: len(counts_a)]] += counts_a * b.visitors
    values[places[len(counts_a) :]] -= counts_b * a.visitors
    shown = ~np.isin(cells, hidden) & bool(a.visitors and b.visitors)
    return cells[shown], values[shown]


# --- Scroll depth --------------------------------------------------------------------------------------------------


def depths(question: ImageQuestion) -> FoundBands:
    side_a, hidden = _every_bucket(question.filters, question)
    found, largest = np.setdiff1d(_depths(side_a), hidden), 1.0
    shares = _at(side_a, found)
    matched: tuple[int, ...] = (side_a.matched,)
    if question.side_b:
        side_b, hidden_b = _every_bucket(question.side_b, question)
        matched = (side_a.matched, side_b.matched)
        # Of a side without visitors nothing can be said.
        every = np.union1d(_depths(side_a), _depths(side_b)) if all(matched) else found[:0]
        found = np.setdiff1d(every, np.concatenate([hidden, hidden_b]))
        shares = _at(side_a, found) - _at(side_b, found)
        largest = float(np.abs(shares).max(initial=0)) or 1.0
    return FoundBands(
        bands=bands(found.tolist(), (shares / largest).tolist()),
        largest=largest,
        matched=matched,
    )


def _every_bucket(filters: Filters, question: ImageQuestion) -> tuple[_Side, Integers]:
    """All buckets of a side, and those that have visitors, but too few of them: they still count in all above."""
    every = _buckets(filters, question, 1)
    if question.min_visitors == 1:
        return every, np.zeros(0, dtype=np.int64)
    return every, np.setdiff1d(_depths(every), _depths(_buckets(filters, question, question.min_visitors)))


def _buckets(filters: Filters, question: ImageQuestion, min_visitors: int) -> _Side:
    depth = ScrollDepthQuestion(
        filters=filters, aggregation=question.aggregation, min_visitors=min_visitors, with_coverage=True
    )
    return _asked(depth, ("cumulative_count", "scroll_depth_bucket"))


def _depths(side: _Side) -> Integers:
    """Where each bucket begins, the shallowest first."""
    depths: Integers = side.columns["scroll_depth_bucket"].astype(np.int64)
    return depths


def _at(side: _Side, depths: Integers) -> Floats:
    """Of each depth the share of those who got at least that far, who are those of the next bucket that there is."""
    counts = np.append(side.columns["cumulative_count"], 0).astype(np.float64)
    shares: Floats = counts[np.searchsorted(_depths(side), depths)] / max(1.0, counts[0])
    return shares


# -------------------------------------------------------------------------------------------------------------------


def _asked(question: PointsQuestion | ScrollDepthQuestion, names: tuple[str, ...]) -> _Side:
    """The whole answer of the heatmap. The engine is free for others when this returns."""
    answer = heatmap.answer(question)
    with closing(answer.filled_blocks()) as blocks:
        found = list(blocks)
    none = np.zeros(0, dtype=np.int64)
    return _Side(
        columns={name: np.concatenate([block[name] for block in found]) if found else none for name in names},
        tail=answer.tail,
    )
