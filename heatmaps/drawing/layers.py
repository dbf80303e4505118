"""What lies above the page, one layer above the other; the picture is made of them strip by strip."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from heatmaps.drawing.counting import Cells, Places
from heatmaps.drawing.palettes import HOTTEST, PALETTES, Bytes, alphas, colours, warmth
from heatmaps.drawing.sheet import Sheet
from heatmaps.drawing.softness import weighed

PIXELS_AT_ONCE = 262_144
PLACES_AT_ONCE = 65_536


class Layer(Protocol):
    """As high as the picture, or lower."""

    @property
    def height(self) -> int: ...

    def strip(self, top: int, bottom: int) -> Image.Image | None:
        """Its pixels between two heights, above `height`; None where there is nothing."""


@dataclass(frozen=True, slots=True)
class Heat:
    """Coloured places, which are larger than pixels; what lies between their middles is mixed, as browsers do it."""

    image: Image.Image
    grain: float
    width: int
    height: int

    def strip(self, top: int, bottom: int) -> Image.Image | None:
        # One more on either side, because those are mixed in.
        first = max(0, int(top / self.grain) - 1)
        last = min(self.image.height, int(bottom / self.grain) + 2)
        rows = self.image.crop((0, first, self.image.width, last))
        if not rows.getbbox():
            return None
        box = (0, top / self.grain - first, self.width / self.grain, bottom / self.grain - first)
        return rows.resize((self.width, bottom - top), Image.Resampling.BILINEAR, box=box)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of pixels that have one colour each, given as red, green, blue and opacity."""

    colours: Bytes
    width: int

    @property
    def height(self) -> int:
        return len(self.colours)

    def strip(self, top: int, bottom: int) -> Image.Image | None:
        some = self.colours[top:bottom]
        if not some.any():
            return None
        return Image.fromarray(some[:, None, :]).resize((self.width, len(some)), Image.Resampling.NEAREST)


@dataclass(frozen=True, slots=True)
class Mark:
    """A small picture at a place of the large one."""

    image: Image.Image
    left: int
    top: int

    @property
    def bottom(self) -> int:
        return self.top + self.image.height


def heat(places: Places, cells: Cells, sheet: Sheet, *, hottest: int, height: int) -> Heat:
    """The colour of a place is that of its value, and how much of the page shows through is that of the weighed one."""
    weights = weighed(places, cells)
    table, opacities = colours(sheet.palette), alphas(sheet.opacity)
    middle = 0 if sheet.palette in PALETTES else HOTTEST
    rows, columns = places.values.shape
    pixels = np.zeros((rows, columns, 4), dtype=np.uint8)
    step = max(1, PLACES_AT_ONCE // columns)
    for start in range(0, rows, step):
        some = slice(start, start + step)
        values = places.values[some]
        pixels[some, :, :3] = table[warmth(values, hottest) + middle]
        pixels[some, :, 3] = opacities[np.abs(warmth(weights[some], hottest))]
        pixels[some][values == 0] = 0
    return Heat(Image.fromarray(pixels), places.grain, places.width, height)


def strips(sheet: Sheet, layers: Sequence[Layer], marks: Sequence[Mark]) -> Iterator[NDArray[np.uint8]]:
    """The picture from top to bottom, in arrays of some rows each."""
    step = max(1, PIXELS_AT_ONCE // sheet.width)
    ground = (*sheet.background, 255) if sheet.background else (0, 0, 0, 0)
    for top in range(0, sheet.height, step):
        bottom = min(sheet.height, top + step)
        strip = Image.new("RGBA", (sheet.width, bottom - top), ground)
        for layer in layers:
            end = min(bottom, layer.height)
            if end > top and (part := layer.strip(top, end)):
                strip.alpha_composite(part)
        for mark in marks:
            if mark.top < bottom and mark.bottom > top:
                part = mark.image.crop((0, max(0, top - mark.top), mark.image.width, mark.image.height))
                strip.alpha_composite(part, (mark.left, max(0, mark.top - top)))
        yield np.asarray(strip)
