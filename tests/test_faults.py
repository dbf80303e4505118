"""What happens when something that the service needs is gone, full or slow: docs/operations.md has a row for each.

Every fault is caused, not pretended. Where that takes a server that is not installed, the test is left out, unless
REQUIRE_SERVERS is set.
"""

import http.client
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import psycopg
import pytest
from django.core.management import call_command
from django.http.response import HttpResponseBase
from pytest_django import Settings

from heatmaps import engine
from heatmaps.access import failed_attempts, shared_cache, throttling
from heatmaps.models import Project
from tests.conftest import Api, body, document
from tests.processes import (
    ROOT,
    ClickHouse,
    Link,
    Service,
    ask,
    clickhouse_server,
    free_port,
    redis_server,
    served,
    stopped_afterwards,
    wait_until_it_answers,
)

UNAVAILABLE = {
    "type": "server_error",
    "code": "database_unavailable",
    "detail": "The database is not available at the moment. Try again in a moment.",
    "attr": None,
}
ROWS = """
INSERT INTO heatmaps (team_id, type, timestamp, x, y, viewport_width, viewport_height, distinct_id)
SELECT {team_id:Int64}, 'click', '2026-03-30 12:00:00', intDiv(number, 30000), number % 30000 + 1, 100, 48, ''
FROM numbers({rows:UInt64})
"""


def told(response: HttpResponseBase) -> tuple[int, Any, str | None]:
    return response.status_code, document(response), response.get("Retry-After")


# --- ClickHouse ----------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouse]:
    """A server that has answered nothing yet."""
    with clickhouse_server(tmp_path / "data", "--max-queries", "2") as server:
        yield server


@pytest.fixture
def on_server(server: ClickHouse, settings: Settings) -> Iterator[ClickHouse]:
    settings.CLICKHOUSE_URL = f"{server.url}/faults"
    settings.CLICKHOUSE_CONNECT_SECONDS = 1
    engine.close()
    call_command("migrate_clickhouse")
    yield server
    engine.close()


def add_rows(rows: int, team_id: int = 1) -> None:
    with engine.writer() as client:
        client.command(ROWS, parameters={"team_id": team_id, "rows": rows})


def test_clickhouse_that_is_not_there_at_the_start(
    server: ClickHouse, settings: Settings, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    server.stop()
    settings.CLICKHOUSE_URL = f"{server.url}/faults"
    engine.close()
    try:
        assert told(api.list()) == (503, UNAVAILABLE, "1")
        assert f"The ClickHouse server at 127.0.0.1:{server.port} does not answer." in caplog.text
        server.start()
        call_command("migrate_clickhouse")
        assert api.points() == []
    finally:
        engine.close()


def test_clickhouse_that_goes_and_comes_back(on_server: ClickHouse, api: Api, other_project: Project) -> None:
    add_rows(3)
    assert len(api.points()) == 3
    on_server.stop()
    for _ in range(2):
        assert told(api.list()) == (503, UNAVAILABLE, "1")
        assert told(api.list(project=2))[0] == 403
    on_server.start()
    assert len(api.points()) == 3


def test_clickhouse_that_goes_in_the_middle_of_a_reply(
    on_server: ClickHouse, api: Api, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    add_rows(900_000)
    link = Link(on_server.port)
    settings.CLICKHOUSE_URL = f"http://127.0.0.1:{link.port}/faults"
    engine.close()
    assert len(api.points(limit=10)) == 10
    before = link.passed
    whole = len(body(api.list(limit=0)))
    link.cut_at = link.passed + (link.passed - before) // 2
    response = api.list(limit=0)
    assert response.status_code == 200
    sent: list[bytes] = []
    with pytest.raises(engine.EngineError):
        sent.extend(response)
    assert 0 < len(b"".join(sent)) < whole
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(b"".join(sent))
    assert [record.levelname for record in caplog.records if "broke off" in record.getMessage()] == ["ERROR"]
    link.cut_at = math.inf
    link.mend()
    assert len(api.points(limit=10)) == 10
    engine.close()
    link.cut()


def test_clickhouse_that_is_slow_beyond_the_limit(on_server: ClickHouse, api: Api, settings: Settings) -> None:
    add_rows(400_000)
    settings.CLICKHOUSE_MAX_SECONDS = 0.001
    engine.close()
    status, answer, retry_after = told(api.list(limit=0))
    assert (status, answer["code"], retry_after) == (504, "error", None)
    settings.CLICKHOUSE_MAX_SECONDS = 60
    engine.close()
    assert len(api.points(limit=10)) == 10


def test_clickhouse_that_says_nothing(
    on_server: ClickHouse, api: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_rows(3)
    settings.CLICKHOUSE_MAX_SECONDS = 1
    monkeypatch.setattr("heatmaps.engine.connecting.ANSWER_SECONDS_MORE", 0)
    engine.close()
    assert len(api.points()) == 3
    on_server.send_signal(signal.SIGSTOP)
    try:
        assert told(api.list()) == (503, UNAVAILABLE, "1")
    finally:
        on_server.send_signal(signal.SIGCONT)
    assert len(api.points()) == 3


def test_clickhouse_that_is_out_of_memory(on_server: ClickHouse, api: Api, settings: Settings) -> None:
    add_rows(400_000)
    settings.CLICKHOUSE_MAX_MEMORY_BYTES = 1_000_000
    engine.close()
    status, answer, retry_after = told(api.list(limit=0))
    assert (status, answer["code"], retry_after) == (513, "clickhouse_memory_limit_exceeded", None)


def test_clickhouse_that_has_too_many_queries(on_server: ClickHouse, api: Api) -> None:
    assert api.points() == []

    def keep_busy() -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", on_server.port)) as connection:
            connection.request("POST", "/", "SELECT sleep(2)")
            connection.getresponse().read()

    busy = [threading.Thread(target=keep_busy) for _ in range(2)]
    for thread in busy:
        thread.start()
    time.sleep(0.5)
    status, answer, retry_after = told(api.list())
    assert (status, answer["code"], retry_after) == (503, "error", "1")
    for thread in busy:
        thread.join()
    assert api.points() == []


def test_clickhouse_that_knows_no_such_account(on_server: ClickHouse, api: Api, settings: Settings) -> None:
    settings.CLICKHOUSE_URL = f"http://nobody:secret-password@127.0.0.1:{on_server.port}/faults"
    engine.close()
    assert told(api.list()) == (503, UNAVAILABLE, "1")


def test_clickhouse_without_tables(on_server: ClickHouse, api: Api, settings: Settings) -> None:
    for database in ("nowhere", "default"):
        settings.CLICKHOUSE_URL = f"{on_server.url}/{database}"
        engine.close()
        assert told(api.list()) == (503, UNAVAILABLE, "1")


# --- The embedded engine -------------------------------------------------------------------------------------------

FILL = """
import orjson, os, pathlib, shutil, subprocess, sys
directory = pathlib.Path(sys.argv[1])
def command(*arguments):
    return subprocess.run([sys.executable, "manage.py", *arguments], capture_output=True, text=True, timeout=120)
def must(*arguments):
    done = command(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
shutil.copytree(sys.argv[2], directory, symlinks=True, dirs_exist_ok=True)
def rows(first, number):
    file = directory / "rows.jsonl"
    row = {"timestamp": "2026-11-18 09:00:05", "type": "click", "x": 1, "y": 1}
    row |= {"viewport_width": 80, "viewport_height": 45}
    with file.open("w") as lines:
        for n in range(first, first + number):
            row |= {"session_id": os.urandom(400).hex(), "distinct_id": str(n), "current_url": "/"}
            lines.write(orjson.dumps(row).decode() + "\\n")
    return str(file)
must("load_interactions", rows(0, 1000), "--project", "1")
ballast = directory / "clickhouse" / "ballast"
free = os.statvfs(directory / "clickhouse")
with ballast.open("wb") as file:
    file.write(bytes(max(0, free.f_bavail * free.f_frsize - 3_000_000)))
full = command("load_interactions", rows(1000, 20000), "--project", "1")
ballast.unlink()
again = command("load_interactions", str(directory / "rows.jsonl"), "--project", "1", "--json")
print(orjson.dumps([full.returncode, full.stderr, again.returncode, again.stdout, again.stderr]).decode())
"""


def where_mounted(mount: str) -> list[str]:
    """What to begin a command with that sees something mounted; the test is left out where that may not be."""
    command = ["unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("No file system can be mounted.")
    return command


def test_a_full_disk_under_the_embedded_engine(tmp_path: Path) -> None:
    """In a small file system of its own, where one may be mounted."""
    command = where_mounted(f"mkdir {tmp_path}/clickhouse && mount -t tmpfs -o size=150m none {tmp_path}/clickhouse")
    (tmp_path / "clickhouse").rmdir()
    installed = tmp_path / "installed"
    installed.mkdir()
    made = Service(directory=installed, environment={"RETENTION_DAYS": "0"})
    made.migrate()
    made.make_project()
    service = Service(directory=tmp_path)
    done = subprocess.run(  # noqa: S603
        [*command, sys.executable, "-c", FILL, str(tmp_path), str(installed)],
        check=False,
        cwd=ROOT,
        env=service.variables(RETENTION_DAYS="0"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    status, said, again, result, said_again = orjson.loads(done.stdout)
    assert status == 1
    assert "space" in said.lower()
    assert said.count("\n") <= 2
    assert again == 0, said_again
    # What was stored of the file before the disk was full is not stored twice.
    (file,) = orjson.loads(result)["files"]
    assert file["added"] + file["already_there"] == 20_000


def test_a_part_that_the_engine_set_aside_is_told(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    service.select("INSERT INTO heatmaps (team_id, timestamp, type) VALUES (1, now(), 'click')")
    [[table]] = service.select("SELECT data_paths[1] FROM system.tables WHERE name = 'heatmaps'")
    [part] = [place for place in Path(table).glob("*_*_*_*") if place.is_dir()]
    (part / "checksums.txt").write_bytes(b"nothing that can be read")
    for file in part.glob("*.bin"):
        file.write_bytes(b"nonsense")
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port), LOG_FORMAT="json")) as process:
        wait_until_it_answers(process, port)
        status, body = ask(port, "/_readyz")
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert (status, orjson.loads(body)["parts_set_aside"]) == (200, 1)
    first, *rest = said.splitlines()
    assert first.startswith("ClickHouse could not read 1 of its parts, and serves without their rows: heatmaps/")
    assert [orjson.loads(line)["parts"] for line in rest[1:]] == [[first.split("rows: ")[1].split(". ")[0]]]
    notes = orjson.loads(service.result("check_clickhouse", "--json"))["notes"]
    assert [note for note in notes if note.startswith("1 parts could not be read and are set aside")]


SERVE_ON_FULL = """
import http.client, orjson, os, shutil, signal, subprocess, sys, time
from pathlib import Path
directory = Path(sys.argv[1])
shutil.copytree(sys.argv[2], directory, symlinks=True, dirs_exist_ok=True)
key, token, port = sys.argv[3:]
environment = {**os.environ, "TMPDIR": str(directory), "LOG_FORMAT": "json"}
command = [sys.executable, "manage.py", "serve", "--port", port]
server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
def ask(path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    connection.request("POST" if body else "GET", path, body, {"Authorization": f"Bearer {key}"})
    response = connection.getresponse()
    response.read()
    return response.status
def post(number):
    points = [{"x": 1, "y": 1, "target_fixed": False, "type": "click"}]
    properties = {"$viewport_width": 9, "$viewport_height": 9, "$heatmap_data": {"https://example.com/": points}}
    event = {"event": "click", "uuid": f"0197b1d2-0000-7000-8000-{number:012}", "distinct_id": "ann"}
    return ask("/e/", orjson.dumps({"api_key": token, "batch": [{**event, "properties": properties}]}))
while True:
    try:
        if ask("/_readyz") == 200:
            break
    except OSError:
        assert server.poll() is None, server.stderr.read()
    time.sleep(0.1)
found = {"before": [post(0)]}
with (directory / "ballast").open("wb", buffering=0) as ballast:
    for size in (65536, 1):
        try:
            while True:
                ballast.write(bytes(size))
        except OSError:
            pass
# The key is used for the first time, which would be noted.
heatmaps = "/api/projects/1/heatmaps/"
found["read"] = [ask(heatmaps), ask(heatmaps + "?type=scrolldepth"), ask(heatmaps + "pages/"), ask("/_readyz")]
found["posted"] = [post(1), post(2)]
(directory / "ballast").unlink()
found["after"] = [post(1), post(2), ask(heatmaps)]
server.send_signal(signal.SIGTERM)
_, said = server.communicate(timeout=60)
found["lines"] = [orjson.loads(line) for line in said.splitlines()[1:]]
print(orjson.dumps(found).decode())
"""


def test_a_full_disk_keeps_nobody_from_reading_and_says_one_line_an_event(tmp_path: Path) -> None:
    """In a small file system of its own, where one may be mounted."""
    full = tmp_path / "full"
    full.mkdir()
    command = where_mounted(f"mount -t tmpfs -o size=60m none {full}")
    installed = tmp_path / "installed"
    installed.mkdir()
    made = Service(directory=installed)
    made.migrate()
    shop = made.make_project()
    done = subprocess.run(  # noqa: S603
        [*command, sys.executable, "-c", SERVE_ON_FULL, full, installed, shop.key, shop.token, str(free_port())],
        check=False,
        cwd=ROOT,
        env=Service(directory=full).variables(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = orjson.loads(done.stdout)
    lines = found.pop("lines")
    assert found == {"before": [200], "read": [200] * 4, "posted": [503] * 2, "after": [200] * 3}
    assert [line["event"] for line in lines].count("What browsers sent could not be stored") == 2
    # It may also say once that it could not note what is complete, and once a minute how many posts were refused.
    assert len(lines) <= 4
    refused = [line for line in lines if line.get("reason") == "not stored at the moment"]
    assert len(refused) <= 1
    assert all("space" in line["cause"].lower() for line in lines if line not in refused)
    assert not any("exception" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "what", "said"),
    [
        (["serve"], "clickhouse", "CommandError: The data directory {} cannot be used: it may not be written to.\n"),
        (["migrate"], ".", "Error: The metadata database cannot be used (unable to open database file)."),
    ],
)
def test_directories_that_may_only_be_read_are_told_in_a_sentence(
    tmp_path: Path, arguments: list[str], what: str, said: str
) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    directory = tmp_path / what
    command = where_mounted(f"mount --bind {directory} {directory} && mount -o remount,ro,bind {directory}")
    done = subprocess.run(  # noqa: S603
        [*command, sys.executable, "manage.py", *arguments],
        check=False,
        cwd=ROOT,
        env=service.variables(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(said.format(directory))
    assert done.stderr.count("\n") == 1


# --- The cache -----------------------------------------------------------------------------------------------------


@pytest.fixture
def redis() -> Iterator[Link]:
    """The way to a Redis of the test's own."""
    with redis_server() as port:
        link = Link(port)
        yield link
        link.cut()


def test_a_cache_that_goes_and_comes_back(
    redis: Link, api: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHE_URL = f"redis://127.0.0.1:{redis.port}/0"
    monkeypatch.setattr(shared_cache, "REST_SECONDS", 1_000)
    monkeypatch.setattr(shared_cache, "_rests_until", 0.0)
    monkeypatch.setattr(throttling.BurstThrottle, "rate", "3/minute", raising=False)
    left = [api.list().get("RateLimit-Remaining") for _ in range(2)]
    assert left == ["2", "1"]
    redis.cut()
    # As if the key came from here for the first time.
    failed_attempts.forget()
    answers = [api.list() for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert not any(answer.has_header("RateLimit-Remaining") for answer in answers)
    lines = [record.getMessage() for record in caplog.records if "The cache does not answer" in record.getMessage()]
    assert len(lines) == 1
    redis.mend()
    # After a rest.
    monkeypatch.setattr(shared_cache, "_rests_until", 0.0)
    assert [api.list().status_code for _ in range(2)] == [200, 429]


# --- The metadata --------------------------------------------------------------------------------------------------


@pytest.fixture
def postgres() -> Iterator[tuple[Link, str]]:
    """The way to a PostgreSQL database of the test's own, and its URL over that way."""
    url = os.environ.get("TEST_DATABASE_URL", "")
    if not url:
        pytest.skip("TEST_DATABASE_URL names no PostgreSQL server.")
    name = f"heatmaps_faults_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    parts = urlsplit(url)
    link = Link(parts.port or 5432)
    try:
        account = parts.netloc.rpartition("@")[0]
        yield link, f"postgres://{account}@127.0.0.1:{link.port}/{name}"
    finally:
        link.cut()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_metadata_that_goes_and_comes_back(postgres: tuple[Link, str], tmp_path: Path) -> None:
    link, url = postgres
    service = Service(directory=tmp_path, environment={"DATABASE_URL": url})
    service.migrate()
    shop = service.make_project()
    post = orjson.dumps({"token": shop.token, "event": "x", "distinct_id": "ann", "properties": {}})

    def all_answers(port: int) -> list[int]:
        listed = ask(port, "/api/projects/1/heatmaps/", Authorization=f"Bearer {shop.key}")
        if listed[0] == 503:
            assert orjson.loads(listed[1]) == UNAVAILABLE
        return [listed[0], ask(port, "/_readyz")[0], ask(port, "/_health")[0]]

    with served(service) as port:
        assert all_answers(port) == [200, 200, 200]
        link.cut()
        assert all_answers(port) == [503, 503, 200]
        # A token that nobody has asked about lately.
        assert posted(port, post) == (503, "1")
        link.mend()
        assert all_answers(port) == [200, 200, 200]
        assert posted(port, post) == (200, None)


def test_many_requests_share_few_connections_to_the_metadata(postgres: tuple[Link, str], tmp_path: Path) -> None:
    _, url = postgres
    service = Service(directory=tmp_path, environment={"DATABASE_URL": url, "RATE_LIMIT_ENABLED": "false"})
    service.migrate()
    key = service.make_project().key
    with served(service) as port, psycopg.connect(url, autocommit=True) as watcher, ThreadPoolExecutor(48) as callers:
        statuses = callers.map(
            lambda _: ask(port, "/api/projects/1/heatmaps/", Authorization=f"Bearer {key}")[0], range(400)
        )
        assert set(statuses) == {200}
        # They stay open.
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
        [(number,)] = watcher.execute(others)
        assert 1 <= number <= 8


def posted(port: int, content: bytes) -> tuple[int, str | None]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", "/e/", content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status, response.headers["Retry-After"]


# --- Stopping ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Service, str]:
    """A service with a page of so many points that no buffer holds a reply with all of them, and a key to it."""
    service = Service(directory=tmp_path_factory.mktemp("filled"))
    service.migrate()
    key = service.make_project().key
    sql = ROWS.replace("{team_id:Int64}", "1").replace("{rows:UInt64}", "300000").replace("2026-03-30", "2026-11-18")
    code = f"from heatmaps import engine\nwith engine.writer() as client: client.command({sql!r})"
    service.result("shell", "-v0", "-c", code)
    return service, key


@contextmanager
def long_reply(service: Service, key: str, **variables: str) -> Iterator[tuple[Any, int, socket.socket]]:
    """A server in the middle of a reply of tens of megabytes, of which a little has been read."""
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port), **variables)) as process:
        wait_until_it_answers(process, port)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            path = "/api/projects/1/heatmaps/?date_from=all&limit=0"
            head = f"GET {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n"
            connection.sendall(head.encode())
            assert connection.recv(1000).startswith(b"HTTP/1.0 200 OK\r\n")
            yield process, port, connection


@pytest.mark.slow
def test_told_to_stop_it_finishes_a_long_reply_and_takes_no_more(filled: tuple[Service, str]) -> None:
    with long_reply(*filled) as (process, port, connection):
        process.terminate()
        time.sleep(1)
        with pytest.raises(OSError):  # noqa: PT011 -- refused or reset, as the kernel likes
            ask(port, "/_health")
        received = b""
        while piece := connection.recv(1_000_000):
            received += piece
        assert received.endswith(b',"has_more":false}')
        assert process.wait(timeout=30) == 0


@pytest.mark.slow
def test_told_to_stop_it_does_not_wait_for_ever_for_who_does_not_read(filled: tuple[Service, str]) -> None:
    with long_reply(*filled, CLICKHOUSE_MAX_SECONDS="3") as (process, _, _):
        process.terminate()
        process.wait(timeout=60)


# --- All of them ---------------------------------------------------------------------------------------------------


def test_no_fault_shows_what_is_only_for_the_log(on_server: ClickHouse, api: Api) -> None:
    on_server.stop()
    assert not any(word in body(api.list()).decode() for word in ("127.0.0.1", str(on_server.port), "SELECT"))
    engine.close()
