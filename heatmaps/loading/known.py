"""Which rows of a file are stored already. A row is known by what is in it, and by which of the equal rows of its file
it is: of three equal rows, where two such are stored, the third is missing."""

from collections.abc import Callable
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from heatmaps import engine
from heatmaps.engine import Client
from heatmaps.loading.columns import MICROSECONDS, Column, Table

# What browsers sent is not taken for a row of a file. Capture marks a batch by a random number with the top bit, and an
# event in it by a random number, too; the number of a row in a file is no greater than files are long.
_OF_FILES = "NOT (_partition >= 9223372036854775808 AND _offset >= 1099511627776)"
_WITHIN = "timestamp BETWEEN fromUnixTimestamp64Micro({first:Int64}) AND fromUnixTimestamp64Micro({last:Int64})"
# The same for the column by which our own table is laid out.
_WITHIN_QUARTERS = (
    "quarter BETWEEN intDiv({first:Int64} + 2208988800000000, 900000000)"
    " AND intDiv({last:Int64} + 2208988800000000, 900000000)"
)
_AT_MOMENTS = "toUnixTimestamp64Micro(timestamp) IN {moments:Array(Int64)}"
# Up to so many stored rows for one that is looked for, all of its time are fetched. Where there are more, those of the
# very moments are, which reads the times of all once more for every few thousand moments.
_CROWDED = 2

Codes = npt.NDArray[np.int64]


class Stored:
    """The rows of a project's table that are there before a load, or were put there by files since."""

    def __init__(self, client: Client, table: Table, team_id: int) -> None:
        self._client = client
        self._table = table
        self._team_id = team_id
        within = [_WITHIN]
        if (table.name, "quarter") in engine.columns():
            within.append(_WITHIN_QUARTERS)
        self._where = (
            f"FROM {{table:Identifier}} WHERE {' AND '.join(['team_id = {team_id:Int64}', *within, _OF_FILES])}"
        )

    def count(self, first: int, last: int) -> int:
        """How many there are of a time, given in microseconds."""
        return int(self._client.query(f"SELECT count() {self._where}", self._values(first, last)).result_rows[0][0])

    def missing(self, rows: pa.Table) -> npt.NDArray[np.bool_]:
        """Which of these rows are not there. All rows of the file that are equal must be among them."""
        moments = rows["timestamp"].cast(pa.int64())
        reach = pc.min_max(moments)
        first, last = reach["min"].as_py(), reach["max"].as_py()
        count = self.count(first, last)
        if not count:
            return np.ones(rows.num_rows, bool)
        there = self._fetched(first, last, None if count <= _CROWDED * rows.num_rows else moments)
        codes = _codes(
            [
                pa.chunked_array([*there[column.name].chunks, *_as_fetched(column, rows[column.name]).chunks])
                for column in self._table.columns
            ]
        )
        number_there = np.bincount(codes[: there.num_rows], minlength=len(codes))
        ours = codes[there.num_rows :]
        return _ranks(ours) >= number_there[ours]

    def _fetched(self, first: int, last: int, moments: pa.ChunkedArray | None) -> pa.Table:
        # Names of their own: a name of a column would stand for what is selected under it, in the conditions too.
        selected = ", ".join(f"{_selected(column)} AS `of {column.name}`" for column in self._table.columns)
        sql, values = f"SELECT {selected} {self._where}", self._values(first, last)
        if moments is None:
            asked = [(sql, values)]
        else:
            portions = engine.portions(pc.unique(moments).to_pylist())
            asked = [(f"{sql} AND {_AT_MOMENTS}", values | {"moments": portion}) for portion in portions]
        names = [column.name for column in self._table.columns]
        schema = pa.schema([(column.name, _fetched_type(column.type)) for column in self._table.columns])
        answers = (self._client.query_arrow(one, parameters=bound, use_strings=False) for one, bound in asked)
        return pa.concat_tables(answer.rename_columns(names).cast(schema) for answer in answers)

    def _values(self, first: int, last: int) -> dict[str, object]:
        return {"table": self._table.name, "team_id": self._team_id, "first": first, "last": last}


def _selected(column: Column) -> str:
    """How the engine says the value of a column, so that it can be compared to the byte."""
    functions: dict[pa.DataType, str] = {
        MICROSECONDS: "toUnixTimestamp64Micro({})",
        pa.bool_(): "toUInt8({})",
        pa.string(): "toString({})",
    }
    return functions.get(column.type, "{}").format(f"`{column.name}`")


def _fetched_type(kind: pa.DataType) -> pa.DataType:
    return {MICROSECONDS: pa.int64(), pa.bool_(): pa.uint8(), pa.string(): pa.binary()}.get(kind, kind)


def _as_fetched(column: Column, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(_fetched_type(column.type))


def _codes(columns: list[pa.ChunkedArray]) -> Codes:
    """A number for each row, from 0: the same for equal rows and only for those."""

    def numbered(values: pa.ChunkedArray | pa.Array) -> Codes:
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        encoded = values.dictionary_encode()
        return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)

    def joined(codes: Codes, more: Codes) -> Codes:
        # Neither is greater than the number of rows, so the product has room.
        return numbered(pa.array(codes * (more.max(initial=0) + 1) + more))

    join: Callable[[Codes, Codes], Codes] = joined
    *_, codes = accumulate(map(numbered, columns), join)
    return codes


def _ranks(codes: Codes) -> Codes:
    """Of each row, how many equal ones come before it."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    is_first = np.ones(len(codes), bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    places = np.arange(len(codes))
    ranks = np.empty(len(codes), np.int64)
    ranks[order] = places - np.maximum.accumulate(np.where(is_first, places, 0))
    return ranks
