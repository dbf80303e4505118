"""The SQL of a comparison. Each side is the rows that `matching` describes."""

import re

from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.grid import with_grid
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.predicates import matching
from heatmaps.population.sql import filtered, sql_file
from heatmaps.questions.compare.question import CompareQuestion

_SIDES = re.compile(r"/\* (?:side a|side b|end of sides) \*/")


def cells(question: CompareQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (key, screen, count, visitors), in no order; cells.sql says what keys and screens are."""
    return _query("cells.sql", question, layout)


def scroll_depth(question: CompareQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (key, count, visitors), in no order; scroll_depth.sql says what a key is."""
    return _query("scroll_depth.sql", question, layout)


def _query(file: str, question: CompareQuestion, layout: Layout) -> Query:
    binder = Binder()
    binder.name("team_id", question.side_a.team_id)
    sql = with_grid(sql_file(__file__, file), question.grid, binder)
    before, side_a, side_b, after = _SIDES.split(sql)
    return Query(
        layout.spoken(before)
        + filtered(side_a, matching(question.side_a, layout, binder), layout)
        + filtered(side_b, matching(question.side_b, layout, binder), layout)
        + layout.spoken(after),
        binder.parameters,
    )
