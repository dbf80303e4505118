"""An answer is the same in every format."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rest_framework import serializers

from heatmaps.questions import REGISTER
from heatmaps.questions.entry import Entry
from heatmaps.replies.answer import Answer
from heatmaps.replies.columns import columns_of
from heatmaps.replies.formats import FORMATS, headers
from tests.conftest import Api, Events, Interactions, body, document
from tests.test_injection import required

MEDIA_TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
PATH = "/api/projects/1/heatmaps/"
POINTS = '[{"x":0.06,"y":16},{"x":0.14,"y":640},{"x":0.06,"y":16,"target_fixed":true}]'
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    (PATH, {}),
    (PATH, {"limit": 1, "offset": 1}),
    (PATH, {"aggregation": "unique_visitors"}),
    (PATH, {"type": "nothing"}),
    (PATH, {"type": "scrolldepth"}),
    (f"{PATH}events/", {"points": POINTS}),
    (f"{PATH}events/", {"points": POINTS, "type": "nothing"}),
    (f"{PATH}pages/", {}),
    (f"{PATH}pages/", {"limit": 1}),
]


@pytest.fixture(autouse=True)
def rows(interactions: Interactions, events: Events) -> None:
    interactions.add_all(
        [
            {},
            {"x": 9, "y": 40, "session_id": "", "distinct_id": "=1+1", "current_url": 'https://example.com/a,"b"'},
            {"pointer_target_fixed": True, "distinct_id": "Zoë"},
            {"type": "scrolldepth"},
            {"type": "scrolldepth", "y": 100},
            {
                "type": "rageclick",
                "current_url": "@https://example.com/é",
                "timestamp": datetime(2026, 3, 30, 1, tzinfo=UTC),
            },
        ]
        * 3
    )


def from_table(table: pa.Table) -> list[dict[str, Any]]:
    """Rows whose times are texts as in JSON."""
    rows = [{name: in_utc(value) for name, value in row.items()} for row in table.to_pylist()]
    read: list[dict[str, Any]] = orjson.loads(orjson.dumps(rows, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z))
    return read


def in_utc(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, list):
        return [{name: in_utc(one) for name, one in row.items()} for row in value]
    return value


def from_csv(text: bytes, results: list[dict[str, Any]]) -> None:
    """Compares the cells of a CSV with results."""
    header, *lines = list(csv.reader(io.StringIO(text.decode(), newline="")))
    assert len(lines) == len(results)
    for line, result in zip(lines, results, strict=True):
        assert header == list(result)
        for cell, value in zip(line, result.values(), strict=True):
            if isinstance(value, str):
                assert cell == (f"'{value}" if value[:1] in {"=", "+", "-", "@"} else value)
            else:
                assert cell == ("" if value is None else orjson.dumps(value).decode())


@pytest.mark.parametrize("by", ["format", "Accept"])
@pytest.mark.parametrize(("path", "asked"), QUESTIONS)
def test_every_format_has_the_results_of_the_json(api: Api, path: str, asked: dict[str, Any], by: str) -> None:
    told = document(api.get(path, asked))
    results = told.pop("results")
    for name, media_type in MEDIA_TYPES.items():
        if by == "format":
            response = api.get(path, asked | {"format": name}, accept="text/html")
        else:
            response = api.get(path, asked, accept=media_type)
        assert (response.status_code, response["Content-Type"]) == (200, media_type), body(response)
        assert response["Content-Disposition"].endswith(f'-of-project-1.{name}"')
        content = body(response)
        if name == "csv":
            from_csv(content, results) if results else None
        elif name == "ndjson":
            assert [orjson.loads(line) for line in content.splitlines()] == results
        else:
            source = pa.BufferReader(content)
            table = pa.ipc.open_stream(source).read_all() if name == "arrow" else pq.read_table(source)
            assert from_table(table) == results
            metadata = table.schema.metadata or {}
            assert {
                key.decode(): orjson.loads(value) for key, value in metadata.items() if key != b"ARROW:schema"
            } == told
        for key, value in told.items():
            assert orjson.loads(response["Heatmaps-" + key.title().replace("_", "-")]) == value


def test_the_columns_of_points_have_types(api: Api) -> None:
    table = pq.read_table(pa.BufferReader(body(api.list(format="parquet"))))
    assert {field.name: str(field.type) for field in table.schema} == {
        "count": "uint64",
        "pointer_y": "int64",
        "pointer_relative_x": "double",
        "pointer_target_fixed": "bool",
    }
    events = pq.read_table(pa.BufferReader(body(api.events(points=POINTS, format="parquet"))))
    assert str(events.schema.field("timestamp").type) == "timestamp[us, tz=UTC]"


def test_a_text_that_looks_like_a_formula_is_none(api: Api) -> None:
    lines = body(api.events(points=POINTS, format="csv")).decode().split("\r\n")
    assert any(",'=1+1," in line for line in lines)
    assert not any(",=1+1," in line for line in lines)
    pages = body(api.get(f"{PATH}pages/", {"format": "csv"})).decode()
    assert "\r\n'@https://example.com/é," in pages


def test_an_unknown_format_is_refused_with_those_that_there_are(api: Api, anonymous: Api) -> None:
    response = api.list(format="xlsx")
    assert response.status_code == 400
    assert document(response) == {
        "type": "validation_error",
        "code": "invalid_input",
        "detail": "There are the formats json, csv, ndjson, arrow, parquet.",
        "attr": "format",
    }
    # What a caller may not know goes first, and so does every other parameter.
    assert anonymous.list(format="xlsx").status_code == 401
    assert document(api.list(format="xlsx", limit="x"))["attr"] == "limit"
    assert api.get(PATH, accept="application/xml").status_code == 406


@pytest.mark.parametrize(
    ("accepted", "name"),
    [
        ("text/csv;q=0.1, application/x-ndjson", "ndjson"),
        ("application/json;q=0.1, text/csv;q=0.9", "csv"),
        ("application/json;q=0, text/csv", "csv"),
        ("application/json, text/csv", "json"),
        ("text/csv, */*", "csv"),
        ("text/csv;q=0.5, */*", "json"),
        ("text/csv;q=0.5, application/*;q=0.5", "csv"),
        ("text/csv;q=0, */*", "json"),
        ("text/csv; header=present", "csv"),
        ("text/*", "csv"),
        # As upstream, which heeds no weights.
        ("application/json;q=0", "json"),
        ("text/html, */*;q=0.1", "json"),
    ],
)
def test_the_accept_header_is_weighed(api: Api, accepted: str, name: str) -> None:
    response = api.get(PATH, accept=accepted)
    assert (response.status_code, response["Content-Type"]) == (200, FORMATS[name].media_type)


def test_what_is_not_wanted_at_all_is_not_sent(api: Api) -> None:
    assert api.get(PATH, accept=f"{MEDIA_TYPES['parquet']};q=0").status_code == 406
    image = f"{PATH}image/"
    assert api.get(image, accept="image/png;q=0, image/webp")["Content-Type"] == "image/webp"
    assert api.get(image, accept="image/png;q=0").status_code == 406


def test_counts_have_no_sign(api: Api) -> None:
    for path, asked, names in (
        (PATH, {}, ("count",)),
        (PATH, {"type": "scrolldepth"}, ("cumulative_count", "bucket_count")),
        (f"{PATH}pages/", {"by": "template"}, ("total_count", "urls")),
    ):
        schema = pa.ipc.open_stream(body(api.get(path, asked | {"format": "arrow"}))).schema
        assert {schema.field(name).type for name in names} == {pa.uint64()}


def test_pages_of_other_origins_may_read_what_stands_in_headers(api: Api) -> None:
    area = '[{"name":"a","x":[0,1],"y":[0,1000]}]'
    previous = {"date_from": "2026-03-30", "date_to": "2026-03-30", "against": "previous"}
    for path, asked in (
        (PATH, {"include": "coverage"}),
        (f"{PATH}events/", {"points": POINTS}),
        (f"{PATH}pages/", {}),
        (f"{PATH}areas/", {"areas": area, "include": "types"}),
        (f"{PATH}areas/", {"areas": area, **previous}),
        (f"{PATH}compare/", previous),
        (f"{PATH}image/", {}),
        (f"{PATH}image/", previous),
    ):
        form = {} if "image" in path else {"format": "csv"}
        response = api.get(path, asked | form, origin="https://dashboard.example")
        assert response.status_code == 200, document(response)
        exposed = response["Access-Control-Expose-Headers"].split(", ")
        assert {name for name in response.headers if name.startswith("Heatmaps-")} <= set(exposed)


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_an_error_is_json_whatever_was_asked_for(api: Api, anonymous: Api, name: str) -> None:
    for response in (
        api.list(format=name, limit="x"),
        api.get(PATH, {"limit": "x"}, accept=MEDIA_TYPES[name]),
        anonymous.get(PATH, accept=MEDIA_TYPES[name]),
    ):
        assert response["Content-Type"] == "application/json"
        assert document(response).keys() == {"type", "code", "detail", "attr"}


@pytest.mark.parametrize("entry", REGISTER, ids=lambda entry: entry.name)
def test_every_question_of_the_register_has_every_format(api: Api, entry: Entry[Any]) -> None:
    for name in FORMATS:
        response = api.get(f"/api/projects/1/{entry.path}/", required(entry) | {"format": name})
        if entry.has_results or (name == "json" and not entry.pictures):
            assert response.status_code == 200
            assert response["Content-Type"] == FORMATS[name].media_type
        else:
            assert (response.status_code, document(response)["attr"]) == (400, "format")
            accepted = FORMATS[name].media_type
            assert api.get(f"/api/projects/1/{entry.path}/", required(entry), accept=accepted).status_code == 406


class Side(serializers.Serializer[None]):
    count = serializers.IntegerField(min_value=0)
    share = serializers.FloatField(allow_null=True)


class Compared(serializers.Serializer[None]):
    name = serializers.CharField(allow_null=True)
    a = Side()
    b = Side(allow_null=True)


def test_a_shape_within_a_shape_becomes_columns() -> None:
    sides: dict[str, Any] = {
        "name": ["x", None],
        "a": [{"count": 1, "share": 0.5}, {"count": 2, "share": None}],
        "b": [None, {"count": 3, "share": 1.0}],
    }

    def answer() -> Answer:
        return Answer(item=Compared, blocks=iter([sides]), head={"é": "ü"})

    assert [column.name for column in columns_of(Compared)] == ["name", "a_count", "a_share", "b_count", "b_share"]
    written = {name: b"".join(one.chunks(answer())) for name, one in FORMATS.items()}
    assert written["csv"] == b"name,a_count,a_share,b_count,b_share\r\nx,1,0.5,,\r\n,2,,3,1.0\r\n"
    assert orjson.loads(written["json"])["results"][0] == {"name": "x", "a": {"count": 1, "share": 0.5}, "b": None}
    assert pa.ipc.open_stream(written["arrow"]).read_all().to_pylist()[1] == {
        "name": None,
        "a_count": 2,
        "a_share": None,
        "b_count": 3,
        "b_share": 1.0,
    }
    assert headers(answer()) == {"Heatmaps-É": '"\\u00fc"'}
    assert headers(Answer(item=Compared, blocks=iter([]), head={"long": "x" * 5000})) == {}


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a", b"a"),
        ("a,b", b'"a,b"'),
        ('say "a"', b'"say ""a"""'),
        ("two\nlines", b'"two\nlines"'),
        ("=1", b"'=1"),
        ("+1", b"'+1"),
        ("-1", b"'-1"),
        ("@a", b"'@a"),
        ("\ta", b"'\ta"),
        ("\ra", b'"\'\ra"'),
        (" a", b'" a"'),
        ("", b""),
    ],
)
def test_a_text_in_csv(text: str, cell: bytes) -> None:
    answer = Answer(item=Compared, blocks=iter([{"name": [text], "a": [None], "b": [None]}]))
    _, line = b"".join(FORMATS["csv"].chunks(answer)).split(b"\r\n", 1)
    assert line == cell + b",,,,\r\n"
