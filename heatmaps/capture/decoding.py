"""Bodies as browsers send them: gzip, base64, a form or plain JSON, told apart by how they begin. Knows no Django."""

import base64
import binascii
import re
import zlib
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from heatmaps.capture.refusals import malformed, too_large

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_JSON_BEGINS = (b"{", b"[")
_FORM_FIELD = re.compile(rb"(?:^|&)data=([^&]*)")
# Half of a character that was cut in two. JSON can write it, UTF-8 cannot.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)", re.DOTALL)
_ESCAPE_CHARS = 6


def plain(body: bytes, limit: int) -> bytes:
    """The JSON text in a body. Raises Refused when there is none, or more than the limit allows."""
    text = _unzipped(body, limit)
    if not text.startswith(_JSON_BEGINS):
        text = text.removeprefix(_BOM).strip()
        if field := _FORM_FIELD.search(text):
            # A plus sign of base64 that was not escaped reads as a space.
            text = unquote_to_bytes(field[1].replace(b"+", b"%20")).strip()
        if not text.startswith(_JSON_BEGINS):
            text = _unzipped(_from_base64(text), limit)
    return text


def document(text: bytes) -> Any:
    """What the JSON text says. Raises Refused."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # A text that was cut within an emoji would cost a browser all that it sent along.
        if b"\\u" in text:
            try:
                return orjson.loads(_ESCAPE.sub(_whole_character, text))
            except orjson.JSONDecodeError:
                pass
        raise malformed("The body is not JSON.") from error


def _unzipped(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise too_large(limit)
    if not body.startswith(_GZIP):
        return body
    stream = zlib.decompressobj(wbits=31)
    try:
        text = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise malformed("The body is not gzip, though it begins as if it were.") from error
    if len(text) > limit:
        raise too_large(limit)
    if not stream.eof:
        raise malformed("The gzip body is cut off.")
    return text


def _from_base64(text: bytes) -> bytes:
    text = text.replace(b" ", b"+").replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise malformed("The body is neither JSON, gzip, base64 nor a form with the field data.") from error


def _whole_character(escape: re.Match[bytes]) -> bytes:
    is_half = len(escape[0]) == _ESCAPE_CHARS
    return b"\\ufffd" if is_half else escape[0]
