"""Rows from files: JSON Lines, CSV with a header, Parquet; each also gzipped; `-` is JSON Lines on standard input."""

import codecs
import csv
import gzip
import hashlib
import io
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

STANDARD_INPUT = "-"
_CHUNK_BYTES = 1024 * 1024

# A row with the number that a person finds it by: its line, or its place in a Parquet file. A str is what is wrong
# with a line that is no row at all.
NumberedRow = tuple[int, dict[str, Any] | str]


class BadFile(ValueError):
    """A file that cannot be read as what its name says it is."""


class BadCSV(ValueError):
    """CSV that cannot be read beyond a line; the text begins with that line."""


class Source:
    """A file's rows, to be read once; afterwards `digest` is the SHA-256 of all its bytes."""

    def __init__(self, name: str, stream: IO[bytes], size: int | None, progress: Callable[[int], Any]) -> None:
        self.name = name
        # Of the bytes as they are on disk; None when nobody knows, as for standard input.
        self.size = size
        self._hashed = _Hashed(stream, progress)
        self._lower = "stdin.jsonl" if name == STANDARD_INPUT else name.lower()

    def rows(self, texts: Collection[str] = ()) -> Iterator[NumberedRow]:
        """Raises BadFile. In the columns named in `texts`, an empty CSV cell is an empty text; elsewhere it is none."""
        stream: IO[bytes] = io.BufferedReader(self._hashed, _CHUNK_BYTES)
        suffixes = Path(self._lower).suffixes
        is_gzipped = suffixes[-1:] == [".gz"]
        if is_gzipped:
            stream = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]
            suffixes.pop()
        formats: dict[str, Callable[[Any], Iterator[NumberedRow]]] = {
            ".jsonl": _json_lines,
            ".ndjson": _json_lines,
            ".csv": partial(_csv, texts=texts),
            ".parquet": _parquet,
        }
        read = formats.get(suffixes[-1] if suffixes else "")
        if read is None:
            raise BadFile(f"{self.name}: the format is told by the name: .jsonl, .ndjson, .csv or .parquet, also .gz.")
        try:
            yield from read(stream)
            # To the end, so that the digest is of everything.
            while stream.read(_CHUNK_BYTES):
                pass
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise BadFile(f"{self.name}: the gzip data is broken: {_first_line(error)}.") from error
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise BadFile(f"{self.name}: cannot be read: {_first_line(error)}.") from error
        except BadCSV as error:
            raise BadFile(f"{self.name}, {error}.") from error

    def read_to_the_end(self) -> bytes:
        """The digest of a file whose rows nobody asks for; raises BadFile."""
        try:
            while self._hashed.read(_CHUNK_BYTES):
                pass
        except OSError as error:
            raise BadFile(f"{self.name}: cannot be read: {error.strerror or error}.") from error
        return self.digest

    @property
    def digest(self) -> bytes:
        return self._hashed.digest()


@contextmanager
def open_source(name: str, progress: Callable[[int], Any]) -> Iterator[Source]:
    """Opens a file; raises BadFile when there is none. `progress` is told how many bytes were read."""
    if name == STANDARD_INPUT:
        yield Source(name, sys.stdin.buffer, None, progress)
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 -- closed below, where no other error is taken for one of its own
    except OSError as error:
        raise BadFile(f"{name}: {error.strerror or error}.") from error
    except ValueError as error:
        raise BadFile(f"{name!r} is no file name: {error}.") from error
    with stream:
        yield Source(name, stream, os.fstat(stream.fileno()).st_size, progress)


class _Hashed(io.RawIOBase):
    """Passes bytes on, and hashes them on the way."""

    def __init__(self, stream: IO[bytes], progress: Callable[[int], Any]) -> None:
        self._stream = stream
        self._progress = progress
        self._sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._sha256.update(data)
        self._progress(len(data))
        buffer[: len(data)] = data
        return len(data)

    def digest(self) -> bytes:
        return self._sha256.digest()


def _json_lines(stream: IO[bytes]) -> Iterator[NumberedRow]:
    for number, line in enumerate(stream, 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901 -- the mark is no part of the line
        if not line or line.isspace():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield number, "is not JSON"
            continue
        yield number, row if isinstance(row, dict) else "is not a JSON object"


def _csv(stream: IO[bytes], texts: Collection[str]) -> Iterator[NumberedRow]:
    csv.field_size_limit(2**30)
    # A byte that is not UTF-8 makes its row a bad one, not the file.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text, strict=True)
    line = 1
    try:
        header = _csv_header(reader)
        line = reader.line_num + 1
        while (cells := _csv_cells(reader)) is not None:
            # A row that spans lines is found by its first one. Empty lines are no rows.
            if cells:
                yield line, _csv_row(header, cells, texts)
            line = reader.line_num + 1
    except csv.Error as error:
        # A quote that is never closed has swallowed the rest of the file.
        raise BadCSV(f"line {line}: is not CSV: {error}") from error
    finally:
        text.detach()


def _csv_header(reader: Any) -> list[str]:
    header: list[str] = next(reader, [])
    if twice := {name for name in header if header.count(name) > 1}:
        raise BadCSV(f"line 1: the header names {min(twice)!r} more than once")
    return header


def _csv_cells(reader: Any) -> list[str] | str | None:
    """The cells of the next row, or what is wrong with it; None at the end of the file."""
    before = reader.line_num
    try:
        return next(reader, None)
    except csv.Error as error:
        if reader.line_num == before or "end of data" in str(error):
            raise
        return f"is not CSV: {error}"


def _csv_row(header: list[str], cells: list[str] | str, texts: Collection[str]) -> dict[str, Any] | str:
    if isinstance(cells, str):
        return cells
    if len(cells) != len(header):
        return f"has {len(cells)} cells where the header has {len(header)}"
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return "is not UTF-8"
    return {name: cell for name, cell in zip(header, cells, strict=True) if cell or name in texts}


def _parquet(stream: IO[bytes]) -> Iterator[NumberedRow]:
    # The format is read from its end, so the file has to be in one place where one can go back and forth.
    with tempfile.TemporaryFile() as copy:
        while chunk := stream.read(_CHUNK_BYTES):
            copy.write(chunk)
        copy.seek(0)
        number = 0
        for batch in pq.ParquetFile(copy).iter_batches(batch_size=10_000, use_threads=False):
            columns = [_plain(column).to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                number += 1
                yield number, dict(zip(batch.schema.names, values, strict=True))


def _plain(column: Any) -> Any:
    """A column in a type of which every value can be had: texts for times, which may lie outside Python's years, and
    for bytes, which some writers make of every text."""
    if pa.types.is_timestamp(column.type):
        # Whole microseconds; finer ones are cut off. Arrow counts from the epoch in UTC, whatever the zone.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=column.type.unit != "ns")
        return column.view(pa.int64()).view(pa.timestamp("us")).cast(pa.string())
    if pa.types.is_date(column.type):
        return column.cast(pa.string())
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return column.cast(pa.large_string())
    return column


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
