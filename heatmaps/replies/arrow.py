"""An answer as an Arrow stream or a Parquet file. What stands beside the results is in the schema's metadata."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from heatmaps.replies.answer import Answer
from heatmaps.replies.columns import columns_of
from heatmaps.replies.rows import written


class _Writer(Protocol):
    def write_batch(self, batch: pa.RecordBatch) -> None: ...
    def close(self) -> None: ...


class _Sink(io.RawIOBase):
    """Takes what a writer writes, until somebody fetches it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._length += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._length

    def fetch(self) -> bytes:
        fetched = b"".join(self._pieces)
        self._pieces.clear()
        return fetched


def arrow_chunks(answer: Answer) -> Iterator[bytes]:
    return _chunks(answer, pa.ipc.new_stream)


def parquet_chunks(answer: Answer) -> Iterator[bytes]:
    """A row group for each block."""
    return _chunks(answer, lambda sink, schema: pq.ParquetWriter(sink, schema, compression="zstd"))


def _chunks(answer: Answer, open_writer: Callable[[Any, pa.Schema], _Writer]) -> Iterator[bytes]:
    columns = columns_of(answer.results)
    metadata: Mapping[str, bytes] = {name: written(value) for name, value in {**answer.head, **answer.tail}.items()}
    schema = pa.schema([(column.name, column.type) for column in columns], metadata=metadata)
    sink = _Sink()
    writer = open_writer(sink, schema)
    with closing(answer.filled_blocks()) as blocks:
        for block in blocks:
            writer.write_batch(pa.record_batch([column.array(block) for column in columns], schema=schema))
            if chunk := sink.fetch():
                yield chunk
    writer.close()
    yield sink.fetch()
