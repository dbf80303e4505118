"""Pictures as PNG and WebP, from strips."""

import io
import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from heatmaps.drawing.sheet import Sheet

Strips = Iterable[NDArray[np.uint8]]

# Of one side, as the format has it.
MAX_WEBP_PX = 16_383
# The fastest level: the next ones take twice the time and save a tenth.
_LEVEL = 1
# Each row of pixels is told by its difference from the one above.
_UP = 2
_RGBA_OF_8_BITS = (8, 6, 0, 0, 0)


def png(strips: Strips, sheet: Sheet) -> bytes:
    """Compressed strip by strip; the whole picture is never there. Pillow would need all of it, and takes twice as
    long."""
    compressor = zlib.compressobj(_LEVEL)
    pixels = b"".join([compressor.compress(rows.data) for rows in _filtered(strips, sheet.width)])
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">II5B", sheet.width, sheet.height, *_RGBA_OF_8_BITS)),
            _chunk(b"IDAT", pixels + compressor.flush()),
            _chunk(b"IEND", b""),
        ]
    )


def webp(strips: Strips, sheet: Sheet) -> bytes:
    """Exact, by the fastest way of the format: the lossy ones take several times as long. All pixels are held
    meanwhile."""
    whole = np.concatenate(list(strips))
    file = io.BytesIO()
    Image.frombuffer("RGBA", (sheet.width, sheet.height), whole).save(file, "WEBP", lossless=True, quality=0, method=0)
    return file.getvalue()


def _filtered(strips: Strips, width: int) -> Iterator[NDArray[np.uint8]]:
    above = np.zeros((1, width, 4), dtype=np.uint8)
    for strip in strips:
        rows = np.empty((len(strip), 1 + 4 * width), dtype=np.uint8)
        rows[:, 0] = _UP
        rows[:1, 1:] = (strip[:1] - above).reshape(1, -1)
        rows[1:, 1:] = (strip[1:] - strip[:-1]).reshape(len(strip) - 1, 4 * width)
        above = strip[-1:]
        yield rows


def _chunk(kind: bytes, content: bytes) -> bytes:
    return b"%b%b%b%b" % (struct.pack(">I", len(content)), kind, content, struct.pack(">I", zlib.crc32(kind + content)))
