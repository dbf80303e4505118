"""Processes of a service that was killed: they end by themselves, within seconds, and then let go of what they hold."""

import re
from contextlib import suppress
from pathlib import Path

_LOCK = re.compile(r"FLOCK +\w+ +\w+ +(\d+) +\S+:(\d+) ")


def holds(file: Path) -> bool:
    """Whether a file is locked by a process that served, and whose server is gone."""
    with suppress(OSError):
        inode = file.stat().st_ino
        locks = _LOCK.findall(Path("/proc/locks").read_text())
        return any(_is_orphan(int(process)) for process, number in locks if int(number) == inode)
    return False


def _is_orphan(process: int) -> bool:
    """A process that serves has the command line of its server, because it was forked from it."""
    command = _command(process)
    parent = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return b"serve" in command and _command(parent) != command


def _command(process: int) -> list[bytes]:
    return Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
