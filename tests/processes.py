"""The service's commands as processes of their own, on databases of their own."""

import http.client
import math
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
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
            **self.environment,
            **more,
        }

    def start(self, *arguments: str, **variables: str) -> "Popen[str]":
        return Popen(  # noqa: S603 -- our own program
            [sys.executable, str(self.root / "manage.py"), *arguments],
            env=self.variables(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **variables: str) -> CompletedProcess[str]:
        with self.start(*arguments, **variables) as process:
            try:
                output, said = process.communicate(timeout=60)
            finally:
                process.kill()
        return CompletedProcess(arguments, process.returncode, output, said)

    def result(self, *arguments: str, **variables: str) -> Any:
        """What a command that must succeed prints."""
        done = self.run(*arguments, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def select(self, sql: str) -> Any:
        """The rows of an answer of the service's ClickHouse."""
        code = (
            "import orjson\nfrom heatmaps import clickhouse\n"
            f"with clickhouse.writer() as client: print(orjson.dumps(client.query({sql!r}).result_rows).decode())"
        )
        return orjson.loads(self.result("shell", "-v0", "-c", code))

    def migrate(self) -> None:
        self.result("migrate", "-v0")
        self.result("migrate_clickhouse")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
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
        wait_until_it_answers(process, port)
        try:
            yield port
        finally:
            # Asked to stop and not killed, which would leave its worker alone with the data directory.
            process.terminate()
            process.wait(timeout=20)


def wait_until_it_answers(process: "Popen[str]", port: int) -> None:
    for _ in range(200):
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
