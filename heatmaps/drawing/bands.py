"""How far down people scrolled, in bands over the whole width, as the viewer's depths.js and heat.js have them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from heatmaps.drawing.layers import Rows
from heatmaps.drawing.palettes import HOTTEST, PALETTES, alphas, colour_of
from heatmaps.drawing.sheet import Colour, Sheet

# Bands cover the whole page, which is to be seen through them.
_OF_OPACITY = 0.6


@dataclass(frozen=True, slots=True)
class Band:
    """From one height down to another, in px; `share` is from 0 to 1, or from -1 to 1 where two sides are compared."""

    top: int
    bottom: int
    share: float


def bands(depths: Iterable[int], shares: Iterable[float]) -> list[Band]:
    """Who is in a bucket or a deeper one has seen the page down to the bucket, from wherever the one before it ends."""
    found = []
    top = 0
    for depth, share in zip(depths, shares, strict=True):
        found.append(Band(max(0, top), max(0, depth), share))
        top = depth
    return found


def rows(found: Sequence[Band], sheet: Sheet) -> Rows:
    pixels = np.zeros((sheet.height, 4), dtype=np.uint8)
    for top, bottom, colour, opacity in coloured(found, sheet):
        pixels[top:bottom] = (*colour, opacity)
    return Rows(pixels, sheet.width)


def coloured(found: Sequence[Band], sheet: Sheet) -> Iterator[tuple[int, int, Colour, int]]:
    """What of the bands is on the picture, with colours and how opaque they are."""
    opacity = sheet.opacity * _OF_OPACITY
    for band in found:
        top, bottom = min(band.top, sheet.height), min(band.bottom, sheet.height)
        if bottom > top:
            # Where both sides are alike the page is seen as it is.
            by_share = int(alphas(opacity)[round(HOTTEST * abs(band.share))])
            plain = sheet.palette in PALETTES
            yield top, bottom, colour_of(band.share, sheet.palette), round(255 * opacity) if plain else by_share
