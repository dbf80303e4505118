"""What the rollups of the interactions hold, and the same counted from the rows."""

import re
from pathlib import Path

from heatmaps import schema

_SQL = (Path(schema.__file__).parent / "009_rollups.sql").read_text()
# Each rollup's name, and what it counts by.
KEYS = dict(re.findall(r"PROJECTION IF NOT EXISTS (\w+)\s*\(\s*SELECT .*?GROUP BY (.*?)\s*\)", _SQL, re.DOTALL))


def counted(*, from_rollups: bool) -> str:
    """SQL that tells of each rollup how many rows it has, how many interactions, and one number made of all of them."""
    each = (
        f"SELECT '{name}' AS rollup, count(), sum(number), groupBitXor(sipHash64({keys}, number))"
        f" FROM (SELECT {keys}, count() AS number FROM heatmaps GROUP BY {keys})"
        for name, keys in KEYS.items()
    )
    settings = f"SETTINGS optimize_use_projections = {int(from_rollups)}"
    return f"SELECT * FROM ({' UNION ALL '.join(each)}) ORDER BY rollup {settings}"
