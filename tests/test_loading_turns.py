"""Loads of one project take turns, so that two of them at once double nothing."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, connections

from heatmaps import engine
from heatmaps.loading import load, turns
from heatmaps.loading.turns import turn
from tests.loading import empty_tables
from tests.processes import ClickHouse, Service, clickhouse_server, stopped_afterwards

tables = pytest.fixture(empty_tables, name="empty_tables")


pytestmark = pytest.mark.slow


def never() -> None:
    raise AssertionError("It had to wait.")


@pytest.fixture(params=["the metadata database's", "a file's", "this process's"])
def of_any_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, db: None) -> None:
    if request.param == "a file's":
        path = tmp_path / "metadata.sqlite3"
        monkeypatch.setattr(turns, "_turns", lambda number, held: turns._of_a_file(Path(f"{path}.load-{number}"), held))
    elif request.param == "this process's":
        monkeypatch.setattr(turns, "_turns", turns._of_this_process)


@pytest.mark.usefixtures("of_any_kind")
def test_a_second_load_of_a_project_waits_and_says_so_once() -> None:
    order: list[str] = []

    def second() -> None:
        with turn(1, lambda: order.append("waits")):
            order.append("second")
        connection.close()

    with turn(1, never) as check:
        thread = threading.Thread(target=second)
        thread.start()
        while not order:
            time.sleep(0.01)
        time.sleep(3 * turns._RETRY_SECONDS)
        check()
        order.append("first")
    thread.join()
    assert order == ["waits", "first", "second"]


@pytest.mark.usefixtures("of_any_kind")
def test_another_project_does_not_wait() -> None:
    with turn(1, never), turn(2, never):
        pass
    with turn(1, never):
        pass


@pytest.mark.usefixtures("of_any_kind")
def test_a_turn_is_over_however_it_ends() -> None:
    with pytest.raises(KeyboardInterrupt), turn(1, never):
        raise KeyboardInterrupt
    with turn(1, never):
        pass


def test_a_turn_that_is_lost_with_its_connection_stops_the_load(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("A lock on a file is not lost.")
    with ExitStack() as held:
        check = held.enter_context(turn(1, never))
        other = connections.create_connection("default")
        held.callback(other.close)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with pytest.raises(DatabaseError):
            check()
        with turn(1, never):
            pass


def test_an_insert_that_a_killed_load_left_behind_is_waited_for(
    empty_tables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "is_embedded", lambda: False)

    def insert() -> None:
        with engine.writer() as client:
            client.command(
                "INSERT INTO heatmaps (team_id, distinct_id, timestamp)"
                " SELECT 1, toString(sleepEachRow(0.2)), '2026-03-01' FROM numbers(5)"
                " SETTINGS max_block_size = 1, log_comment = 'load of project 1'"
            )

    def rows() -> int:
        with engine.writer() as client:
            return int(client.query("SELECT count() FROM heatmaps").result_rows[0][0])

    thread = threading.Thread(target=insert)
    thread.start()
    while not load._are_under_way(1):
        time.sleep(0.01)
    assert not load._are_under_way(2)
    load.wait_for_inserts(2)
    assert rows() == 0
    load.wait_for_inserts(1)
    assert rows() == 5
    thread.join()


# --- Processes -----------------------------------------------------------------------------------------------------

ROWS = 12_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouse]:
    with clickhouse_server(tmp_path / "server") as server:
        yield server


@pytest.fixture
def service(tmp_path: Path, server: ClickHouse) -> Service:
    service = Service(
        directory=tmp_path, environment={"RETENTION_DAYS": "0", "CLICKHOUSE_URL": f"{server.url}/heatmaps"}
    )
    service.migrate()
    service.make_project()
    return service


def file(directory: Path, first: int, end: int) -> str:
    path = directory / f"{first}.csv"
    with path.open("w") as lines:
        lines.write("distinct_id,timestamp,x,y,viewport_width,viewport_height,current_url,type\n")
        for row in range(first, end):
            day = f"2026-{1 + row % 3:02}-{1 + row % 20:02} 10:00:00"
            lines.write(f"v{row},{day},{row % 100},{row % 1000},64,48,https://example.com/{row % 50},click\n")
    return str(path)


COUNT = "SELECT count(), uniqExact(distinct_id) FROM heatmaps"


def test_processes_that_load_overlapping_files_at_once_add_each_row_once(service: Service, tmp_path: Path) -> None:
    files = [file(tmp_path, first, first + ROWS) for first in (0, ROWS // 2, ROWS // 3)]
    loads = [service.start("load_interactions", name, "--project", "1", "--json") for name in [*files, files[0]]]
    said = [one.communicate(timeout=120) for one in loads]
    assert [one.returncode for one in loads] == [0] * 4, said
    assert service.select(COUNT) == [[ROWS * 3 // 2, ROWS * 3 // 2]]
    assert any("waits until another load of the project is done." in errors for _, errors in said)


def test_a_load_that_is_killed_keeps_no_other_waiting(service: Service, tmp_path: Path) -> None:
    name = file(tmp_path, 0, ROWS)
    hold = (
        "import time\nfrom heatmaps.loading.turns import turn\n"
        "with turn(1, print): print('held', flush=True); time.sleep(60)"
    )
    with stopped_afterwards(service.start("shell", "-v0", "-c", hold)) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        waiting = service.start("load_interactions", name, "--project", "1")
        assert waiting.stderr
        assert "waits until another load" in waiting.stderr.readline()
        holder.kill()
        began = time.monotonic()
        waiting.communicate(timeout=60)
        assert (waiting.returncode, time.monotonic() - began < 30) == (0, True)
    assert service.select(COUNT) == [[ROWS, ROWS]]


def test_loads_on_a_server_that_are_killed_end_with_every_row_once(service: Service, tmp_path: Path) -> None:
    names = [file(tmp_path, 0, ROWS), file(tmp_path, ROWS // 2, ROWS * 3 // 2)]
    for seconds in (1.0, 2.0):
        loads = [service.start("load_interactions", name, "--project", "1") for name in names]
        time.sleep(seconds * random.uniform(0.5, 2))  # noqa: S311 -- no secret
        for one in loads:
            one.kill()
            one.communicate()
    for name in names:
        service.result("load_interactions", name, "--project", "1")
    assert service.select(COUNT) == [[ROWS * 3 // 2, ROWS * 3 // 2]]
