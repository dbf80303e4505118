"""A slow way to tell what a load must make of a file: the whole file in memory, row by row, value by value."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from heatmaps.loading.columns import Table
from heatmaps.loading.values import BadValue

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Outcome(NamedTuple):
    """What is stored of a file when its bad rows are skipped, and what is said of the first of them when not."""

    rows: list[dict[str, Any]]
    invalid: Counter[str]
    first_error: str | None


def outcome(table: Table, name: str, data: bytes) -> Outcome | str:
    """A str is why the file cannot be read."""
    made = Outcome([], Counter(), None)
    try:
        for line, row in read(table, name, data):
            try:
                made.rows.append(stored(table, row))
            except BadValue as error:
                made.invalid[str(error)] += 1
                if made.first_error is None:
                    made = made._replace(first_error=f"{name}, line {line}: {error}")
    except csv.Error as error:
        return f"is not CSV: {error}"
    return made


def stored(table: Table, row: dict[str, Any] | str) -> dict[str, Any]:
    if isinstance(row, str):
        raise BadValue(row)
    made = {}
    for column in table.columns:
        names = [column.name, *(alias for alias, known in table.aliases.items() if known == column.name)]
        value = next((row[name] for name in names if row.get(name) is not None), None)
        if value is None and column.is_required:
            raise BadValue(f"{column.name} is missing")
        try:
            made[column.name] = column.default if value is None else column.convert(value)
        except BadValue as error:
            raise BadValue(f"{column.name} {error}") from error
    if "$session_id" in made and not made["$session_id"]:
        session = orjson.loads(made["properties"] or "{}").get("$session_id")
        made["$session_id"] = session if isinstance(session, str) else ""
    return made


def read(table: Table, name: str, data: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
    if name.endswith(".csv"):
        return read_csv(table, data)
    return read_parquet(data) if name.endswith(".parquet") else read_json_lines(data)


def read_json_lines(data: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for line, text in enumerate(io.BytesIO(data.removeprefix(codecs.BOM_UTF8)), 1):
        if text.strip():
            try:
                row = orjson.loads(text)
            except orjson.JSONDecodeError:
                row = "is not JSON"
            yield line, row if isinstance(row, dict | str) else "is not a JSON object"


def read_csv(table: Table, data: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
    encoding = "utf-16" if data[:2] in UTF_16 else "utf-8-sig"
    text = data.decode(encoding, errors="surrogateescape")
    header_line = io.StringIO(text, newline="").readline().rstrip("\r\n")
    delimiter = max(",;\t", key=lambda sign: len({*header_line.replace('"', "").split(sign)} & table.names()))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    header = next(reader, [])
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if "end of data" in str(error):
                raise
            yield line, f"is not CSV: {error}"
            continue
        if cells is None:
            return
        if not cells:
            continue
        if len(cells) != len(header):
            yield line, f"has {len(cells)} cells where the header has {len(header)}"
        elif any("\udc80" <= sign <= "\udcff" for cell in cells for sign in cell):
            yield line, "is not UTF-8"
        else:
            yield line, {name: cell for name, cell in zip(header, cells, strict=True) if cell or name in table.texts()}


def read_parquet(data: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
    rows = pq.read_table(io.BytesIO(data))
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if pa.types.is_timestamp(column.type):
            moments = column.cast(pa.int64()).to_pylist()
            scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[column.type.unit]
            texts = [None if moment is None else said(moment * 10**6 // scale) for moment in moments]
            rows = rows.set_column(rows.column_names.index(name), name, pa.array(texts))
        elif pa.types.is_date(column.type):
            rows = rows.set_column(rows.column_names.index(name), name, column.cast(pa.string()))
    yield from enumerate(rows.to_pylist(), 1)


def said(microseconds: int) -> str:
    return str(pa.array([microseconds]).cast(pa.timestamp("us")).cast(pa.string())[0].as_py())
