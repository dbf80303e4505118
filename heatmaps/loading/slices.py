"""A spool in slices of time, each small enough for the memory. Equal rows have equal times and are in one slice,
however far apart they are in the file."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_ROWS = 250_000
# Each is a file that is open at the same time as the others.
_MOST = 200
_HOUR = 3_600_000_000

Numbers = npt.NDArray[np.int64]


class Hours:
    """How many rows there are in each hour."""

    def __init__(self) -> None:
        self._rows: Counter[int] = Counter()
        self.first = 0
        self.last = 0

    def count(self, rows: pa.Table) -> None:
        moments = _moments(rows)
        first, last = int(moments.min()), int(moments.max())
        self.first, self.last = (min(self.first, first), max(self.last, last)) if self._rows else (first, last)
        hours, numbers = np.unique(moments // _HOUR, return_counts=True)
        for hour, number in zip(hours.tolist(), numbers.tolist(), strict=True):
            self._rows[hour] += number

    def slices(self, blocks: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """The rows of the blocks, in slices."""
        at_most = max(_ROWS, self._rows.total() // _MOST)
        begins, parts = self._plan(at_most)
        if sum(parts) <= 1:
            yield pa.concat_tables(blocks)
            return
        with ExitStack() as open_files:
            yield from _split(blocks, np.array(begins), np.array(parts), open_files)

    def _plan(self, at_most: int) -> tuple[list[int], list[int]]:
        """Of each stretch of time, the hour in which it begins, and to how many slices its rows are dealt out: one, but
        for an hour that has too many rows."""
        begins: list[int] = []
        parts: list[int] = []
        rows = 0
        for hour in sorted(self._rows):
            if not begins or parts[-1] > 1 or rows + self._rows[hour] > at_most:
                begins.append(hour)
                parts.append(-(-self._rows[hour] // at_most))
                rows = 0
            rows += self._rows[hour]
        return begins, parts


def _split(blocks: Iterable[pa.Table], begins: Numbers, parts: Numbers, open_files: ExitStack) -> Iterator[pa.Table]:
    starts = np.cumsum(parts) - parts
    writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
    files = {}
    for block in blocks:
        stretch = np.searchsorted(begins, _moments(block) // _HOUR, side="right") - 1
        slices = starts[stretch] + _mixed(block) % parts[stretch]
        order = np.argsort(slices, kind="stable")
        sorted_block, ends = block.take(order), np.flatnonzero(np.diff(slices[order])) + 1
        for begin, end in pairwise([0, *ends.tolist(), block.num_rows]):
            number = int(slices[order[begin]])
            if number not in writers:
                files[number] = open_files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 -- entered
                writers[number] = pa.ipc.new_stream(
                    files[number], block.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")
                )
            writers[number].write_table(sorted_block.slice(begin, end - begin))
    for number in sorted(files):
        writers[number].close()
        files[number].seek(0)
        yield pa.ipc.open_stream(files[number]).read_all()
        files.pop(number).close()


def _mixed(rows: pa.Table) -> Numbers:
    """A number of each row that equal rows share, and others mostly do not."""
    mixed = _moments(rows)
    mixed = mixed // 1_000_000 + mixed % 1_000_000
    for field in rows.schema:
        if pa.types.is_int16(field.type):
            mixed = mixed + rows[field.name].to_numpy()
        elif pa.types.is_string(field.type):
            mixed = mixed + pc.binary_length(rows[field.name]).to_numpy()
    return mixed


def _moments(rows: pa.Table) -> Numbers:
    return np.asarray(rows["timestamp"].cast(pa.int64()).to_numpy(), np.int64)
