"""The captured URLs."""

from typing import NamedTuple

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.layout import PLAIN, Layout, current_layout
from heatmaps.population.predicates import bounds_of, within
from heatmaps.population.sql import Rows, filtered, sql_file
from heatmaps.questions.capture_pages.question import CapturePagesQuestion
from heatmaps.replies.answer import Answer

MOST_URLS = 20


class UrlRow(NamedTuple):
    url: str
    count: int  # type: ignore[assignment]  # the column's name, which hides a method of tuples


def pages(question: CapturePagesQuestion, layout: Layout = PLAIN) -> Query:
    """Rows as UrlRow, the busiest first."""
    binder = Binder()
    binder.name("team_id", question.team_id)
    binder.name("limit", MOST_URLS)
    rows = Rows(conditions=(within(bounds_of(question.window, binder), layout, binder),))
    return Query(filtered(sql_file(__file__, "pages.sql"), rows, layout), binder.parameters)


def answer(question: CapturePagesQuestion) -> Answer:
    found = engine.rows(pages(question, current_layout()), UrlRow)
    return Answer(item=None, head={"pages": [{"url": row.url, "count": row.count} for row in found]})
