"""What `erase_visitor` removes, and what it leaves alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.core.management import CommandError, call_command

from heatmaps import engine
from heatmaps.models import Person, PersonDistinctId, Project
from tests.conftest import NOW, Interactions

ANN, BOB = UUID(int=1), UUID(int=2)
TABLES = ("events", "person", "person_distinct_id2", "cohortpeople", "person_static_cohort", "cohort_visitors")


@pytest.fixture
def visitors(interactions: Interactions, project: Project, other_project: Project) -> Iterator[None]:
    """Ann and Bob in project 1, and Ann in project 2. Ann has a second distinct_id that once was hers."""
    for team_id, name in ((1, "ann"), (1, "ann"), (1, "bob"), (2, "ann")):
        interactions.add(team_id=team_id, distinct_id=name)
    with engine.writer() as client:
        insert(client, "events", ["team_id", "distinct_id", "event", "timestamp"], *[
            (team_id, name, "x", NOW) for team_id, name in ((1, "ann"), (1, "bob"), (2, "ann"))
        ])  # fmt: skip
        insert(
            client,
            "person_distinct_id2",
            ["team_id", "distinct_id", "person_id", "is_deleted", "version"],
            *[(1, "ann", BOB, 0, 1), (1, "ann", ANN, 0, 2), (1, "bob", BOB, 0, 1), (2, "ann", ANN, 0, 1)],
            *[(1, "was-ann", ANN, 0, 1), (1, "was-ann", BOB, 0, 2)],
        )
        memberships = [(person, team_id, team_id) for person in (ANN, BOB) for team_id in (1, 2)]
        insert(
            client,
            "cohortpeople",
            ["person_id", "cohort_id", "team_id", "sign", "version"],
            *[(*one, 1, 1) for one in memberships],
        )
        insert(
            client,
            "person_static_cohort",
            ["id", "person_id", "cohort_id", "team_id"],
            *[(UUID(int=0), *one) for one in memberships],
        )
    yield
    with engine.writer() as client:
        for table in TABLES:
            client.command(f"TRUNCATE TABLE {table}")


def insert(client: engine.Client, table: str, columns: list[str], *rows: tuple[Any, ...]) -> None:
    client.insert(table, [list(row) for row in rows], column_names=columns)


def left(table: str, column: str = "distinct_id") -> list[tuple[int, Any]]:
    with engine.writer() as client:
        rows = client.query(f"SELECT DISTINCT team_id, {column} FROM {table} ORDER BY ALL").result_rows
    return [tuple(row) for row in rows]


def erase(capsys: pytest.CaptureFixture[str], distinct_id: str) -> Any:
    capsys.readouterr()
    call_command("erase_visitor", distinct_id, project=1, json=True)
    return orjson.loads(capsys.readouterr().out)


def test_a_visitor_is_gone_from_every_table_of_the_project(visitors: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert erase(capsys, "ann") == {"interactions": 2, "events": 1, "memberships": 2, "persons": 1}
    assert left("heatmaps") == left("events") == [(1, "bob"), (2, "ann")]
    assert left("person_distinct_id2") == [(1, "bob"), (1, "was-ann"), (2, "ann")]
    assert left("cohortpeople", "person_id") == left("person_static_cohort", "person_id")
    assert left("cohortpeople", "person_id") == [(1, BOB), (2, ANN), (2, BOB)]
    assert erase(capsys, "ann") == {"interactions": 0, "events": 0, "memberships": 0, "persons": 0}


def test_whoever_is_the_same_person_goes_too(visitors: None, capsys: pytest.CaptureFixture[str]) -> None:
    # "was-ann" is the same person as Bob.
    assert erase(capsys, "was-ann") == {"interactions": 1, "events": 1, "memberships": 2, "persons": 2}
    assert left("heatmaps") == left("events") == left("person_distinct_id2") == [(1, "ann"), (2, "ann")]
    assert left("cohortpeople", "person_id") == [(1, ANN), (2, ANN), (2, BOB)]


def test_persons_that_were_kept_or_listed_are_gone_from_both_databases(
    visitors: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"distinct_id": name, "person_id": str(UUID(int=3)), "properties": {"email": f"{name}@example.com"}}
        for name in ("eve", "eve's phone")
    ]
    (tmp_path / "persons.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    (tmp_path / "listed.txt").write_text("eve\nbob\n")
    for project in (1, 2):
        call_command("load_persons", str(tmp_path / "persons.jsonl"), project=project)
    call_command("create_cohort", "Buyers", str(tmp_path / "listed.txt"), project=1)
    assert erase(capsys, "eve's phone") == {"interactions": 0, "events": 0, "memberships": 1, "persons": 2}
    assert left("person", "id") == [(2, UUID(int=3))]
    assert left("cohort_visitors") == [(1, "bob")]
    assert [(person.project_id, person.uuid) for person in Person.objects.all()] == [(2, UUID(int=3))]
    assert set(PersonDistinctId.objects.values_list("project", "distinct_id")) == {(2, "eve"), (2, "eve's phone")}


def test_nothing_of_the_visitor_remains_on_the_disk(visitors: None, capsys: pytest.CaptureFixture[str]) -> None:
    erase(capsys, "ann")
    with engine.writer() as client:
        active = client.query(
            "SELECT sum(rows), sum(has_lightweight_delete) FROM system.parts"
            " WHERE database = currentDatabase() AND table = 'heatmaps' AND active"
        ).result_rows
    assert [tuple(row) for row in active] == [(2, 0)]


def test_a_project_that_is_not_there_is_told(project: Project) -> None:
    with pytest.raises(CommandError, match=r"There is no project 9\. There are: 1\."):
        call_command("erase_visitor", "ann", project=9)
