"""Loading events, which visitor is which person, and cohorts of persons."""

from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from django.core.management import call_command

from heatmaps import engine
from heatmaps.engine import asking
from heatmaps.loading import persons
from heatmaps.loading.persons import current_persons
from heatmaps.models import Cohort, Organization, Project
from tests.loading import Loading, command, empty_tables, select

tables = pytest.fixture(empty_tables, name="empty_tables")


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str], project: Project, empty_tables: None) -> Loading:
    return Loading(tmp_path, capsys)


# --- Events --------------------------------------------------------------------------------------------------------

EVENT = {"event": "$pageview", "distinct_id": "ann", "timestamp": "2026-03-30 12:00:00.000000"}
STORED = {
    "uuid": UUID(int=0),
    "properties": "",
    "elements_chain": "",
    "person_id": UUID(int=0),
    "person_properties": "",
    "$session_id": "",
    **EVENT,
}


def events(files: Loading, name: str, *rows: dict[str, Any]) -> Any:
    files.load(files.file(name, rows), command="load_events")
    return files.stored(table="events", columns=list(STORED))


@pytest.mark.parametrize("name", ["events.jsonl", "events.csv", "events.parquet"])
def test_an_event_needs_its_name_its_visitor_and_its_time(files: Loading, name: str) -> None:
    assert events(files, name, EVENT) == [STORED]
    line = 2 if name == "events.csv" else 1
    for column in EVENT:
        row = {other: value for other, value in EVENT.items() if other != column}
        assert files.refusal(files.file(name, [row]), command="load_events") == (
            f"{name}, line {line}: {column} is missing. Nothing of this file was loaded."
        )


@pytest.mark.parametrize("name", ["events.jsonl", "events.csv", "events.parquet"])
def test_every_column_of_an_event(files: Loading, name: str) -> None:
    row = EVENT | {
        "uuid": "0190d7a1-0000-7000-8000-000000000001",
        "properties": '{"$host": "e.com", "$session_id": "another"}',
        "elements_chain": 'a.buy:href="/x"',
        "person_id": "0190d7a1-0000-7000-8000-000000000002",
        "person_properties": '{"email": "ann@example.com"}',
        "session_id": "session",
    }
    identifiers = {"uuid": UUID(row["uuid"]), "person_id": UUID(row["person_id"])}
    session = {"$session_id": row.pop("session_id")}
    assert events(files, name, row | session) == [row | identifiers | session]
    command("TRUNCATE TABLE events")
    assert events(files, name, row | {"session_id": "session"}) == [row | identifiers | session]


@pytest.mark.parametrize("name", ["events.jsonl", "events.parquet"])
def test_properties_are_objects_or_their_text(files: Loading, name: str) -> None:
    properties = {"$session_id": "s1", "price": 1.5, "tags": ["a", None]}
    text = '{"$session_id":"s1","price":1.5,"tags":["a",null]}'
    row = EVENT | {"properties": properties, "person_properties": {"plan": "ü"}}
    assert events(files, name, row) == [
        STORED | {"properties": text, "person_properties": '{"plan":"ü"}', "$session_id": "s1"}
    ]
    command("TRUNCATE TABLE events")
    assert events(files, name, EVENT | {"properties": text}) == [STORED | {"properties": text, "$session_id": "s1"}]


@pytest.mark.parametrize(
    ("given", "session"),
    [
        ({"properties": {"$session_id": "s1"}}, "s1"),
        ({"properties": {"$session_id": "s1"}, "session_id": "s2"}, "s2"),
        ({"properties": {"$session_id": "s1"}, "session_id": ""}, "s1"),
        ({"properties": {"$session_id": "s1"}, "$session_id": "s3", "session_id": "s2"}, "s3"),
        ({"properties": {"$session_id": 5}}, ""),
        ({"properties": {"a": "$session_id"}}, ""),
        ({"properties": None}, ""),
    ],
)
def test_a_session_is_given_or_among_the_properties(files: Loading, given: dict[str, Any], session: str) -> None:
    assert [row["$session_id"] for row in events(files, "events.jsonl", EVENT | given)] == [session]


@pytest.mark.parametrize("value", ["[1]", "{", "null", [1], 5, '{"a": 1} x', '{"a": "\\ud800"}'])
@pytest.mark.parametrize("column", ["properties", "person_properties"])
def test_other_properties_are_refused(files: Loading, column: str, value: object) -> None:
    name = files.file("events.jsonl", [EVENT | {column: value}])
    assert files.refusal(name, command="load_events") == (
        f"events.jsonl, line 1: {column} is not a JSON object. Nothing of this file was loaded."
    )


def test_an_id_that_is_no_uuid_is_refused(files: Loading) -> None:
    name = files.file("events.jsonl", [EVENT | {"uuid": "7"}])
    assert "line 1: uuid is not a UUID." in files.refusal(name, command="load_events")


def test_the_same_events_again_add_nothing(files: Loading) -> None:
    name = files.file("events.jsonl", [EVENT, EVENT])
    added = [files.load(name, command="load_events", again=again)["added"] for again in (False, False, True)]
    assert added == [2, 0, 2]


# --- Persons -------------------------------------------------------------------------------------------------------

P1, P2 = UUID(int=1), UUID(int=2)
OWN = {name: uuid5(NAMESPACE_URL, f"1:{name}") for name in ("ann", "bob")}


def mapped(files: Loading, name: str, *rows: dict[str, Any], project: int = 1) -> int:
    """How many mappings the load added."""
    result = files.load(files.file(name, rows), command="load_persons", project=project)
    assert result["files"][0]["already_there"] == len(rows) - result["added"]
    return int(result["added"])


def people(project: int = 1) -> dict[str, UUID]:
    with engine.writer() as client:
        return current_persons(client, project, ["ann", "bob"])


@pytest.mark.parametrize("name", ["persons.jsonl", "persons.csv", "persons.parquet"])
def test_visitors_are_the_persons_they_are_said_to_be_or_their_own(files: Loading, name: str) -> None:
    rows: list[dict[str, Any]] = [
        {"distinct_id": "ann", "person_id": str(P1)},
        {"distinct_id": "bob", "person_id": None},
    ]
    assert mapped(files, name, *rows) == 2
    assert people() == {"ann": P1, "bob": OWN["bob"]}
    assert mapped(files, name, *rows) == 0


def test_a_changed_mapping_wins(files: Loading) -> None:
    mapped(files, "a.jsonl", {"distinct_id": "ann", "person_id": str(P1)})
    assert mapped(files, "b.jsonl", {"distinct_id": "ann", "person_id": str(P2)}) == 1
    assert people() == {"ann": P2}
    assert mapped(files, "a.jsonl", {"distinct_id": "ann", "person_id": str(P1)}) == 1
    assert people() == {"ann": P1}


@pytest.mark.parametrize("at_once", [1, 10_000])
def test_the_last_row_of_a_visitor_wins(files: Loading, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(persons, "_AT_ONCE", at_once)
    ann = {"distinct_id": "ann"}
    mapped(files, "a.jsonl", ann | {"person_id": str(P1)}, ann | {"person_id": str(P2)}, ann)
    assert people() == {"ann": P2}


def test_a_row_without_a_person_leaves_a_person_in_place(files: Loading) -> None:
    mapped(files, "a.jsonl", {"distinct_id": "ann", "person_id": str(P1)})
    assert mapped(files, "b.jsonl", {"distinct_id": "ann"}) == 0
    assert people() == {"ann": P1}


def test_a_deleted_mapping_can_be_made_again(files: Loading) -> None:
    mapped(files, "a.jsonl", {"distinct_id": "ann"})
    command(f"INSERT INTO person_distinct_id2 VALUES (1, 'ann', '{P1}', 1, {2**62})")
    assert people() == {}
    assert mapped(files, "a.jsonl", {"distinct_id": "ann"}) == 1
    assert people() == {"ann": OWN["ann"]}


def test_a_visitors_person_is_of_one_project(files: Loading, organization: Organization) -> None:
    Project.objects.create(pk=2, name="Other", organization=organization)
    mapped(files, "a.jsonl", {"distinct_id": "ann", "person_id": str(P1)})
    assert mapped(files, "a.jsonl", {"distinct_id": "ann", "person_id": str(P2)}, project=2) == 1
    assert (people(), people(project=2)) == ({"ann": P1}, {"ann": P2})


def test_more_visitors_than_fit_one_question(files: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_MAX_PARAMETER_BYTES", 100)
    rows = [{"distinct_id": f"visitor {number}"} for number in range(50)]
    assert [mapped(files, "a.jsonl", *rows), mapped(files, "b.jsonl", *rows)] == [50, 0]


def test_a_person_that_is_no_uuid_is_refused(files: Loading) -> None:
    name = files.file("persons.csv", [{"distinct_id": "ann", "person_id": "7"}])
    assert "line 2: person_id is not a UUID." in files.refusal(name, command="load_persons")


# --- Cohorts -------------------------------------------------------------------------------------------------------


def cohort(files: Loading, lines: bytes) -> Any:
    return files.load("Buyers", files.file("visitors.txt", lines), command="create_cohort")


def members(cohort_id: int) -> list[str]:
    """Who is on the list."""
    rows = select(
        f"SELECT distinct_id FROM cohort_visitors FINAL WHERE team_id = 1 AND cohort_id = {cohort_id} ORDER BY ALL"
    )
    return [row["distinct_id"] for row in rows]


@pytest.fixture
def people_known(files: Loading) -> None:
    """Ann is one person with two visitors, Bob another one."""
    rows = [{"distinct_id": "ann", "person_id": str(P1)}, {"distinct_id": "ann's phone", "person_id": str(P1)}]
    mapped(files, "persons.jsonl", *rows, {"distinct_id": "bob"})


@pytest.mark.usefixtures("people_known")
def test_a_cohort_holds_each_of_its_visitors_once(files: Loading) -> None:
    made = cohort(files, b"\xef\xbb\xbfann\nann's phone\r\n\n  bob \nann\nnobody\nnobody\nnobody else")
    assert made == {"id": made["id"], "members": 2, "unknown": 2}
    assert members(made["id"]) == ["ann", "ann's phone", "bob", "nobody", "nobody else"]
    assert list(Cohort.objects.values("name", "is_static", "lists_visitors", "deleted", "project_id")) == [
        {"name": "Buyers", "is_static": True, "lists_visitors": True, "deleted": False, "project_id": 1}
    ]


@pytest.mark.usefixtures("people_known")
@pytest.mark.parametrize("lines", [b"", b"\n \n"])
def test_an_empty_cohort_is_fine(files: Loading, lines: bytes) -> None:
    made = cohort(files, lines)
    assert made == {"id": made["id"], "members": 0, "unknown": 0}
    assert members(made["id"]) == []


@pytest.mark.usefixtures("people_known")
def test_a_cohort_of_before_becomes_a_list_by_its_name_or_id_and_a_list_is_replaced_by_its_id(files: Loading) -> None:
    before, other = (Cohort.objects.create(project_id=1, name=name).pk for name in ("Buyers", "Others"))
    assert cohort(files, b"ann\nnobody\n") == {"id": before, "members": 1, "unknown": 1}
    assert members(before) == ["ann", "nobody"]
    # The next one of that name is another list, as ever.
    assert cohort(files, b"bob\n")["id"] not in {before, other}
    name = files.file("visitors.txt", b"nobody\nbob\n")
    for wanted in (before, other):
        assert files.load("Renamed", name, command="create_cohort", id=wanted)["id"] == wanted
        assert members(wanted) == ["bob", "nobody"]
    assert set(Cohort.objects.filter(pk__in=[before, other]).values_list("name", "lists_visitors")) == {
        ("Renamed", True)
    }


@pytest.mark.usefixtures("people_known")
def test_a_cohort_knows_the_visitors_of_its_project_only(files: Loading, organization: Organization) -> None:
    Project.objects.create(pk=2, name="Other", organization=organization)
    name = files.file("visitors.txt", b"ann\n")
    made = files.load("Buyers", name, command="create_cohort", project=2)
    assert made == {"id": made["id"], "members": 0, "unknown": 1}


def test_a_cohort_that_cannot_be_made(files: Loading) -> None:
    nowhere, latin = str(files.directory / "nowhere.txt"), files.file("latin.txt", b"\xff")
    assert files.refusal("Buyers", nowhere, command="create_cohort") == (
        "nowhere.txt cannot be read: No such file or directory."
    )
    assert files.refusal("Buyers", latin, command="create_cohort").startswith("latin.txt cannot be read: 'utf-8' codec")
    assert files.refusal("", latin, command="create_cohort") == "name: This field cannot be blank."
    assert files.refusal("Buyers", latin, command="create_cohort", project=9) == (
        "There is no project 9. There are: 1."
    )
    assert not Cohort.objects.exists()


# --- What is known of persons ----------------------------------------------------------------------------------------


def listed(files: Loading, **options: Any) -> list[tuple[list[str], dict[str, Any]]]:
    found = files.load(command="list_persons", **options)["persons"]
    return [(person["distinct_ids"], person["properties"]) for person in found]


def told() -> list[dict[str, Any]]:
    return list(select("SELECT id, properties FROM person FINAL WHERE is_deleted = 0 ORDER BY ALL"))


@pytest.mark.parametrize("name", ["persons.jsonl", "persons.csv", "persons.parquet"])
def test_properties_of_persons_are_loaded_and_listed(files: Loading, name: str) -> None:
    row = {"distinct_id": "ann", "person_id": str(P1), "properties": '{"email":"Ann@example.com","n":1}'}
    assert mapped(files, name, row, {**row, "distinct_id": "ann's phone", "properties": None}) == 2
    assert mapped(files, name, row) == 0
    assert told() == [{"id": P1, "properties": '{"email":"Ann@example.com","n":1}'}]
    assert mapped(files, name, {**row, "properties": '{"n":2}'}) == 1
    ann = (["ann", "ann's phone"], {"email": "Ann@example.com", "n": 2})
    assert listed(files) == [ann]
    assert listed(files, search="ANN@EX") == listed(files, search="phone") == listed(files, search="2") == [ann]
    assert listed(files, search="bob") == []
    assert told() == [{"id": P1, "properties": '{"email":"Ann@example.com","n":2}'}]


def test_a_person_whom_nobody_is_any_more_is_not_kept(files: Loading) -> None:
    mapped(files, "a.jsonl", {"distinct_id": "ann", "person_id": str(P1), "properties": {"a": 1}})
    mapped(files, "a.jsonl", {"distinct_id": "ann", "person_id": str(P2)})
    assert listed(files) == [(["ann"], {})]
    assert told() == [{"id": P2, "properties": "{}"}]
    mapped(files, "a.jsonl", {"distinct_id": "ann", "person_id": str(P1)})
    assert told() == [{"id": P1, "properties": "{}"}]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"distinct_id": "x" * 401}, "distinct_id has more than 400 characters"),
        ({"distinct_id": "a\0b"}, "distinct_id has a NUL character"),
        ({"distinct_id": "ann", "properties": "[1]"}, "properties is not a JSON object"),
    ],
)
def test_a_row_that_cannot_be_kept_is_told(files: Loading, row: dict[str, Any], problem: str) -> None:
    name = files.file("persons.jsonl", [{"distinct_id": "bob"}, row])
    assert files.refusal(name, command="load_persons") == (
        f"persons.jsonl, line 2: {problem}. Nothing of this file was loaded."
    )
    assert people() == {}


def test_the_list_tells_people_in_lines(files: Loading, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("list_persons", project=1)
    assert capsys.readouterr().err == "There is no such person.\n"
    mapped(files, "a.jsonl", {"distinct_id": "ann", "person_id": str(P1), "properties": {"a": 1}})
    call_command("list_persons", project=1)
    assert capsys.readouterr().out == f'{P1}\tnot identified\tann\t{{"a":1}}\n'


def test_persons_of_before_are_taken_over_and_told_anew(
    files: Loading, organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    mapped(files, "a.jsonl", {"distinct_id": "kept", "person_id": str(P2)})
    for team, name, person, is_deleted, version in [
        (1, "ann", P1, 0, 2),
        (1, "ann", P2, 0, 1),
        (1, "bob", P1, 0, 1),
        (1, "gone", P1, 1, 2),
        (1, "x" * 401, P1, 0, 1),
        (9, "of-no-project", P1, 0, 1),
    ]:
        command(f"INSERT INTO person_distinct_id2 VALUES ({team}, '{name}', '{person}', {is_deleted}, {version})")
    for _ in range(2):
        call_command("migrate_clickhouse")
        assert listed(files) == [(["kept"], {}), (["ann", "bob"], {})]
    assert people() == {"ann": P1, "bob": P1}
    assert [row["id"] for row in told()] == [P1, P2]
    assert mapped(files, "b.jsonl", {"distinct_id": "ann", "person_id": str(P1)}) == 0
