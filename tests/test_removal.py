"""What `delete_interactions` and `delete_project` remove, and what they leave alone: by answers before and after."""

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from pytest_django import Settings

from heatmaps import engine
from heatmaps.drawing.recoding import Recoded
from heatmaps.models import Cohort, Membership, PersonalAPIKey, Picture, Project, User
from heatmaps.removal import projects, rows
from heatmaps.schema.cluster import SHARDING
from tests.commands import Commands
from tests.conftest import Api, Events, Interactions, Persons, body
from tests.loading import ROW, contents, empty_tables
from tests.processes import Service

PAGES = ["https://example.com/", "https://example.com/a", "https://example.com/blog/1", "https://example.com/blog/2"]
EVERYTHING = {"date_from": "all"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "SETTLES_AFTER_SECONDS", 0)


@pytest.fixture
def filled(interactions: Interactions, project: Project, other_project: Project) -> None:
    """Twelve interactions of four pages and three days, in both projects."""
    interactions.add_all(
        [
            {
                "team_id": team_id,
                "current_url": page,
                "distinct_id": f"visitor {day}",
                "timestamp": datetime(2026, 3, 28 + day, 12, tzinfo=UTC),
            }
            for team_id in (1, 2)
            for page in PAGES
            for day in range(3)
        ]
    )


@pytest.fixture
def seer(user: User, other_project: Project) -> Api:
    """Ann, who may see both projects."""
    user.join(other_project.organization)
    return Api(PersonalAPIKey.make(user, "seer")[1])


def answers(api: Api, project: int) -> list[bytes]:
    """Of every kind, so that tables, projections and what is worked out beside them all have their say."""
    path = f"/api/projects/{project}/heatmaps/"
    points = orjson.dumps([{"x": 0.06, "y": 16}]).decode()
    return [
        body(api.get(path, parameters))
        for parameters in (
            EVERYTHING,
            EVERYTHING | {"aggregation": "unique_visitors"},
            EVERYTHING | {"url_exact": PAGES[1]},
            EVERYTHING | {"url_pattern": "https://example.com/blog/*"},
        )
    ] + [body(api.get(f"{path}events/", EVERYTHING | {"points": points})), body(api.get(f"{path}pages/", EVERYTHING))]


def count(api: Api, project: int = 1, **parameters: str) -> int:
    return int(sum(point["count"] for point in api.points(project=project, **EVERYTHING, **parameters)))


def delete(commands: Commands, *arguments: str) -> int:
    return int(commands.run("delete_interactions", "--project", "1", *arguments, "--yes")["interactions"])


# --- delete_interactions -------------------------------------------------------------------------------------------


def test_interactions_of_pages_are_gone_from_every_answer(filled: None, commands: Commands, seer: Api) -> None:
    before = answers(seer, 2)
    assert delete(commands, "--url-pattern", "https://example.com/blog/*") == 6
    assert commands.said == (
        "6 interactions of project Shop (1), of pages like https://example.com/blog/*.\nRemoved 6 interactions.\n"
    )
    assert count(seer) == 6
    assert count(seer, url_pattern="https://example.com/blog/*") == 0
    assert [page["url"] for page in seer.pages(**EVERYTHING)["results"]] == [PAGES[0].rstrip("/"), PAGES[1]]
    assert answers(seer, 2) == before
    assert delete(commands, "--url-pattern", "https://example.com/blog/*") == 0


def test_what_is_left_answers_as_if_the_rest_had_never_been(
    commands: Commands, interactions: Interactions, seer: Api
) -> None:
    rows = [
        {"current_url": page, "x": number, "distinct_id": f"v{number % 3}"} for page in PAGES for number in range(9)
    ]
    interactions.add_all([row for row in rows if row["current_url"] == PAGES[0]])
    alone = answers(seer, 1)
    interactions.add_all([row for row in rows if row["current_url"] != PAGES[0]])
    assert answers(seer, 1) != alone
    assert delete(commands, "--url-pattern", "https://example.com/.*[a-z0-9]") == 27
    assert answers(seer, 1) == alone


def test_without_a_filter_all_of_the_project_go(filled: None, commands: Commands, seer: Api) -> None:
    before = answers(seer, 2)
    empty = answers(seer, 1)
    assert delete(commands) == 12
    assert count(seer) == 0
    assert answers(seer, 1) != empty
    assert answers(seer, 2) == before


def test_before_a_day_is_before_its_first_moment_in_the_projects_zone(
    commands: Commands, interactions: Interactions, project: Project, api: Api
) -> None:
    project.timezone = "Asia/Tokyo"
    project.save()
    midnight = datetime(2026, 3, 28, 15, tzinfo=UTC)
    for moment in (midnight - timedelta(microseconds=1), midnight):
        interactions.add(timestamp=moment)
    assert delete(commands, "--before", "2026-03-29") == 1
    assert commands.said.startswith("1 interactions of project Shop (1), before 2026-03-29 (Asia/Tokyo).\n")
    (left,) = api.interactions(points=[{"x": 0.06, "y": 16}], **EVERYTHING)["results"]
    assert left["timestamp"] == "2026-03-28T15:00:00Z"


def test_filters_are_met_together(filled: None, commands: Commands, seer: Api) -> None:
    assert delete(commands, "--url-pattern", PAGES[1], "--before", "2026-03-30") == 2
    assert count(seer) == 10


@pytest.fixture
def empty() -> Iterator[None]:
    yield from empty_tables()


@pytest.mark.parametrize("name", ["clicks.jsonl", "clicks.csv.gz", "clicks.parquet"])
def test_a_file_takes_back_what_it_loaded(
    empty: None, commands: Commands, interactions: Interactions, api: Api, tmp_path: Path, name: str
) -> None:
    interactions.add()
    before = answers(api, 1)
    mine, others = tmp_path / name, tmp_path / f"others-{name}"
    mine.write_bytes(contents(name, [ROW | {"x": number} for number in range(5)]))
    others.write_bytes(contents(name, [ROW | {"x": 40}]))
    load = ("load_interactions", str(mine), "--project", "1")
    commands.run(*load)
    # Whatever it loaded: also what it was made to load a second time.
    commands.run(*load, "--again")
    commands.run("load_interactions", str(others), "--project", "1")
    assert count(api) == 12
    assert delete(commands, "--file", str(mine)) == 10
    assert count(api) == 2
    assert delete(commands, "--file", str(others)) == 1
    assert answers(api, 1) == before
    assert delete(commands, "--file", str(mine)) == 0
    # It may come again.
    assert commands.run(*load)["added"] == 5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--url-pattern", "("], "--url-pattern is not a valid regular expression: missing ): ("),
        (["--url-pattern", " "], "--url-pattern is empty; leave it out for all pages."),
        (["--before", "yesterday"], "--before takes a day from 1970 to 2149 such as 2026-11-23, not 'yesterday'."),
        (["--before", "2026-02-30"], "--before takes a day from 1970 to 2149 such as 2026-11-23, not '2026-02-30'."),
        (["--before", "0001-01-01"], "--before takes a day from 1970 to 2149 such as 2026-11-23, not '0001-01-01'."),
        (["--file", "nowhere.jsonl"], "nowhere.jsonl: No such file or directory."),
        (["--file", "/"], "/: Is a directory."),
    ],
)
def test_what_cannot_be_understood_removes_nothing(
    filled: None, commands: Commands, seer: Api, arguments: list[str], sentence: str
) -> None:
    assert commands.refusal("delete_interactions", "--project", "1", *arguments, "--yes") == sentence
    assert count(seer) == 12


@pytest.mark.parametrize("command", [("delete_interactions", "--project", "1"), ("delete_project", "1")])
def test_nothing_is_removed_that_nobody_confirmed(
    filled: None, commands: Commands, seer: Api, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert commands.refusal(*command) == (
        "There is no terminal to ask at; --yes removes without asking. Nothing was removed."
    )
    assert (count(seer, 1), count(seer, 2)) == (12, 12)


@pytest.mark.parametrize("command", ["delete_interactions", "delete_project"])
def test_a_project_that_is_not_there_is_told(filled: None, commands: Commands, command: str) -> None:
    arguments = ["9"] if command == "delete_project" else ["--project", "9"]
    assert commands.refusal(command, *arguments, "--yes") == "There is no project 9. There are: 1, 2."


def test_tables_of_somebody_else_are_left_alone(
    filled: None, commands: Commands, seer: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heatmaps.schema.is_ours", lambda _: False)
    sentence = "The tables in ClickHouse were not made by migrate_clickhouse, so nothing is removed there."
    assert commands.refusal("delete_interactions", "--project", "1", "--yes") == sentence
    assert commands.refusal("delete_project", "1", "--yes") == sentence
    assert count(seer) == 12


def test_at_a_terminal_it_is_asked_first(tmp_path: Path) -> None:
    service = Service(directory=tmp_path, environment={"RETENTION_DAYS": "0"})
    service.migrate()
    service.make_project()
    file = tmp_path / "rows.jsonl"
    file.write_bytes(contents("rows.jsonl", [ROW | {"x": number} for number in range(3)]))
    service.result("load_interactions", str(file), "--project", "1")
    command = ("delete_interactions", "--project", "1")
    status, shown = service.run_at_terminal(*command, answers=[("Type yes to remove: ", "y")])
    assert (status, "CommandError: Nothing was removed." in shown) == (1, True)
    assert "3 interactions of project Shop (1)." in shown
    assert service.select("SELECT count() FROM heatmaps") == [[3]]
    status, _ = service.run_at_terminal(*command, answers=[("Type yes to remove: ", "yes")])
    assert (status, service.select("SELECT count() FROM heatmaps")) == (0, [[0]])


# --- delete_project ------------------------------------------------------------------------------------------------


@pytest.fixture
def full(filled: None, events: Events, persons: Persons, commands: Commands) -> Iterator[None]:
    """Two projects with everything that one may have."""
    for team_id in (1, 2):
        events.add(team_id=team_id)
        persons.add("ann", 1, team_id=team_id)
        drawn = Recoded(content=b"RIFF", format="webp", width=1440, height=900)
        Picture.keep(team_id, PAGES[0], width=1440, height=900, drawn=drawn, created_by_id=None)
        cohorts = [
            Cohort.objects.create(project_id=team_id, name=name, is_static=is_static)
            for name, is_static in (("List", True), ("Calculation", False))
        ]
        with engine.writer() as client:
            client.insert(
                "person_static_cohort",
                [[UUID(int=0), UUID(int=1), cohorts[0].pk, team_id]],
                column_names=["id", "person_id", "cohort_id", "team_id"],
            )
            client.insert(
                "cohortpeople",
                [[UUID(int=1), cohorts[1].pk, team_id, 1, 1]],
                column_names=["person_id", "cohort_id", "team_id", "sign", "version"],
            )
            client.insert("captured_events", [[team_id, 1, 1]], column_names=["team_id", "key", "batch"])
            client.insert(
                "cohort_visitors",
                [[team_id, cohorts[0].pk, "ann"]],
                column_names=["team_id", "cohort_id", "distinct_id"],
            )
            client.insert(
                "person", [[UUID(int=1), team_id, "{}", 1]], column_names=["id", "team_id", "properties", "version"]
            )
    yield
    with engine.writer() as client:
        for table in ("person_static_cohort", "cohortpeople", "captured_events", "cohort_visitors", "person"):
            client.command(f"TRUNCATE TABLE {table}")


def tables_with(team_id: int) -> set[str]:
    with engine.writer() as client:
        return {
            table
            for table in SHARDING
            if client.query(f"SELECT count() FROM {table} WHERE team_id = {team_id}").result_rows[0][0]
        }


def test_a_project_goes_with_all_that_is_kept_of_it(full: None, commands: Commands, seer: Api, user: User) -> None:
    before = answers(seer, 2)
    assert (tables_with(1), tables_with(2)) == (set(SHARDING), set(SHARDING))
    assert commands.run("delete_project", "1", "--yes") == {
        "id": 1,
        "name": "Shop",
        "interactions": 12,
        "events": 1,
        "persons": 1,
        "cohorts": 2,
        "memberships": 3,
        "pictures": 1,
    }
    assert commands.said == (
        "Project Shop (1) of Acme: 12 interactions, 1 event, 1 id linked to persons, 2 cohorts with"
        " 3 memberships, 1 picture of pages.\nRemoved the project.\n"
    )
    assert seer.list(project=1).status_code == 404
    assert (tables_with(1), tables_with(2)) == (set(), set(SHARDING))
    assert set(Cohort.objects.values_list("project_id", flat=True)) == {2}
    assert set(Picture.objects.values_list("project_id", flat=True)) == {2}
    assert answers(seer, 2) == before
    # People stay, and their organizations; nobody's current project is one that is gone.
    user.refresh_from_db()
    assert (Membership.objects.count(), user.current_project) == (2, None)
    assert commands.refusal("delete_project", "1", "--yes") == "There is no project 1. There are: 2."


def test_the_members_of_a_list_of_visitors_are_counted(filled: None, commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "visitors.txt").write_text("nobody knows them\n")
    commands.run("create_cohort", "Buyers", str(tmp_path / "visitors.txt"), "--project", "1")
    assert commands.run("delete_project", "1", "--yes")["memberships"] == 1
    assert " 1 cohort with 1 membership, 0 pictures of pages." in commands.said


def test_a_removal_that_broke_off_goes_on_where_it_was(
    full: None, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each table in turn, as when the command was killed there."""
    token = Project.objects.get(pk=1).token
    removed = rows.delete
    for stop_at in projects.TABLES:
        done: list[str] = []

        def broken(client: Any, table: str, *rest: Any, stop_at: str = stop_at, done: list[str] = done) -> int:
            if table == stop_at:
                raise engine.EngineError("killed")
            done.append(table)
            return int(removed(client, table, *rest))

        with monkeypatch.context() as patch:
            patch.setattr(rows, "delete", broken)
            assert commands.refusal("delete_project", "1", "--yes") == "killed"
        assert tables_with(1) == set(SHARDING) - set(done)
        # Browsers are turned away from the start.
        assert Project.objects.get(pk=1).token != token
    commands.run("delete_project", "1", "--yes")
    assert (tables_with(1), Project.objects.filter(pk=1).exists()) == (set(), False)


def test_a_key_to_nothing_but_that_project_opens_no_other(
    full: None, commands: Commands, user: User, seer: Api
) -> None:
    limited = Api(PersonalAPIKey.make(user, "limited", scoped_teams=[1])[1])
    commands.run("delete_project", "1", "--yes")
    assert limited.list(project=2).status_code == 403


def test_where_others_use_the_engine_the_token_is_forgotten_first(
    full: None, commands: Commands, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until no process takes what browsers send for the project any more."""
    waited: list[tuple[float, set[str]]] = []
    monkeypatch.setattr(projects, "SETTLES_AFTER_SECONDS", 7)
    monkeypatch.setattr(engine, "is_shared", lambda: True)
    monkeypatch.setattr("heatmaps.removal.projects.sleep", lambda seconds: waited.append((seconds, tables_with(1))))
    commands.run("delete_project", "1", "--yes")
    assert waited == [(7, set(SHARDING))]
