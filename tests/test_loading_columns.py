"""Files are read and checked by columns, with the outcome that a slow reference has row by row."""

import codecs
import csv
import io
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heatmaps.loading import arrays, blocks, delimited, parquet, spool
from heatmaps.loading.columns import EVENTS, INTERACTIONS, PERSONS, Column, Table
from heatmaps.loading.files import BadFile, Source
from heatmaps.loading.spool import BadRow, Spool
from heatmaps.loading.values import BadValue
from tests import loading_reference
from tests.loading import ROW, contents
from tests.loading_reference import Outcome

COLUMNS = {column.name: column for table in (INTERACTIONS, EVENTS, PERSONS) for column in table.columns}
many = settings(
    max_examples=100, print_blob=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


# --- Columns -------------------------------------------------------------------------------------------------------


def by_rows(column: Column, values: list[Any]) -> list[Any] | None:
    """None where one of them is bad."""
    try:
        if None in values and column.is_required:
            return None
        return [column.default if value is None else column.convert(value) for value in values]
    except BadValue:
        return None


def by_column(column: Column, values: pa.Array) -> list[Any] | None:
    table = Table(name="", columns=(column,), aliases={})
    try:
        made = arrays.converted(table, {column.name: values}, len(values))[column.name]
    except arrays.NotByColumn:
        return None
    assert made.type == column.type
    return list(made.to_pylist())


spaces = st.sampled_from(["", " ", "\t", "\n", "\xa0", "\u3000", "\x1c", "\ufeff"])
numerals = st.one_of(
    st.integers(-40_000, 40_000).map(str),
    st.integers().map(str),
    st.floats().map(str),
    st.decimals(allow_nan=True).map(str),
    st.sampled_from(["1.0", "1.", "+5", "-0", "0x10", "1e3", "1_000", "\u0661", "5,0", "nan", "9" * 200, "00005", "٣"]),
)
offsets = st.sampled_from(["", "", "Z", "z", "+00:00", "+02", "-0530", "+23:59", "+24:00", "+02:60", "+01:02:03", "ZZ"])
dates = st.one_of(
    st.dates(date(1890, 1, 1), date(2310, 1, 1)).map(str),
    st.dates().map(str),
    st.sampled_from(["1899-12-31", "1900-01-01", "2299-12-31", "2300-01-01", "2026-02-30", "0000-01-01", "20261120"]),
    st.sampled_from(["2026-11", "2026", "2026-W47-5", "2026-324", "-026-01-01", "2026-1-2", "٢٠٢٦-11-20"]),
)
clocks = st.one_of(
    st.just(""),
    st.times().map(str),
    st.sampled_from(
        ["10", "10:00", "10:00:00.", "10:00:00.5", "10:00:00,5", "10:00:00.123456789", "24:00:00", "10:00:60"]
    ),
    st.sampled_from(["24:00:01", "10:60", "1:00", "100000", "23:59:59", "23:59:59.000001", "00:00:00.0000001"]),
)
times = st.builds("{}{}{}{}".format, dates, st.sampled_from([" ", "T", "t", "", "_"]), clocks, offsets)
plain_times = st.datetimes(datetime(1890, 1, 1), datetime(2310, 1, 1)).map(str)  # noqa: DTZ001 -- naive ones are meant
uuids = st.one_of(
    st.uuids().map(str),
    st.uuids().map(lambda one: str(one).upper()),
    st.uuids().map(lambda one: f"{{{one}}}"),
    st.sampled_from(["", "7", "0" * 32, "urn:uuid:" + "0" * 32, "0" * 36]),
)
objects = st.one_of(
    st.dictionaries(st.text(max_size=3), st.integers(-5, 5), max_size=3).map(lambda made: orjson.dumps(made).decode()),
    st.sampled_from(['{"$session_id": "s"}', '{"$session_id": 5}', "[1]", "{", "null", " ", '{"a": 1} ', '{"a": NaN}']),
)
anything = st.one_of(
    st.text(max_size=5),
    numerals,
    times,
    plain_times,
    uuids,
    objects,
    st.sampled_from(["true", "FALSE", "1", "0", "tRue", "yes", "on", ""]),
)
padded = st.builds("{}{}{}".format, spaces, anything, spaces)
texts = st.lists(st.none() | anything | padded, min_size=1, max_size=4)


@pytest.mark.parametrize("name", COLUMNS)
@given(values=texts)
@many
def test_a_column_of_texts_is_what_its_values_are_one_by_one(name: str, values: list[str | None]) -> None:
    column = COLUMNS[name]
    assert by_column(column, pa.array(values, pa.string())) == by_rows(column, values)
    assert by_column(column, pa.array(values, pa.string()).dictionary_encode()) == by_rows(column, values)
    assert by_column(column, pa.array(values, pa.large_string())) == by_rows(column, values)


@given(values=st.lists(st.none() | times | plain_times, min_size=1, max_size=3))
@settings(max_examples=1000, deadline=None)
@example(values=["2026-11-20 10:00:00", "2026-11-20T10:00:00Z"])
@example(values=["2026-11-20", None, "2026-11-20 24:00"])
@example(values=["9999-12-31T23:00:00-05:00"])
@example(values=["0001-01-01T00:00:00+14:00"])
def test_a_column_of_times_is_what_they_are_one_by_one(values: list[str | None]) -> None:
    column = COLUMNS["timestamp"]
    assert by_column(column, pa.array(values, pa.string())) == by_rows(column, values)


def listed(kind: pa.DataType, one: st.SearchStrategy[Any]) -> st.SearchStrategy[pa.Array]:
    return st.lists(st.none() | one, min_size=1, max_size=4).map(lambda values: pa.array(values, kind))


VALUES = {
    pa.int8(): st.integers(-(2**7), 2**7 - 1),
    pa.int16(): st.integers(-(2**15), 2**15 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1) | st.integers(-40_000, 40_000) | st.integers(0, 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float64(): st.floats() | st.integers(-40_000, 40_000).map(float) | st.sampled_from([-0.0, 2.0**53, 1e16]),
    pa.float32(): st.floats(width=32),
    pa.bool_(): st.booleans(),
    pa.decimal128(20, 2): st.integers(-(10**6), 10**6).map(lambda cents: Decimal(cents) / 100),
    pa.null(): st.none(),
    pa.list_(pa.int64()): st.just([1]),
}
typed = st.one_of(*(listed(kind, one) for kind, one in VALUES.items()))


@pytest.mark.parametrize("name", COLUMNS)
@given(values=typed)
@many
def test_a_column_of_another_type_is_what_its_values_are_one_by_one(name: str, values: pa.Array) -> None:
    column = COLUMNS[name]
    made = by_column(column, values)
    if made is None and pa.types.is_nested(values.type):
        # Told by rows.
        return
    assert made == by_rows(column, values.to_pylist())


# --- Files ---------------------------------------------------------------------------------------------------------


def loaded(table: Table, name: str, data: bytes) -> Outcome | str:
    """What the product makes of a file."""
    first_error = None
    try:
        with Spool(table, skip_invalid=False, oldest=None) as strict:
            strict.fill(Source(name, io.BytesIO(data), len(data), lambda _: None))
    except BadRow as error:
        first_error = str(error)
    except BadFile as error:
        return str(error)
    try:
        with Spool(table, skip_invalid=True, oldest=None) as lenient:
            lenient.fill(Source(name, io.BytesIO(data), len(data), lambda _: None))
            rows = [row for block in lenient.blocks() for row in block.to_pylist()]
            numbers = [row.pop(spool.ROW_NUMBER) for row in rows]
            assert numbers == sorted(set(numbers))
            return Outcome(rows, lenient.invalid, first_error)
    except BadFile as error:
        return str(error)


def agree(table: Table, name: str, data: bytes) -> None:
    ours, reference = loaded(table, name, data), loading_reference.outcome(table, name, data)
    if isinstance(reference, str) or isinstance(ours, str):
        assert isinstance(ours, str), ours
        assert isinstance(reference, str), reference
        assert reference in ours
    else:
        assert ours == reference


@pytest.fixture(params=[blocks.CHUNK_BYTES, 64, 7])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in pieces of so many bytes."""
    monkeypatch.setattr(blocks, "CHUNK_BYTES", request.param)
    monkeypatch.setattr(delimited, "CHUNK_BYTES", request.param)
    monkeypatch.setattr(parquet, "_ROWS_AT_ONCE", min(request.param, 50_000))


GOOD = {
    "distinct_id": ["ann", "bob", " x"],
    "timestamp": ["2026-11-20 10:00:00", "2026-11-20 10:00:00.25", "2026-11-20"],
    "x": ["1", "-5", " 7 "],
    "y": ["1", "2.0"],
    "viewport_width": ["64"],
    "viewport_height": ["48"],
    "current_url": ["https://e.de/", "a;b", "a,b", "a\tb", 'q"q', "a\nb", "a\r\nb", "ü", ""],
    "type": ["click"],
    "pointer_target_fixed": ["", "true", "0"],
    "colour": ["", "red"],
}
BAD = {
    "distinct_id": [""],
    "timestamp": ["never", "2300-01-01"],
    "x": ["40000", "left", ""],
    "pointer_target_fixed": ["2"],
}


@st.composite
def rows_of_text(draw: st.DrawFn) -> list[dict[str, str]]:
    rows = [
        {name: draw(st.sampled_from(values)) for name, values in GOOD.items()} for _ in range(draw(st.integers(1, 8)))
    ]
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(sorted(BAD)))
        draw(st.sampled_from(rows))[name] = draw(st.sampled_from(BAD[name]))
    return rows


@st.composite
def csv_files(draw: st.DrawFn) -> bytes:
    delimiter, end = draw(st.sampled_from([",", ";", "\t"])), draw(st.sampled_from(["\n", "\r\n", "\r\n", "\r"]))
    quoting: Any = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(GOOD), delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writeheader()
    writer.writerows(draw(rows_of_text()))
    text = written.getvalue()
    header = text.index(end) + len(end)
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        place = draw(st.integers(header, len(text)))
        text = (
            text[:place]
            + draw(st.sampled_from(['"', '""', "\n", "\r", end, delimiter, " ", "\x00", "\udcff"]))
            + text[place:]
        )
    if "\udcff" not in text and draw(st.booleans()):
        mark, encoding = draw(st.sampled_from([(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]))
        return mark + text.encode(encoding)
    return draw(st.sampled_from([b"", codecs.BOM_UTF8])) + text.encode(errors="surrogateescape")


@pytest.mark.usefixtures("pieces")
@given(data=csv_files())
@many
def test_csv_is_read_as_a_plain_reader_of_csv_reads_it(data: bytes) -> None:
    agree(INTERACTIONS, "rows.csv", data)


values_of_json = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-40_000, 40_000),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([5.0, 12345, 12345.0, -0.0, "5", "1.0", "ann", " ", "2026-11-20", {"a": 1}, [1], []]),
)
AN_EVENT = {"event": "e", "distinct_id": "ann", "timestamp": "2026-11-20T10:00:00Z", "properties": {"$session_id": "s"}}
LINES = [
    b"",
    b"  ",
    b"\r",
    b"{}",
    b"[1]",
    b"null",
    b'{"x":',
    b"1}",
    b"{}{}",
    b'{"a":{}',
    b'{"a":NaN}',
    b'{"a":1e999}',
    b'{"a":"\xff"}',
    rb'{"a":"\ud800"}',
    b'{"a":' + b"9" * 400 + b"}",
]


@st.composite
def json_lines(draw: st.DrawFn, row: dict[str, Any]) -> bytes:
    lines = []
    for _ in range(draw(st.integers(1, 6))):
        made = dict(row)
        for name in draw(st.lists(st.sampled_from([*row, "stranger", "session_id", "$session_id"]), max_size=2)):
            made[name] = draw(values_of_json)
        lines.append(orjson.dumps(made, option=draw(st.sampled_from([0, 0, orjson.OPT_SORT_KEYS]))))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(LINES)))
    for _ in range(draw(st.sampled_from([0, 0, 1]))):
        place = draw(st.integers(0, len(lines) - 1))
        odd = draw(
            st.sampled_from([b'"x":7,', b'"a":NaN,', b'"a":[1e999],', b'"a":{"b":-Infinity},', b'"\\u0078":1,', b" "])
        )
        lines[place] = lines[place].replace(b"{", b"{" + odd, 1)
    end = draw(st.sampled_from([b"\n", b"\n", b"\r\n"]))
    return draw(st.sampled_from([b"", codecs.BOM_UTF8])) + end.join(lines) + draw(st.sampled_from([b"", end]))


@pytest.mark.usefixtures("pieces")
@given(data=json_lines(ROW))
@many
def test_json_lines_are_read_as_a_plain_reader_of_lines_reads_them(data: bytes) -> None:
    agree(INTERACTIONS, "rows.jsonl", data)


@pytest.mark.usefixtures("pieces")
@given(data=json_lines(AN_EVENT))
@many
def test_events_are_read_as_a_plain_reader_of_lines_reads_them(data: bytes) -> None:
    agree(EVENTS, "rows.jsonl", data)


DAY = datetime(2026, 11, 20)  # noqa: DTZ001 -- one without a zone is meant
PARQUET_COLUMNS = {
    "distinct_id": [
        pa.array(values) for values in (["a", "b"], [12345, 6], [12345.0, 6.5], [b"x", b"y"], ["a", " "], [True, False])
    ],
    "timestamp": [
        pa.array([DAY, DAY + timedelta(days=1)], kind)
        for kind in (pa.timestamp("us"), pa.timestamp("ms", "UTC"), pa.timestamp("ns"), pa.timestamp("s"), pa.date32())
    ]
    + [
        pa.array(["2026-11-20", "2026-11-20 10:00"]),
        pa.array([DAY, None]),
        pa.array([2**61, 0]).view(pa.timestamp("us")),
    ],
    "x": [
        pa.array(values) for values in ([1, 2], [1.0, 2.0], [1.5, 2.0], ["1", "2"], [Decimal("1.00"), None], [2**40, 1])
    ],
    "pointer_target_fixed": [pa.array(values) for values in ([True, None], [0, 1], [0, 2], ["true", "0"])],
    "type": [pa.array(["click", "click"]).dictionary_encode(), pa.array(["a", None])],
    "session_id": [pa.array([1.0, None]), pa.array([DAY, DAY])],
    "stranger": [pa.array([[1], [2]])],
}


@pytest.mark.usefixtures("pieces")
@given(
    chosen=st.fixed_dictionaries({}, optional={name: st.sampled_from(kinds) for name, kinds in PARQUET_COLUMNS.items()})
)
@many
def test_parquet_is_read_as_its_values_are_one_by_one(chosen: dict[str, pa.Array]) -> None:
    rows = pa.Table.from_pylist([{name: value for name, value in ROW.items() if name not in chosen}] * 2)
    for name, column in chosen.items():
        rows = rows.append_column(name, column)
    file = io.BytesIO()
    pq.write_table(rows, file)
    data = file.getvalue()
    reference = loading_reference.outcome(INTERACTIONS, "rows.parquet", data)
    # Some writers make bytes of every text.
    texts = rows.cast(pa.schema([(f.name, pa.string() if pa.types.is_binary(f.type) else f.type) for f in rows.schema]))
    if texts.schema != rows.schema:
        other = io.BytesIO()
        pq.write_table(texts, other)
        reference = loading_reference.outcome(INTERACTIONS, "rows.parquet", other.getvalue())
    assert loaded(INTERACTIONS, "rows.parquet", data) == reference


def test_common_files_are_read_by_columns_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        raise AssertionError("It was read row by row.")

    monkeypatch.setattr(Spool, "_batch", slow)
    rows = [ROW, ROW | {"pointer_target_fixed": True, "colour": "red", "current_url": 'a"b,c\n'}]
    for name in ("rows.jsonl", "rows.csv", "rows.parquet", "rows.csv.gz"):
        made = loaded(INTERACTIONS, name, contents(name, rows))
        assert isinstance(made, Outcome), made
        assert len(made.rows) == 2
    zoned = [ROW | {"timestamp": "2026-11-20T10:00:00.5+01:00"}, ROW | {"timestamp": "2026-11-20T10:00:00Z"}]
    assert isinstance(loaded(INTERACTIONS, "rows.csv", contents("rows.csv", zoned)), Outcome)
    event = {"event": "e", "distinct_id": "ann", "timestamp": "2026-11-20", "properties": '{"$session_id":"s"}'}
    for name in ("rows.jsonl", "rows.csv", "rows.parquet"):
        assert isinstance(loaded(EVENTS, name, contents(name, [event])), Outcome)


def test_blocks_hold_the_rows_of_so_many_places_whatever_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BLOCK_ROWS", 3)
    monkeypatch.setattr(spool, "_ROWS_AT_ONCE", 2)
    rows = [ROW | {"x": "left" if number in {0, 1, 2, 7} else number} for number in range(11)]
    data = contents("rows.jsonl", rows)
    with Spool(INTERACTIONS, skip_invalid=True, oldest=None) as filled:
        filled.fill(Source("rows.jsonl", io.BytesIO(data), len(data), lambda _: None))
        assert [block[spool.ROW_NUMBER].to_pylist() for block in filled.blocks()] == [[3, 4, 5], [6, 8], [9, 10]]
        assert (filled.rows, filled.invalid) == (7, Counter({"x is not a whole number": 4}))
