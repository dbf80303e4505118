"""How opaque a picture is at each place, as in the viewer's softness.js: each cell weighs the less, the further away it
is, so that nothing ends in hard edges."""

import numpy as np
from numpy.typing import NDArray

from heatmaps.drawing.counting import Cells, Places

Weights = NDArray[np.float32]
# So many sums in a row come close to a bell curve, which is round although rows and columns are summed apart.
BOXES = 4


def weighed(places: Places, cells: Cells) -> Weights:
    """The values of the places, of which the cells weigh the less, the further away they are: between nothing and the
    values themselves. Where cells lie close all around, these are the values; where they end, it fades."""
    rows, columns = places.values.shape
    row = np.floor(cells.ys / places.grain).astype(np.int64)
    is_in = (row >= 0) & (row < rows)
    column = np.clip(np.floor(cells.xs * places.width / places.grain), 0, columns - 1).astype(np.int64)
    sums = np.zeros((rows, columns), dtype=np.float64)
    np.add.at(sums.reshape(-1), (row * columns + column)[is_in], cells.values[is_in].astype(np.float64))
    reach = places.radius / places.grain
    # Together they end where what is counted does, and not before: no edge is seen.
    halves = [(int(reach) + box) // BOXES for box in range(BOXES)]
    for half in halves:
        for axis in (1, 0):
            sums = _boxes(sums, half, axis)
    # What would be counted if all around were as here.
    sums *= np.pi * reach**2 / np.prod([2 * half + 1 for half in halves]) ** 2
    values = places.values
    return np.clip(sums, np.minimum(values, 0), np.maximum(values, 0)).astype(np.float32)


def _boxes(values: NDArray[np.float64], half: int, axis: int) -> NDArray[np.float64]:
    """Of each place the sum of those that are at most `half` away along the axis."""
    up_to = np.moveaxis(np.cumsum(values, axis=axis), axis, 0)
    length = len(up_to)
    half = min(half, length)
    # The array that came in is taken for what goes out; nobody needs it any more.
    sums = np.moveaxis(values, axis, 0)
    sums[: length - half] = up_to[half:]
    sums[length - half :] = up_to[-1]
    sums[half + 1 :] -= up_to[: max(0, length - half - 1)]
    return values
