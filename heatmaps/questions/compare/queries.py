"""The SQL of a comparison. Each side is the rows that `matching` describes."""

import re
from dataclasses import replace

from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.filters import Window
from heatmaps.population.grid import with_grid
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.predicates import bounds_of, matching, within
from heatmaps.population.sql import Rows, filtered, sql_file, with_slot
from heatmaps.questions.compare.question import CompareQuestion

_A_SIDE = re.compile(r"/\* (?:a side|end of a side) \*/")


def cells(question: CompareQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (cell_key, screen_key, count, visitors, visitors_a, visitors_of_either), in no order, as cells.sql says."""
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
        filtered(with_slot(side, "side", number), rows, layout) for number, rows in _sides(question, layout, binder)
    ]
    return Query(layout.spoken(before) + "UNION ALL".join(sides) + layout.spoken(after), binder.parameters)


def _sides(question: CompareQuestion, layout: Layout, binder: Binder) -> list[tuple[str, Rows]]:
    """What to read, and the number of its side in SQL. Two windows without a gap are read as one, if nothing else tells
    the sides apart: that takes a fifth less time."""
    a, b = question.side_a, question.side_b
    meet = a.window.start == b.window.end or b.window.start == a.window.end
    if a.are_of_sessions or not meet or replace(b, window=a.window) != a:
        return [("1", matching(a, layout, binder)), ("2", matching(b, layout, binder))]
    is_a = within(bounds_of(a.window, binder), layout, binder)
    both = Window(start=min(a.window.start, b.window.start), end=max(a.window.end, b.window.end))
    return [(f"if({is_a}, 1, 2)", matching(replace(a, window=both), layout, binder))]
