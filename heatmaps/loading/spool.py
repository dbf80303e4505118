"""Checked rows on disk, in blocks, until all of a file is known to be good. Nothing in memory grows with the file."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Self

import pyarrow as pa

from heatmaps.loading.columns import BadValue, Column, Table
from heatmaps.loading.files import NumberedRow, Source

# The column that numbers the rows of a file, from 0.
ROW_NUMBER = "_offset"
_ROWS_AT_ONCE = 5_000
# Blocks hold the rows of so many places of the file, so that the same file makes the same blocks at every try.
BLOCK_ROWS = 50_000


class BadRow(ValueError):
    """A row that does not fit; the text names file, line and reason."""


class Spool:
    """The rows of one file that fit their table and are not too old."""

    def __init__(self, table: Table, *, skip_invalid: bool, oldest: datetime | None) -> None:
        self._table = table
        self._skip_invalid = skip_invalid
        self.oldest = oldest
        self._schema = table.schema().append(pa.field(ROW_NUMBER, pa.uint64()))
        # Unlinked from the start, so that a killed load leaves nothing behind.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by __exit__
        self.rows = 0
        self.expired = 0
        self.invalid: Counter[str] = Counter()
        self.unknown_columns: dict[str, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def fill(self, source: Source) -> None:
        """Reads the whole source; raises BadRow at the first row that does not fit, unless they are to be skipped."""
        rows = source.rows(self._table.texts())
        number = 0
        block: list[pa.RecordBatch] = []
        with pa.ipc.new_stream(self._file, self._schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            while chunk := list(islice(rows, _ROWS_AT_ONCE)):
                block.append(self._batch(source.name, chunk, number))
                number += len(chunk)
                if number % BLOCK_ROWS == 0:
                    self._write(writer, block)
            self._write(writer, block)

    def blocks(self) -> Iterator[pa.Table]:
        """The checked rows, a block at a time, in the file's order."""
        self._file.seek(0)
        for batch in pa.ipc.open_stream(self._file):
            yield pa.Table.from_batches([batch])

    def _write(self, writer: pa.ipc.RecordBatchStreamWriter, block: list[pa.RecordBatch]) -> None:
        table = pa.Table.from_batches(block, self._schema).combine_chunks()
        if table.num_rows:
            self.rows += table.num_rows
            writer.write_table(table)
        block.clear()

    def _batch(self, name: str, chunk: list[NumberedRow], first: int) -> pa.RecordBatch:
        """The rows of a chunk that fit, column by column; row by row only to find the one that does not."""
        numbers = list(range(first, first + len(chunk)))
        try:
            columns = self._convert([_row(row) for _, row in chunk])
        except BadValue:
            chunk, numbers = self._fitting(name, chunk, numbers)
            columns = self._convert([_row(row) for _, row in chunk])
        if self.oldest is not None:
            fresh = [moment >= self.oldest for moment in columns["timestamp"]]
            self.expired += fresh.count(False)
            batch = self._record_batch(columns, numbers)
            return batch if all(fresh) else batch.filter(pa.array(fresh))
        return self._record_batch(columns, numbers)

    def _record_batch(self, columns: dict[str, list[Any]], numbers: list[int]) -> pa.RecordBatch:
        return pa.record_batch(
            [pa.array(columns[field.name], field.type) for field in self._table.schema()]
            + [pa.array(numbers, pa.uint64())],
            schema=self._schema,
        )

    def _fitting(self, name: str, chunk: list[NumberedRow], numbers: list[int]) -> tuple[list[NumberedRow], list[int]]:
        kept: list[NumberedRow] = []
        kept_numbers = []
        for (line, row), number in zip(chunk, numbers, strict=True):
            try:
                self._convert([_row(row)])
            except BadValue as error:
                if not self._skip_invalid:
                    raise BadRow(f"{name}, line {line}: {error}") from error
                self.invalid[str(error)] += 1
            else:
                kept.append((line, row))
                kept_numbers.append(number)
        return kept, kept_numbers

    def _convert(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        """Columns of stored values; raises BadValue without saying in which row."""
        self._note_unknown_columns(rows)
        columns: dict[str, list[Any]] = {}
        for column in self._table.columns:
            values = [row.get(column.name) for row in rows]
            for other in (alias for alias, name in self._table.aliases.items() if name == column.name):
                values = [row.get(other) if value is None else value for row, value in zip(rows, values, strict=True)]
            try:
                columns[column.name] = _converted(column, values)
            except BadValue as error:
                raise BadValue(f"{column.name} {error}") from error
        if self._table.complete:
            self._table.complete(columns)
        return columns

    def _note_unknown_columns(self, rows: list[dict[str, Any]]) -> None:
        known = {column.name for column in self._table.columns} | self._table.aliases.keys()
        for row in rows:
            if not row.keys() <= known:
                self.unknown_columns |= dict.fromkeys(name for name in row if name not in known)


def _converted(column: Column, values: list[Any]) -> list[Any]:
    if None not in values:
        return [column.convert(value) for value in values]
    if column.is_required:
        raise BadValue("is missing")
    return [column.default if value is None else column.convert(value) for value in values]


def _row(row: dict[str, Any] | str) -> dict[str, Any]:
    if isinstance(row, str):
        raise BadValue(row)
    return row
