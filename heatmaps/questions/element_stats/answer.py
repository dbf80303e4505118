"""The chains of elements, from the engine's blocks, while they come."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Any

from heatmaps import engine
from heatmaps.engine import Block, Query
from heatmaps.population import events
from heatmaps.population.binding import Binder
from heatmaps.population.chains import ChainReader
from heatmaps.population.layout import PLAIN, Layout, current_layout
from heatmaps.population.sql import sql_file
from heatmaps.questions.element_stats.question import ElementStatsQuestion
from heatmaps.questions.element_stats.reply import ElementStats
from heatmaps.replies.answer import Answer, Columns

# As elements they take ten times the room that they do as texts, so that only so many are there at once.
CHAINS_AT_ONCE = 500
# What fits every client's whole numbers, and the writer's.
_LARGEST_COUNT = 2**63 - 1


def stats(question: ElementStatsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (chain, event, count, hash), one more than limit asks for where there is one."""
    binder = Binder()
    binder.name("team_id", question.events.team_id)
    binder.name("limit", question.limit + 1)
    binder.name("offset", question.offset)
    sql = events.about(sql_file(__file__, "stats.sql"), question.events, layout, binder)
    return Query(sql, binder.parameters)


def answer(question: ElementStatsQuestion) -> Answer:
    before = question.offset - question.limit
    tail: dict[str, Any] = {"next": None, "previous": question.address(before) if before >= 0 else None}
    return Answer(item=ElementStats, blocks=_chains(question, tail), tail=tail)


def _chains(question: ElementStatsQuestion, tail: dict[str, Any]) -> Iterator[Columns]:
    reader = ChainReader(most_elements=question.most_elements, is_wanted=question.is_wanted)
    left = question.limit
    with closing(engine.blocks(stats(question, current_layout()))) as blocks:
        for part in chain.from_iterable(map(_parts, blocks)):
            shown = {name: column[:left] for name, column in part.items()}
            if len(shown["hash"]) < len(part["hash"]):
                tail["next"] = question.address(question.offset + question.limit)
            left -= len(shown["hash"])
            yield {
                "count": [_scaled(count, question.events.sampling_factor) for count in shown["count"]],
                "hash": shown["hash"],
                "type": shown["event"],
                "elements": list(map(reader.elements, shown["chain"])),
            }


def _parts(block: Block) -> Iterator[Block]:
    for start in range(0, len(block["hash"]), CHAINS_AT_ONCE):
        yield {name: column[start : start + CHAINS_AT_ONCE] for name, column in block.items()}


def _scaled(count: int, factor: float) -> int:
    """How many events there are where so many are in a share of them; whole, as PostHog cuts it."""
    return count if factor == 1 else min(_LARGEST_COUNT, int(count / factor))
