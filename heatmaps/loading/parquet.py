"""Rows from Parquet."""

import tempfile
from collections.abc import Iterator
from functools import partial
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from heatmaps.loading.blocks import CHUNK_BYTES, Block, NumberedRow
from heatmaps.loading.columns import Table
from heatmaps.loading.values import timestamp

_ROWS_AT_ONCE = 50_000


def blocks(stream: IO[bytes], table: Table) -> Iterator[Block]:
    # The format is read from its end, so the file has to be in one place where one can go back and forth.
    with tempfile.TemporaryFile() as copy:
        while chunk := stream.read(CHUNK_BYTES):
            copy.write(chunk)
        copy.seek(0)
        file = pq.ParquetFile(copy)
        names = file.schema_arrow.names
        known = [name for name in names if name in table.names()]
        # Of several columns of one name, the last one is told by rows.
        is_plain = bool(known) and len(set(known)) == len(known)
        first = 1
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=known if is_plain else None):
            if batch.num_rows:
                columns = _columns(batch, table) if is_plain else None
                yield Block(rows=partial(_rows, batch, first), columns=columns, number=batch.num_rows, names=names)
            first += batch.num_rows


def _rows(batch: pa.RecordBatch, first: int) -> Iterator[NumberedRow]:
    columns = [_plain(column).to_pylist() for column in batch.columns]
    for number, values in enumerate(zip(*columns, strict=True), first):
        yield number, dict(zip(batch.schema.names, values, strict=True))


def _columns(batch: pa.RecordBatch, table: Table) -> dict[str, pa.Array] | None:
    times = {column.name for column in table.columns if column.convert is timestamp}
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        is_time = name in times and (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type))
        columns[name] = _moments(column) if is_time else _plain(column)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            try:
                # Not every writer keeps to UTF-8.
                column.validate(full=True)
            except pa.ArrowInvalid:
                return None
    return columns


def _plain(column: pa.Array) -> pa.Array:
    """A column in a type of which every value can be had: texts for times, which may lie outside Python's years, and
    for bytes, which some writers make of every text."""
    if pa.types.is_timestamp(column.type):
        return _moments(column).cast(pa.string())
    if pa.types.is_date(column.type):
        return column.cast(pa.string())
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return column.cast(pa.large_string())
    return column


def _moments(column: pa.Array) -> pa.Array:
    """Whole microseconds; finer ones are cut off. Arrow counts from the epoch in UTC, whatever the zone."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=column.type.unit != "ns")
        return column.view(pa.int64()).view(pa.timestamp("us"))
    return column.cast(pa.date32()).cast(pa.timestamp("us"))
