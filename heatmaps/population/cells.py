"""Cells of the grid over a page, each as the one number by which the engine counts it.

What they are made of has 16 bits each in the table, so that all of it fits.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heatmaps.population.filters import Point

Y_BITS, X_BITS = 32, 23
_FIXED_AT = Y_BITS + X_BITS
# Added, so that numbers below zero sort and fit.
Y_FROM, X_FROM = 1 << 30, 1 << 22
# The number of a row's cell, in SQL, as the files of SQL have it: whether fixed, y in CSS px, hundredths of the width.
CELL = """/* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */"""

# Places on a page, column by column: y in CSS px, the part of the viewport's width, whether fixed.
Places = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]


def cell_of(point: Point) -> int | None:
    """The number of a point's cell; None where no row can be."""
    y, x = point.y + Y_FROM, point.x_hundredths + X_FROM
    if y >> Y_BITS or x >> X_BITS:
        return None
    return point.is_fixed << _FIXED_AT | y << X_BITS | x


def places(cells: Sequence[int] | NDArray[np.int64]) -> Places:
    numbers = np.asarray(cells, dtype=np.int64)
    ys = (numbers >> X_BITS & (1 << Y_BITS) - 1) - Y_FROM
    xs = ((numbers & (1 << X_BITS) - 1) - X_FROM) / 100
    return ys, xs, numbers >> _FIXED_AT == 1


def numbers(ys: NDArray[np.int64], xs: NDArray[np.float64], are_fixed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The numbers of the cells at some places; the inverse of `places`."""
    hundredths = np.rint(xs * 100).astype(np.int64)
    return are_fixed.astype(np.int64) << _FIXED_AT | (ys + Y_FROM) << X_BITS | hundredths + X_FROM
