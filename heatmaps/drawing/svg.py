"""Bands as an SVG drawing, which stays sharp at any size."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from heatmaps.drawing.bands import Band, coloured
from heatmaps.drawing.marks import LEGEND_WIDTH, LINE_HEIGHT, MARGIN, PADDING, STRIP_HEIGHT, Legend
from heatmaps.drawing.palettes import stops
from heatmaps.drawing.sheet import Colour, Sheet


def svg(found: Sequence[Band], sheet: Sheet, legend: Legend | None) -> bytes:
    width, height = sheet.width, sheet.height
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    ]
    if sheet.background:
        lines.append(f'<rect width="{width}" height="{height}" fill="{_hex(sheet.background)}"/>')
    for top, bottom, colour, opacity in coloured(found, sheet):
        lines.append(
            f'<rect y="{top}" width="{width}" height="{bottom - top}" fill="{_hex(colour)}"'
            f' fill-opacity="{opacity / 255:.4g}"/>'
        )
    if legend:
        lines += _legend(sheet, legend)
    return "\n".join([*lines, "</svg>\n"]).encode()


def _legend(sheet: Sheet, legend: Legend) -> Iterator[str]:
    """The same as on pictures of pixels."""
    width = LEGEND_WIDTH - 2 * PADDING
    line = STRIP_HEIGHT + LINE_HEIGHT - 2
    yield '<linearGradient id="palette">'
    for share, colour in stops(sheet.palette):
        yield f'<stop offset="{share:.4g}" stop-color="{_hex(colour)}"/>'
    yield "</linearGradient>"
    left = sheet.width - LEGEND_WIDTH - MARGIN
    yield f'<g transform="translate({left} {MARGIN})" font-family="sans-serif" font-size="12" fill="#202020">'
    yield f'<rect width="{LEGEND_WIDTH}" height="{legend.height}" fill="#fff" fill-opacity="0.92"/>'
    yield f'<g transform="translate({PADDING} {PADDING})">'
    yield f'<rect width="{width}" height="{STRIP_HEIGHT}" fill="url(#palette)"/>'
    for share, text in legend.ticks:
        anchor = {0.0: "start", 1.0: "end"}.get(share, "middle")
        yield f'<text x="{share * width:g}" y="{line}" text-anchor="{anchor}">{escape(text)}</text>'
    yield f'<text y="{line + LINE_HEIGHT}">{escape(legend.unit)}</text></g></g>'


def _hex(colour: Colour) -> str:
    return f"#{bytes(colour).hex()}"
