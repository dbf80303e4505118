"""Checked rows on disk, in blocks, until all of a file is known to be good. Nothing in memory grows with the file."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from heatmaps.loading import arrays
from heatmaps.loading.blocks import Block, NumberedRow
from heatmaps.loading.columns import MICROSECONDS, Column, Table
from heatmaps.loading.files import Source
from heatmaps.loading.slices import Hours
from heatmaps.loading.values import BadValue

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
        # Rows that make no whole block yet, and how many whole blocks were written.
        self._waiting: list[pa.RecordBatch] = []
        self._written = 0
        self._known = table.names()
        self.hours = Hours()
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
        number = 0
        with pa.ipc.new_stream(self._file, self._schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            for block in source.blocks(self._table):
                for batch, rows in self._batches(source.name, block, number):
                    self._put(writer, batch, number + rows)
                    number += rows
            self._write(writer)

    def blocks(self) -> Iterator[pa.Table]:
        """The checked rows, a block at a time, in the file's order."""
        self._file.seek(0)
        for batch in pa.ipc.open_stream(self._file):
            yield pa.Table.from_batches([batch])

    def slices(self) -> Iterator[pa.Table]:
        """The checked rows by time: all that are equal are in one slice."""
        return self.hours.slices(self.blocks())

    def _put(self, writer: pa.ipc.RecordBatchStreamWriter, batch: pa.RecordBatch, end: int) -> None:
        """Writes what is complete, now that all rows with lower numbers than `end` are known."""
        self._waiting.append(batch)
        if end // BLOCK_ROWS > self._written:
            rows = pa.Table.from_batches(self._waiting, self._schema)
            numbers = rows[ROW_NUMBER].to_numpy()
            while end // BLOCK_ROWS > self._written:
                self._written += 1
                until = int(np.searchsorted(numbers, self._written * BLOCK_ROWS))
                self._waiting = rows.slice(0, until).to_batches()
                self._write(writer)
                rows, numbers = rows.slice(until), numbers[until:]
            self._waiting = rows.to_batches()

    def _write(self, writer: pa.ipc.RecordBatchStreamWriter) -> None:
        table = pa.Table.from_batches(self._waiting, self._schema).combine_chunks()
        if table.num_rows:
            self.rows += table.num_rows
            if "timestamp" in self._schema.names:
                self.hours.count(table)
            writer.write_table(table)
        self._waiting = []

    def _batches(self, name: str, block: Block, first: int) -> Iterator[tuple[pa.RecordBatch, int]]:
        """The rows of a block that fit, and how many there were; by columns, and by rows where that does not do."""
        self._note_columns(block.names)
        if block.columns is not None:
            try:
                columns = arrays.converted(self._table, block.columns, block.number)
            except arrays.NotByColumn:
                pass
            else:
                numbers = np.arange(first, first + block.number, dtype=np.uint64)
                yield self._record_batch(columns, numbers), block.number
                return
        rows = block.rows()
        while chunk := list(islice(rows, _ROWS_AT_ONCE)):
            yield self._batch(name, chunk, first), len(chunk)
            first += len(chunk)

    def _batch(self, name: str, chunk: list[NumberedRow], first: int) -> pa.RecordBatch:
        """The rows of a chunk that fit, column by column; row by row only to find the one that does not."""
        numbers = list(range(first, first + len(chunk)))
        for _, row in chunk:
            if isinstance(row, dict) and not row.keys() <= self._known:
                self._note_columns(row)
        try:
            columns = self._converted([_row(row) for _, row in chunk])
        except BadValue:
            chunk, numbers = self._fitting(name, chunk, numbers)
            columns = self._converted([_row(row) for _, row in chunk])
        return self._record_batch(columns, np.array(numbers, np.uint64))

    def _record_batch(self, columns: dict[str, pa.Array], numbers: "np.typing.NDArray[np.uint64]") -> pa.RecordBatch:
        batch = pa.record_batch(
            [*(columns[column.name] for column in self._table.columns), numbers], schema=self._schema
        )
        if self.oldest is None:
            return batch
        fresh = batch.filter(pc.greater_equal(batch["timestamp"], pa.scalar(self.oldest, MICROSECONDS)))
        self.expired += batch.num_rows - fresh.num_rows
        return fresh

    def _fitting(self, name: str, chunk: list[NumberedRow], numbers: list[int]) -> tuple[list[NumberedRow], list[int]]:
        kept: list[NumberedRow] = []
        kept_numbers = []
        for (line, row), number in zip(chunk, numbers, strict=True):
            try:
                self._values([_row(row)])
            except BadValue as error:
                if not self._skip_invalid:
                    raise BadRow(f"{name}, line {line}: {error}") from error
                self.invalid[str(error)] += 1
            else:
                kept.append((line, row))
                kept_numbers.append(number)
        return kept, kept_numbers

    def _converted(self, rows: list[dict[str, Any]]) -> dict[str, pa.Array]:
        """Columns of stored values; raises BadValue without saying in which row."""
        with suppress(arrays.NotByColumn):
            return arrays.converted_rows(self._table, rows)
        values = self._values(rows)
        columns = {column.name: pa.array(values[column.name], column.type) for column in self._table.columns}
        if self._table.complete:
            self._table.complete(columns)
        return columns

    def _values(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        """The same one value at a time."""
        columns: dict[str, list[Any]] = {}
        for column in self._table.columns:
            values = [row.get(column.name) for row in rows]
            for other in (alias for alias, name in self._table.aliases.items() if name == column.name):
                values = [row.get(other) if value is None else value for row, value in zip(rows, values, strict=True)]
            try:
                columns[column.name] = _stored(column, values)
            except BadValue as error:
                raise BadValue(f"{column.name} {error}") from error
        return columns

    def _note_columns(self, names: Iterable[str]) -> None:
        self.unknown_columns |= dict.fromkeys(name for name in names if name not in self._known)


def _stored(column: Column, values: list[Any]) -> list[Any]:
    if None not in values:
        return [column.convert(value) for value in values]
    if column.is_required:
        raise BadValue("is missing")
    return [column.default if value is None else column.convert(value) for value in values]


def _row(row: dict[str, Any] | str) -> dict[str, Any]:
    if isinstance(row, str):
        raise BadValue(row)
    return row
