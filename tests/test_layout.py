"""Our own table and PostHog's: the same answers, and a migration from the first layout that keeps every row."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from heatmaps import engine, schema
from heatmaps.engine import Query
from heatmaps.population.dates import window
from heatmaps.population.filters import Aggregation, Filters
from heatmaps.population.layout import PLAIN, current_layout, hashed, page_number
from heatmaps.questions.heatmap.queries import bands, scroll_depth
from heatmaps.questions.heatmap.question import ScrollDepthQuestion
from tests.conftest import Api, Interactions, body
from tests.test_injection import SQL_FILES

# PostHog's table, in its own words.
UPSTREAM = """
CREATE TABLE heatmaps
(
    session_id String, team_id Int64, distinct_id String, timestamp DateTime64(6, 'UTC'), x Int16, y Int16,
    scale_factor Int16, viewport_width Int16, viewport_height Int16, pointer_target_fixed Bool, current_url String,
    type LowCardinality(String), _timestamp DateTime, _offset UInt64, _partition UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (type, team_id, toDate(timestamp), current_url, viewport_width)
TTL toDate(timestamp) + toIntervalDay(36500)
"""
LAYOUTS = ["004_heatmaps_by_page", "006_heatmaps_by_cell", "007_sessions_and_visitors", "009_rollups"]
TABLE = next(file for file in schema._files() if file.stem == "006_heatmaps_by_cell")
SESSIONS = next(file for file in schema._files() if file.stem == "007_sessions_and_visitors")
COLUMNS = (
    "session_id, team_id, distinct_id, timestamp, x, y, scale_factor, viewport_width, viewport_height,"
    " pointer_target_fixed, current_url, type"
)
QUESTIONS: list[dict[str, Any]] = [
    {},
    {"limit": 0},
    {"limit": 3, "offset": 2},
    {"aggregation": "unique_visitors"},
    {"aggregation": "unique_persons"},
    {"url_exact": "https://example.com/a"},
    {"url_exact": "https://example.com//"},
    {"url_pattern": "https://example.com/*"},
    {"url_pattern": "/$"},
    {"url_pattern": "https://example.com/a", "aggregation": "unique_visitors"},
    {"date_from": "2026-03-30", "date_to": "2026-03-30"},
    {"date_from": "1970-01-01", "date_to": "2149-12-31"},
    {"type": "scrolldepth"},
    {"hide_zero_coordinates": "false", "limit": 0},
    {"type": "scrolldepth", "aggregation": "unique_visitors", "url_pattern": "https://example.com/a/?"},
    {"url_page": "https://Example.com:443/?utm=1", "limit": 0},
    {"time_from": "2026-03-26T10:00:00.000001", "time_to": "2026-03-30T11:07"},
    {"first_in_session": "true"},
    {"first_in_session": "true", "aggregation": "unique_visitors", "url_pattern": "https://example.com/*"},
    {"first_in_session": "true", "type": "scrolldepth", "include": "coverage"},
    {"cell_width": 2, "cell_height": 48, "include": "coverage", "limit": 2},
    {"min_visitors": 2, "include": "coverage", "limit": 0},
    {"min_visitors": 2, "type": "scrolldepth", "aggregation": "unique_visitors", "include": "coverage"},
]


PAGES: list[dict[str, Any]] = [
    {},
    {"limit": 2, "offset": 1},
    {"type": "scrolldepth"},
    {"search": "COM/a"},
    {"date_from": "2026-03-30", "date_to": "2026-03-30"},
]


def some_rows() -> list[dict[str, Any]]:
    urls = [
        "https://example.com",
        "https://example.com/",
        "https://example.com//",
        "https://example.com/a",
        "https://example.com/a/",
        "",
        "/",
    ]
    return [
        {
            "distinct_id": f"visitor {number % 7}",
            "session_id": f"session {number % 11}",
            "timestamp": datetime(2026, 3, 25, tzinfo=UTC) + timedelta(hours=number),
            "x": number % 5,
            "y": number % 3 - 1,
            "viewport_height": 40 + number % 4,
            "pointer_target_fixed": number % 6 == 0,
            "current_url": urls[number % len(urls)],
            "type": "scrolldepth" if number % 4 == 0 else "click",
        }
        for number in range(150)
    ]


@pytest.fixture
def upstream_table(interactions: Interactions) -> Iterator[None]:
    """While a test runs, `heatmaps` is a table that PostHog could have made, with the same rows."""
    interactions.add_all(some_rows())
    with engine.writer() as client:
        client.command("RENAME TABLE heatmaps TO heatmaps_ours")
        client.command(UPSTREAM)
        client.command(f"INSERT INTO heatmaps ({COLUMNS}) SELECT {COLUMNS} FROM heatmaps_ours")
    yield
    with engine.writer() as client:
        client.command("DROP TABLE heatmaps")
        client.command("RENAME TABLE heatmaps_ours TO heatmaps")
    engine.columns.cache_clear()


def answers(api: Api) -> list[bytes]:
    pages = [api.get("/api/projects/1/heatmaps/pages/", question) for question in PAGES]
    return [body(answer) for answer in [*(api.list(**question) for question in QUESTIONS), *pages]]


def test_the_same_rows_give_the_same_answers_on_posthogs_table(api: Api, upstream_table: None) -> None:
    engine.columns.cache_clear()
    assert not current_layout().has_keys
    theirs = answers(api)
    with engine.writer() as client:
        client.command("EXCHANGE TABLES heatmaps AND heatmaps_ours")
    engine.columns.cache_clear()
    assert current_layout().has_keys
    ours = answers(api)
    with engine.writer() as client:
        client.command("EXCHANGE TABLES heatmaps AND heatmaps_ours")
    assert ours == theirs
    assert all(b'"results":[{' in answer for answer in ours)


def test_the_first_layout_is_migrated_with_every_row(interactions: Interactions) -> None:
    """What a service has that was installed before all other layouts, and what it has after the upgrade."""
    kept = f"SELECT {COLUMNS}, _offset, _partition FROM heatmaps ORDER BY ALL"
    interactions.add_all(some_rows())
    before = engine.rows(Query(kept, {}))
    with engine.writer() as client:
        client.command("RENAME TABLE heatmaps TO heatmaps_kept")
        client.command(f"DELETE FROM heatmaps_migrations WHERE name IN {('001_heatmaps', *LAYOUTS)}")
    try:
        with engine.writer() as client:
            first, *_ = [step for step in schema.pending(client, retention_days=0) if step.name == "001_heatmaps"]
            schema.apply(client, first)
            client.command(
                f"INSERT INTO heatmaps ({COLUMNS}, _offset, _partition)"
                f" SELECT {COLUMNS}, _offset, _partition FROM heatmaps_kept"
            )
        call_command("migrate_clickhouse")
        assert engine.rows(Query(kept, {})) == before
        assert current_layout().has_keys
    finally:
        with engine.writer() as client:
            client.command("DROP TABLE heatmaps_kept")


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("statements", range(6))
def test_a_migration_killed_between_its_statements_loses_nothing(
    name: str, statements: int, interactions: Interactions
) -> None:
    interactions.add_all(some_rows())
    before = engine.rows(Query(f"SELECT {COLUMNS} FROM heatmaps ORDER BY ALL", {}))
    steps = {file.stem: schema._statements(file) for file in schema._files() if file.stem in LAYOUTS}
    with engine.writer() as client:
        for statement in steps[name][:statements]:
            client.command(statement)
        # The upgrade begins anew, and goes on to the newest layout.
        for following in LAYOUTS[LAYOUTS.index(name) :]:
            for statement in steps[following]:
                client.command(statement)
    # What is set of the new table.
    call_command("migrate_clickhouse")
    assert engine.rows(Query(f"SELECT {COLUMNS} FROM heatmaps ORDER BY ALL", {})) == before
    engine.columns.cache_clear()
    assert current_layout().has_keys


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="ht:/.a?#ü\n"),
        st.sampled_from(["", "/", "//", "https://e.com", "https://e.com/a//b"]),
    )
)
@settings(max_examples=200, deadline=None)
def test_a_page_has_the_number_that_the_table_gives_it(url: str) -> None:
    assume("\0" not in url)
    expression = re.search(r"page UInt128 MATERIALIZED (.+?),\n    slashes", TABLE.read_text(), re.DOTALL)
    assert expression
    sql = f"SELECT {expression[1].replace('current_url', '{url:String}')}"
    assert engine.rows(Query(sql, {"url": url})) == [(page_number(url.rstrip("/")),)]


def test_a_column_holds_what_the_question_says_in_plain_columns() -> None:
    """The expression beside `on our table: column` is the one that the column is made of, everywhere."""
    made = dict(
        re.findall(r"^    (\w+) \w+ MATERIALIZED\s(.+?)(?:\s+CODEC\(.+?)?,$", _folded(TABLE.read_text()), re.MULTILINE)
    )
    made["session"] = hashed("session_id")
    seen = set()
    for file in SQL_FILES:
        for column, expression in re.findall(
            r"/\* on our table: (\w+) \*/ (.+?) /\* end \*/", _folded(file.read_text())
        ):
            if column == "page" or expression == "distinct_id":
                # It stands for the text itself.
                continue
            whole = f"if(type = 'scrolldepth', {expression}, 0)" if column == "scroll_depth_bucket" else expression
            assert made[column] == whole, file.name
            seen.add(column)
    assert seen == {"cell", "screen", "scroll_depth_bucket", "visitor", "session"}


def test_sessions_have_the_same_number_in_both_tables() -> None:
    """The one that the questions work out where there is no column."""
    statements = _folded(SESSIONS.read_text())
    made = dict(re.findall(r"ALTER TABLE (\w+)\s+ADD .+ session UInt128 MATERIALIZED (.+?) CODEC", statements))
    assert made == {"heatmaps": hashed("session_id"), "events": PLAIN.event_session}


def _folded(sql: str) -> str:
    """Every expression on one line."""
    return re.sub(r"\n {5,}", " ", sql)


def test_a_property_with_a_column_of_its_own_is_what_the_json_says() -> None:
    values = ['"example.com"', '""', "null", "5", "1.50", "true", '["a"]', '{"a": 1}', '"Ü"']
    documents = [f'{{"$host": {value}}}' for value in values] + ["{}", "", "[]"]
    with engine.writer() as client:
        client.insert(
            "events",
            [
                [1, "seen", document, datetime(2026, 3, 30, tzinfo=UTC), str(number)]
                for number, document in enumerate(documents)
            ],
            column_names=["team_id", "event", "properties", "timestamp", "distinct_id"],
        )
    try:
        rows = engine.rows(
            Query(
                "SELECT `property_$host`, JSONExtract(properties, '$host', 'Nullable(String)') FROM events"
                " ORDER BY toUInt32(distinct_id)",
                {},
            )
        )
        assert [column for column, _ in rows] == [value for _, value in rows]
        assert {None, "", "example.com", "5", "true"} < {column for column, _ in rows}
        assert current_layout().event_properties == {"$host": "`property_$host`"}
    finally:
        with engine.writer() as client:
            client.command("TRUNCATE TABLE events")


@pytest.mark.parametrize(
    ("urls", "projections"),
    [
        ({}, 0),
        ({"url_exact": "https://example.com/a"}, 0),
        ({"url_pattern": ".*"}, 1),
        ({"url_page": "https://example.com/a"}, 1),
    ],
)
def test_projections_are_thought_of_where_pages_are_looked_up(
    interactions: Interactions, urls: dict[str, Any], projections: int
) -> None:
    """What counts interactions has none, and a pattern is tried with the URLs of each part of the table."""
    interactions.add_all(some_rows())
    interactions.merge()
    asked = Filters(team_id=1, types=("scrolldepth",), window=window(None, None, ZoneInfo("UTC")), **urls)
    question = ScrollDepthQuestion(filters=asked, aggregation=Aggregation.TOTAL_COUNT)
    for query in (scroll_depth(question, current_layout()), bands(question, current_layout())):
        assert re.findall(r"optimize_use_projections = (\d)", query.sql) == [str(projections)]
        lookup = re.search(r"\(SELECT page, slashes FROM \(.* LIMIT \d+\) WHERE .*\)", query.sql)
        if lookup:
            plan = engine.rows(Query(f"EXPLAIN {lookup[0][1:-1]}", query.parameters))
            assert [line for (line,) in plan if "ReadFromMergeTree (urls)" in line], plan
        assert bool(lookup) is bool(projections)
