"""Pictures that somebody sends, drawn anew: no byte of theirs is kept, and nothing that is no picture."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image

from heatmaps.drawing.files import MAX_WEBP_PX

MOST_PIXELS = 20_000_000
# Of one side; as many as JPEG has.
MOST_SIDE_PX = 65_500
_READ = ("PNG", "JPEG", "WEBP")
# Screenshots stay readable, at a quarter of what the exact ways take.
_WEBP = {"quality": 80, "method": 2}
_JPEG = {"quality": 85}
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What is odd about the files of others is nothing to warn of.
warnings.filterwarnings("ignore", module=r"PIL\.")


class BadPicture(Exception):
    """Says in a sentence what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoded:
    content: bytes
    # "webp", or "jpeg" where a side is longer than WebP has.
    format: str
    # In pixels of the picture.
    width: int
    height: int


def recoded(content: bytes) -> Recoded:
    """The first frame, upright, on white, as WebP or JPEG. Its size is looked at before it is decoded, which takes 8
    bytes for each pixel. Raises BadPicture."""
    try:
        with _opened(content) as image:
            return _written(_flat(_upright(image)))
    except BadPicture:
        raise
    except Exception as error:
        # Decoders raise many kinds of errors about a file that is not what it says.
        raise BadPicture("The picture is damaged or cut off.") from error


def _opened(content: bytes) -> Image.Image:
    """Its header is read, and nothing decoded."""
    try:
        image = Image.open(io.BytesIO(content), formats=_READ)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except OSError as error:
        raise BadPicture("The body is no picture in PNG, JPEG or WebP.") from error
    if image.width * image.height > MOST_PIXELS or max(image.size) > MOST_SIDE_PX:
        image.close()
        raise _too_large()
    return image


def _too_large() -> BadPicture:
    return BadPicture(
        f"The picture may have {MOST_PIXELS // 1_000_000} megapixels, and {MOST_SIDE_PX:,} pixels along a side."
    )


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # noqa: BLE001 -- what is beside the picture may be anything, and is not kept
        return image
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def _flat(image: Image.Image) -> Image.Image:
    """RGB of 8 bits. What can be seen through is on white, as a page is."""
    if image.mode.startswith("I"):
        # 16 bits of grey, which the library would cut off at 255.
        image = image.point(lambda value: value * (1 / 257)).convert("L")
        image.info = {}
    if image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info:
        seen = image.convert("RGBA")
        flat = Image.new("RGB", seen.size, "white")
        flat.paste(seen, mask=seen.getchannel("A"))
        return flat
    flat = image.convert("RGB")
    # Profiles and comments would be written as well.
    flat.info = {}
    return flat


def _written(image: Image.Image) -> Recoded:
    file = io.BytesIO()
    is_webp = max(image.size) <= MAX_WEBP_PX
    if is_webp:
        image.save(file, "WEBP", **_WEBP)
    else:
        image.save(file, "JPEG", **_JPEG)
    return Recoded(
        content=file.getvalue(), format="webp" if is_webp else "jpeg", width=image.width, height=image.height
    )
