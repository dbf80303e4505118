"""CLICKHOUSE_CLUSTER: tables over all servers of a cluster, the same statements and the same answers.

Distributed tables are really read and written, over the one shard that the tests' own server has. What needs a keeper
(replicas, statements that go to all servers) is only parsed.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import orjson
import pytest
import yaml
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from heatmaps import engine, schema
from heatmaps.capture.storage import Store
from heatmaps.engine import Query
from heatmaps.loading import lists
from heatmaps.models import Cohort, Project
from heatmaps.persons import following
from heatmaps.population.layout import current_layout
from heatmaps.schema.cluster import SHARDING, Cluster
from tests.capture import POINT, Browser, event
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.conftest import Api, Cohorts, Events, Interactions, Persons, body
from tests.processes import ROOT, clickhouse_server
from tests.test_capture_persons import said
from tests.test_capture_store import captured
from tests.test_layout import QUESTIONS, some_rows

TABLES = sorted(SHARDING)
PURCHASE = orjson.dumps([{"id": "purchase"}]).decode()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, tables: None) -> Iterator[str]:
    with clickhouse_server(tmp_path_factory.mktemp("cluster") / "data", "--cluster", "all_of_them") as server:
        with pytest.MonkeyPatch.context() as patch:
            for database, cluster in (("distributed", "all_of_them"), ("alone", "")):
                patch.setattr(configured, "CLICKHOUSE_URL", f"{server.url}/{database}")
                patch.setattr(configured, "CLICKHOUSE_CLUSTER", cluster)
                engine.close()
                call_command("migrate_clickhouse")
        engine.close()
        yield server.url


@pytest.fixture(autouse=True)
def cluster(url: str, settings: Settings) -> Iterator[None]:
    settings.CLICKHOUSE_URL = f"{url}/distributed"
    settings.CLICKHOUSE_CLUSTER = "all_of_them"
    engine.close()
    yield
    with engine.writer() as client:
        for table in TABLES:
            client.command(f"TRUNCATE TABLE distributed.sharded_{table}")
            client.command(f"TRUNCATE TABLE alone.{table}")
    engine.close()


def plan(capsys: pytest.CaptureFixture[str]) -> list[str]:
    call_command("migrate_clickhouse", "--plan", "--json")
    statements: list[str] = orjson.loads(capsys.readouterr().out)["plan"]
    return [statement.removesuffix(";") for statement in statements]


def test_the_plan_of_an_empty_cluster_is_parsed_by_the_engine(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with engine.writer() as client:
        client.command("CREATE DATABASE IF NOT EXISTS nothing")
    settings.CLICKHOUSE_URL = settings.CLICKHOUSE_URL.replace("distributed", "nothing")
    settings.RETENTION_DAYS = 30
    engine.close()
    statements = plan(capsys)
    for statement in statements:
        # As it stands: the tests' server would take the cluster out of it.
        with engine.writer() as client:
            client.command("SELECT formatQuery({sql:String})", parameters={"sql": statement})
    everywhere = [statement for statement in statements if not statement.startswith("INSERT INTO ")]
    assert all(" ON CLUSTER `all_of_them`" in statement for statement in everywhere)
    assert not [statement for statement in statements if re.search(r"ENGINE = (?!Replicated|Distributed)", statement)]
    assert len([statement for statement in statements if "MODIFY TTL" in statement]) == 2
    made = re.findall(r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+)", "\n".join(statements), re.MULTILINE)
    assert {name.partition("_by_")[0] for name in made} == {
        "heatmaps_migrations",
        *(f"sharded_{table}" for table in TABLES),
    }


def test_each_table_is_one_over_all_shards(capsys: pytest.CaptureFixture[str]) -> None:
    engines = dict(engine.rows(Query("SELECT name, engine FROM system.tables WHERE database = currentDatabase()", {})))
    assert {name: engines[name] for name in TABLES} == dict.fromkeys(TABLES, "Distributed")
    assert all(engines[f"sharded_{name}"].endswith("MergeTree") for name in TABLES)
    assert set(engines) == {"heatmaps_migrations", *TABLES, *(f"sharded_{name}" for name in TABLES)}
    assert current_layout().has_keys
    call_command("migrate_clickhouse", "--json")
    assert orjson.loads(capsys.readouterr().out) == {"applied": []}


@pytest.fixture
def filled(interactions: Interactions, events: Events, persons: Persons) -> None:
    interactions.add_all(some_rows())
    for number in range(0, 11, 2):
        events.add("purchase", session_id=f"session {number}", distinct_id=f"visitor {number % 7}")
    persons.add_all([{"distinct_id": f"visitor {n}", "person_id": UUID(int=n % 3 + 1)} for n in range(7)])


def test_the_same_answers_as_without_a_cluster(
    api: Api, filled: None, cohorts: Cohorts, url: str, settings: Settings
) -> None:
    calculated, listed = cohorts.dynamic((1, 1, 1), (2, 1, 1), version=1), cohorts.static(2, 3)
    questions: list[dict[str, Any]] = [
        *QUESTIONS,
        {"events": PURCHASE},
        {"filter_test_accounts": "true"},
        {"cohort_ids": f"[{calculated}]"},
        {"cohort_ids": f"[{calculated},{listed}]", "events": PURCHASE, "url_pattern": "https://example.com/*"},
    ]
    points = [{"x": 0.02, "y": 16}, {"x": 0.03, "y": 0}]

    def answers() -> list[bytes]:
        return [
            *(body(api.list(**question)) for question in questions),
            *(body(api.events(points=points, **question)) for question in questions if "limit" not in question),
        ]

    over_all = answers()
    settings.CLICKHOUSE_URL, settings.CLICKHOUSE_CLUSTER = f"{url}/alone", ""
    engine.close()
    with engine.writer() as client:
        for table in TABLES:
            client.command(f"INSERT INTO alone.{table} SELECT * FROM distributed.{table}")
    assert over_all == answers()
    assert len({answer for answer in over_all if b'"results":[]' not in answer}) > 15


def test_drill_down_counts_where_the_rows_are(
    api: Api, filled: None, url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same pages of interactions as on one server, and no window, for which all of them would have to travel."""
    areas = orjson.dumps(
        [
            {"name": "box", "x": [0, 1], "y": [0, 400]},
            {"name": "lasso", "polygon": [[0, 0], [1, 0], [0.5, 500]]},
        ]
    ).decode()
    questions: list[dict[str, Any]] = [
        {"areas": areas},
        {"areas": areas, "limit": 3, "offset": 2},
        {"areas": areas, "limit": 3, "offset": 100_000},
        {"areas": areas, "first_in_session": "true"},
        {"areas": areas, "events": PURCHASE, "cell_width": 2},
        {"points": [{"x": 0.02, "y": 16}, {"x": 0.02, "y": 0}, {"x": 0.04, "y": 0}], "cell_width": 2, "limit": 1},
    ]

    asked: list[Query] = []
    rows = engine.rows

    def listening(query: Query, *arguments: Any) -> Any:
        asked.append(query)
        return rows(query, *arguments)

    monkeypatch.setattr(engine, "rows", listening)

    def answers() -> list[bytes]:
        asked.clear()
        return [body(api.events(date_from="all", **question)) for question in questions]

    def windows() -> set[bool]:
        plans = (rows(Query(f"EXPLAIN PLAN {query.sql}", query.parameters)) for query in asked if "OFFSET" in query.sql)
        return {any("Window" in line for (line,) in plan) for plan in plans}

    over_all = answers()
    assert windows() == {False}
    settings.CLICKHOUSE_URL, settings.CLICKHOUSE_CLUSTER = f"{url}/alone", ""
    engine.close()
    with engine.writer() as client:
        for table in TABLES:
            client.command(f"INSERT INTO alone.{table} SELECT * FROM distributed.{table}")
    assert over_all == answers()
    assert [orjson.loads(answer)["total_count"] > 0 for answer in over_all] == [True] * len(questions)
    assert windows() == {True}


def test_rows_of_a_session_and_day_are_on_one_shard(interactions: Interactions) -> None:
    interactions.add_all(some_rows())
    shards = f"{SHARDING['heatmaps']} % 2"
    rows = engine.rows(
        Query(
            f"SELECT uniqExact({shards}), any({shards}) FROM heatmaps GROUP BY team_id, session_id, toDate(timestamp)",
            {},
        )
    )
    assert {number for number, _ in rows} == {1}
    assert {shard for _, shard in rows} == {0, 1}
    (table,) = engine.rows(
        Query("SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'heatmaps'", {})
    )
    assert table[0].endswith(f"{SHARDING['heatmaps']})")


def test_a_visitor_is_erased_on_the_cluster(filled: None, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("erase_visitor", "visitor 2", "--project", "1", "--json")
    erased = orjson.loads(capsys.readouterr().out)
    # Another visitor is the same person.
    assert (erased["interactions"] > 10, erased["persons"]) == (True, 2)
    for table in ("heatmaps", "events", "person_distinct_id2"):
        assert engine.rows(Query(f"SELECT count() FROM {table} WHERE distinct_id = 'visitor 2'", {})) == [(0,)]


def test_interactions_and_projects_are_removed_on_the_cluster(
    filled: None, api: Api, project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heatmaps.removal.projects.SETTLES_AFTER_SECONDS", 0)
    arguments = ["delete_interactions", "--project", "1", "--before", "2026-03-30", "--yes", "--json"]
    call_command(*arguments)
    assert orjson.loads(capsys.readouterr().out)["interactions"] > 10
    assert engine.rows(Query("SELECT countIf(timestamp < '2026-03-30'), count() > 0 FROM heatmaps", {})) == [(0, 1)]
    call_command("delete_project", "1", "--yes")
    for table in TABLES:
        assert engine.rows(Query(f"SELECT count() FROM {table} WHERE team_id = 1", {})) == [(0,)]
    assert not Project.objects.exists()


def test_what_browsers_send_is_stored_once_on_the_cluster(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heatmaps.capture.storage.SETTLED_AFTER_MILLISECONDS", -1)
    events = [captured() for _ in range(3)]
    for _ in range(2):
        assert Store().put(events)[0] == set()
    assert engine.rows(Query("SELECT count() FROM heatmaps", {})) == [(6,)]
    assert engine.rows(Query("SELECT count() FROM events", {})) == [(3,)]


@pytest.mark.django_db(transaction=True)
def test_persons_whom_browsers_make_are_followed_on_the_cluster(browser: Browser, api: Api, project: Project) -> None:
    staff = {"key": "email", "type": "person", "operator": "not_icontains", "value": "@ours.example"}
    Project.objects.update(test_account_filters=[staff])
    of_bob = {"$session_id": "of bob"}
    browser.send(
        event(POINT, distinct_id="0-1"),
        said("$identify", "ann", anon_distinct_id="0-1", set={"email": "ann@ours.example"}, session_id="session"),
        event(POINT, distinct_id="ann"),
        event(POINT, distinct_id="bob", properties=of_bob),
        {**said("click", "bob"), "properties": of_bob},
    )
    with engine.writer() as client:
        following.tell_all(client)
        cohort = Cohort.objects.create(project=project, name="Ann", is_static=True, lists_visitors=True)
        lists.replace(client, project.pk, cohort.pk, ["ann"])
    asked: tuple[dict[str, Any], ...] = (
        {"aggregation": "unique_visitors"},
        {"aggregation": "unique_persons"},
        {"filter_test_accounts": True},
        {"cohort_ids": f"[{cohort.pk}]"},
    )
    counts = [[point["count"] for point in api.points(date_from="2026-03-30", **parameters)] for parameters in asked]
    assert counts == [[3], [2], [1], [2]]


def test_retention_is_that_of_the_tables_with_the_rows(settings: Settings) -> None:
    settings.RETENTION_DAYS = 17
    call_command("migrate_clickhouse")
    query = "SELECT countIf(engine_full LIKE '%toIntervalDay(17)%') FROM system.tables WHERE database = 'distributed'"
    assert engine.rows(Query(query, {})) == [(2,)]
    settings.RETENTION_DAYS = 0
    call_command("migrate_clickhouse")
    assert engine.rows(Query(query, {})) == [(0,)]


@pytest.mark.parametrize(("database", "name"), [("alone", "all_of_them"), ("distributed", "")])
def test_tables_that_were_made_otherwise_are_not_touched(
    url: str, settings: Settings, database: str, name: str
) -> None:
    settings.CLICKHOUSE_URL, settings.CLICKHOUSE_CLUSTER = f"{url}/{database}", name
    engine.close()
    with pytest.raises(CommandError, match="The tables here were made for"):
        call_command("migrate_clickhouse")


def test_a_statement_of_another_kind_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="It is not known"):
        Cluster("c", "d").statements("OPTIMIZE TABLE heatmaps")
    assert schema.cluster() == Cluster("all_of_them", "distributed")


def test_rows_of_years_fit_one_insert_over_the_cluster(interactions: Interactions) -> None:
    first = datetime(2020, 1, 1, tzinfo=UTC)
    with engine.writer() as client:
        rows = [[1, "click", first + timedelta(weeks=week)] for week in range(150)]
        settings = {"max_partitions_per_insert_block": 0}
        client.insert("heatmaps", rows, column_names=["team_id", "type", "timestamp"], settings=settings)
    assert engine.rows(Query("SELECT count() FROM heatmaps", {})) == [(150,)]


def test_the_example_of_a_cluster_has_two_shards_of_two_replicas() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    servers = {
        name: service["environment"]["SHARD"]
        for name, service in compose["services"].items()
        if service.get("profiles") == ["cluster"] and "environment" in service
    }
    assert servers == {"clickhouse-1": "1", "clickhouse-2": "1", "clickhouse-3": "2", "clickhouse-4": "2"}
    example = ET.parse(ROOT / "docker" / "cluster.xml")  # noqa: S314 -- our own file
    shards = [
        [host.text for host in shard.iter("host")] for shard in example.iterfind("./remote_servers/heatmaps/shard")
    ]
    assert shards == [["clickhouse-1", "clickhouse-2"], ["clickhouse-3", "clickhouse-4"]]
    assert ET.parse(ROOT / "docker" / "keeper.xml").find("./keeper_server/tcp_port") is not None  # noqa: S314
