"""Processes of a service that was killed: they end by themselves, within seconds, and then let go of what they hold."""

import re
from contextlib import suppress
from pathlib import Path

_LOCK = re.compile(r"FLOCK +\w+ +\w+ +(\d+) +\S+:(\d+) ")


def let_go_soon(file: Path) -> bool:
    """Whether nobody keeps a lock of a file for longer than a moment: all who hold it are processes that served and
    whose server is gone, or that are ending right now. Whoever was just refused may find that nobody holds it any more.
    Elsewhere than on Linux nobody can tell."""
    with suppress(OSError):
        inode = file.stat().st_ino
        locks = _LOCK.findall(Path("/proc/locks").read_text())
        return all(_lets_go(int(process)) for process, number in locks if int(number) == inode)
    return False


def _lets_go(process: int) -> bool:
    try:
        command = _command(process)
        parent = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        # A process that serves has the command line of its server, because it was forked from it. A process that ends
        # loses its command line before its files.
        return command == [b""] or (b"serve" in command and _command(parent) != command)
    except OSError:
        # It is gone since.
        return True


def _command(process: int) -> list[bytes]:
    return Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
