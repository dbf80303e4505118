"""What the readers of the formats have in common: pieces of a file, and the blocks of rows that are made of them."""

import codecs
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa

CHUNK_BYTES = 4 * 1024 * 1024
# Of what Arrow reads at once, in one thread; a longer row is read without it.
BLOCK_BYTES = 1024 * 1024
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)

# A row with the number that a person finds it by: its line, or its place in a Parquet file. A str is what is wrong
# with a line that is no row at all.
NumberedRow = tuple[int, dict[str, Any] | str]


class BadText(ValueError):
    """A text that cannot be read beyond a line; the message begins with that line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows that stand together in a file: as columns, where they could be read so, and one by one, which is slower."""

    rows: Callable[[], Iterator[NumberedRow]]
    # How many, by columns; None where only the rows can tell.
    columns: Mapping[str, pa.Array] | None = None
    number: int = 0
    # Columns that the block has, known or not, as far as they are known without its rows.
    names: Collection[str] = ()


def utf8(stream: IO[bytes]) -> Iterator[bytes]:
    """A text in pieces: without a byte order mark, in UTF-8 where it was in UTF-16. Bytes that are no UTF-8 stay."""
    first = stream.read(CHUNK_BYTES)
    if first.startswith(_UTF_32):
        raise BadText("line 1: is in UTF-32; save it in UTF-8")
    encoding = _UTF_16.get(first[:2]) or _unmarked_utf_16(first)
    decoder = codecs.getincrementaldecoder(encoding)() if encoding else None
    piece = first[2:] if first[:2] in _UTF_16 else first.removeprefix(codecs.BOM_UTF8)
    while piece:
        yield decoder.decode(piece).encode() if decoder else piece
        piece = stream.read(CHUNK_BYTES)
    if decoder:
        decoder.decode(b"", final=True)


def is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _unmarked_utf_16(start: bytes) -> str | None:
    """Rows begin with a sign of ASCII, of which UTF-16 makes two bytes."""
    if len(start) >= 2 and start[0] and not start[1]:
        return "utf-16-le"
    return "utf-16-be" if len(start) >= 2 and start[1] and not start[0] else None
