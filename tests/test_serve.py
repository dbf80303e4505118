"""`manage.py serve` as it runs in production: a process of its own that listens on a port."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
import pytest

from tests.processes import Service, ask, free_port, served, stopped_afterwards, wait_until_it_answers


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    service = Service(directory=tmp_path_factory.mktemp("serve"))
    service.migrate()
    return service


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return service.make_project().key


@pytest.fixture(scope="module")
def port(service: Service, key: str) -> Iterator[int]:
    with served(service) as port:
        yield port


def test_it_answers_with_both_databases(port: int, key: str) -> None:
    status, body = ask(port, "/_readyz")
    assert (status, orjson.loads(body)) == (200, {"status": "ok", "metadata": "ok", "clickhouse": "ok"})
    status, body = ask(port, "/api/projects/@current/heatmaps", Authorization=f"Bearer {key}")
    assert (status, orjson.loads(body)["results"]) == (200, [])


PATH = "/api/projects/1/heatmaps/?date_from=-7d&url_exact="


@pytest.mark.parametrize(("characters", "status"), [(59_000, 200), (60_000, 200), (60_001, 414), (66_000, 414)])
def test_a_request_line_may_be_long(port: int, key: str, characters: int, status: int) -> None:
    path = PATH + "x" * (characters - len(PATH))
    assert ask(port, path, Authorization=f"Bearer {key}")[0] == status


def test_a_connection_goes_on_after_head(port: int, key: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        for method in ("HEAD", "GET", "HEAD"):
            connection.request(method, "/api/projects/1/heatmaps/", headers={"Authorization": f"Bearer {key}"})
            reply = connection.getresponse()
            assert (reply.status, bool(reply.read())) == (200, method == "GET")
    finally:
        connection.close()


def test_head_has_the_headers_of_get_and_no_body(port: int, key: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(
            b"HEAD /api/projects/1/heatmaps/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Authorization: Bearer " + key.encode() + b"\r\n\r\n"
        )
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-type: application/json" in head.lower()
    assert body == b""


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_under_way_finish(tmp_path: Path, name: signal.Signals) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port))) as process:
        wait_until_it_answers(process, port)
        body = b"x" * 1_000_000
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            # A request is under way while its body is: the answer needs all of it.
            connection.sendall(
                b"POST /api/projects/1/heatmaps/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body[:500_000]
            )
            time.sleep(0.3)
            process.send_signal(name)
            time.sleep(0.3)
            connection.sendall(body[500_000:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 4")
        output, said = process.communicate(timeout=20)
    assert (process.returncode, output) == (0, "")
    assert said == f"Serving on http://127.0.0.1:{port} (stop with Ctrl-C)\n"


def test_a_killed_server_leaves_nothing_that_is_in_the_way_of_the_next(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    port = free_port()
    for _ in range(2):
        with stopped_afterwards(service.start("serve", "--port", str(port))) as process:
            wait_until_it_answers(process, port)
            process.kill()
        tries = (service.run("migrate_clickhouse").returncode for _ in range(30))
        assert 0 in tries


# --- What stops it from starting -----------------------------------------------------------------------------------


def failure(service: Service, *options: str, **variables: str) -> str:
    done = service.run("serve", "--port", str(free_port()), *options, **variables)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.removeprefix("CommandError: ").replace(str(service.directory), "…").strip()


def test_the_metadata_has_to_be_migrated(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    assert failure(service) == "The metadata database is not up to date. Run `manage.py migrate` first."


def test_clickhouse_has_to_be_migrated(service: Service) -> None:
    url = f"chdb://{service.directory}/empty"
    assert failure(service, CLICKHOUSE_URL=url) == (
        "ClickHouse is not up to date. Run `manage.py migrate_clickhouse` first."
    )


def test_memory_cannot_be_served(service: Service) -> None:
    assert failure(service, CLICKHOUSE_URL="chdb://memory") == (
        "chdb://memory is empty in every new process. Set CLICKHOUSE_URL to chdb:///absolute/path or to a server."
    )


def test_a_taken_data_directory_is_said_at_once(service: Service, port: int) -> None:
    # Its engine is open from then on.
    assert ask(port, "/_readyz")[0] == 200
    assert failure(service).startswith("The data directory …/clickhouse is in use by another process.")


@pytest.mark.parametrize(
    ("host", "at", "reason"),
    [
        ("127.0.0.1", "", "Address already in use"),
        ("127.0.0.1", "99999", "a port is a number from 1 to 65535"),
        ("nowhere.invalid", "8000", "Name or service not known"),
    ],
)
def test_where_it_cannot_listen_is_said(service: Service, port: int, host: str, at: str, reason: str) -> None:
    at = at or str(port)
    assert failure(service, "--host", host, "--port", at) == (
        f"Cannot listen on {host}:{at}: {reason}. Choose another --host or --port."
    )


def test_the_embedded_engine_has_one_process(service: Service) -> None:
    assert failure(service, "--workers", "2") == (
        "The embedded engine lives in one process. Leave out --workers, or set CLICKHOUSE_URL to a server."
    )


def test_it_serves_while_a_clickhouse_server_is_away(service: Service) -> None:
    port = free_port()
    variables = {"CLICKHOUSE_URL": "http://reader:secretpw@127.0.0.1:1/x"}
    with stopped_afterwards(service.start("serve", "--port", str(port), "--workers", "2", **variables)) as process:
        wait_until_it_answers(process, port)
        status, body = ask(port, "/_readyz")
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert (status, orjson.loads(body)["clickhouse"], process.returncode) == (503, "unavailable", 0)
    assert said.startswith("The ClickHouse server at 127.0.0.1:1 does not answer. ")
    assert "secretpw" not in said


@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.2, 1.4, 1.7])
def test_it_stops_when_it_is_told_to_while_it_starts(seconds: float, service: Service) -> None:
    variables = {"CLICKHOUSE_URL": "http://127.0.0.1:1/x"}
    port = str(free_port())
    arguments = ["serve", "--port", port, "--workers", "2"]
    with stopped_afterwards(service.start(*arguments, **variables)) as process:
        time.sleep(seconds)
        process.terminate()
        # Before there are handlers the signal itself ends it.
        assert process.wait(timeout=20) in {0, -signal.SIGTERM}
    for _ in range(50):
        if not running_with(port):
            return
        time.sleep(0.1)
    pytest.fail("Something of it goes on.")


# A process that is forked takes its time before it lets go of the handlers that it has from its parent.
SLOWLY = """
import os, sys, time
from django.core.management import execute_from_command_line
def forked():
    print("Forked.", flush=True)
    time.sleep(1)
os.register_at_fork(after_in_child=forked)
execute_from_command_line(sys.argv)
"""


@contextmanager
def in_the_first_moment_of_its_worker(service: Service, port: int) -> Iterator["subprocess.Popen[str]"]:
    """A server whose worker was forked and has done nothing yet."""
    command = [sys.executable, "-c", SLOWLY, "serve", "--port", str(port)]
    variables = service.variables(
        DJANGO_SETTINGS_MODULE="heatmaps_service.settings", CLICKHOUSE_URL="http://127.0.0.1:1/x"
    )
    process = subprocess.Popen(command, env=variables, cwd=service.root, text=True, stdout=subprocess.PIPE)  # noqa: S603
    with stopped_afterwards(process):
        assert process.stdout
        # First the process that looks at ClickHouse, then the worker.
        assert [process.stdout.readline() for _ in range(2)] == ["Forked.\n"] * 2
        yield process


def test_it_stops_when_a_worker_is_told_to_in_its_first_moment(service: Service) -> None:
    with in_the_first_moment_of_its_worker(service, free_port()) as process:
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_a_worker_ends_whose_server_is_killed_in_its_first_moment(service: Service) -> None:
    port = free_port()
    with in_the_first_moment_of_its_worker(service, port) as process:
        process.kill()
    until = time.monotonic() + 15
    while running_with(str(port)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not running_with(str(port))


def running_with(argument: str) -> bool:
    """Whether there is a process with such an argument."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if argument.encode() in line.read_bytes().split(b"\0"):
                return True
    return False


def test_it_may_open_more_files_than_a_process_starts_with(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    few = ["sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh", sys.executable, str(service.root / "manage.py")]
    port = free_port()
    command = [*few, "serve", "--port", str(port)]
    with stopped_afterwards(subprocess.Popen(command, env=service.variables(), text=True)) as process:  # noqa: S603
        wait_until_it_answers(process, port)
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        process.terminate()
        process.wait(timeout=20)
    (soft, hard) = re.findall(r"^Max open files +(\d+) +(\d+)", limits, re.MULTILINE)[0]
    assert int(soft) == min(int(hard), 65_536)


# --- What ends meanwhile -------------------------------------------------------------------------------------------


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def wait_until_ready(port: int) -> None:
    until = time.monotonic() + 30
    while ask(port, "/_readyz")[0] != 200:
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.slow
def test_it_starts_at_once_after_the_server_alone_was_killed(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    port = free_port()
    for is_last in (False, False, False, True):
        with stopped_afterwards(service.start("serve", "--port", str(port))) as process:
            assert process.stderr
            # Until then those of the killed one may still answer.
            assert process.stderr.readline() == f"Serving on http://127.0.0.1:{port} (stop with Ctrl-C)\n"
            wait_until_it_answers(process, port)
            # The engine is open, and its lock taken.
            wait_until_ready(port)
            if not is_last:
                process.kill()
                continue
            process.terminate()
            _, said = process.communicate(timeout=30)
            assert (process.returncode, said) == (0, "")


@pytest.mark.parametrize("number", [0, 1], ids=["front", "worker"])
def test_a_process_that_is_killed_is_replaced(tmp_path: Path, number: int) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port), LOG_FORMAT="json")) as process:
        wait_until_it_answers(process, port)
        wait_until_ready(port)
        time.sleep(1)
        killed = children(process.pid)[number]
        os.kill(killed, signal.SIGKILL)
        until = time.monotonic() + 20
        while killed in children(process.pid) or len(children(process.pid)) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        wait_until_it_answers(process, port)
        wait_until_ready(port)
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [orjson.loads(line)["status"] for line in said.splitlines()[1:] if "is replaced" in line] == [-9]


def test_hanging_up_replaces_what_answers_and_refuses_nobody(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port))) as process:
        wait_until_it_answers(process, port)
        wait_until_ready(port)
        before = children(process.pid)
        statuses = []
        for number in range(60):
            if number in {10, 30}:
                process.send_signal(signal.SIGHUP)
            statuses.append(ask(port, "/api/projects/", Authorization="Bearer nobody")[0])
            time.sleep(0.02)
        assert set(statuses) == {401}
        after = children(process.pid)
        assert before[0] in after
        assert before[1] not in after
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_a_check_that_is_killed_is_told_in_a_sentence(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"CLICKHOUSE_URL": f"chdb://{service.directory}/killed"}
    for seconds in (0.02, 0.005):
        with stopped_afterwards(service.start("serve", "--port", str(free_port()), **variables)) as process:
            while process.poll() is None and not children(process.pid):
                time.sleep(seconds)
            for child in children(process.pid) if process.poll() is None else ():
                os.kill(child, signal.SIGKILL)
            _, said = process.communicate(timeout=30)
        assert said.startswith(
            ("CommandError: The process that looked at ClickHouse was killed.", "CommandError: Click")
        )
        assert "Traceback" not in said
