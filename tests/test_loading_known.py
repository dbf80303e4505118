"""A row is known by what is in it: files that are loaded again, have grown, or overlap add what is missing."""

import secrets
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heatmaps import engine
from heatmaps.loading import known, slices, spool
from heatmaps.loading.origins import origins_of_file
from heatmaps.models import Organization, Project
from tests.conftest import Interactions
from tests.loading import ROW, Loading, command, empty_tables, select
from tests.test_loading import Crash

tables = pytest.fixture(empty_tables, name="empty_tables")
MOMENT = datetime.fromisoformat(f"{ROW['timestamp']}+00:00")
ROWS = [ROW | {"x": number} for number in range(9)]
FORMATS = ("rows.jsonl", "rows.csv", "rows.parquet")


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str], project: Project, empty_tables: None) -> Loading:
    return Loading(tmp_path, capsys)


def added(files: Loading, name: str, rows: list[dict[str, Any]], **options: Any) -> int:
    return int(files.load(files.file(name, rows), **options)["added"])


def frozen(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column] for column in ROW)


def there(project: int = 1) -> Counter[tuple[Any, ...]]:
    names = ", ".join(f"toString({name}) AS {name}" if name == "timestamp" else name for name in ROW)
    return Counter(map(frozen, select(f"SELECT {names} FROM heatmaps WHERE team_id = {project}")))


# --- Files that have rows in common --------------------------------------------------------------------------------


def test_a_file_that_has_grown_adds_the_new_rows(files: Loading) -> None:
    assert added(files, "a.jsonl", ROWS[:2]) == 2
    assert added(files, "a.jsonl", ROWS[:3]) == 1
    assert files.said == "a.jsonl: 1 rows added; 2 were there already.\n"
    assert there() == Counter(map(frozen, ROWS[:3]))


def test_files_that_overlap_add_each_row_once(files: Loading) -> None:
    assert [added(files, name, rows) for name, rows in (("a.csv", ROWS[:6]), ("b.csv", ROWS[3:]))] == [6, 3]
    assert there() == Counter(map(frozen, ROWS))


def test_the_same_rows_in_another_format_or_order_are_the_same(files: Loading) -> None:
    assert [added(files, name, ROWS) for name in FORMATS] == [9, 0, 0]
    assert added(files, "b.csv", ROWS[::-1]) == 0


def test_equal_rows_count_as_often_as_the_file_with_most_of_them_has_them(files: Loading) -> None:
    assert [added(files, f"{n}.jsonl", [ROW] * n) for n in (2, 5, 3)] == [2, 3, 0]
    assert there() == {frozen(ROW): 5}


@pytest.mark.parametrize("column", ROW)
def test_a_row_that_differs_in_one_column_is_another(files: Loading, column: str) -> None:
    other = {"timestamp": "2026-03-30 12:00:00.000001", "pointer_target_fixed": True}.get(column)
    value = ROW[column]
    other = other or (value + 1 if isinstance(value, int) else f"{value}\x00")
    assert [added(files, "a.jsonl", [ROW]), added(files, "b.jsonl", [ROW | {column: other}])] == [1, 1]


def test_texts_are_compared_to_the_byte_and_apart(files: Loading) -> None:
    rows = [
        ROW | {"distinct_id": "a", "session_id": "bc"},
        ROW | {"distinct_id": "ab", "session_id": "c"},
        ROW | {"distinct_id": "Ab", "session_id": "c"},
        ROW | {"distinct_id": "ab ", "session_id": "c"},
        ROW | {"distinct_id": "\xe4", "session_id": "c"},
        ROW | {"distinct_id": "a\u0308", "session_id": "c"},
    ]
    assert [added(files, "a.jsonl", rows[:1]), added(files, "b.jsonl", rows), added(files, "c.jsonl", rows)] == [
        1,
        5,
        0,
    ]


def test_events_are_known_by_what_is_in_them(files: Loading) -> None:
    event = {
        "event": "e",
        "distinct_id": "ann",
        "timestamp": "2026-03-30T12:00:00Z",
        "uuid": "0190D7A1-0000-7000-8000-000000000001",
        "properties": '{"$session_id": "s"}',
        "person_properties": {"plan": "\xfc"},
    }
    rows = [event, event, event | {"properties": '{"$session_id":"s"}'}, event | {"person_id": "0" * 32}]
    made = [added(files, f"{n}.jsonl", rows[:n], command="load_events") for n in (1, 2, 4, 4)]
    # No person and the id of nobody are the same.
    assert made == [1, 1, 2, 0]
    assert len(select("SELECT 1 AS one FROM events")) == 4


def test_what_browsers_sent_is_not_taken_for_a_row_of_a_file(files: Loading) -> None:
    captured = {"_partition": 1 << 63 | secrets.randbits(63), "_offset": 1 << 63}
    with engine.writer() as client:
        row = ROW | {"team_id": 1, "timestamp": MOMENT} | captured
        client.insert("heatmaps", [list(row.values())], column_names=list(row))
    assert [added(files, "a.jsonl", [ROW]), added(files, "b.jsonl", [ROW] * 2)] == [1, 1]
    assert there() == {frozen(ROW): 3}


def test_rows_that_something_else_put_there_are_known(files: Loading, interactions: Interactions) -> None:
    interactions.add(**ROW | {"timestamp": MOMENT})
    assert added(files, "a.jsonl", [ROW] * 2) == 1


def test_a_file_that_was_loaded_before_rows_were_known_by_content(files: Loading) -> None:
    """Then a whole number in a column of floats was another text."""
    rows = [ROW | {"distinct_id": 12345.0}, ROW]
    path = files.file("a.jsonl", rows)
    files.load(path)
    command(
        "ALTER TABLE heatmaps UPDATE distinct_id = '12345.0' WHERE distinct_id = '12345' SETTINGS mutations_sync = 1"
    )
    assert files.load(path)["added"] == 0


def test_another_project_does_not_know_the_rows(files: Loading, organization: Organization) -> None:
    Project.objects.create(pk=2, name="Other", organization=organization)
    assert [added(files, "a.jsonl", ROWS, project=number) for number in (1, 2, 2)] == [9, 9, 0]


def test_rows_of_the_first_and_the_last_moment_are_known(files: Loading) -> None:
    moments = ("1900-01-01 00:00:00.000000", "1969-12-31 23:59:59.999999", "2299-12-31 23:59:59.000000")
    rows = [ROW | {"timestamp": moment} for moment in moments]
    assert [added(files, name, rows) for name in FORMATS] == [3, 0, 0]
    assert [added(files, f"{number}.jsonl", [row]) for number, row in enumerate(rows)] == [0, 0, 0]
    assert there() == Counter(map(frozen, rows))


def test_what_was_removed_can_be_loaded_again(files: Loading) -> None:
    rows = [*ROWS, ROWS[0]]
    added(files, "a.jsonl", rows)
    command("ALTER TABLE heatmaps DELETE WHERE x IN (0, 5) SETTINGS mutations_sync = 1")
    assert added(files, "a.jsonl", rows) == 3
    assert there() == Counter(map(frozen, rows))


# --- Any files -----------------------------------------------------------------------------------------------------

few = st.builds(
    lambda x, hour, visitor: (
        ROW | {"x": x, "timestamp": f"2026-03-{29 + hour // 24} {hour % 24:02}:00:00.000000", "distinct_id": visitor}
    ),
    st.integers(0, 1),
    st.integers(0, 30),
    st.sampled_from(["ann", "bob"]),
)
loads = st.lists(
    st.tuples(
        st.lists(few, min_size=1, max_size=12), st.sampled_from(FORMATS), st.booleans(), st.none() | st.integers(0, 3)
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(params=["fetched whole", "fetched by moments"])
def small_slices(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BLOCK_ROWS", 2)
    monkeypatch.setattr(slices, "_ROWS", 2)
    if request.param == "fetched by moments":
        monkeypatch.setattr(known, "_CROWDED", 0)
        monkeypatch.setattr(engine.asking, "_MAX_PARAMETER_BYTES", 40)


@pytest.mark.slow
@pytest.mark.usefixtures("small_slices")
@given(made=loads)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_loads_with_any_breaks_store_what_a_slow_count_says(
    files: Loading, monkeypatch: pytest.MonkeyPatch, made: list[tuple[list[dict[str, Any]], str, bool, int | None]]
) -> None:
    command("TRUNCATE TABLE heatmaps")
    expected: Counter[tuple[Any, ...]] = Counter()
    for rows, name, again, breaks_after in made:
        path = files.file(name, rows)
        counted = Counter(map(frozen, rows))
        before, expected = expected, expected + counted if again else expected | counted
        if breaks_after is not None:
            with monkeypatch.context() as patches:
                crash = Crash(patches)
                crash.blocks = breaks_after
                try:
                    files.load(path, again=again)
                except CommandError:
                    assert before <= there() < expected
                    crash.blocks = 99
                    files.load(path, again=again)
        else:
            result = files.load(path, again=again)["files"][0]
            assert (result["added"], result["already_there"]) == (
                (expected - before).total(),
                len(rows) - (expected - before).total(),
            )
        assert there() == expected


@pytest.mark.usefixtures("files")
def test_rows_of_one_moment_are_dealt_out_to_slices(monkeypatch: pytest.MonkeyPatch, files: Loading) -> None:
    monkeypatch.setattr(slices, "_ROWS", 10)
    rows = [ROW | {"x": number % 60} for number in range(120)]
    added(files, "a.jsonl", rows[:100])
    sizes: list[int] = []
    split = slices.Hours.slices

    def counted(*arguments: Any) -> Any:
        for part in split(*arguments):
            sizes.append(part.num_rows)
            yield part

    monkeypatch.setattr(slices.Hours, "slices", counted)
    assert added(files, "a.jsonl", rows) == 20
    assert sum(sizes) == 120
    assert max(sizes) < 30
    assert there() == Counter(map(frozen, rows))


# --- On purpose ----------------------------------------------------------------------------------------------------


def test_again_loads_rows_that_another_file_brought_too(files: Loading) -> None:
    added(files, "a.jsonl", ROWS[:6])
    assert [added(files, "b.jsonl", ROWS[3:], again=again) for again in (False, True, False)] == [3, 6, 0]
    assert there() == Counter(map(frozen, ROWS + ROWS[3:]))


def test_a_load_that_was_to_be_made_again_and_broke_off_is_finished_by_either(
    files: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "BLOCK_ROWS", 2)
    crash = Crash(monkeypatch)
    path = files.file("a.jsonl", ROWS)
    crash.blocks = 1
    files.refusal(path, again=True)
    crash.blocks = 99
    assert files.load(path)["added"] == 7
    # The one that broke off is finished by now.
    assert files.load(path, again=True)["added"] == 9
    assert there() == Counter(map(frozen, ROWS * 2))


def test_again_finishes_a_first_load_that_broke_off(files: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BLOCK_ROWS", 2)
    crash = Crash(monkeypatch)
    path = files.file("a.jsonl", ROWS)
    crash.blocks = 1
    files.refusal(path)
    crash.blocks = 99
    assert [files.load(path, again=True)["added"] for _ in range(2)] == [7, 9]
    assert there() == Counter(map(frozen, ROWS * 2))


def test_what_a_file_has_added_is_found_by_its_marks(files: Loading) -> None:
    added(files, "a.jsonl", ROWS[:6])
    for again in (False, True, True):
        added(files, "b.jsonl", ROWS[3:], again=again)
    marked = {row["mark"] for row in select("SELECT DISTINCT _partition AS mark FROM heatmaps")}
    for rows, times in ((ROWS[:6], [0]), (ROWS[3:], [0, 1, 2]), (ROWS, [])):
        origins = origins_of_file(files.file("a.jsonl", rows))
        found = [origin for origin in origins if origin in marked]
        assert found == [origins[number] for number in times]
        marks = ", ".join(map(str, found or [0]))
        added_by = select(f"SELECT count() AS n FROM heatmaps WHERE _partition IN ({marks})")
        assert added_by == [{"n": {0: 0, 1: 6, 3: 3 + 2 * 6}[len(times)]}]
