"""Files of SQL, and how a question becomes of one.

Each question is a file that can be pasted into a ClickHouse client with `--param_team_id=1`; as it stands it asks about
a whole project. The filters of a request take the place of its `/* AND filters */`, and what else depends on the
request that of what stands between `/* name: */` and `/* end of name */`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from heatmaps.population.firsts import firsts
from heatmaps.population.layout import Layout

FILTERS_MARK = "/* AND filters */"
# Which pages there are is looked up in a projection. What counts the interactions themselves has none to look for, and
# the engine takes up to a fifth of a small question's time to find that out.
_LOOKUP = "SELECT current_url, page, slashes FROM heatmaps"
_NO_PROJECTIONS, _PROJECTIONS = "optimize_use_projections = 0", "optimize_use_projections = 1"
_TABLE = re.compile(r"\bFROM heatmaps\b")
_OF_A_PROJECT = ("team_id = {team_id:Int64}", "/* on our table: 1 */ viewport_width != 0 /* end */")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which rows of the table a question is about: those that meet all conditions, and of these, where that is asked,
    only the first of each session on each page."""

    conditions: tuple[str, ...]
    only_firsts: bool = False

    @property
    def look_up_pages(self) -> bool:
        return any(_LOOKUP in condition for condition in self.conditions)


def pages_looked_up(conditions: str) -> str:
    """The URLs of the rows that meet some conditions, to be tried once each. Without the limit the engine would try
    them once for each part of the table, and once a row of parts that have no projection yet."""
    return f"{_LOOKUP} WHERE {conditions} GROUP BY current_url, page, slashes LIMIT 1000000000000"


@cache
def sql_file(beside: str, name: str) -> str:
    """The text of a file that lies beside a module, which passes its `__file__`."""
    # The comments are for people; the driver would read through them with every query.
    return re.sub(r"^ *--.*\n", "", (Path(beside).parent / name).read_text(), flags=re.MULTILINE)


def with_slot(sql: str, name: str, text: str) -> str:
    """The SQL with a text in the place of what stands between `/* name: */` and `/* end of name */`."""
    return re.sub(rf"/\* {name}: \*/.*?/\* end of {name} \*/", lambda _: text, sql)


def filtered(sql: str, rows: Rows, layout: Layout, *, also: Iterable[str] = ()) -> str:
    """The SQL of a question, about some rows, as this table is best asked. What the question asks of them `also`, such
    as to lie at some points, says nothing of which is the first of its session."""
    spoken = layout.spoken(sql)
    if rows.look_up_pages:
        # The setting is the whole statement's; one of the lookup alone is not heeded.
        spoken = spoken.replace(_NO_PROJECTIONS, _PROJECTIONS)
    if not rows.only_firsts:
        return spoken.replace(FILTERS_MARK, _with_and([*rows.conditions, *also]))
    table = firsts(" AND ".join([*_OF_A_PROJECT, *rows.conditions]), layout)
    return _TABLE.sub(lambda _: f"FROM {table}", spoken).replace(FILTERS_MARK, _with_and(also))


def _with_and(conditions: Iterable[str]) -> str:
    return "\n  ".join(f"AND {condition}" for condition in conditions)
