"""What fits into which column, a column at a time. It makes of values what the converters of `values` make of them, and
leaves what they refuse to them: which row is bad, and why, is looked for row by row."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from heatmaps import moments
from heatmaps.loading.columns import MICROSECONDS, Column, Table
from heatmaps.loading.values import BadValue, boolean, int16, json_object, text, timestamp, uuid, visitor

_PLAIN_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
# Any of these, and a text is not blank, whatever else counts as a space.
_VISIBLE = "[!-~]"
_FIRST, _LAST = (pa.scalar(moment, MICROSECONDS).value for moment in (moments.FIRST, moments.LAST))


class NotByColumn(Exception):
    """There may be a bad row, or the values are of a kind that is rare: to be converted row by row."""


def converted(
    table: Table, given: Mapping[str, pa.Array], rows: int, done: Collection[str] = ()
) -> dict[str, pa.Array]:
    """All columns of the table, of what was given of them; in those that are `done`, only nulls are to be replaced."""
    try:
        columns = {
            column.name: _converted(column, _given(table, column, given, rows), is_done=column.name in done)
            for column in table.columns
        }
    except (BadValue, pa.ArrowException, UnicodeDecodeError, OverflowError) as error:
        raise NotByColumn from error
    if table.complete:
        table.complete(columns)
    return columns


def converted_rows(table: Table, rows: Sequence[Mapping[str, Any]]) -> dict[str, pa.Array]:
    """The same of rows that were read one by one."""
    objects = {column.name for column in table.columns if column.convert is json_object}
    given = {}
    try:
        for name in table.names():
            values = [row.get(name) for row in rows]
            if name in objects:
                # Arrow would give all of them the same keys.
                values = [None if value is None else json_object(value) for value in values]
            given[name] = pa.array(values)
            if pa.types.is_floating(given[name].type) and any(isinstance(value, bool) for value in values):
                raise NotByColumn
    except (BadValue, pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
        raise NotByColumn from error
    return converted(table, given, len(rows), objects)


def _given(table: Table, column: Column, given: Mapping[str, pa.Array], rows: int) -> pa.Array:
    names = [column.name, *(alias for alias, name in table.aliases.items() if name == column.name)]
    arrays = [_plain(given[name]) for name in names if name in given]
    if not arrays:
        return pa.nulls(rows)
    # Arrow knows no value in place of a null where the two are of different types.
    return pc.coalesce(*arrays) if len(arrays) > 1 else arrays[0]


def _plain(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) else array


def _converted(column: Column, array: pa.Array, *, is_done: bool) -> pa.Array:
    if array.null_count and column.is_required:
        raise NotByColumn
    if array.null_count == len(array):
        return pa.repeat(pa.scalar(column.default, column.type), len(array))
    fitting = array if is_done else _CONVERTERS.get(column.convert, _by_distinct)(column, array)
    return pc.fill_null(fitting, pa.scalar(column.default, column.type)) if array.null_count else fitting


def _by_distinct(column: Column, array: pa.Array) -> pa.Array:
    """Converts each distinct value once."""
    encoded = array.dictionary_encode()
    fitting = pa.array([column.convert(value) for value in encoded.dictionary.to_pylist()], column.type)
    return fitting.take(encoded.indices)


def _text(column: Column, array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type):
        return array
    return array.cast(pa.string()) if pa.types.is_integer(array.type) else _by_distinct(column, array)


def _visitor(column: Column, array: pa.Array) -> pa.Array:
    texts = _text(column, array)
    is_visible = pc.match_substring_regex(texts, _VISIBLE)
    if not pc.all(is_visible).as_py():
        for value in texts.filter(pc.invert(is_visible)).to_pylist():
            visitor(value)
    return texts


def _int16(column: Column, array: pa.Array) -> pa.Array:
    return array.cast(pa.int16()) if pa.types.is_integer(array.type) else _by_distinct(column, array)


def _boolean(column: Column, array: pa.Array) -> pa.Array:
    return array if pa.types.is_boolean(array.type) else _by_distinct(column, array)


def _uuid(column: Column, array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type) and pc.all(pc.match_substring_regex(array, _PLAIN_UUID)).as_py():
        return array
    return _by_distinct(column, array)


def _timestamp(column: Column, array: pa.Array) -> pa.Array:
    times = array.view(MICROSECONDS) if array.type == pa.timestamp("us") else _read_times(column, array)
    reach = pc.min_max(times)
    if reach["min"].value < _FIRST or reach["max"].value > _LAST:
        raise NotByColumn
    return times


def _read_times(column: Column, array: pa.Array) -> pa.Array:
    if not pa.types.is_string(array.type):
        return _by_distinct(column, array)
    # All without an offset, or all with one: the common forms. What Arrow reads, it reads as we do.
    for kind in (pa.timestamp("us"), MICROSECONDS):
        try:
            return array.cast(kind).view(MICROSECONDS)
        except pa.ArrowInvalid:
            continue
    return _by_distinct(column, array)


_CONVERTERS: Mapping[Callable[..., object], Callable[[Column, pa.Array], pa.Array]] = {
    text: _text,
    visitor: _visitor,
    int16: _int16,
    boolean: _boolean,
    uuid: _uuid,
    timestamp: _timestamp,
}
