"""Interactions over HTTP: the body of a request is loaded as a file is."""

import gzip
import http.client
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.test import Client
from pytest_django import Settings

from heatmaps import engine
from heatmaps.loading.turns import turn
from heatmaps.models import PersonalAPIKey, Project, User
from tests.loading import ROW, contents, empty_tables
from tests.processes import Service, served

tables = pytest.fixture(empty_tables, name="empty_tables")

PATH = "/api/projects/1/heatmaps/imports/"
TYPES = {
    "x.jsonl": "application/x-ndjson",
    "x.csv": "text/csv; charset=utf-8",
    "x.parquet": "application/vnd.apache.parquet",
}
ROWS = [{**ROW, "distinct_id": f"visitor {number}"} for number in range(5)]

pytestmark = pytest.mark.usefixtures("empty_tables")


class Sender:
    def __init__(self, user: User, **options: Any) -> None:
        _, self.key = PersonalAPIKey.make(user, "imports", **{"scopes": ["heatmap:write"], **options})
        self._client = Client(raise_request_exception=False)

    def send(self, body: bytes, kind: str = "application/x-ndjson", path: str = PATH, **headers: str) -> Any:
        sent = {"authorization": f"Bearer {self.key}", **{name.replace("_", "-"): one for name, one in headers.items()}}
        return self._client.post(path, body, content_type=kind, headers=sent)


@pytest.fixture
def sender(user: User, project: Project) -> Sender:
    return Sender(user)


def stored() -> list[str]:
    with engine.writer() as client:
        found = client.query("SELECT distinct_id FROM heatmaps WHERE team_id = 1 ORDER BY distinct_id").result_rows
    return [name for (name,) in found]


def counts(rows: int, added: int, skipped: int, expired: int) -> dict[str, int]:
    return {"rows": rows, "added": added, "skipped": skipped, "expired": expired}


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("name", TYPES)
def test_a_body_of_each_format_is_stored_once(sender: Sender, name: str, encoding: str) -> None:
    headers = {"content_encoding": encoding} if encoding else {}

    def sent(rows: list[dict[str, Any]]) -> Any:
        body = contents(name, rows)
        return sender.send(gzip.compress(body) if encoding else body, TYPES[name], **headers)

    first = sent(ROWS[:3])
    assert (first.status_code, first.json()) == (200, counts(3, 3, 0, 0)), first.content
    assert sent(ROWS).json() == counts(5, 2, 3, 0)
    assert stored() == [row["distinct_id"] for row in ROWS]


def test_environments_are_the_same_projects_and_old_rows_are_counted(sender: Sender, settings: Settings) -> None:
    settings.RETENTION_DAYS = 30
    old = {**ROW, "timestamp": "2020-01-01 00:00:00"}
    path = PATH.replace("projects", "environments")
    assert sender.send(contents("x.jsonl", [*ROWS[:2], old]), path=path).json()["expired"] >= 1
    settings.RETENTION_DAYS = 0
    assert sender.send(contents("x.jsonl", [old])).json() == counts(1, 1, 0, 0)


def test_a_bad_row_is_named_and_nothing_is_stored(sender: Sender) -> None:
    for name, body, detail in (
        ("x.jsonl", contents("x.jsonl", [ROWS[0], {**ROWS[1], "x": "left"}]), "body.jsonl, line 2: x is not a whole"),
        ("x.csv", b"x,y\n1,2\n", "body.csv, line 2: distinct_id is missing"),
        ("x.parquet", b"no parquet", "body.parquet: cannot be read: "),
    ):
        refused = sender.send(body, TYPES[name])
        assert (refused.status_code, refused.json()["code"]) == (400, "parse_error")
        assert refused.json()["detail"].startswith(detail)
        assert refused.json()["detail"].endswith(". Nothing was stored.")
    broken = sender.send(gzip.compress(contents("x.jsonl", ROWS))[:-9], content_encoding="gzip")
    assert (broken.status_code, broken.json()["detail"][:36]) == (400, "body.jsonl: the gzip data is broken:")
    assert stored() == []
    assert sender.send(b"\n").json() == counts(0, 0, 0, 0)


def test_only_bodies_of_these_types_up_to_the_limit_are_taken(sender: Sender, settings: Settings) -> None:
    body = contents("x.jsonl", ROWS)
    assert sender.send(body, "application/json").status_code == 415
    assert sender.send(body, content_encoding="br").status_code == 415
    settings.IMPORT_MAX_BYTES = len(body)
    packed = gzip.compress(contents("x.jsonl", ROWS * 100))
    assert len(packed) < len(body)
    for refused in (sender.send(body + b"\n"), sender.send(packed, content_encoding="gzip")):
        assert (refused.status_code, refused.json()["code"]) == (413, "request_too_large")
    assert stored() == []
    assert sender.send(body).json() == counts(5, 5, 0, 0)


def test_it_takes_a_key_that_may_write(user: User, sender: Sender, client: Client) -> None:
    body = contents("x.jsonl", ROWS)
    assert client.post(PATH, body, content_type="application/x-ndjson").status_code == 401
    client.force_login(user)
    assert client.post(PATH, body, content_type="application/x-ndjson").status_code == 401
    refused = Sender(user, scopes=["heatmap:read"]).send(body)
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "API key missing required scope 'heatmap:write'",
    )
    assert sender.send(body, path="/api/projects/9/heatmaps/imports/").status_code == 404
    assert Client().get(PATH, headers={"authorization": f"Bearer {sender.key}"}).status_code == 405
    assert stored() == []


def test_another_load_of_the_project_is_not_waited_for(sender: Sender) -> None:
    with turn(1, lambda: None):
        refused = sender.send(contents("x.jsonl", ROWS))
    assert (refused.status_code, refused["Retry-After"], stored()) == (503, "10", [])


# --- As it is served ---------------------------------------------------------------------------------------------


def test_a_large_body_goes_through_a_file_that_does_not_stay(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    service = Service(
        directory=tmp_path,
        environment={"RETENTION_DAYS": "0", "IMPORT_MAX_BYTES": "8000000", "TMPDIR": str(temporary)},
    )
    service.migrate()
    service.make_project()
    made = service.result(
        "create_api_key", "--user", "ann@example.com", "--scope", "heatmap:write", "--scope", "heatmap:read", "--json"
    )
    key = orjson.loads(made)["key"]
    header = b"distinct_id,timestamp,x,y,viewport_width,viewport_height,current_url,type\n"
    line = "v%05d,2026-01-02 10:00:00,5,7,64,48,https://example.com/a-page-with-a-name,click\n"
    body = header + "".join(line % number for number in range(50_000)).encode()
    assert 3_000_000 < len(body) < 8_000_000

    def send(port: int, content: Any, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            connection.request("POST", PATH, content, {"Content-Type": "text/csv", **headers})
            reply = connection.getresponse()
            return reply.status, orjson.loads(reply.read())
        finally:
            connection.close()

    authorized = {"Authorization": f"Bearer {key}"}
    with served(service) as port:
        assert send(port, body, **authorized) == (200, counts(50_000, 50_000, 0, 0))
        pieces = (body[at : at + 100_000] for at in range(0, len(body), 100_000))
        assert send(port, pieces, **authorized) == (200, counts(50_000, 0, 50_000, 0))
        assert send(port, body)[0] == 401
        assert send(port, body * 2, **authorized)[0] == 413
        assert list(temporary.glob("heatmaps-import-*")) == []
