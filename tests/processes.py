"""The service's commands as processes of their own, on databases of their own."""

import fcntl
import http.client
import math
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess, Popen
from typing import Any

import orjson
import pytest

ROOT = Path(__file__).parent.parent
# What the tests' own settings put into the environment is not for these processes.
INHERITED = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
# What all processes of a run of tests have in common.
SHARED = Path(os.environ["HEATMAPS_TESTS_SHARED"])


# Not the one of which each test sets the seed: processes side by side would try the same ports.
_PORTS = random.SystemRandom()


@dataclass(frozen=True, kw_only=True)
class Service:
    """One installation: where its source and its databases are."""

    directory: Path
    root: Path = ROOT
    environment: dict[str, str] = field(default_factory=dict)

    def variables(self, **more: str) -> dict[str, str]:
        return {
            **INHERITED,
            "CLICKHOUSE_URL": f"chdb://{self.directory}/clickhouse",
            "DATABASE_URL": f"sqlite:///{self.directory}/metadata.sqlite3",
            "SECRET_KEY": "of a test",
            "SDK_DIRECTORY": f"{self.directory}/sdk",
            **self.environment,
            **more,
        }

    def start(self, *arguments: str, **variables: str) -> "Popen[str]":
        return self._python(str(self.root / "manage.py"), *arguments, **variables)

    def run(self, *arguments: str, **variables: str) -> CompletedProcess[str]:
        return _ended(self.start(*arguments, **variables), arguments)

    def run_at_terminal(self, *arguments: str, answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
        command = [sys.executable, str(self.root / "manage.py"), *arguments]
        return at_terminal(command, answers, env=self.variables())

    def result(self, *arguments: str, **variables: str) -> Any:
        """What a command that must succeed prints."""
        done = self.run(*arguments, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def select(self, sql: str) -> Any:
        """The rows of an answer of the service's ClickHouse."""
        # With no Django around, which would take longer than the rest.
        code = (
            "import os, clickhouse_connect, orjson\n"
            "client = clickhouse_connect.get_client(dsn=os.environ['CLICKHOUSE_URL'])\n"
            f"print(orjson.dumps(client.query({sql!r}).result_rows).decode())"
        )
        done = _ended(self._python("-c", code), ("select", sql))
        assert done.returncode == 0, done.stderr
        return orjson.loads(done.stdout)

    def migrate(self) -> None:
        """Both databases as the migrations make them: a copy of the files, where they are in our directory."""
        for variable, command, files in (
            ("DATABASE_URL", ("migrate", "-v0"), "metadata.sqlite3"),
            ("CLICKHOUSE_URL", ("migrate_clickhouse",), "clickhouse"),
        ):
            if variable in self.environment:
                self.result(*command)
            else:
                made = _made_by(*command, retention=self.environment.get("RETENTION_DAYS", ""))
                self.take(made, files)

    def take(self, made: Path, file: str = ".") -> None:
        """A copy of what is in a directory, or of one file or database in it, which nothing has open."""
        subprocess.run(["cp", "-r", f"{made}/{file}", self.directory], check=True)  # noqa: S603, S607

    def make_project(self, *, timezone: str = "UTC") -> "Shop":
        """Project 1, and a key to it: what `create_project` and `create_api_key` make, in one process."""
        code = (
            "from django.core.management import call_command\n"
            f"call_command('create_project', 'Shop', timezone={timezone!r}, json=True)\n"
            "call_command('create_api_key', user='ann@example.com', json=True)"
        )
        project, key = map(orjson.loads, self.result("shell", "-v0", "-c", code).splitlines())
        assert project["id"] == 1
        return Shop(token=project["token"], key=key["key"])

    def _python(self, *arguments: str, **variables: str) -> "Popen[str]":
        return Popen(  # noqa: S603 -- our own program
            [sys.executable, *arguments],
            env=self.variables(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def at_terminal(command: Sequence[str], answers: Sequence[tuple[str, str]], **options: Any) -> tuple[int, str]:
    """The status of a command, and what its terminal showed: each answer is typed when its prompt is there."""
    code = "import os, pty, sys\nsys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    shown = ""
    with Popen(  # noqa: S603 -- our own program
        [sys.executable, "-c", code, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            for prompt, answer in answers:
                already = len(shown)
                while prompt not in shown[already:]:
                    piece = os.read(process.stdout.fileno(), 4096)
                    assert piece, shown
                    shown += piece.decode()
                process.stdin.write(f"{answer}\n".encode())
                process.stdin.flush()
            shown += process.stdout.read().decode()
            process.wait(timeout=60)
        finally:
            process.kill()
    return process.returncode, shown


def _ended(process: "Popen[str]", arguments: Sequence[str]) -> CompletedProcess[str]:
    with process:
        try:
            output, said = process.communicate(timeout=60)
        finally:
            process.kill()
    return CompletedProcess(arguments, process.returncode, output, said)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Project 1: its token, and Ann's key."""

    token: str
    key: str


def _made_by(*command: str, retention: str) -> Path:
    """A directory in which a command made a database."""
    environment = {"RETENTION_DAYS": retention} if retention else {}
    name = "_".join((*command, retention))
    return made_once(name, lambda made: Service(directory=made, environment=environment).result(*command))


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """A directory that is filled once for all tests of a run, to be copied from."""
    ready = SHARED / name
    # Processes of tests run side by side, and one of them does it for the others.
    with ready.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            in_work = ready.with_suffix(".work")
            shutil.rmtree(in_work, ignore_errors=True)
            in_work.mkdir()
            make(in_work)
            in_work.rename(ready)
    return ready


def free_port() -> int:
    """One that no connection is given as its own end: whoever knocks at a service that is away would else be given the
    very port in the end, speak with themselves, and keep the service from coming back."""
    while True:
        with suppress(OSError), socket.create_server(("127.0.0.1", _PORTS.randrange(10_000, 32_000))) as probe:
            return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class ClickHouse:
    """A ClickHouse server of a test's own, which can go away and come back where it was."""

    directory: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    _process: "Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--directory", str(self.directory), *self.options]
        self._process = Popen(  # noqa: S603 -- our own program
            [sys.executable, "-m", "tests.clickhouse_server", *arguments],
            cwd=ROOT,
            env=INHERITED,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == f"{self.url}\n"

    def send_signal(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)

    def stop(self) -> None:
        """At once, as when a machine goes."""
        if self._process:
            with self._process:
                self._process.kill()
            self._process = None


def needed(program: str) -> str:
    """The path of a program, without which a test is left out, unless REQUIRE_SERVERS is set."""
    path = shutil.which(program)
    if path is None and "REQUIRE_SERVERS" not in os.environ:
        pytest.skip(f"There is no {program}.")
    assert path, program
    return path


@contextmanager
def redis_server() -> Iterator[int]:
    """The port of a Redis that keeps nothing."""
    port = free_port()
    command = [needed("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with stopped_afterwards(Popen(command, stdout=subprocess.DEVNULL, text=True)):  # noqa: S603
        for _ in range(100):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        yield port


@contextmanager
def clickhouse_server(directory: Path, *options: str) -> Iterator[ClickHouse]:
    server = ClickHouse(directory=directory, options=options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Link:
    """The way to a server, which a test can cut and mend: what it is connected to notices nothing else."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        # How many bytes of answers went over it, and at which number it is cut.
        self.passed = 0
        self.cut_at = math.inf
        self.port = free_port()
        self.mend()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        assert self._listener
        for end in (self._listener, *self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to_port))
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other, one is far), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while piece := one.recv(65536):
                other.sendall(piece)
                if is_answer:
                    self.passed += len(piece)
                    if self.passed > self.cut_at:
                        self.cut()
            other.shutdown(socket.SHUT_WR)


@contextmanager
def stopped_afterwards(process: "Popen[str]") -> Iterator["Popen[str]"]:
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def served(service: Service) -> Iterator[int]:
    """The port on which the service is served meanwhile."""
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port))) as process:
        try:
            wait_until_it_answers(process, port)
            yield port
        finally:
            # Asked to stop and not killed, which would leave its worker alone with the data directory.
            process.terminate()
            process.wait(timeout=20)


def wait_until_it_answers(process: "Popen[str]", port: int) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            pytest.fail(process.stderr.read() if process.stderr else "")
        try:
            ask(port, "/_health")
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("It does not answer.")


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
