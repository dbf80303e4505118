"""The SQL of a comparison. Each side is the rows that `matching` describes."""

import re

from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.grid import with_grid
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.predicates import matching
from heatmaps.population.sql import filtered, sql_file, with_slot
from heatmaps.questions.compare.question import CompareQuestion

_A_SIDE = re.compile(r"/\* (?:a side|end of a side) \*/")


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
    before, side, after = _A_SIDE.split(sql)
    sides = [
        filtered(with_slot(side, "side", number), matching(filters, layout, binder), layout)
        for number, filters in (("1", question.side_a), ("2", question.side_b))
    ]
    return Query(layout.spoken(before) + "UNION ALL".join(sides) + layout.spoken(after), binder.parameters)
