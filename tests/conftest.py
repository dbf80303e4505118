"""People, projects, a real engine, and a client that asks as a caller does."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import orjson
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client

from heatmaps import engine
from heatmaps.access import failed_attempts, shared_cache
from heatmaps.capture import traffic
from heatmaps.models import Cohort, Membership, Organization, PersonalAPIKey, Project, User
from heatmaps.persons import following
from heatmaps.questions.heatmap import rollups
from tests.commands import Commands

NOW = datetime(2026, 3, 31, 2, 30, tzinfo=UTC)

INTERACTION = {
    "session_id": "session",
    "team_id": 1,
    "distinct_id": "visitor",
    "timestamp": datetime(2026, 3, 30, 12, tzinfo=UTC),
    "x": 4,
    "y": 1,
    "scale_factor": 16,
    "viewport_width": 64,
    "viewport_height": 48,
    "pointer_target_fixed": False,
    "current_url": "https://example.com/",
    "type": "click",
}

EVENT = {
    "uuid": UUID(int=0),
    "event": "pageview",
    "properties": {},
    "timestamp": datetime(2026, 3, 30, 12, tzinfo=UTC),
    "team_id": 1,
    "distinct_id": "visitor",
    "elements_chain": "",
    "person_properties": {},
    "$session_id": "session",
}

PERSON = {"team_id": 1, "distinct_id": "visitor", "person_id": UUID(int=1), "is_deleted": 0, "version": 1}


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for processes of their own."""
    return (os.cpu_count() or 1) + 1


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`make slow` leaves out the files that have no slow test: to collect them takes longer than many tests, and each
    process of tests does it."""
    if config.option.markexpr != "slow" or not fnmatch(collection_path.name, "test_*.py"):
        return None
    return "mark.slow" not in collection_path.read_text() or None


# Those that take longest, the longest first: each is in one process, and the last one to begin would be waited for.
LONGEST = [
    "test_viewer",
    "test_viewer_everywhere",
    "test_viewer_axe",
    "test_capture_kill",
    "test_injection",
    "test_serve",
    "test_security",
    "test_contract_fuzz",
    "test_faults",
    "test_viewer_taking",
    "test_viewer_comparing",
    "test_viewer_names",
    "test_hostile",
    "test_demo",
    "test_docs",
    "test_reference",
    "test_viewer_theme",
    "test_loading_columns",
    "test_demo_live",
    "test_swagger_ui",
    "test_viewer_people",
    "test_browser_capture",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, and then what starts processes: several processes of tests then end at about one
    time."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (ranks.get(item.path.stem, len(LONGEST)), not _starts_processes(item)))


def _starts_processes(item: pytest.Item) -> bool:
    names = vars(item.module).values() if isinstance(item, pytest.Function) else ()
    return any(getattr(one, "__module__", "") == "tests.processes" for one in names)


@pytest.fixture(scope="session", autouse=True)
def tables() -> Iterator[None]:
    """The tables, made once by the migrations; on a server, in a database that is dropped afterwards."""
    # No retention, so that rows of any day stay where a test puts them.
    settings.RETENTION_DAYS = 0
    # Nor does it matter whether somebody has fetched the SDK here.
    settings.SDK_DIRECTORY = ""
    call_command("migrate_clickhouse")
    yield
    if not settings.CLICKHOUSE_URL.startswith("chdb:"):
        with engine.writer() as client:
            client.command(f"DROP DATABASE {urlsplit(settings.CLICKHOUSE_URL).path.strip('/')}")
    engine.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """PostgreSQL numbers projects by itself, and knows nothing of numbers that tests choose: it begins above them."""
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT setval(pg_get_serial_sequence('heatmaps_project', 'id'), 1000)")


@pytest.fixture(autouse=True)
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are asked at NOW, 2026-03-31 02:30 UTC."""
    monkeypatch.setattr("heatmaps.requests.reading.now", lambda: NOW)


@pytest.fixture(autouse=True)
def untold_traffic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What browsers sent is written down when a test says so: a thread would see nothing of the test's own rows."""
    monkeypatch.setattr(traffic, "WRITE_EVERY_SECONDS", 1e6)
    yield
    traffic.forget()


@pytest.fixture(scope="session", autouse=True)
def nothing_goes_on_beside_requests() -> Iterator[None]:
    """ClickHouse is told of persons when a test says so, and counts of what came in are written then. Fixtures of a
    module ask as well: a thread that one request begins would go on in all later tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "begin", lambda: None)
        patch.setattr(traffic, "begin", lambda: None)
        yield


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Of requests before: rates, wrong keys, how busy pages are."""
    shared_cache.forget()
    failed_attempts.forget()
    rollups.forget()


class Interactions:
    """Rows of the heatmaps table; a test names only the columns it is about."""

    def __init__(self) -> None:
        self.are_there = False

    def add(self, **columns: Any) -> None:
        self.add_all([columns])

    def add_all(self, rows: list[dict[str, Any]]) -> None:
        self.are_there = True
        complete = [INTERACTION | row for row in rows]
        with engine.writer() as client:
            client.insert("heatmaps", [list(row.values()) for row in complete], column_names=list(INTERACTION))

    def merge(self) -> None:
        """Makes one part of each week's rows, which has the projections."""
        with engine.writer() as client:
            client.command("OPTIMIZE TABLE heatmaps FINAL")

    def clear(self) -> None:
        with engine.writer() as client:
            client.command("TRUNCATE TABLE heatmaps")


@pytest.fixture
def interactions() -> Iterator[Interactions]:
    rows = Interactions()
    yield rows
    if rows.are_there:
        rows.clear()


class Events:
    """Rows of the events table; `session_id` stands for the column `$session_id`, and properties may be a dict."""

    def __init__(self) -> None:
        self.are_there = False

    def add(self, event: str = "pageview", **columns: Any) -> None:
        self.add_all([{"event": event, **columns}])

    def add_all(self, rows: list[dict[str, Any]]) -> None:
        self.are_there = True
        with engine.writer() as client:
            client.insert("events", [_event_columns(**row) for row in rows], column_names=list(EVENT))

    def clear(self) -> None:
        with engine.writer() as client:
            client.command("TRUNCATE TABLE events")


def _event_columns(*, session_id: str = "session", **columns: Any) -> list[Any]:
    complete = EVENT | {"$session_id": session_id} | columns
    return [orjson.dumps(value).decode() if isinstance(value, dict) else value for value in complete.values()]


@pytest.fixture
def events() -> Iterator[Events]:
    rows = Events()
    yield rows
    if rows.are_there:
        rows.clear()


class Persons:
    """Which visitor is which person; persons are numbers here."""

    def __init__(self) -> None:
        self.are_there = False

    def add(self, distinct_id: str, person: int, **columns: Any) -> None:
        self.add_all([{"distinct_id": distinct_id, "person_id": UUID(int=person), **columns}])

    def add_all(self, rows: list[dict[str, Any]]) -> None:
        self.are_there = True
        complete = [PERSON | row for row in rows]
        with engine.writer() as client:
            client.insert("person_distinct_id2", [list(row.values()) for row in complete], column_names=list(PERSON))

    def clear(self) -> None:
        with engine.writer() as client:
            client.command("TRUNCATE TABLE person_distinct_id2")


@pytest.fixture
def persons() -> Iterator[Persons]:
    rows = Persons()
    yield rows
    if rows.are_there:
        rows.clear()


class Cohorts:
    """Cohorts of a project, and the persons in them."""

    def static(self, *persons: int, project: int = 1, **fields: Any) -> int:
        """The id of a cohort that is a list."""
        cohort = Cohort.objects.create(project_id=project, name="A list", is_static=True, **fields)
        rows = [[UUID(int=person), UUID(int=person), cohort.pk, project] for person in persons]
        self._insert("person_static_cohort", rows, ["id", "person_id", "cohort_id", "team_id"])
        return cohort.pk

    def dynamic(self, *members: tuple[int, int, int], project: int = 1, **fields: Any) -> int:
        """The id of a cohort that is calculated; members are (person, sign, version)."""
        cohort = Cohort.objects.create(project_id=project, name="Calculated", is_static=False, **fields)
        rows = [[UUID(int=person), cohort.pk, project, sign, version] for person, sign, version in members]
        self._insert("cohortpeople", rows, ["person_id", "cohort_id", "team_id", "sign", "version"])
        return cohort.pk

    def clear(self) -> None:
        with engine.writer() as client:
            client.command("TRUNCATE TABLE person_static_cohort")
            client.command("TRUNCATE TABLE cohortpeople")

    @staticmethod
    def _insert(table: str, rows: list[list[Any]], names: list[str]) -> None:
        with engine.writer() as client:
            # Row by row, so that none is merged with another before it is asked for.
            for row in rows:
                client.insert(table, [row], column_names=names)


@pytest.fixture
def cohorts(project: Project) -> Iterator[Cohorts]:
    cohorts = Cohorts()
    yield cohorts
    cohorts.clear()


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(name="Acme")


@pytest.fixture
def project(organization: Organization) -> Project:
    """Project 1, in UTC."""
    return Project.objects.create(pk=1, name="Shop", organization=organization)


@pytest.fixture
def user(project: Project) -> User:
    """A member of Acme, whose current project is project 1."""
    user = User.objects.create_user("ann@example.com", "correct horse battery", current_project=project)
    Membership.objects.create(user=user, organization=project.organization)
    return user


class Api:
    """Asks with a personal API key, or without when it is None."""

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, parameters: dict[str, Any] | None = None, **headers: str) -> HttpResponseBase:
        """Asks for a path with query parameters; `headers` in lower case with underscores."""
        return self.ask("GET", path, parameters, b"", **headers)

    def ask(
        self, method: str, path: str, parameters: dict[str, Any] | None = None, content: bytes = b"", **headers: str
    ) -> HttpResponseBase:
        """Any method, with a body; its type is the header `content_type`."""
        if self.key is not None:
            headers.setdefault("authorization", f"Bearer {self.key}")
        query = urlencode(parameters or {}, doseq=True)
        target = f"{path}?{query}" if query else path
        content_type = headers.pop("content_type", "application/json" if content else "")
        return self.client.generic(method, target, content, content_type, headers=headers)

    def list(self, *, project: int | str = 1, **parameters: Any) -> HttpResponseBase:
        return self.get(f"/api/projects/{project}/heatmaps/", parameters)

    def events(self, *, project: int | str = 1, **parameters: Any) -> HttpResponseBase:
        if isinstance(parameters.get("points"), list):
            parameters["points"] = orjson.dumps(parameters["points"]).decode()
        return self.get(f"/api/projects/{project}/heatmaps/events/", parameters)

    def pages(self, project: int | str = 1, **parameters: Any) -> Any:
        """The whole answer of the pages endpoint, which must be a success."""
        response = self.get(f"/api/projects/{project}/heatmaps/pages/", parameters)
        assert response.status_code == 200, body(response)
        return orjson.loads(body(response))

    def explanation(self, project: int | str = 1, **parameters: Any) -> Any:
        """The whole answer of the explain endpoint, which must be a success."""
        response = self.get(f"/api/projects/{project}/heatmaps/explain/", parameters)
        assert response.status_code == 200, body(response)
        return orjson.loads(body(response))

    def answer(self, **parameters: Any) -> Any:
        """The whole answer of the list endpoint, which must be a success."""
        response = self.list(**parameters)
        assert response.status_code == 200, body(response)
        return orjson.loads(body(response))

    def points(self, **parameters: Any) -> Any:
        return self.answer(**parameters)["results"]

    def interactions(self, **parameters: Any) -> Any:
        """The whole answer of the events endpoint, which must be a success."""
        response = self.events(**parameters)
        assert response.status_code == 200, body(response)
        return orjson.loads(body(response))

    def error(self, **parameters: Any) -> Any:
        """The envelope of the list endpoint's refusal of parameters."""
        response = self.list(**parameters)
        assert response.status_code == 400, body(response)
        return orjson.loads(body(response))


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]


def document(response: HttpResponseBase) -> Any:
    """The JSON of a reply."""
    return orjson.loads(body(response))


@pytest.fixture
def other_project(db: None) -> Project:
    """Project 2, of an organization that Ann is not in."""
    return Project.objects.create(pk=2, name="Secrets", organization=Organization.objects.create(name="Globex"))


@pytest.fixture
def session(user: User) -> Api:
    """Ann, logged in at the admin, with no key."""
    api = Api(None)
    api.client.force_login(user)
    return api


@pytest.fixture
def key(user: User) -> tuple[PersonalAPIKey, str]:
    """The row of Ann's key, and the key."""
    return PersonalAPIKey.make(user, "test")


@pytest.fixture
def api(key: tuple[PersonalAPIKey, str]) -> Api:
    return Api(key[1])


@pytest.fixture
def anonymous(db: None) -> Api:
    return Api(None)


@pytest.fixture
def commands(db: None, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(capsys)
