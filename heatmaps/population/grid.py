"""The caller's grid over a page: cells that are put together into larger ones."""

from dataclasses import dataclass

from heatmaps.population.binding import Binder
from heatmaps.population.cells import CELL, X_BITS, X_FROM, Y_BITS, Y_FROM


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of so many hundredths of the viewport's width, and so many CSS px of height."""

    width: int = 1
    height: int = 16


def in_grid(grid: Grid | None, cell: str, binder: Binder) -> str:
    """The number of the grid's cell in which a cell lies, by its left and upper edge; both in SQL. Without a grid the
    cell itself."""
    if grid is None:
        return cell
    width, height = binder.bind(grid.width, "UInt64", "cell_width"), binder.bind(grid.height, "UInt64", "cell_height")
    # What x and y are beyond their edges is taken away from the number. They stand in it with something added; as much
    # more is added here as makes that a multiple of the edge, so that edges below zero are where they should be.
    y = f"bitAnd(bitShiftRight({cell}, {X_BITS}), {2**Y_BITS - 1}) + {binder.bind(-Y_FROM % grid.height, 'UInt64')}"
    x = f"bitAnd({cell}, {2**X_BITS - 1}) + {binder.bind(-X_FROM % grid.width, 'UInt64')}"
    return f"{cell} - bitShiftLeft(({y}) % {height}, {X_BITS}) - ({x}) % {width}"


def with_grid(sql: str, grid: Grid | None, binder: Binder) -> str:
    """The SQL of a question with the cells of a grid in the place of the finest ones."""
    return sql.replace(CELL, in_grid(grid, f"({CELL})", binder)) if grid else sql
