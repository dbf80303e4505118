"""What stands above a picture in words: the legend, and where the first screenful ends."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from heatmaps.drawing.layers import Mark
from heatmaps.drawing.palettes import colours
from heatmaps.drawing.sheet import Sheet

# Of the legend, in px. It is narrower than the narrowest picture.
LEGEND_WIDTH, MARGIN, PADDING, STRIP_HEIGHT, LINE_HEIGHT = 280, 12, 10, 10, 16
_FONT_PX = 12
_INK, _PAPER, _FOLD, _HALO = (32, 32, 32, 255), (255, 255, 255, 235), (214, 40, 40, 255), (255, 255, 255, 255)
_LINE_PX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """What colours stand for: places from 0 to 1 along the palette with their texts, and the unit."""

    ticks: tuple[tuple[float, str], ...]
    unit: str

    @property
    def height(self) -> int:
        return 2 * PADDING + STRIP_HEIGHT + 2 * LINE_HEIGHT


def legend_mark(sheet: Sheet, legend: Legend) -> Mark:
    """In the upper right corner."""
    table = colours(sheet.palette)
    width = LEGEND_WIDTH - 2 * PADDING
    image = Image.new("RGBA", (LEGEND_WIDTH, legend.height), _PAPER)
    strip = Image.fromarray(table[np.linspace(0, len(table) - 1, width).astype(int)][None])
    image.paste(strip.resize((width, STRIP_HEIGHT)), (PADDING, PADDING))
    draw = _draw(image)
    line = PADDING + STRIP_HEIGHT + 2
    for share, text in legend.ticks:
        # Those at the ends stay inside.
        anchor = {0.0: "la", 1.0: "ra"}.get(share, "ma")
        draw.text((PADDING + share * width, line), text, fill=_INK, anchor=anchor)
    draw.text((PADDING, line + LINE_HEIGHT), legend.unit, fill=_INK)
    return Mark(image, sheet.width - LEGEND_WIDTH - MARGIN, MARGIN)


def fold_mark(sheet: Sheet, height: int) -> Mark:
    """A line at the height, with a label below."""
    image = Image.new("RGBA", (sheet.width, _LINE_PX + LINE_HEIGHT), (0, 0, 0, 0))
    draw = _draw(image)
    draw.rectangle((0, 0, sheet.width, _LINE_PX - 1), fill=_FOLD)
    draw.text((MARGIN, _LINE_PX), f"Fold at {height:,} px", fill=_FOLD, stroke_width=2, stroke_fill=_HALO)
    return Mark(image, 0, height)


def _draw(image: Image.Image) -> ImageDraw.ImageDraw:
    draw = ImageDraw.Draw(image)
    draw.font = ImageFont.load_default(_FONT_PX)
    return draw
