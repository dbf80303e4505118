"""Blocks of rows from files: JSON Lines, CSV with a header, Parquet; each also gzipped; `-` is JSON Lines on standard
input."""

import gzip
import hashlib
import io
import os
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from heatmaps.loading import delimited, jsonl, parquet
from heatmaps.loading.blocks import CHUNK_BYTES, BadText, Block
from heatmaps.loading.columns import Table

STANDARD_INPUT = "-"
_FORMATS: Mapping[str, Callable[[IO[bytes], Table], Iterator[Block]]] = {
    ".jsonl": jsonl.blocks,
    ".ndjson": jsonl.blocks,
    ".csv": delimited.blocks,
    ".parquet": parquet.blocks,
}


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

    def blocks(self, table: Table) -> Iterator[Block]:
        """The rows in the file's order, for this table. Raises BadFile."""
        stream: IO[bytes] = io.BufferedReader(self._hashed, CHUNK_BYTES)
        suffixes = Path(self._lower).suffixes
        is_gzipped = suffixes[-1:] == [".gz"]
        if is_gzipped:
            stream = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]
            suffixes.pop()
        read = _FORMATS.get(suffixes[-1] if suffixes else "")
        if read is None:
            raise BadFile(f"{self.name}: the format is told by the name: .jsonl, .ndjson, .csv or .parquet, also .gz.")
        try:
            yield from read(stream, table)
            # To the end, so that the digest is of everything.
            while stream.read(CHUNK_BYTES):
                pass
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise BadFile(f"{self.name}: the gzip data is broken: {_first_line(error)}.") from error
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise BadFile(f"{self.name}: cannot be read: {_first_line(error)}.") from error
        except BadText as error:
            raise BadFile(f"{self.name}, {error}.") from error

    def read_to_the_end(self) -> bytes:
        """The digest of a file whose rows nobody asks for; raises BadFile."""
        try:
            while self._hashed.read(CHUNK_BYTES):
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


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
