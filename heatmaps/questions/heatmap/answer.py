"""The answer of a heatmap, from the engine's blocks, while they come."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings

from heatmaps import engine
from heatmaps.engine import Block
from heatmaps.population.cells import places
from heatmaps.population.filters import Aggregation
from heatmaps.population.fold import fold_summary
from heatmaps.population.layout import current_layout
from heatmaps.questions.heatmap import queries
from heatmaps.questions.heatmap.question import PointsQuestion, ScrollDepthQuestion
from heatmaps.questions.heatmap.reply import HeatmapResponseItem, HeatmapScrollDepthItem
from heatmaps.replies.answer import Answer, Columns

# So many buckets of scroll depth are handed on together; a page has a hundred of them.
BUCKETS_AT_ONCE = 50_000


class ScreenRow(NamedTuple):
    """How many rows there are of a screen."""

    count: int  # type: ignore[assignment]  # the column's name, which hides a method of tuples
    screen: int


def answer(question: PointsQuestion | ScrollDepthQuestion) -> Answer:
    if isinstance(question, ScrollDepthQuestion):
        return Answer(item=HeatmapScrollDepthItem, blocks=_scroll_depth(question))
    tail: dict[str, Any] = {}
    if question.aggregation is Aggregation.UNIQUE_VISITORS:
        return Answer(item=HeatmapResponseItem, blocks=_visitors(question, tail), tail=tail)
    return Answer(item=HeatmapResponseItem, blocks=_points(question, tail), tail=tail)


def _points(question: PointsQuestion, tail: dict[str, Any]) -> Iterator[Columns]:
    """Screens and cells come from one reading, screens first."""
    # The first guess stays within what the engine may answer.
    room = max(1, settings.CLICKHOUSE_MAX_RESULT_ROWS - question.offset - question.limit - 1)
    for most in (min(queries.SCREENS, room), queries.MANY_SCREENS, queries.ALL_SCREENS):
        with closing(engine.blocks(queries.points(question, current_layout(), screens=most))) as blocks:
            counts, screens, cells = _screens(blocks)
            if len(screens) <= most:
                tail["fold"] = fold_summary(counts, screens)
                yield from _cells(chain([cells], blocks), question, tail)
                return


def _screens(blocks: Iterator[Block]) -> tuple[list[int], list[int], Block]:
    """How many rows there are of each screen, which, and the first block that has cells, without what comes before."""
    counts: list[int] = []
    screens: list[int] = []
    for block in blocks:
        found = sum(map(bool, block["screen"]))
        counts += block["count"][:found]
        screens += block["screen"][:found]
        if found < len(block["cell"]):
            return counts, screens, {"count": block["count"][found:], "cell": block["cell"][found:]}
    return counts, screens, {"count": (), "cell": ()}


def _visitors(question: PointsQuestion, tail: dict[str, Any]) -> Iterator[Columns]:
    found = engine.rows(queries.screens(question, current_layout()), ScreenRow)
    tail["fold"] = fold_summary([row.count for row in found], [row.screen for row in found])
    with closing(engine.blocks(queries.visitors(question, current_layout()))) as blocks:
        yield from _cells(blocks, question, tail)


def _cells(blocks: Iterator[Block], question: PointsQuestion, tail: dict[str, Any]) -> Iterator[Columns]:
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
        ys, xs, are_fixed = places(cells[shown])
        yield {
            "count": np.asarray(counts[shown]),
            "pointer_y": ys,
            "pointer_relative_x": xs,
            "pointer_target_fixed": are_fixed,
        }


def _scroll_depth(question: ScrollDepthQuestion) -> Iterator[Columns]:
    """How many came at least that far is known when all are counted, so the counts are held until then."""
    with closing(engine.blocks(queries.scroll_depth(question, current_layout()))) as blocks:
        found = [
            (np.asarray(block["bucket_count"], np.uint64), np.asarray(block["scroll_depth_bucket"], np.int64))
            for block in blocks
        ]
    if not found:
        return
    counts, depths = (np.concatenate(columns) for columns in zip(*found, strict=True))
    at_least = np.cumsum(counts[::-1])[::-1]
    for start in range(0, len(counts), BUCKETS_AT_ONCE):
        some = slice(start, start + BUCKETS_AT_ONCE)
        yield {
            "cumulative_count": at_least[some],
            "bucket_count": counts[some],
            "scroll_depth_bucket": depths[some],
        }
