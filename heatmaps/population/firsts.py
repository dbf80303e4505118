"""Of each session only the first interaction on each page, in SQL."""

from heatmaps.population.cells import CELL
from heatmaps.population.layout import KEY_COLUMNS, NO_SESSION, Layout

# What every table has, as far as questions ask for it.
_PLAIN_COLUMNS = (
    *("session_id", "team_id", "distinct_id", "timestamp", "x", "y", "scale_factor", "viewport_width"),
    *("viewport_height", "pointer_target_fixed", "current_url", "type"),
)
_SESSION = "/* on our table: session */ session_id /* end */"
_NONE = f"/* on our table: {NO_SESSION} */ '' /* end */"
_PAGE = "/* on our table: page */ trim(TRAILING '/' FROM current_url) /* end */"
_SLASHES = "/* on our table: slashes */ toUInt16(length(current_url)) /* end */"
# A row in no session is in a group of its own, which the shard and the place among the rows that it reads tell apart.
_ALONE = f"if({_SESSION} = {_NONE}, bitShiftLeft(toUInt64(shardNum()), 48) + rowNumberInAllBlocks() + 1, 0)"


def _sortable(number: str) -> str:
    """A number that is not negative, as text that sorts as it does."""
    return f"reverse(reinterpretAsFixedString({number}))"


# Which of two interactions came first, as one text: the engine compares it faster than anything else that has a visitor
# in it. What stands behind the visitor leaves nothing to the order of reading.
FIRST = f"""concat(
    {_sortable("toUnixTimestamp64Micro(timestamp) + 2208988800000000")},
    {_sortable(CELL)},
    distinct_id, '\\0', type, '\\0',
    {_sortable(_SLASHES)},
    {_sortable("toUInt16(viewport_width + 32768)")},
    {_sortable("toUInt16(viewport_height + 32768)")},
    {_sortable("toUInt16(scale_factor + 32768)")})"""


def firsts(conditions: str, layout: Layout) -> str:
    """The rows that meet some conditions and are the first of their session on their page, or in no session, to stand
    in the place of the table. They are read once. The engine leaves out the columns that nobody asks for."""
    columns = [*_PLAIN_COLUMNS, *(sorted(KEY_COLUMNS) if layout.has_keys else ())]
    return layout.spoken(
        f"(SELECT {', '.join(f'first_{column} AS {column}' for column in columns)} FROM (SELECT"
        f" {', '.join(f'argMin({column}, {FIRST}) AS first_{column}' for column in columns)}"
        f" FROM heatmaps WHERE {conditions} GROUP BY {_SESSION}, {_PAGE}, {_ALONE})) AS heatmaps"
    )
