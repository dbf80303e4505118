"""Of each session only the first interaction on each page, in SQL."""

from heatmaps.population.cells import CELL
from heatmaps.population.layout import KEY_COLUMNS, NO_SESSION, Layout

# Which of two interactions came first. What stands behind the visitor leaves nothing to the order of reading.
FIRST = (
    f"timestamp, {CELL}, distinct_id,"
    " type, current_url, viewport_width, viewport_height, scale_factor, x, y, session_id"
)
_SESSION = "/* on our table: session */ session_id /* end */"
_NONE = f"/* on our table: {NO_SESSION} */ '' /* end */"
_PAGE = "/* on our table: page */ trim(TRAILING '/' FROM current_url) /* end */"


def firsts(conditions: str, layout: Layout) -> str:
    """The rows that meet some conditions and are the first of their session on their page, or in no session, to stand
    in the place of the table. They are read once; of the columns the engine reads those that are used."""
    # An asterisk stands for what is inserted, not for what is worked out from it.
    columns = ", ".join(["*", *(sorted(KEY_COLUMNS) if layout.has_keys else ())])
    return layout.spoken(
        f"(SELECT {columns} FROM heatmaps WHERE {conditions}"
        f" QUALIFY {_SESSION} = {_NONE} OR row_number() OVER"
        f" (PARTITION BY {_SESSION}, {_PAGE} ORDER BY {FIRST}) = 1) AS heatmaps"
    )
