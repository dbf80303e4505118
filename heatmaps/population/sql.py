"""Files of SQL, and how a question becomes of one.

Each question is a file that can be pasted into a ClickHouse client with `--param_team_id=1`; as it stands it asks about
a whole project. The filters of a request take the place of its `/* AND filters */`.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from heatmaps.population.layout import Layout

FILTERS_MARK = "/* AND filters */"


@cache
def sql_file(beside: str, name: str) -> str:
    """The text of a file that lies beside a module, which passes its `__file__`."""
    # The comments are for people; the driver would read through them with every query.
    return re.sub(r"^ *--.*\n", "", (Path(beside).parent / name).read_text(), flags=re.MULTILINE)


def filtered(sql: str, conditions: Iterable[str], layout: Layout) -> str:
    """The SQL of a question with conditions in the place of its mark, as this table is best asked."""
    return layout.spoken(sql).replace(FILTERS_MARK, "\n  ".join(f"AND {condition}" for condition in conditions))
