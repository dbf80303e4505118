"""The answer of a heatmap, from the engine's blocks, while they come."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from heatmaps import engine
from heatmaps.engine import Block
from heatmaps.population.cells import places
from heatmaps.population.filters import Aggregation, Filters
from heatmaps.population.fold import fold_summary
from heatmaps.population.layout import current_layout
from heatmaps.questions.heatmap import queries, rollups
from heatmaps.questions.heatmap.coverage import Coverage
from heatmaps.questions.heatmap.question import PointsQuestion, ScrollDepthQuestion
from heatmaps.questions.heatmap.reply import HeatmapResponseItem, HeatmapScrollDepthItem
from heatmaps.replies.answer import Answer, Columns

# So many buckets of scroll depth are handed on together; a page has a hundred of them.
BUCKETS_AT_ONCE = 50_000
# Which column has the counts.
COUNTED = {
    Aggregation.TOTAL_COUNT: "interactions",
    Aggregation.UNIQUE_VISITORS: "visitors",
    Aggregation.UNIQUE_PERSONS: "persons",
}


class ScreenRow(NamedTuple):
    """How many rows there are of a screen."""

    count: int  # type: ignore[assignment]  # the column's name, which hides a method of tuples
    screen: int


def answer(question: PointsQuestion | ScrollDepthQuestion) -> Answer:
    tail: dict[str, Any] = {}
    if isinstance(question, ScrollDepthQuestion):
        return Answer(item=HeatmapScrollDepthItem, blocks=_scroll_depth(question, tail), tail=tail)
    if _tells_visitors_apart(question):
        return Answer(item=HeatmapResponseItem, blocks=_visitors(question, tail), tail=tail)
    return Answer(item=HeatmapResponseItem, blocks=_points(question, tail), tail=tail)


def _tells_visitors_apart(question: PointsQuestion | ScrollDepthQuestion) -> bool:
    return question.aggregation is not Aggregation.TOTAL_COUNT or question.min_visitors > 1


def _points(question: PointsQuestion, tail: dict[str, Any]) -> Iterator[Columns]:
    """Screens and cells come from one statement, screens first."""
    layout, weeks = current_layout(), rollups.weeks_of(question)
    coverage = None
    if question.with_coverage:
        # Rollups know no visitors.
        coverage = _coverage(question.filters) if weeks else Coverage()
    # The first guess stays within what the engine may answer.
    room = max(1, settings.CLICKHOUSE_MAX_RESULT_ROWS - question.offset - question.limit - 2)
    for most in (min(queries.SCREENS, room), queries.MANY_SCREENS, queries.ALL_SCREENS):
        query = (
            queries.points_by_week(question, weeks, layout, screens=most)
            if weeks
            else queries.points(question, layout, screens=most)
        )
        with closing(engine.blocks(query)) as blocks:
            maps = _with_totals(blocks, coverage) if coverage else blocks
            counts, screens, first = _screens(maps)
            if len(screens) <= most:
                tail["fold"] = fold_summary(counts, screens)
                rollups.learn(question, sum(counts))
                if coverage:
                    coverage.count_total = sum(counts)
                yield from _cells(chain([first], maps), question, tail, coverage)
                return


def _with_totals(blocks: Iterator[Block], coverage: Coverage) -> Iterator[Block]:
    """The blocks; what each of their rows tells of all rows is noted."""
    for block in blocks:
        if len(block["cell"]):
            coverage.cells_total = block["cells_total"][0]
            coverage.visitors_total = block.get("visitors_total", (coverage.visitors_total,))[0]
        yield block


def _screens(blocks: Iterator[Block]) -> tuple[list[int], list[int], Block]:
    """How many rows there are of each screen, which, and the first block that has cells, without what comes before."""
    counts: list[int] = []
    screens: list[int] = []
    for block in blocks:
        found = sum(map(bool, block["screen"]))
        counts += block["count"][:found]
        screens += block["screen"][:found]
        if found < len(block["cell"]):
            return counts, screens, {name: column[found:] for name, column in block.items()}
    return counts, screens, {"count": (), "cell": ()}


def _visitors(question: PointsQuestion, tail: dict[str, Any]) -> Iterator[Columns]:
    """The same where visitors are told apart."""
    found = engine.rows(queries.screens(question, current_layout()), ScreenRow)
    tail["fold"] = fold_summary([row.count for row in found], [row.screen for row in found])
    coverage = _coverage(question.filters) if question.with_coverage else None
    if coverage:
        coverage.count_total = sum(row.count for row in found)
    with closing(engine.blocks(queries.cells(question, current_layout()))) as blocks:
        yield from _cells(_counted(blocks, question, coverage), question, tail, coverage)


def _counted(blocks: Iterator[Block], question: PointsQuestion, coverage: Coverage | None) -> Iterator[Block]:
    """Blocks as `_cells` takes them, without the cells that have too few visitors and come last."""
    counted = COUNTED[question.aggregation]
    for block in blocks:
        visible = len(block["cell"])
        if coverage and visible:
            coverage.cells_total, coverage.cells_hidden = block["cells_total"][0], block["cells_hidden"][0]
            visible -= sum(visitors < question.min_visitors for visitors in block["visitors"])
        yield {
            "count": block[counted][:visible],
            "cell": block["cell"][:visible],
            "interactions": block["interactions"][:visible],
        }


def _cells(
    blocks: Iterator[Block], question: PointsQuestion, tail: dict[str, Any], coverage: Coverage | None
) -> Iterator[Columns]:
    """The points that the question asks for, from blocks of counts and cells, the hottest first."""
    to_skip, left = question.offset, question.limit
    tail["has_more"] = False
    for block in blocks:
        counts, cells = block["count"], block["cell"]
        skipped = min(to_skip, len(counts))
        to_skip -= skipped
        shown = slice(skipped, skipped + left)
        tail["has_more"] = tail["has_more"] or len(counts) > shown.stop
        left -= len(counts[shown])
        if coverage:
            coverage.cells_returned += len(counts[shown])
            coverage.count_returned += sum(block.get("interactions", counts)[shown])
        ys, xs, are_fixed = places(cells[shown])
        yield {
            "count": np.asarray(counts[shown]),
            "pointer_y": ys,
            "pointer_relative_x": xs,
            "pointer_target_fixed": are_fixed,
        }
    if coverage:
        tail["coverage"] = coverage.summary()


def _scroll_depth(question: ScrollDepthQuestion, tail: dict[str, Any]) -> Iterator[Columns]:
    """How many came at least that far is known when all are counted, so the counts are held until then."""
    tells_visitors_apart = _tells_visitors_apart(question)
    ask = queries.bands if tells_visitors_apart else queries.scroll_depth
    with closing(engine.blocks(ask(question, current_layout()))) as blocks:
        found = _together(blocks)
    depths, interactions = found["scroll_depth_bucket"], found["interactions"]
    counts = found[COUNTED[question.aggregation]]
    is_shown = found["visitors"] >= question.min_visitors if tells_visitors_apart else np.ones(len(depths), np.bool_)
    at_least = np.cumsum(counts[::-1])[::-1]
    if question.with_coverage:
        coverage = _coverage(question.filters)
        coverage.cells_total, coverage.cells_returned = len(depths), int(is_shown.sum())
        coverage.cells_hidden = coverage.cells_total - coverage.cells_returned
        coverage.count_total, coverage.count_returned = int(interactions.sum()), int(interactions[is_shown].sum())
        tail["coverage"] = coverage.summary()
    shown = {"cumulative_count": at_least, "bucket_count": counts, "scroll_depth_bucket": depths}
    shown = {name: column[is_shown] for name, column in shown.items()}
    for start in range(0, int(is_shown.sum()), BUCKETS_AT_ONCE):
        yield {name: column[start : start + BUCKETS_AT_ONCE] for name, column in shown.items()}


def _together(blocks: Iterator[Block]) -> Mapping[str, NDArray[Any]]:
    """All blocks as one. Without a block the columns are empty, whichever they are."""
    columns: dict[str, list[NDArray[Any]]] = {}
    for block in blocks:
        for name, column in block.items():
            kind = np.int64 if name == "scroll_depth_bucket" else np.uint64
            columns.setdefault(name, []).append(np.asarray(column, kind))
    found: dict[str, NDArray[Any]] = defaultdict(lambda: np.empty(0, np.uint64))
    found.update((name, np.concatenate(parts)) for name, parts in columns.items())
    return found


def _coverage(filters: Filters) -> Coverage:
    """With the number of visitors, which is asked for by itself."""
    ((visitors,),) = engine.rows(queries.visitors_total(filters, current_layout()))
    return Coverage(visitors_total=visitors)
