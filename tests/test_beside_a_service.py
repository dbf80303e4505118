"""Commands beside a service on the embedded engine: they say and do what they do when it is stopped."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import chdb
import orjson
import pytest

from heatmaps import engine
from heatmaps.engine import attached, messages
from heatmaps.engine.errors import EngineUnavailable
from tests.loading import ROW, contents
from tests.processes import Service, ask, free_port, served, stopped_afterwards, wait_until_it_answers

CLICKS = [
    {**ROW, "distinct_id": name, "x": x, "current_url": f"https://example.com/{page}"}
    for name in ("ann", "bob", "cid")
    for x in range(5)
    for page in ("a", "b")
]
FILES = {
    "clicks.csv": contents("clicks.csv", CLICKS),
    "more.parquet": contents("more.parquet", [*CLICKS[:3], {**CLICKS[0], "y": 7}]),
    "bad.jsonl": contents("bad.jsonl", [CLICKS[0], {**CLICKS[1], "x": "left"}, {**CLICKS[2], "y": 9}]),
    "events.jsonl": contents(
        "events.jsonl", [{"event": "purchase", "distinct_id": "ann", "timestamp": "2026-03-30 12:00:00"}]
    ),
    "persons.jsonl": contents(
        "persons.jsonl",
        [{"distinct_id": name, "person_id": f"00000000-0000-0000-0000-00000000000{name}"} for name in ("1", "2")],
    ),
    "visitors.txt": b"1\nann\nnobody\n",
}
COMMANDS = [
    ["load_interactions", "clicks.csv", "--project", "1", "--json"],
    ["load_interactions", "more.parquet", "clicks.csv", "--project", "1"],
    ["load_interactions", "bad.jsonl", "--project", "1"],
    ["load_interactions", "bad.jsonl", "--project", "1", "--skip-invalid", "--json"],
    ["load_interactions", "nowhere.csv", "--project", "1"],
    ["load_events", "events.jsonl", "--project", "1", "--json"],
    ["load_persons", "persons.jsonl", "--project", "1", "--json"],
    ["create_cohort", "Buyers", "--project", "1", "visitors.txt", "--json"],
    ["delete_interactions", "--project", "1", "--file", "more.parquet", "--yes", "--json"],
    ["delete_interactions", "--project", "1"],
    ["erase_visitor", "bob", "--project", "1", "--json"],
    ["check_clickhouse"],
    ["migrate_clickhouse", "--plan", "--json"],
    ["delete_project", "2", "--yes", "--json"],
]
REMOVE = ["delete_interactions", "--project", "1", "--url-pattern", "https://example.com/b"]
TABLES = {
    "heatmaps": "* EXCEPT (_timestamp)",
    "events": "team_id, event, distinct_id, timestamp, `$session_id`, properties",
    "person_distinct_id2": "DISTINCT team_id, distinct_id, person_id",
    "cohort_visitors": "DISTINCT team_id, cohort_id, distinct_id",
}
# All commands in one process, as long as it takes Django to start.
RUN_ALL = """
import contextlib, io, json, sys
from django.core.management import CommandError, call_command
from heatmaps.removal import projects
projects.SETTLES_AFTER_SECONDS = 0
for name in ("Shop", "Other"):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        call_command("create_project", name)
done = []
for command in json.load(sys.stdin):
    said, printed = io.StringIO(), io.StringIO()
    refused = None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
        try:
            call_command(*command)
        except CommandError as error:
            refused = str(error)
    done.append([command, refused, printed.getvalue(), said.getvalue()])
print(json.dumps(done))
"""


def typed(service: Service, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """A command as it is typed in the directory where the files are."""
    return subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, str(service.root / "manage.py"), *arguments],
        cwd=service.directory,
        env=service.variables(),
        input=given,
        capture_output=True,
        timeout=120,
        check=False,
    )


def installed(directory: Path) -> Service:
    directory.mkdir(exist_ok=True)
    service = Service(directory=directory, environment={"RETENTION_DAYS": "0"})
    service.migrate()
    return service


def all_of(service: Service, commands: Sequence[Sequence[str]]) -> list[Any]:
    """Of each, what it is refused with, prints and says."""
    done = typed(service, "shell", "-v0", "-c", RUN_ALL, given=orjson.dumps(commands))
    assert done.returncode == 0, done.stderr
    return list(orjson.loads(done.stdout))


def stored(service: Service) -> dict[str, Any]:
    columns = ", ".join(
        f"(SELECT groupArray(toString(tuple(*))) FROM (SELECT {columns} FROM {table} ORDER BY ALL)) AS {table}"
        for table, columns in TABLES.items()
    )
    return dict(zip(TABLES, service.select(f"SELECT {columns}")[0], strict=True))


def test_commands_say_and_do_beside_a_service_what_they_do_without_one(tmp_path: Path) -> None:
    alone, beside = (installed(tmp_path / name) for name in ("alone", "beside"))
    for service in (alone, beside):
        for name, content in FILES.items():
            (service.directory / name).write_bytes(content)
    expected = all_of(alone, [*COMMANDS, [*REMOVE, "--yes"]])
    with served(beside):
        done = all_of(beside, COMMANDS)
        assert done == expected[:-1]
        assert [refused for _, refused, _, _ in done if refused] == [
            "bad.jsonl, line 2: x is not a whole number. Nothing of this file was loaded.",
            "nowhere.csv: No such file or directory.",
            "There is no terminal to ask at; --yes removes without asking. Nothing was removed.",
        ]
        # As they are typed: standard input, a question.
        piped = typed(beside, "load_interactions", "-", "--project", "1", given=contents("x.jsonl", CLICKS[:10]))
        assert (piped.returncode, piped.stdout, piped.stderr) == (
            0,
            b"",
            b"-: 0 rows added; 10 were there already.\n",
        )
        status, shown = beside.run_at_terminal(*REMOVE, answers=[("Type yes to remove: ", "yes")])
        assert (status, expected[-1][3].splitlines()[-1] in shown) == (0, True)
    assert not (beside.directory / "clickhouse/serving/socket").exists()
    assert stored(beside) == stored(alone)


# --- Kills ---------------------------------------------------------------------------------------------------------

ROWS = 30_000
COUNT = "SELECT count(), uniqExact(distinct_id) FROM heatmaps"


def many_clicks(path: Path, first: int) -> str:
    with path.open("w") as lines:
        lines.write("distinct_id,timestamp,x,y,viewport_width,viewport_height,current_url,type\n")
        for row in range(first, first + ROWS):
            day = f"2026-{1 + row % 3:02}-{1 + row % 20:02} 10:00:00"
            lines.write(f"v{row},{day},{row % 100},{row % 1000},64,48,https://example.com/{row % 50},click\n")
    return str(path)


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def wait_for_a_part(service: Service) -> None:
    """Until one more piece of a table is stored."""

    def parts() -> int:
        return sum(1 for _ in service.directory.glob("clickhouse/store/*/*/[0-9]*_*_*_*"))

    before = parts()
    until = time.monotonic() + 60
    while parts() <= before:
        assert time.monotonic() < until
        time.sleep(0.002)


@pytest.mark.slow
def test_a_kill_of_the_service_or_of_the_command_in_a_load_leaves_every_row_once(tmp_path: Path) -> None:
    service = installed(tmp_path)
    key = service.make_project().key
    loads = [
        ("load_interactions", many_clicks(tmp_path / f"{first}.csv", first), "--project", "1") for first in (0, ROWS)
    ]
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port))) as serving:
        wait_until_it_answers(serving, port)
        with stopped_afterwards(service.start(*loads[0])) as loading:
            wait_for_a_part(service)
            loading.kill()
        # What the killed one had sent is ended first.
        with stopped_afterwards(service.start(*loads[0])) as loading:
            status, answer = ask(port, "/api/projects/1/heatmaps/?date_from=all", Authorization=f"Bearer {key}")
            assert (status, "results" in orjson.loads(answer)) == (200, True)
            _, said = loading.communicate(timeout=300)
            assert (loading.returncode, "were there already" in said) == (0, True), said
        with stopped_afterwards(service.start(*loads[1])) as loading:
            wait_for_a_part(service)
            for process in (serving.pid, *children(serving.pid)):
                os.kill(process, signal.SIGKILL)
            _, said = loading.communicate(timeout=300)
    # Unless it was done by then.
    assert loading.returncode == 0 or said == f"CommandError: {attached._ENDED}\n"
    service.result(*loads[1])
    assert service.select(COUNT) == [[2 * ROWS, 2 * ROWS]]


# --- Who may, and until when --------------------------------------------------------------------------------------

HOLD = """
import sys
from heatmaps import engine
engine.attach_where_served(print)
with engine.writer() as client:
    print(client.command("SELECT 1"), flush=True)
sys.stdin.readline()
try:
    with engine.writer() as client:
        client.command("SELECT 1")
except engine.EngineError as error:
    print(error)
"""


def test_a_command_is_told_what_is_different_and_when_the_service_ends(tmp_path: Path) -> None:
    # Longer than the path of a socket may be.
    service = installed(tmp_path / ("directory" * 12))
    command = [sys.executable, str(service.root / "manage.py"), "shell", "-v0", "-c", HOLD]
    with served(service):
        place = service.directory / "clickhouse/serving"
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        variables = service.variables(RETENTION_DAYS="90")
        holding = Popen(command, env=variables, stdin=PIPE, stdout=PIPE, text=True)  # noqa: S603
        assert holding.stdout
        assert [holding.stdout.readline(), holding.stdout.readline()] == [
            "RETENTION_DAYS is 0 for the service that runs, and 90 for this command, which goes by its own.\n",
            "1\n",
        ]
        assert stat.S_IMODE((place / "socket").stat().st_mode) == 0o600
    # It did not wait for a command that does nothing.
    with stopped_afterwards(holding):
        said, _ = holding.communicate("\n", timeout=60)
        assert said == f"{attached._ENDED}\n"


@pytest.fixture
def shared() -> Iterator[Path]:
    """The tests' own engine, shared as a service shares it."""
    if not engine.is_embedded():
        pytest.skip("A server has sockets of its own.")
    with engine.lock_for_service(0):
        commands = engine.Sharing()
        commands.begin()
        try:
            wait_until_it_listens(engine.directory())
            yield engine.directory()
        finally:
            commands.end(10)
            commands.join()


def wait_until_it_listens(data: Path) -> None:
    """The file of the socket is there a moment earlier."""
    until = time.monotonic() + 30
    while True:
        with messages.socket_in(data) as address, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as ours:
            try:
                ours.connect(address)
            except (FileNotFoundError, ConnectionRefusedError):
                assert time.monotonic() < until
            else:
                return
        time.sleep(0.01)


def content(answer: Any) -> tuple[bytes, int]:
    return answer.bytes(), answer.rows_read()


def test_the_engine_answers_over_the_socket_as_it_does_directly(shared: Path, tmp_path: Path) -> None:
    file = tmp_path / "it's \\ a file.csv"
    file.write_text("1,one\n2,two\n")
    quoted = str(file).replace("\\", "\\\\").replace("'", "\\'")
    with (
        closing(chdb.connect(os.path.realpath(shared))) as direct,  # type: ignore[no-untyped-call]
        closing(attached._open(shared)) as over_socket,
    ):
        for connection, table in ((direct, "direct"), (over_socket, "over_socket")):
            connection.query(f"CREATE TABLE {table} (a UInt8, b String) ENGINE = Memory", "TSV", {})
            into = f"INSERT INTO {table} (`a`, `b`) FROM INFILE '{quoted}' SETTINGS max_threads = '1' FORMAT CSV"
            assert connection.query(into, "TSV", {}).rows_read() == 2
        for sql, values in (
            ("SELECT * FROM {} ORDER BY a", {}),
            ("SELECT b FROM {} WHERE a = {{a:UInt8}}", {"a": "2"}),
            ("DROP TABLE {}_not_there", {}),
            ("SELECT throwIf(a = 2) FROM {}", {}),
        ):
            assert outcome(direct, sql.format("direct"), values) == outcome(
                over_socket, sql.format("over_socket").replace("over_socket_not", "direct_not"), values
            )
        file.write_text("one,1\n" * 1_000_000)
        with pytest.raises(RuntimeError, match="Cannot parse input"):
            over_socket.query(f"INSERT INTO over_socket FROM INFILE '{quoted}' FORMAT CSV", "TSV", {})
        # The connection goes on.
        assert over_socket.query("SELECT count() FROM over_socket", "TSV", {}).bytes() == b"2\n"
        for table in ("direct", "over_socket"):
            direct.query(f"DROP TABLE {table}", "TSV")


def outcome(connection: Any, sql: str, values: dict[str, str]) -> object:
    try:
        return content(connection.query(sql, "Native", values))
    except RuntimeError as error:
        return str(error).replace("over_socket", "direct")


def test_an_answer_in_pieces_comes_whole_and_can_be_left(shared: Path) -> None:
    sql = "SELECT number FROM numbers(200000)"
    with closing(chdb.connect(os.path.realpath(shared))) as direct:  # type: ignore[no-untyped-call]
        whole = b"".join(piece.bytes() for piece in direct.send_query(sql, "TSV", {}))
    with closing(attached._open(shared)) as connection:
        pieces = list(connection.send_query(sql, "TSV", {}))
        assert (len(pieces) > 1, b"".join(piece.bytes() for piece in pieces)) == (True, whole)
        left = connection.send_query(sql, "TSV", {})
        assert next(left).bytes() == pieces[0].bytes()
        left.close()
        assert list(left) == []
        fails = connection.send_query("SELECT throwIf(number > 150000) FROM numbers(200000)", "TSV", {})
        with pytest.raises(RuntimeError, match="throwIf"):
            list(fails)
        fails.close()
        assert connection.query("SELECT 1", "TSV", {}).bytes() == b"1\n"


@pytest.mark.parametrize("way", ["as a command", "as the service"])
def test_what_a_killed_command_had_sent_is_waited_for(shared: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    if way == "as a command":
        monkeypatch.setattr(attached, "_data", shared)
    engine.wait_for_killed()
    killed = attached._open(shared)
    sent = "INSERT INTO FUNCTION null('a UInt8') SELECT sleepEachRow(0.1) FROM numbers(4) SETTINGS max_block_size = 1"
    messages.send(killed._connection, messages.QUERY, sent, "TSV", {})
    killed.close()
    with closing(attached._open(shared)) as other:
        engine.wait_for_killed()
        running = "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%system%'"
        assert other.query(running, "TSV", {}).bytes() == b"0\n"


def test_another_user_is_turned_away_even_where_modes_would_let_them_in(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises((EOFError, ConnectionResetError)):
        attached._connect(shared)


def test_a_service_that_a_command_does_not_fit_is_told() -> None:
    ours = messages.greeting()
    for different, sentence in (
        ({"version": "0.0.9"}, "The service that runs is version 0.0.9, and this command "),
        ({"DATABASE_URL": "postgres"}, "The service that runs on this data directory has another metadata database. "),
    ):
        with pytest.raises(EngineUnavailable) as refused:
            attached._compare({**ours, **different}, print)
        assert str(refused.value).startswith(sentence)


def test_a_service_that_takes_no_commands_is_told(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "_WAIT_SECONDS", 0)

    def refuse(_: Path) -> Any:
        raise ConnectionRefusedError

    monkeypatch.setattr(attached, "_connect", refuse)
    with pytest.raises(EngineUnavailable, match="but takes no commands"):
        attached.attach(shared, print)


def test_a_second_service_is_refused_by_the_lock(shared: Path) -> None:
    with pytest.raises(EngineUnavailable, match="is in use by another process"):
        engine.lock_for_service(0)
