"""Loading interactions from files: what fits, what is refused, and what a second load adds."""

import csv
import gzip
import io
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError
from django.utils.timezone import now
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from heatmaps.engine import EngineError
from heatmaps.loading import load, spool
from heatmaps.models import Organization, Project
from tests.loading import ROW, Loading, command, contents, empty_tables

FORMATS = [f"rows.{name}{gz}" for name in ("jsonl", "ndjson", "csv", "parquet") for gz in ("", ".gz")]
REQUIRED = ["distinct_id", "timestamp", "x", "y", "viewport_width", "viewport_height", "current_url", "type"]
OTHER = ROW | {"distinct_id": "bob", "pointer_target_fixed": True, "x": -3, "current_url": 'https://e.de/ü?a="b",c'}

tables = pytest.fixture(empty_tables, name="empty_tables")


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str], project: Project, empty_tables: None) -> Loading:
    return Loading(tmp_path, capsys)


def report(name: str, **counts: Any) -> dict[str, Any]:
    return {"file": name, "added": 0, "already_there": 0, "expired": 0, "invalid": {}} | counts


# --- Formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_stores_the_same_rows(files: Loading, name: str) -> None:
    assert files.rows(name, [ROW, OTHER]) == [ROW, OTHER]


def test_a_name_in_capitals_is_a_format_too(files: Loading) -> None:
    assert files.rows("ROWS.CSV", contents("rows.csv", [ROW])) == [ROW]


def test_a_minus_is_json_lines_on_standard_input(files: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(contents("rows.jsonl", [ROW, OTHER]))))
    assert files.load("-") == {"files": [report("-", added=2)], "added": 2, "invalid": 0}
    assert files.stored() == [ROW, OTHER]


def test_several_files_are_reported_one_by_one(files: Loading) -> None:
    first, second = files.file("a.jsonl", [ROW | {"x": 9}]), files.file("b.csv", [ROW, OTHER])
    assert files.load(first, second) == {
        "files": [report(first, added=1), report(second, added=2)],
        "added": 3,
        "invalid": 0,
    }
    assert files.said == "a.jsonl: 1 rows added.\nb.csv: 2 rows added.\n"


@pytest.mark.parametrize("name", FORMATS)
def test_columns_that_are_missing_take_the_tables_defaults(files: Loading, name: str) -> None:
    row = {column: ROW[column] for column in REQUIRED}
    assert files.rows(name, [row]) == [ROW | {"session_id": ""}]


@pytest.mark.parametrize("column", REQUIRED)
def test_a_required_column_that_is_missing_is_named(files: Loading, column: str) -> None:
    row = {name: value for name, value in ROW.items() if name != column}
    for name in ("rows.jsonl", "rows.csv", "rows.parquet"):
        line = 2 if name == "rows.csv" else 1
        assert files.refusal(files.file(name, [row])) == (
            f"{name}, line {line}: {column} is missing. Nothing of this file was loaded."
        )


def test_null_takes_the_default(files: Loading) -> None:
    nulls = ROW | {"session_id": None, "scale_factor": None, "pointer_target_fixed": None}
    for name in ("rows.jsonl", "rows.csv", "rows.parquet"):
        assert files.rows(name, [nulls, ROW]) == [ROW | {"session_id": ""}, ROW]
        command("TRUNCATE TABLE heatmaps")


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet"])
def test_unknown_columns_are_ignored_and_named_once(files: Loading, name: str) -> None:
    stranger = ROW | {"team_id": 7, "colour": "red"}
    assert files.rows(name, [stranger, stranger]) == [ROW, ROW]
    assert files.said == f"{name}: ignored unknown columns team_id, colour.\n{name}: 2 rows added.\n"


def test_a_great_many_unknown_columns_are_counted(files: Loading) -> None:
    files.load(files.file("rows.jsonl", [ROW | {f"c{number}": 1 for number in range(25)}]))
    named = ", ".join(f"c{number}" for number in range(20))
    assert files.said.splitlines()[0] == f"rows.jsonl: ignored unknown columns {named} and 5 more."


# --- Values --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_time", "stored"),
    [
        ("2026-11-20 10:00:00", "2026-11-20 10:00:00.000000"),
        ("2026-11-20 10:00:00.5", "2026-11-20 10:00:00.500000"),
        ("2026-11-20 10:00:00.123456", "2026-11-20 10:00:00.123456"),
        ("2026-11-20T10:00:00.123Z", "2026-11-20 10:00:00.123000"),
        ("2026-11-20t10:00:00z", "2026-11-20 10:00:00.000000"),
        ("2026-11-20T10:00:00+02:00", "2026-11-20 08:00:00.000000"),
        ("2026-11-20 10:00:00-0530", "2026-11-20 15:30:00.000000"),
        ("20261120T100000Z", "2026-11-20 10:00:00.000000"),
        ("2026-11-20T24:00:00", "2026-11-21 00:00:00.000000"),
        ("2026-11-20", "2026-11-20 00:00:00.000000"),
        ("2026-W47-5T10:00", "2026-11-20 10:00:00.000000"),
        ("1900-01-01 00:00:00", "1900-01-01 00:00:00.000000"),
        ("2299-12-31 23:59:59", "2299-12-31 23:59:59.000000"),
    ],
)
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet"])
def test_a_timestamp_is_utc_unless_it_says_otherwise(
    files: Loading, project: Project, name: str, given_time: str, stored: str
) -> None:
    project.timezone = "Asia/Tokyo"
    project.save()
    assert files.rows(name, [ROW | {"timestamp": given_time}]) == [ROW | {"timestamp": stored}]


MOMENT = datetime(2026, 11, 20, 10, 0, 0, 123456)  # noqa: DTZ001 -- one without a zone is meant


@pytest.mark.parametrize(
    ("column", "stored"),
    [
        (pa.array([MOMENT], pa.timestamp("us")), "10:00:00.123456"),
        (pa.array([MOMENT], pa.timestamp("us", tz="America/New_York")), "10:00:00.123456"),
        (pa.array([MOMENT.replace(tzinfo=timezone(timedelta(hours=2)))], pa.timestamp("us", "UTC")), "08:00:00.123456"),
        (pa.array([1795168800123456789]).cast(pa.timestamp("ns")), "10:00:00.123456"),
        (pa.array([MOMENT], pa.timestamp("s")), "10:00:00.000000"),
        (pa.array([MOMENT.date()]), "00:00:00.000000"),
    ],
)
def test_every_parquet_type_of_time_is_read(files: Loading, column: pa.Array, stored: str) -> None:
    table = pa.Table.from_pylist([ROW])
    file = io.BytesIO()
    pq.write_table(table.set_column(table.schema.names.index("timestamp"), "timestamp", column), file)
    assert files.rows("rows.parquet", file.getvalue()) == [ROW | {"timestamp": f"2026-11-20 {stored}"}]


def test_other_parquet_types_fit_where_their_values_do(files: Loading) -> None:
    row = ROW | {"current_url": b"https://example.com/", "x": Decimal("4.00"), "y": 1.0, "pointer_target_fixed": 0}
    assert files.rows("rows.parquet", [row]) == [ROW]


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "2026", "", 1767268800, True, {}, "9999-12-31T24:00"])
def test_what_is_no_time_is_refused(files: Loading, value: object) -> None:
    assert files.refusal(files.file("rows.jsonl", [ROW | {"timestamp": value}])) == (
        "rows.jsonl, line 1: timestamp is not a time (2026-11-20 10:00:00, or ISO 8601). "
        "Nothing of this file was loaded."
    )


@pytest.mark.parametrize("value", ["0736-01-01", "1899-12-31 23:59:59", "2300-01-01", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_the_column_cannot_hold_is_refused(files: Loading, value: str) -> None:
    assert files.refusal(files.file("rows.jsonl", [ROW | {"timestamp": value}])) == (
        "rows.jsonl, line 1: timestamp is out of range (years 1900 to 2299). Nothing of this file was loaded."
    )


def test_a_parquet_time_beyond_all_years_is_refused(files: Loading) -> None:
    table = pa.Table.from_pylist([ROW])
    far = pa.array([2**62]).view(pa.timestamp("us"))
    file = io.BytesIO()
    pq.write_table(table.set_column(table.schema.names.index("timestamp"), "timestamp", far), file)
    assert "line 1: timestamp is not a time" in files.refusal(files.file("rows.parquet", file.getvalue()))


@pytest.mark.parametrize("value", [True, 1, "true", "True", "1", " TRUE "])
def test_what_is_true(files: Loading, value: object) -> None:
    fixed = ROW | {"pointer_target_fixed": True}
    for name in ("rows.jsonl", "rows.csv"):
        assert files.rows(name, [ROW | {"pointer_target_fixed": value}])[-1] == fixed


@pytest.mark.parametrize("value", [False, 0, "false", "False", "0"])
def test_what_is_false(files: Loading, value: object) -> None:
    for name in ("rows.jsonl", "rows.csv"):
        assert files.rows(name, [ROW | {"pointer_target_fixed": value}])[-1] == ROW


@pytest.mark.parametrize("value", [2, -1, "yes", "", [], 0.5])
def test_what_is_no_boolean_is_refused(files: Loading, value: object) -> None:
    assert "line 1: pointer_target_fixed is not a boolean (true, false, 1, 0)." in files.refusal(
        files.file("rows.jsonl", [ROW | {"pointer_target_fixed": value}])
    )


@pytest.mark.parametrize(
    ("value", "stored"),
    [(-32768, -32768), (32767, 32767), ("5", 5), (" -5 ", -5), (5.0, 5), ("5.0", 5), (-0.0, 0), ("+5", 5)],
)
def test_a_whole_number_of_16_bits_fits(files: Loading, value: object, stored: int) -> None:
    for name in ("rows.jsonl", "rows.csv"):
        assert files.rows(name, [ROW | {"x": value}])[-1] == ROW | {"x": stored}


@pytest.mark.parametrize("value", [-32769, 32768, 40000, 10**30, "40000", "9" * 200, 1e300, -(2**63)])
def test_a_larger_number_is_refused_and_never_wrapped(files: Loading, value: object) -> None:
    assert files.refusal(files.file("rows.jsonl", [ROW | {"y": float(value) if value == 10**30 else value}])) == (
        "rows.jsonl, line 1: y does not fit a 16-bit integer (-32768 to 32767). Nothing of this file was loaded."
    )


@pytest.mark.parametrize("value", [1.5, "1.5", "a", "", True, [], "1e3", "0x10", "\u0661"])
def test_what_is_no_whole_number_is_refused(files: Loading, value: object) -> None:
    assert "line 1: x is not a whole number." in files.refusal(files.file("rows.jsonl", [ROW | {"x": value}]))


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet"])
def test_a_viewport_of_0_and_empty_texts_fit(files: Loading, name: str) -> None:
    row = ROW | {"viewport_width": 0, "session_id": "", "current_url": "", "type": ""}
    assert files.rows(name, [row]) == [row]


@pytest.mark.parametrize("value", ["", " ", "\t\u3000\x1c"])
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet"])
def test_nobody_is_no_visitor(files: Loading, name: str, value: str) -> None:
    path = files.file(name, [ROW, ROW | {"distinct_id": value}, OTHER])
    line = 3 if name == "rows.csv" else 2
    assert files.refusal(path) == f"{name}, line {line}: distinct_id is empty. Nothing of this file was loaded."
    assert files.load(path, skip_invalid=True)["files"] == [report(path, added=2, invalid={"distinct_id is empty": 1})]


def test_texts_are_stored_to_the_letter(files: Loading) -> None:
    row = ROW | {"distinct_id": " \x00 'a\\'\t\U0001f600", "current_url": 'https://e.de/?q="x,y"\n#é'}
    for name in ("rows.jsonl", "rows.csv", "rows.parquet"):
        assert files.rows(name, [row])[-1] == row


def test_a_number_where_a_text_belongs_is_its_text(files: Loading) -> None:
    assert files.rows("rows.jsonl", [ROW | {"distinct_id": 17, "session_id": True}]) == [
        ROW | {"distinct_id": "17", "session_id": "true"}
    ]


def test_equal_rows_of_one_file_all_count(files: Loading) -> None:
    assert files.rows("rows.jsonl", [ROW] * 5) == [ROW] * 5


# --- Bad rows ------------------------------------------------------------------------------------------------------


def test_a_bad_row_keeps_nothing_of_its_file_and_everything_of_the_ones_before(
    files: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "BLOCK_ROWS", 2)
    monkeypatch.setattr(spool, "_ROWS_AT_ONCE", 2)
    good = files.file("good.jsonl", [OTHER])
    bad = files.file("bad.jsonl", [ROW] * 6 + [ROW | {"x": "left"}, ROW])
    last = files.file("last.jsonl", [ROW])
    assert files.refusal(good, bad, last) == (
        "bad.jsonl, line 7: x is not a whole number. Nothing of this file was loaded."
    )
    assert files.stored() == [OTHER]


LINES = b"\n".join([orjson.dumps(ROW), b"", b"  ", b"[1]", b"{'x': 1}", b"null", b'"text"', orjson.dumps(OTHER), b"{"])


def test_lines_that_are_no_objects_are_refused_by_their_number(files: Loading) -> None:
    assert files.refusal(files.file("rows.jsonl", LINES)) == (
        "rows.jsonl, line 4: is not a JSON object. Nothing of this file was loaded."
    )


def test_skip_invalid_loads_the_rest_and_counts_by_reason(files: Loading) -> None:
    name = files.file("rows.jsonl", LINES)
    reasons = {"is not a JSON object": 3, "is not JSON": 2}
    assert files.load(name, skip_invalid=True) == {
        "files": [report(name, added=2, invalid=reasons)],
        "added": 2,
        "invalid": 5,
    }
    assert files.stored() == [ROW, OTHER]
    assert files.said == (
        "rows.jsonl: 2 rows added; 3 bad rows skipped: is not a JSON object; 2 bad rows skipped: is not JSON.\n"
    )


def test_a_file_with_nothing_but_bad_rows(files: Loading) -> None:
    name = files.file("rows.jsonl", [{"x": 1}, {"x": 2}])
    assert files.load(name, skip_invalid=True)["files"] == [report(name, invalid={"distinct_id is missing": 2})]


def test_csv_rows_are_found_by_the_line_they_begin_in(files: Loading) -> None:
    rows = [ROW | {"current_url": "a\nb"}, ROW | {"x": "left", "current_url": "c\n\nd"}]
    assert "rows.csv, line 4: x is not a whole number." in files.refusal(files.file("rows.csv", rows))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_of_spreadsheets_is_read(files: Loading, delimiter: str, encoding: str) -> None:
    rows = [ROW, OTHER | {"current_url": 'https://e.de/ü?a="b",c;d\te'}]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(ROW), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    assert files.rows("rows.csv", text.getvalue().encode(encoding)) == rows


def test_json_lines_in_utf_16_are_read(files: Loading) -> None:
    assert files.rows("rows.jsonl", contents("rows.jsonl", [ROW, OTHER]).decode().encode("utf-16")) == [ROW, OTHER]


def test_a_delimiter_within_a_name_is_none(files: Loading) -> None:
    """The one counts by which there are columns of a row."""
    row = ROW | {"a;b;c": "1", "d\te": "2"}
    assert files.rows("rows.csv", [row]) == [ROW]
    assert "ignored unknown columns a;b;c, d\te." in files.said


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            contents("rows.csv", [ROW]).replace(b",", b"|"),
            (
                "rows.csv, line 1: is no header with the columns of a row (distinct_id, timestamp, x, y, "
                "viewport_width, viewport_height, current_url, type), separated by comma, semicolon or tab, "
                "in UTF-8 or UTF-16."
            ),
        ),
        (contents("rows.csv", [ROW]).decode().encode("utf-32"), "rows.csv, line 1: is in UTF-32; save it in UTF-8."),
        (
            b"\xfcber," + contents("rows.csv", [ROW]),
            "rows.csv, line 1: is not UTF-8; save the file in UTF-8, or in UTF-16.",
        ),
        (
            contents("rows.csv", [ROW]).decode().encode("utf-16")[:-1],
            "rows.csv: cannot be read: 'utf-16-le' codec can't decode byte 0x0a in position 0: truncated data.",
        ),
    ],
)
def test_csv_that_cannot_be_read_is_told_by_its_delimiter_or_encoding(files: Loading, data: bytes, reason: str) -> None:
    for skip_invalid in (False, True):
        assert files.refusal(files.file("rows.csv", data), skip_invalid=skip_invalid) == reason


def test_rows_of_another_encoding_are_bad_rows(files: Loading) -> None:
    data = contents("rows.csv", [ROW, ROW | {"distinct_id": "J\xf6rg"}]).decode().encode("latin-1")
    assert files.refusal(files.file("rows.csv", data)) == (
        "rows.csv, line 3: is not UTF-8. Nothing of this file was loaded."
    )


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("rows.jsonl", [12345, 12345.0, "12345"]),
        ("rows.parquet", [12345, 12345]),
        ("rows.parquet", [12345.0, 12345.0]),
        ("rows.csv", [12345, 12345]),
    ],
)
def test_a_number_as_an_id_is_one_visitor_whatever_its_type(files: Loading, name: str, ids: list[Any]) -> None:
    rows = [ROW | {"distinct_id": one, "session_id": one} for one in ids]
    assert files.rows(name, rows) == [ROW | {"distinct_id": "12345", "session_id": "12345"}] * len(ids)


@pytest.mark.parametrize("value", [0.5, 1e300, -7.25, 2.0**53, -0.0])
def test_other_numbers_as_ids_are_their_texts(files: Loading, value: float) -> None:
    texts = {2.0**53: "9007199254740992", -0.0: "0"}
    for name in ("rows.jsonl", "rows.parquet"):
        assert files.rows(name, [ROW | {"distinct_id": value}])[-1]["distinct_id"] == texts.get(value, str(value))
        command("TRUNCATE TABLE heatmaps")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_even_a_number_is_no_id(files: Loading, value: float) -> None:
    assert "line 1: distinct_id is not a text." in files.refusal(
        files.file("rows.parquet", [ROW | {"distinct_id": value}])
    )


HEADER = ",".join(ROW).encode() + b"\r\n"
CELLS = contents("rows.csv", [ROW]).removeprefix(HEADER)


def test_a_csv_row_with_a_wrong_number_of_cells_is_a_bad_row(files: Loading) -> None:
    name = files.file("rows.csv", HEADER + b"a,b\r\n\r\n" + CELLS + CELLS.strip() + b",\r\n")
    assert "line 2: has 2 cells where the header has 11." in files.refusal(name)
    assert files.load(name, skip_invalid=True)["files"] == [
        report(
            name,
            added=1,
            invalid={"has 2 cells where the header has 11": 1, "has 12 cells where the header has 11": 1},
        )
    ]


def test_other_broken_csv_rows_are_bad_rows_too(files: Loading) -> None:
    name = files.file(
        "rows.csv", HEADER + CELLS.replace(b"ann", b'"ann"x') + CELLS.replace(b"ann", b"\xff\xfe") + CELLS
    )
    assert "rows.csv, line 2: is not CSV: ',' expected after '\"'." in files.refusal(name)
    assert files.load(name, skip_invalid=True)["files"] == [
        report(name, added=1, invalid={"is not CSV: ',' expected after '\"'": 1, "is not UTF-8": 1})
    ]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("rows.txt", b"", "rows.txt: the format is told by the name: .jsonl, .ndjson, .csv or .parquet, also .gz."),
        ("rows", b"", "rows: the format is told by the name: .jsonl, .ndjson, .csv or .parquet, also .gz."),
        ("rows.gz", b"", "rows.gz: the format is told by the name: .jsonl, .ndjson, .csv or .parquet, also .gz."),
        ("rows.jsonl.gz", b"{}", "rows.jsonl.gz: the gzip data is broken: Not a gzipped file (b'{}')."),
        (
            "rows.jsonl.gz",
            contents("rows.jsonl.gz", [ROW])[:-12],
            (
                "rows.jsonl.gz: the gzip data is broken: "
                "Compressed file ended before the end-of-stream marker was reached."
            ),
        ),
        (
            "rows.csv.gz",
            gzip.compress(b"", mtime=0)[:10] + b"\xff" * 20,
            "rows.csv.gz: the gzip data is broken: Error -3 while decompressing data: invalid block type.",
        ),
        ("rows.parquet", b"", "rows.parquet: cannot be read: Parquet file size is 0 bytes."),
        (
            "rows.csv",
            HEADER + CELLS + b'"a,b\n\n\n',
            "rows.csv, line 3: is not CSV: unexpected end of data.",
        ),
        ("rows.csv", b"x,y,x\n1,2,3\n", "rows.csv, line 1: the header names 'x' more than once."),
        ("rows.csv", b'"x', "rows.csv, line 1: is not CSV: unexpected end of data."),
    ],
)
def test_a_file_that_is_not_what_its_name_says(files: Loading, name: str, data: bytes, reason: str) -> None:
    path = files.file(name, data)
    assert files.refusal(path) == reason
    assert files.refusal(path, skip_invalid=True) == reason
    assert files.stored() == []


@pytest.mark.parametrize("damage", [slice(None, 100), slice(40, None)])
def test_a_damaged_parquet_file(files: Loading, damage: slice) -> None:
    data = contents("rows.parquet", [ROW] * 100)
    assert files.refusal(files.file("rows.parquet", data[damage])).startswith("rows.parquet: cannot be read: ")


def test_a_file_that_is_not_there(files: Loading) -> None:
    assert files.refusal("nowhere.jsonl") == "nowhere.jsonl: No such file or directory."
    assert files.refusal(str(files.directory)).endswith(": Is a directory.")


def test_a_project_that_is_not_there(files: Loading) -> None:
    assert files.refusal(files.file("rows.jsonl", [ROW]), project=9) == "There is no project 9. There are: 1."


@pytest.mark.parametrize(
    ("name", "data"),
    [("rows.jsonl", b""), ("rows.jsonl", b"\n \n"), ("rows.csv", b""), ("rows.csv", HEADER), ("rows.jsonl.gz", b"")],
)
def test_a_file_without_rows_adds_none(files: Loading, name: str, data: bytes) -> None:
    path = files.file(name, data)
    for again in (False, True):
        assert files.load(path, again=again) == {"files": [report(path)], "added": 0, "invalid": 0}


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_a_byte_order_mark_is_no_part_of_the_first_line(files: Loading, name: str) -> None:
    assert files.rows(name, b"\xef\xbb\xbf" + contents(name, [ROW])) == [ROW]


@pytest.mark.parametrize("line", [rb'{"x": "\ud800"}', b'{"x": "\xff"}', b'{"x": NaN}', b'{"x": 1e999}', b"[" * 5000])
def test_json_that_no_value_comes_from_is_a_bad_row(files: Loading, line: bytes) -> None:
    assert "rows.jsonl, line 1: is not JSON." in files.refusal(files.file("rows.jsonl", line))


# --- Old rows ------------------------------------------------------------------------------------------------------


def test_rows_older_than_retention_are_counted_and_not_loaded(files: Loading, settings: Settings) -> None:
    settings.RETENTION_DAYS = 90
    fresh, old = (ROW | {"timestamp": f"{now() - timedelta(days=days):%Y-%m-%d %H:%M:%S.%f}"} for days in (89.9, 90.1))
    name = files.file("rows.jsonl", [old, fresh, old])
    assert files.load(name)["files"] == [report(name, added=1, expired=2)]
    assert files.said == "rows.jsonl: 1 rows added; 2 older than 90 days left out.\n"
    assert files.stored() == [fresh]
    assert files.load(name)["files"] == [report(name, already_there=1, expired=2)]
    assert files.load(name, again=True)["files"] == [report(name, added=1, expired=2)]
    settings.RETENTION_DAYS = 0
    assert files.load(name)["files"] == [report(name, added=2, already_there=1)]


# --- The same file again -------------------------------------------------------------------------------------------


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BLOCK_ROWS", 2)
    monkeypatch.setattr(spool, "_ROWS_AT_ONCE", 1)


NUMBERED = [ROW | {"x": number} for number in range(9)]


def places(rows: list[dict[str, Any]]) -> Counter[int]:
    return Counter(row["x"] for row in rows)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_file_again_adds_nothing(files: Loading, name: str, small_blocks: None) -> None:
    path = files.file(name, NUMBERED)
    assert files.load(path)["files"] == [report(path, added=9)]
    assert files.load(path)["files"] == [report(path, already_there=9)]
    assert files.said == f"{name}: 0 rows added; 9 were there already.\n"
    assert files.stored() == NUMBERED


def test_only_the_rows_that_are_missing_are_added(files: Loading, small_blocks: None) -> None:
    path = files.file("rows.csv", NUMBERED)
    files.load(path)
    command("ALTER TABLE heatmaps DELETE WHERE x IN (0, 3, 4, 5, 8) SETTINGS mutations_sync = 1")
    assert files.load(path)["files"] == [report(path, added=5, already_there=4)]
    assert files.stored() == NUMBERED


class Crash:
    """Lets so many blocks be stored, then the engine is gone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.blocks = 0
        self._complete = load._complete
        monkeypatch.setattr(load, "_complete", self._store)

    def _store(self, *arguments: Any) -> Any:
        self.blocks -= 1
        if self.blocks < 0:
            raise EngineError("The engine is gone.")
        return self._complete(*arguments)


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crash]:
    return Crash(monkeypatch)  # type: ignore[return-value]


@pytest.mark.usefixtures("small_blocks")
def test_a_load_that_broke_off_is_finished_by_the_next(files: Loading, crash: Crash) -> None:
    path = files.file("rows.jsonl", NUMBERED)
    crash.blocks = 2
    assert files.refusal(path) == "The engine is gone."
    assert files.stored() == NUMBERED[:4]
    crash.blocks = 9
    assert files.load(path)["files"] == [report(path, added=5, already_there=4)]
    assert files.stored() == NUMBERED


def test_again_loads_a_file_as_often_as_it_is_asked_to(files: Loading) -> None:
    path = files.file("rows.jsonl", NUMBERED)
    for times in range(1, 4):
        assert files.load(path, again=True)["files"] == [report(path, added=9)]
        assert places(files.stored()) == dict.fromkeys(range(9), times)
    assert files.load(path)["files"] == [report(path, already_there=9)]


@pytest.mark.usefixtures("small_blocks")
def test_again_finishes_a_load_that_broke_off_before_it_begins_another(files: Loading, crash: Crash) -> None:
    path = files.file("rows.jsonl", NUMBERED)
    crash.blocks = 99
    files.load(path)
    crash.blocks = 1
    files.refusal(path, again=True)
    crash.blocks = 99
    assert files.load(path, again=True)["files"] == [report(path, added=7, already_there=2)]
    assert places(files.stored()) == dict.fromkeys(range(9), 2)


def test_another_project_has_rows_of_its_own(files: Loading, organization: Organization) -> None:
    Project.objects.create(pk=2, name="Other", organization=organization)
    path = files.file("rows.jsonl", NUMBERED)
    files.load(path)
    assert files.load(path, project=2)["added"] == 9
    assert files.load(path, project=2)["added"] == 0
    assert (files.stored(), files.stored(project=2)) == (NUMBERED, NUMBERED)


def test_skipped_rows_that_were_mended_make_another_file(files: Loading) -> None:
    path = files.file("rows.jsonl", [ROW, ROW | {"x": "left"}, OTHER])
    assert files.load(path, skip_invalid=True)["added"] == 2
    assert files.load(path, skip_invalid=True)["files"] == [
        report(path, already_there=2, invalid={"x is not a whole number": 1})
    ]


def test_rows_of_many_months_fit_one_load(files: Loading) -> None:
    months = [ROW | {"timestamp": f"{1990 + n // 12}-{n % 12 + 1:02}-01 00:00:00.000000"} for n in range(150)]
    assert files.rows("rows.jsonl", months) == months


# --- Any rows ------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
int16s = st.integers(-(2**15), 2**15 - 1)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 28)).map(  # noqa: DTZ001 -- Hypothesis wants them naive
    lambda moment: f"{moment:%Y-%m-%d %H:%M:%S.%f}"
)
rows_of_any_kind = st.lists(
    st.fixed_dictionaries(
        {
            "session_id": texts,
            "distinct_id": texts.filter(str.strip),
            "timestamp": moments,
            **dict.fromkeys(("x", "y", "scale_factor", "viewport_width", "viewport_height"), int16s),
            "pointer_target_fixed": st.booleans(),
            "current_url": texts,
            "type": texts,
        }
    ),
    min_size=1,
    max_size=6,
)


@given(rows=rows_of_any_kind)
@example(rows=[ROW | {"current_url": "\r\n\r", "type": "\u2028"}, ROW | {"current_url": "\ufeff", "type": "\x1a"}])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_formats_store_the_same(files: Loading, rows: list[dict[str, Any]]) -> None:
    for name in ("rows.jsonl", "rows.csv", "rows.parquet"):
        assert files.rows(name, rows) == rows
        command("TRUNCATE TABLE heatmaps")


@given(data=st.binary(max_size=300), name=st.sampled_from(FORMATS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_end_in_a_result_or_in_one_line(files: Loading, data: bytes, name: str) -> None:
    try:
        result = files.load(files.file(name, data))
    except CommandError as error:
        result = {"added": str(error).count("\n")}
    assert result["added"] == 0
