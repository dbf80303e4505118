"""Rows from files: JSON Lines, CSV with a header, Parquet; each also gzipped; `-` is JSON Lines on standard input."""

import csv
import gzip
import hashlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


class Source:
    """A file's rows, to be read once; afterwards `digest` is the SHA-256 of all its bytes."""

    def __init__(self, name: str, stream: IO[bytes], size: int | None, progress: Callable[[int], Any]) -> None:
        self.name = name
        # Of the bytes as they are on disk; None when nobody knows, as for standard input.
        self.size = size
        self._hashed = _Hashed(stream, progress)
        self._lower = "stdin.jsonl" if name == STANDARD_INPUT else name.lower()

    def rows(self) -> Iterator[NumberedRow]:
        """Raises BadFile."""
        stream: IO[bytes] = io.BufferedReader(self._hashed, _CHUNK_BYTES)
        suffixes = Path(self._lower).suffixes
        is_gzipped = suffixes[-1:] == [".gz"]
        if is_gzipped:
            stream = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]
            suffixes.pop()
        read = {".jsonl": _json_lines, ".ndjson": _json_lines, ".csv": _csv, ".parquet": _parquet}.get(
            suffixes[-1] if suffixes else ""
        )
        if read is None:
            raise BadFile(f"{self.name}: the format is told by the name: .jsonl, .ndjson, .csv or .parquet, also .gz.")
        try:
            yield from read(stream)
            # To the end, so that the digest is of everything.
            while stream.read(_CHUNK_BYTES):
                pass
        except (gzip.BadGzipFile, EOFError) as error:
            raise BadFile(f"{self.name}: the gzip data is broken: {error}") from error
        except (pa.ArrowException, OSError) as error:
            raise BadFile(f"{self.name}: cannot be read: {str(error).splitlines()[0]}") from error
        except UnicodeDecodeError as error:
            raise BadFile(f"{self.name}: is not UTF-8 ({error.reason} at byte {error.start}).") from error
        except csv.Error as error:
            raise BadFile(f"{self.name}: is not CSV: {error}") from error

    @property
    def digest(self) -> bytes:
        return self._hashed.digest()


@contextmanager
def open_source(name: str, progress: Callable[[int], Any]) -> Iterator[Source]:
    """Opens a file; raises BadFile when there is none. `progress` is told how many bytes were read."""
    if name == STANDARD_INPUT:
        yield Source(name, sys.stdin.buffer, None, progress)
        return
    path = Path(name)
    try:
        with path.open("rb") as stream:
            yield Source(name, stream, path.stat().st_size, progress)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise BadFile(f"{name}: {error.strerror}.") from error


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
        if line.isspace():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield number, "is not JSON"
            continue
        yield number, row if isinstance(row, dict) else "is not a JSON object"


def _csv(stream: IO[bytes]) -> Iterator[NumberedRow]:
    csv.field_size_limit(2**30)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        reader = csv.reader(text, strict=True)
        header = next(reader, [])
        for cells in reader:
            if len(cells) == len(header):
                # An empty cell gives no value, so that the column's default is taken.
                yield reader.line_num, {name: cell for name, cell in zip(header, cells, strict=True) if cell != ""}
            elif cells:
                yield reader.line_num, f"has {len(cells)} cells where the header has {len(header)}"
    finally:
        text.detach()


def _parquet(stream: IO[bytes]) -> Iterator[NumberedRow]:
    # The format is read from its end, so the file has to be in one place where one can go back and forth.
    with tempfile.TemporaryFile() as copy:
        while chunk := stream.read(_CHUNK_BYTES):
            copy.write(chunk)
        copy.seek(0)
        number = 0
        for batch in pq.ParquetFile(copy).iter_batches(batch_size=10_000, use_threads=False):
            for row in batch.to_pylist():
                number += 1
                yield number, row
