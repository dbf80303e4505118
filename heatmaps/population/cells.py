"""Cells of the grid over a page, each as the one number by which the engine counts it.

queries/points.sql makes the numbers. What they are made of has 16 bits each in the table, so that all of it fits.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heatmaps.population.filters import Point

_Y_BITS, _X_BITS = 32, 23
_FIXED_AT = _Y_BITS + _X_BITS
# Added, so that numbers below zero sort and fit.
_Y_FROM, _X_FROM = 1 << 30, 1 << 22

# Places on a page, column by column: y in CSS px, the part of the viewport's width, whether fixed.
Places = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]


def cell_of(point: Point) -> int | None:
    """The number of a point's cell; None where no row can be."""
    y, x = point.y + _Y_FROM, point.x_hundredths + _X_FROM
    if y >> _Y_BITS or x >> _X_BITS:
        return None
    return point.is_fixed << _FIXED_AT | y << _X_BITS | x


def places(cells: Sequence[int]) -> Places:
    numbers = np.asarray(cells, dtype=np.int64)
    ys = (numbers >> _X_BITS & (1 << _Y_BITS) - 1) - _Y_FROM
    xs = ((numbers & (1 << _X_BITS) - 1) - _X_FROM) / 100
    return ys, xs, numbers >> _FIXED_AT == 1
