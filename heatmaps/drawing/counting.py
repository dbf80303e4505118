"""How much there is around each place of a picture: the same numbers as in the viewer's counting.js, by the same rules.

The values of cells are whole numbers, negative ones too where two sides are compared, so that their sums are exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# There are hardly ever more places than these. In a picture that is larger they are further apart.
MAX_PLACES = 1_500_000
FINEST_GRAIN_PX = 2
# A radius below the grain of a large picture asks for more; never for more than these.
MOST_PLACES = 6_250_000
# So many rows of discs are worked on together.
ROWS_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True)
class Cells:
    """What is counted: shares of the width, px from the top, values."""

    xs: Floats
    ys: Integers
    values: Integers

    def only(self, kept: NDArray[np.bool_] | slice) -> "Cells":
        return Cells(self.xs[kept], self.ys[kept], self.values[kept])


@dataclass(frozen=True, slots=True)
class Places:
    """What is within `radius` px of each place. The place in a row and a column is in the middle of a square of `grain`
    px."""

    values: Integers
    grain: float
    radius: float
    width: int

    @property
    def hottest(self) -> int:
        return int(max(self.values.max(), -self.values.min()))


def count_around(cells: Cells, *, width: int, height: int, radius: float) -> Places:
    """Every cell adds its value to the places of a disc: at the beginning of each of its rows, and takes it away behind
    the end, so that sums along the rows are the values."""
    area = width * height
    # No cell may fall between the places.
    grain = min(float(radius), max(FINEST_GRAIN_PX, (area / MAX_PLACES) ** 0.5))
    grain = max(grain, (area / MOST_PLACES) ** 0.5)
    radius = max(float(radius), grain)
    columns, rows = max(1, int(np.ceil(width / grain))), max(1, int(np.ceil(height / grain)))
    values = np.zeros((rows, columns + 1), dtype=np.int64)
    places = Places(values[:, :columns], grain, radius, width)
    changes = values.reshape(-1)
    for some in _portions(_reaching(cells, places, height), radius / grain):
        row, first, end, value = _rows_of_discs(some, places)
        np.add.at(changes, row * (columns + 1) + first, value)
        np.subtract.at(changes, row * (columns + 1) + end, value)
    np.cumsum(values, axis=1, out=values)
    return places


def _reaching(cells: Cells, places: Places, height: int) -> Cells:
    """The cells whose discs are on the picture at all."""
    across, radius = cells.xs * places.width, places.radius
    return cells.only(
        (across > -radius - 1)
        & (across < places.width + radius + places.grain)
        & (cells.ys >= -radius)
        & (cells.ys <= height + radius + places.grain)
    )


def _portions(cells: Cells, rows_of_radius: float) -> Iterator[Cells]:
    size = max(1, int(ROWS_AT_ONCE / (2 * rows_of_radius + 1)))
    for start in range(0, len(cells.values), size):
        yield cells.only(slice(start, start + size))


def _rows_of_discs(cells: Cells, places: Places) -> tuple[Integers, Integers, Integers, Integers]:
    """Of each row of each disc that has places: the row, its first column, the one behind its last, and the value."""
    grain, radius = places.grain, places.radius
    rows, columns = places.values.shape
    ys = cells.ys[:, None]
    top = np.ceil((ys - radius) / grain - 0.5)
    row = top + np.arange(int(2 * radius / grain) + 2)
    away = (row + 0.5) * grain - ys
    square = radius * radius - away * away
    half = np.sqrt(np.maximum(square, 0)) / grain
    centre = (cells.xs * places.width / grain - 0.5)[:, None]
    first = np.maximum(np.ceil(centre - half), 0)
    end = np.minimum(np.floor(centre + half) + 1, columns)
    has_any = (square >= 0) & (row >= 0) & (row < rows) & (end > first)
    has_any &= row <= np.floor((ys + radius) / grain - 0.5)
    of_row = np.broadcast_to(cells.values[:, None], row.shape)
    return (
        row[has_any].astype(np.int64),
        first[has_any].astype(np.int64),
        end[has_any].astype(np.int64),
        of_row[has_any],
    )
