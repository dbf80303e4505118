"""Node.js, for the tests that need it, and what they use from npm."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from subprocess import CompletedProcess

import pytest

BROWSER = Path(__file__).parent / "browser"


def is_required() -> bool:
    """CI has Node and a browser, or something is wrong with it."""
    return bool(os.environ.get("REQUIRE_BROWSER"))


def is_there() -> bool:
    """Whether there is npm, and a Node that is new enough."""
    if shutil.which("npm") is None or (node := shutil.which("node")) is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 -- Node
    return int(version.removeprefix("v").partition(".")[0]) >= 20


def leave_out_module(reason: str) -> None:
    """Skips the tests of a module for what is missing."""
    if is_required():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def run(directory: Path, *command: str, given: str = "", timeout: float = 60) -> "CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 -- npm, and what our own lock files name
        command, cwd=directory, input=given, capture_output=True, text=True, timeout=timeout, check=False
    )


def install(directory: Path) -> None:
    """What the directory's package-lock.json names, from npm unless it is there already."""
    lock, installed = directory / "package-lock.json", directory / "node_modules" / ".package-lock.json"
    # Files of tests run side by side, and one of them installs for all.
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            done = run(directory, "npm", "ci", "--no-progress", timeout=120)
            assert done.returncode == 0, f"`npm ci` in {directory.name} failed. {done.stderr}"
            installed.touch()
