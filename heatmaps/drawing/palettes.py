"""Colours. A value from 0 to 255 has one of a palette, a value from -255 to 255 one of the diverging palette."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatmaps.drawing.sheet import Colour

Bytes = NDArray[np.uint8]

# Evenly spaced between the coldest and the hottest; what lies between is mixed.
PALETTES = {
    "inferno": (
        "000004 040312 0b0724 150b37 210c4a 2e0a5a 3c0965 4a0c6b 57106d 63146e 70196e "
        "7d1e6d 89226a 962766 a32b61 af315c bb3755 c63e4d d14644 db4f3b e35932 eb6528 "
        "f1711e f67f14 f98d0a fb9c06 fcab0f fbba1f f9ca32 f5d949 f2e865 f3f586 fcffa4"
    ),
    "viridis": (
        "440154 470d60 48186a 482374 472d7b 453681 424086 3f4989 3b528b 375a8d 33638d "
        "2f6a8e 2c728e 297a8e 26818e 23898e 21908c 1f988b 1f9f88 21a685 28ae80 31b57b "
        "3ebc74 4cc26c 5dc963 6ece58 82d34c 96d83f abdc32 c0df24 d5e21a eae51a fde725"
    ),
    "cividis": (
        "00224e 00285b 002e6a 043371 1a386f 273e6e 32436d 3b496c 434e6c 4b546c 52596d "
        "5a5f6e 61656f 686a71 6f7073 757676 7c7b78 848179 8b8778 938d78 9b9376 a39a75 "
        "aba072 b3a670 bbad6c c3b469 ccba64 d4c15f ddc958 e6d051 efd748 f8df3c fee838"
    ),
    "turbo": (
        "30123b 392a73 4040a1 4456c7 466be3 467ff6 4293ff 37a7fa 29bbec 1dcdd8 18dcc3 "
        "1ee8b0 31f299 4cf97e 6bfd64 8aff4d a3fd3c b8f735 cced34 dee037 edd03a f8c03a "
        "fdae35 fe982c fb8022 f56817 ec520f e04009 d23105 c02302 ac1701 950d01 7a0403"
    ),
}
# Less on side a is blue, more is orange, the same is light.
DIVERGING = "diverging"
_DIVERGING = "0b3c7d 1f63b0 4f93d2 9cc4e8 f2f0eb f9c58d f0913a d05f0a 8a3a00"
HOTTEST = 255
# Cold places let the page through, and single clicks most of all: as the viewer's heat.js has it.
_SOLID_FROM = 0.45
_FADING = 1.4


def stops(palette: str) -> list[tuple[float, Colour]]:
    """Places from 0 to 1, and their colours. Any other name is that of the diverging one."""
    named = [tuple(bytes.fromhex(stop)) for stop in PALETTES.get(palette, _DIVERGING).split()]
    return [(place / (len(named) - 1), (red, green, blue)) for place, (red, green, blue) in enumerate(named)]


@cache
def colours(palette: str) -> Bytes:
    """Red, green and blue of 0 to 255, or of -255 to 255, which then stands at 0 to 510."""
    shares, named = zip(*stops(palette), strict=True)
    at = np.linspace(0, 1, HOTTEST + 1 if palette in PALETTES else 2 * HOTTEST + 1)
    mixed = [np.interp(at, shares, channel) for channel in zip(*named, strict=True)]
    table: Bytes = np.rint(np.stack(mixed, axis=1)).astype(np.uint8)
    return table


def alphas(opacity: float) -> Bytes:
    """How opaque 0 to 255 are."""
    shares = np.arange(HOTTEST + 1) / HOTTEST
    found: Bytes = np.rint(255 * opacity * np.minimum(1, shares / _SOLID_FROM) ** _FADING).astype(np.uint8)
    return found


def warmth(values: NDArray[Any], hottest: float) -> NDArray[np.int16]:
    """From -255 to 255. Weak places would drown beside one that is strong: half the way up is a quarter of the
    hottest."""
    if not hottest:
        return np.zeros(values.shape, dtype=np.int16)
    found = np.floor(HOTTEST * np.sqrt(np.minimum(1, np.abs(values) / hottest)) + 0.5)
    signed: NDArray[np.int16] = (np.sign(values) * found).astype(np.int16)
    return signed


def colour_of(share: float, palette: str) -> Colour:
    """Of a share from 0 to 1, or from -1 to 1 with the diverging palette."""
    table = colours(palette)
    red, green, blue = table[int(np.floor(HOTTEST * share + 0.5)) + (0 if palette in PALETTES else HOTTEST)].tolist()
    return red, green, blue
