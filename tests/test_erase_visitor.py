"""What `erase_visitor` removes, and what it leaves alone."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.core.management import CommandError, call_command

from heatmaps import engine
from heatmaps.models import Project
from tests.conftest import NOW, Interactions

ANN, BOB = UUID(int=1), UUID(int=2)
TABLES = ("events", "person_distinct_id2", "cohortpeople", "person_static_cohort")


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


def test_a_person_with_other_visitors_stays_in_its_cohorts(visitors: None, capsys: pytest.CaptureFixture[str]) -> None:
    # "was-ann" is the same person as Bob.
    assert erase(capsys, "bob") == {"interactions": 1, "events": 1, "memberships": 0, "persons": 1}
    assert (1, BOB) in left("cohortpeople", "person_id")


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
