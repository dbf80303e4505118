"""Rows from JSON Lines."""

import io
from collections.abc import Iterator
from functools import partial
from typing import IO

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as arrow_json

from heatmaps.loading.blocks import BLOCK_BYTES, Block, NumberedRow, is_utf8, utf8
from heatmaps.loading.columns import Table
from heatmaps.loading.values import boolean, int16


def blocks(stream: IO[bytes], table: Table) -> Iterator[Block]:
    reader = _Columns(table)
    line = 1
    for text in _whole_lines(utf8(stream)):
        yield reader.block(text, partial(_rows, text, line))
        line += text.count(b"\n")


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest: list[bytes] = []
    for piece in pieces:
        end = piece.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, piece[:end]])
            rest.clear()
        rest.append(piece[end:])
    if last := b"".join(rest):
        yield last


def _rows(text: bytes, line: int) -> Iterator[NumberedRow]:
    for number, one in enumerate(text.split(b"\n"), line):
        if not one or one.isspace():
            continue
        try:
            row = orjson.loads(one)
        except orjson.JSONDecodeError:
            yield number, "is not JSON"
            continue
        yield number, row if isinstance(row, dict) else "is not a JSON object"


class _Columns:
    """Reads lines by columns, where all are objects in the plainest of forms."""

    def __init__(self, table: Table) -> None:
        numbers = {column.name for column in table.columns if column.convert in {int16, boolean}}
        self._known = table.names()
        # Texts stay texts, those of times too. Of the others Arrow finds out what they are.
        texts = pa.schema([(name, pa.string()) for name in sorted(self._known - numbers)])
        self._options = arrow_json.ParseOptions(explicit_schema=texts, unexpected_field_behavior="infer")

    def block(self, text: bytes, rows: partial[Iterator[NumberedRow]]) -> Block:
        lines = _lines_of_objects(text)
        if not lines:
            return Block(rows=rows)
        try:
            read = arrow_json.read_json(
                io.BytesIO(text),
                read_options=arrow_json.ReadOptions(block_size=BLOCK_BYTES),
                parse_options=self._options,
            )
        except pa.ArrowException:
            return Block(rows=rows)
        strangers = [name for name in read.schema.names if name not in self._known]
        if read.num_rows != lines or not all(_is_json(read[name]) for name in strangers):
            return Block(rows=rows)
        columns = {name: read[name] for name in read.schema.names if name in self._known}
        return Block(rows=rows, columns=columns, number=lines, names=strangers)


def _lines_of_objects(text: bytes) -> int:
    """How many lines there are, if each begins and ends as an object does; otherwise 0. With as many objects as lines
    there is one in each line: what follows a brace in the next line with a brace is not inside of anything."""
    text = text.removesuffix(b"\n").removesuffix(b"\r")
    breaks = text.count(b"\n")
    is_plain = text.startswith(b"{") and text.endswith(b"}")
    is_plain = is_plain and breaks in {text.count(b"}\n{"), text.count(b"}\r\n{")}
    return breaks + 1 if is_plain and is_utf8(text) else 0


def _is_json(values: pa.ChunkedArray) -> bool:
    """Whether these are JSON for certain: Arrow takes NaN and the like, too."""
    if pa.types.is_floating(values.type):
        return bool(pc.all(pc.is_finite(values)).as_py() in {True, None})
    return not pa.types.is_nested(values.type)
