"""Who keeps a lock, and who lets go of it soon: a service that starts again at once waits only for the latter."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from time import monotonic, sleep

import pytest

from heatmaps.serving import orphans

# Says a line when it has the lock, and keeps it until its standard input ends.
HOLD = """
import fcntl, sys
file = open(sys.argv[1], "r+")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
{then}
sys.stdin.read()
"""
# The first thread of a process ends before the others do, as in a process that was killed: then the process has lost
# its command line, and not yet its files.
WITHOUT_FIRST_THREAD = """
import ctypes, os, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0))).start()
ctypes.CDLL(None).syscall({"x86_64": 60}.get(os.uname().machine, 93), 0)
"""
# The server ends before the process that it forked.
IN_A_CHILD = """
import os
server = os.getpid()
if os.fork() == 0:
    file.close()
    file = open(sys.argv[1], "r+")
    {is_orphan}
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held by a child", flush=True)
    sys.stdin.read()
    os._exit(0)
fcntl.flock(file, fcntl.LOCK_UN)
{server}
"""
UNTIL_ORPHANED = "while os.getppid() == server: pass"

pytestmark = pytest.mark.skipif(not Path("/proc/locks").exists(), reason="Only Linux tells who holds a lock.")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "status"
    path.touch()
    return path


@contextmanager
def held(file: Path, then: str, *arguments: str, lines: int = 1) -> Iterator[Popen[str]]:
    command = [sys.executable, "-c", HOLD.format(then=then), str(file), *arguments]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:  # noqa: S603 -- ourselves
        assert process.stdout
        for _ in range(lines):
            process.stdout.readline()
        yield process
        assert process.stdin
        process.stdin.close()


def test_a_lock_that_is_gone_by_now_is_let_go(file: Path) -> None:
    assert orphans.let_go_soon(file)


def test_a_process_that_does_anything_else_keeps_its_lock(file: Path) -> None:
    with held(file, ""):
        assert not orphans.let_go_soon(file)
    assert orphans.let_go_soon(file)


def test_a_process_that_ends_lets_go_soon(file: Path) -> None:
    with held(file, WITHOUT_FIRST_THREAD) as process:
        until = monotonic() + 10
        while Path(f"/proc/{process.pid}/cmdline").read_bytes() and monotonic() < until:
            sleep(0.01)
        assert orphans.let_go_soon(file)


@pytest.mark.parametrize(
    ("server", "is_orphan", "expected"),
    [
        ("os._exit(0)", UNTIL_ORPHANED, True),
        ("", "", False),
    ],
)
def test_who_served_lets_go_when_its_server_is_gone(file: Path, server: str, is_orphan: str, expected: bool) -> None:
    then = IN_A_CHILD.format(server=server, is_orphan=is_orphan)
    with held(file, then, "serve", lines=2):
        assert orphans.let_go_soon(file) is expected
