"""The interactions behind points, a page of them at a time."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population.areas import SMALL_BLOCKS, has_polygons, in_areas
from heatmaps.population.binding import Binder
from heatmaps.population.cells import places
from heatmaps.population.grid import with_grid
from heatmaps.population.layout import PLAIN, Layout, current_layout
from heatmaps.population.predicates import among_points, matching
from heatmaps.population.sql import filtered, sql_file, with_slot
from heatmaps.questions.interactions.question import InteractionsQuestion
from heatmaps.questions.interactions.reply import HeatmapEventItem
from heatmaps.replies.answer import Answer


class InteractionRow(NamedTuple):
    """An interaction; in each, how many there are on all pages together."""

    session_id: str
    distinct_id: str
    timestamp: datetime
    cell: int
    current_url: str
    type: str
    total_count: int


def interactions(question: InteractionsQuestion, layout: Layout = PLAIN) -> Query:
    """Rows as InteractionRow, newest first."""
    binder = Binder()
    binder.name("team_id", question.filters.team_id)
    binder.name("limit", question.limit)
    binder.name("offset", question.offset)
    sql = sql_file(__file__, "interactions.sql")
    if layout.has_shards:
        sql = with_slot(sql, "total", f"({sql_file(__file__, 'total.sql')})")
    sql = with_grid(sql, question.grid, binder)
    if question.areas is None:
        place = among_points(question.points or (), binder)
    else:
        place = layout.spoken(in_areas(question.areas, layout, binder))
        sql += SMALL_BLOCKS if has_polygons(question.areas) else ""
    return Query(filtered(sql, matching(question.filters, layout, binder), layout, also=[place]), binder.parameters)


def answer(question: InteractionsQuestion) -> Answer:
    page = engine.rows(interactions(question, current_layout()), InteractionRow)
    # Behind the last page there is no row to say how many there are.
    counted = page or (_first_of(question) if question.offset else [])
    total = counted[0].total_count if counted else 0
    ys, xs, _ = places([row.cell for row in page])
    return Answer(
        item=HeatmapEventItem,
        blocks=iter(
            [
                {
                    "session_id": [row.session_id or None for row in page],
                    "distinct_id": [row.distinct_id for row in page],
                    "timestamp": [row.timestamp for row in page],
                    "pointer_relative_x": xs,
                    "pointer_y": ys,
                    "current_url": [row.current_url for row in page],
                    "type": [row.type for row in page],
                }
            ]
        ),
        tail={"total_count": total, "has_more": total > question.offset + question.limit},
    )


def _first_of(question: InteractionsQuestion) -> list[InteractionRow]:
    """The newest interaction, or none."""
    return engine.rows(interactions(replace(question, offset=0, limit=1), current_layout()), InteractionRow)
