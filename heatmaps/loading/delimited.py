"""Rows from CSV with a header: separated by comma, semicolon or tab."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from functools import partial
from itertools import islice
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from heatmaps.loading.blocks import BLOCK_BYTES, CHUNK_BYTES, BadText, Block, NumberedRow, is_utf8, utf8
from heatmaps.loading.columns import Table

_DELIMITERS = (",", ";", "\t")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_ROWS_AT_ONCE = 5_000
_QUOTE = ord('"')


def blocks(stream: IO[bytes], table: Table) -> Iterator[Block]:
    csv.field_size_limit(2**30)
    text = _Text(utf8(stream))
    delimiter = _delimiter(text.first_line(), table.names())
    header = _header(text, delimiter)
    if header is None:
        return
    if not table.names() & set(header):
        raise BadText(_no_header(table))
    rows = _Rows(header, delimiter, table.texts())
    while text.fill(CHUNK_BYTES):
        block = rows.by_columns(text, table.names())
        if block is None:
            read = list(islice(rows.of(text), _ROWS_AT_ONCE))
            block = Block(rows=partial(iter, read), names=header if read else ())
        yield block


def _delimiter(line: str, known: Collection[str]) -> str:
    """The one that makes the most known columns of the header."""

    def columns(delimiter: str) -> int:
        return len(set(next(csv.reader([line], delimiter=delimiter), [])) & set(known))

    return max(_DELIMITERS, key=columns)


def _header(text: "_Text", delimiter: str) -> list[str] | None:
    """None where there is not even a header."""
    try:
        header = next(csv.reader(text.lines(), strict=True, delimiter=delimiter), None)
    except csv.Error as error:
        raise BadText(f"line 1: is not CSV: {error}") from error
    if header is None:
        return None
    if not _is_utf8(header):
        raise BadText("line 1: is not UTF-8; save the file in UTF-8, or in UTF-16")
    if twice := {name for name in header if header.count(name) > 1}:
        raise BadText(f"line 1: the header names {min(twice)!r} more than once")
    return header


def _no_header(table: Table) -> str:
    columns = ", ".join(column.name for column in table.columns if column.is_required)
    return (
        f"line 1: is no header with the columns of a row ({columns}), separated by comma, semicolon or tab,"
        " in UTF-8 or UTF-16"
    )


class _Text:
    """A text of which what was not read yet can be looked at."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ahead = b""
        self._position = 0
        self._has_ended = False
        # Of the next line.
        self.line = 1

    def fill(self, size: int) -> bool:
        """Looks so many bytes ahead, if there are as many; False at the end."""
        if len(self._ahead) - self._position < size and not self._has_ended:
            pieces = [self._ahead[self._position :]]
            missing = size - len(pieces[0])
            while missing > 0:
                piece = next(self._pieces, None)
                if piece is None:
                    self._has_ended = True
                    break
                pieces.append(piece)
                missing -= len(piece)
            self._ahead, self._position = b"".join(pieces), 0
        return self._position < len(self._ahead)

    def first_line(self) -> str:
        size = 1
        while self.fill(size) and not self._has_ended and _LINE_END.search(self._ahead) is None:
            size = len(self._ahead) + 1
        found = _LINE_END.search(self._ahead)
        return self._ahead[: found.start() if found else None].decode(errors="surrogateescape")

    def whole_rows(self) -> bytes:
        """What is ahead, up to the end of a line that is not within quotes, if quotes stand only around cells."""
        ahead = self._ahead[self._position :] if self._position else self._ahead
        if self._has_ended:
            return ahead if ahead.count(b'"') % 2 == 0 else b""
        end = ahead.rfind(b"\n") + 1
        while end and ahead.count(b'"', 0, end) % 2:
            end = ahead.rfind(b"\n", 0, ahead.rfind(b'"', 0, end)) + 1
        return ahead[:end]

    def skip(self, text: bytes) -> None:
        """Goes on behind this text, which is what is ahead."""
        self._position += len(text)
        self.line += text.count(b"\n")

    def lines(self) -> Iterator[str]:
        """Line by line, each with its end. A byte that is not UTF-8 makes its row a bad one, not the file."""
        while self.fill(1):
            found = _LINE_END.search(self._ahead, self._position)
            # More of the line, or the second half of its end, may follow.
            while (found is None or found.end() == len(self._ahead)) and not self._has_ended:
                self.fill(2 * (len(self._ahead) - self._position) + 1)
                found = _LINE_END.search(self._ahead, self._position)
            end = found.end() if found else len(self._ahead)
            line = self._ahead[self._position : end]
            self._position = end
            self.line += 1
            yield line.decode(errors="surrogateescape")


class _Rows:
    def __init__(self, header: list[str], delimiter: str, texts: Collection[str]) -> None:
        self._header = header
        self._delimiter = delimiter
        self._texts = texts

    def of(self, text: _Text) -> Iterator[NumberedRow]:
        """One by one. Reads no more of the text than the rows that were taken."""
        reader = csv.reader(text.lines(), strict=True, delimiter=self._delimiter)
        while True:
            # A row that spans lines is found by its first one. Empty lines are no rows.
            line = text.line
            try:
                cells: Any = next(reader, None)
            except csv.Error as error:
                if text.line == line or "end of data" in str(error):
                    # A quote that is never closed has swallowed the rest of the file.
                    raise BadText(f"line {line}: is not CSV: {error}") from error
                cells = f"is not CSV: {error}"
            if cells is None:
                return
            if cells:
                yield line, self._row(cells)

    def _row(self, cells: list[str] | str) -> dict[str, Any] | str:
        if isinstance(cells, str):
            return cells
        if len(cells) != len(self._header):
            return f"has {len(cells)} cells where the header has {len(self._header)}"
        if not _is_utf8(cells):
            return "is not UTF-8"
        return {name: cell for name, cell in zip(self._header, cells, strict=True) if cell or name in self._texts}

    def by_columns(self, text: _Text, known: Collection[str]) -> Block | None:
        """The rows ahead; None where they have to be looked at one by one."""
        ahead = text.whole_rows()
        if not ahead or not (_is_regular(ahead, self._delimiter) and is_utf8(ahead)):
            return None
        try:
            read = arrow_csv.read_csv(
                io.BytesIO(ahead),
                read_options=arrow_csv.ReadOptions(column_names=self._header, block_size=BLOCK_BYTES),
                parse_options=arrow_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=b'"' in ahead),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(self._header, pa.string()),
                    include_columns=[name for name in self._header if name in known],
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except pa.ArrowException:
            return None
        rows = partial(self.of, _Text(iter([ahead])))
        columns = {
            name: column if name in self._texts else _without_empty(column)
            for name, column in zip(read.schema.names, read.columns, strict=True)
        }
        rows.args[0].line = text.line
        text.skip(ahead)
        return Block(rows=rows, columns=columns, number=read.num_rows, names=self._header if read.num_rows else ())


def _without_empty(column: pa.ChunkedArray) -> pa.ChunkedArray:
    is_empty = pc.equal(column, "")
    return pc.if_else(is_empty, None, column) if pc.any(is_empty).as_py() else column


def _is_regular(text: bytes, delimiter: str) -> bool:
    """Whether quotes stand only around cells, doubled within them, and lines end in one way: then there are no two ways
    to read it."""
    if text.count(b"\r") != text.count(b"\r\n"):
        return False
    if b'"' not in text:
        return True
    signs = np.frombuffer(b"\n" + text + b"\n", np.uint8)
    quotes = np.flatnonzero(signs == _QUOTE)
    opening, closing = quotes[::2], quotes[1::2]
    is_boundary = np.zeros(256, bool)
    is_boundary[[ord("\n"), ord("\r"), ord(delimiter)]] = True
    # A quote in a cell is two: one seems to close the cell, and one to open it again.
    is_again = np.zeros(len(opening), bool)
    is_again[1:] = opening[1:] == closing[:-1] + 1
    is_opening = is_boundary[signs[opening - 1]] | is_again
    is_closing = is_boundary[signs[closing + 1]]
    is_closing[:-1] |= is_again[1:]
    return bool(is_opening.all() and is_closing.all())


def _is_utf8(cells: list[str]) -> bool:
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True
