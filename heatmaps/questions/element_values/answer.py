"""The values of an attribute."""

from typing import NamedTuple

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population import events
from heatmaps.population.binding import Binder
from heatmaps.population.layout import PLAIN, Layout, current_layout
from heatmaps.population.sql import sql_file
from heatmaps.questions.element_values.form import SELECTOR
from heatmaps.questions.element_values.question import ElementValuesQuestion
from heatmaps.questions.element_values.reply import ElementValue
from heatmaps.replies.answer import Answer

MOST_VALUES = 100


class ValueRow(NamedTuple):
    name: str
    count: int  # type: ignore[assignment]  # the column's name, which hides a method of tuples


def values(question: ElementValuesQuestion, layout: Layout = PLAIN) -> Query:
    """Rows as ValueRow, the most frequent first."""
    binder = Binder()
    binder.name("team_id", question.events.team_id)
    binder.name("key", question.key)
    binder.name("part", question.part)
    binder.name("limit", MOST_VALUES)
    sql = events.about(sql_file(__file__, "values.sql"), question.events, layout, binder)
    return Query(sql, binder.parameters)


def answer(question: ElementValuesQuestion) -> Answer:
    found = [] if question.key == SELECTOR else engine.rows(values(question, current_layout()), ValueRow)
    return Answer(item=ElementValue, blocks=iter([{"name": [row.name for row in found]}]), is_bare=True)
