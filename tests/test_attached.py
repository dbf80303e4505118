"""An existing ClickHouse with PostHog's tables: read through an account that may only read, and left as it is."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.models import Cohort, Project
from tests.conftest import Api, document
from tests.processes import ClickHouse, clickhouse_server
from tests.test_layout import UPSTREAM

# PostHog's other tables, with all of their columns that say something.
OTHERS = """
CREATE TABLE events
(
    uuid UUID, event String, properties String, timestamp DateTime64(6, 'UTC'), team_id Int64, distinct_id String,
    elements_chain String, created_at DateTime64(6, 'UTC'), person_id UUID, person_created_at DateTime64(3),
    person_properties String, group0_properties String, group0_created_at DateTime64(3), person_mode Enum8(
    'full' = 0, 'propertyless' = 1, 'force_upgrade' = 2), historical_migration Bool,
    `$session_id` String MATERIALIZED JSONExtractString(properties, '$session_id'),
    `$group_0` String MATERIALIZED JSONExtractString(properties, '$group_0'),
    _timestamp DateTime, _offset UInt64, inserted_at Nullable(DateTime64(6, 'UTC'))
)
ENGINE = ReplacingMergeTree(_timestamp) PARTITION BY toYYYYMM(timestamp)
ORDER BY (team_id, toDate(timestamp), event, cityHash64(distinct_id), cityHash64(uuid));

CREATE TABLE person_distinct_id2
(
    team_id Int64, distinct_id String, person_id UUID, is_deleted Int8, version Int64, _timestamp DateTime,
    _offset UInt64, _partition UInt64
)
ENGINE = ReplacingMergeTree(version) ORDER BY (team_id, distinct_id);

CREATE TABLE cohortpeople (person_id UUID, cohort_id Int64, team_id Int64, sign Int8, version UInt64)
ENGINE = CollapsingMergeTree(sign) ORDER BY (team_id, cohort_id, person_id, version);

CREATE TABLE person_static_cohort
(id UUID, person_id UUID, cohort_id Int64, team_id Int64, _timestamp DateTime, _offset UInt64)
ENGINE = ReplacingMergeTree(_timestamp) ORDER BY (team_id, cohort_id, person_id, id)
"""
ANN, BOB = UUID(int=1), UUID(int=2)
ROWS = f"""
INSERT INTO heatmaps SELECT 'session of ' || visitor, 1, visitor, '2026-03-30 12:00:00', 4, 1, 16, 64, 48, false,
    'https://example.com/', 'click', now(), 0, 0 FROM (SELECT arrayJoin(['ann', 'bob', 'eve']) AS visitor);

INSERT INTO events (uuid, event, properties, timestamp, team_id, distinct_id)
    VALUES (generateUUIDv4(), 'purchase', '{{"$session_id": "session of ann"}}', '2026-03-30 12:00:00', 1, 'ann');

INSERT INTO person_distinct_id2 (team_id, distinct_id, person_id, is_deleted, version)
    VALUES (1, 'ann', '{ANN}', 0, 1), (1, 'bob', '{BOB}', 0, 1);

INSERT INTO cohortpeople VALUES ('{ANN}', 70, 1, 1, 1), ('{ANN}', 70, 1, 1, 2), ('{BOB}', 70, 1, 1, 2);

INSERT INTO person_static_cohort (id, person_id, cohort_id, team_id) VALUES ('{BOB}', '{BOB}', 80, 1)
"""
Checked = Callable[[], Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    accounts = ("--account=owner:all", "--account=reader:secret:1", "--account=guest:secret:2")
    with clickhouse_server(tmp_path_factory.mktemp("attached") / "data", *accounts) as server:
        yield server


@pytest.fixture
def theirs(server: ClickHouse, settings: Settings) -> Iterator[Callable[[str], None]]:
    """Runs statements as the owner of the tables, in a database with PostHog's; the service reads as somebody else."""
    owner, reader = (f"http://{account}@127.0.0.1:{server.port}" for account in ("owner:all", "reader:secret"))

    def run(statements: str) -> None:
        asked = settings.CLICKHOUSE_URL
        settings.CLICKHOUSE_URL = f"{owner}/default"
        engine.close()
        with engine.writer() as client:
            client.database = "posthog"
            for statement in statements.split(";\n"):
                client.command(statement)
        settings.CLICKHOUSE_URL = asked
        engine.close()

    settings.CLICKHOUSE_URL = f"{owner}/default"
    engine.close()
    with engine.writer() as client:
        client.command("CREATE DATABASE posthog")
    settings.CLICKHOUSE_URL = f"{reader}/posthog"
    run(f"{UPSTREAM.strip()};\n{OTHERS.strip()};\n{ROWS.strip()}")
    yield run
    run("DROP DATABASE posthog")


@pytest.fixture(params=["reader", "guest"])
def account(request: pytest.FixtureRequest, theirs: object, settings: Settings) -> str:
    """One that may change no settings, and one that may."""
    settings.CLICKHOUSE_URL = settings.CLICKHOUSE_URL.replace("reader", request.param)
    engine.close()
    return str(request.param)


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Checked:
    def run() -> Any:
        capsys.readouterr()
        call_command("check_clickhouse", "--json")
        return orjson.loads(capsys.readouterr().out)

    return run


def test_all_works_on_posthogs_tables(account: str, check: Checked) -> None:
    found = check()
    assert found.pop("version")
    own_limits = (
        "The account may not change settings, so its own limits hold and not CLICKHOUSE_MAX_SECONDS,"
        " CLICKHOUSE_MAX_MEMORY_BYTES, CLICKHOUSE_MAX_RESULT_ROWS. With readonly = 2 in its profile, the service sets"
        " them."
    )
    table = "heatmaps is not the service's own table. All answers are the same; large ones take longer."
    assert found == {
        "database": "posthog",
        "works": [
            "points, scroll depth and interactions",
            "filter_test_accounts and events",
            "cohort_ids of lists",
            "cohort_ids of calculated cohorts",
        ],
        "missing": [],
        "notes": [own_limits, table] if account == "reader" else [table],
    }


def test_the_service_answers_from_them_and_makes_nothing(account: str, api: Api) -> None:
    there = engine.rows(Query("SELECT name FROM system.tables WHERE database = 'posthog' ORDER BY name", {}))
    assert len(there) == 5
    for name, number, options in (("Calculated", 70, ["--dynamic"]), ("List", 80, [])):
        call_command("create_cohort", name, "--project", "1", "--id", str(number), *options)

    def counted(**parameters: str) -> list[int]:
        return [point["count"] for point in api.points(**parameters)]

    assert counted() == [3]
    assert counted(aggregation="unique_visitors", url_pattern="https://example.com*") == [3]
    assert counted(events='[{"id":"purchase"}]') == [1]
    assert counted(cohort_ids="[70]") == [2]
    assert counted(cohort_ids="[70,80]") == [1]
    assert api.interactions(points=[{"x": 0.06, "y": 16}], cohort_ids="[80]")["results"][0]["distinct_id"] == "bob"
    assert there == engine.rows(Query("SELECT name FROM system.tables WHERE database = 'posthog' ORDER BY name", {}))


def test_elements_and_captured_pages_are_told_from_them(theirs: Callable[[str], None], account: str, api: Api) -> None:
    chain = 'button.big:attr__class="big"nth-child="1"text="Buy"'
    theirs(
        "INSERT INTO events"
        " (uuid, event, properties, timestamp, team_id, distinct_id, elements_chain, person_properties)"
        f" SELECT generateUUIDv4(), '$autocapture', '{{\"$current_url\": \"https://example.com/\"}}',"
        f" '2026-03-30 12:00:00', 1, visitor, '{chain}', concat('{{\"email\": \"', visitor, '@example.com\"}}')"
        " FROM (SELECT arrayJoin(['ann', 'ann', 'bob']) AS visitor)"
    )
    call_command("create_cohort", "List", "--project", "1", "--id", "80")

    def counts(**parameters: str) -> list[int]:
        found = document(api.get("/api/projects/1/elements/stats/", parameters))
        return [one["count"] for one in found["results"]]

    assert counts() == counts(url_page="https://EXAMPLE.com?x") == [3]
    assert counts(url_exact="https://example.com/other") == []
    assert counts(properties='[{"key":"email","value":"ann","operator":"icontains","type":"person"}]') == [2]
    assert counts(properties='[{"type":"static-cohort","value":80}]') == [1]
    assert counts(properties='[{"type":"element","key":"selector","value":".big"}]', sampling_factor="1") == [3]
    assert document(api.get("/api/projects/1/elements/values/", {"key": "text"})) == [{"name": "Buy"}]
    pages = document(api.get("/api/projects/1/heatmap_capture/pages/"))
    assert pages == {"pages": [{"url": "https://example.com/", "count": 3}]}


def test_what_is_missing_is_said(theirs: Callable[[str], None], check: Checked) -> None:
    theirs("DROP TABLE cohortpeople;\nALTER TABLE events DROP COLUMN `$session_id`")
    found = check()
    assert found["works"] == ["points, scroll depth and interactions", "cohort_ids of lists"]
    assert found["missing"] == [
        "events has no column $session_id.",
        "There is no table cohortpeople, or the account may not see it.",
    ]


def test_a_column_of_another_type_is_said(theirs: Callable[[str], None], check: Checked) -> None:
    theirs("TRUNCATE TABLE events;\nALTER TABLE events MODIFY COLUMN elements_chain UInt64")
    assert check()["missing"] == ["events.elements_chain is UInt64, which the service does not read."]


def test_without_a_heatmaps_table_nothing_works(theirs: Callable[[str], None]) -> None:
    theirs("DROP TABLE heatmaps")
    with pytest.raises(CommandError, match=r"^There is no table heatmaps, or the account may not see it\.$"):
        call_command("check_clickhouse")


def test_our_own_tables_are_whole_too(check: Checked) -> None:
    found = check()
    assert (len(found["works"]), found["missing"], found["notes"]) == (4, [], [])


@pytest.mark.parametrize(("dynamic", "members"), [(True, 2), (False, 0)])
def test_a_cohort_of_theirs_is_made_known(
    theirs: object, project: Project, capsys: pytest.CaptureFixture[str], *, dynamic: bool, members: int
) -> None:
    options = ["--dynamic"] if dynamic else []
    call_command("create_cohort", "Buyers", "--project", "1", "--id", "70", *options, "--json")
    assert orjson.loads(capsys.readouterr().out) == {"id": 70, "members": members, "unknown": 0}
    cohort = Cohort.objects.get()
    assert (cohort.pk, cohort.name, cohort.is_static, cohort.version) == (70, "Buyers", not dynamic, None)
    # One that is made afterwards gets an id of its own.
    assert Cohort.objects.create(project=project, name="Next").pk > 70


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["Buyers"], "Give either a FILE of visitors, or --id of a cohort whose members are in ClickHouse."),
        (["Buyers", "x.txt", "--id", "7"], "Project 1 has no list 7. Without --id, FILE makes a new one."),
        (["Buyers", "x.txt", "--dynamic"], "--dynamic takes --id: a list of visitors is no calculation."),
        (["Buyers", "--id", "5"], "There is a cohort 5 already."),
        (["", "--id", "6"], "name: This field cannot be blank."),
    ],
)
def test_a_cohort_that_cannot_be_made_known(project: Project, arguments: list[str], reason: str) -> None:
    Cohort.objects.create(pk=5, project=project, name="There")
    with pytest.raises(CommandError) as refused:
        call_command("create_cohort", *arguments, "--project", "1")
    assert str(refused.value).startswith(reason)
