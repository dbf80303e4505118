"""What the benches have in common: databases of their own, a service on a port of its own, a table in a page."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def environment(directory: Path | str, **more: str) -> dict[str, str]:
    """Settings of a service that keeps everything in a directory."""
    return {
        "DJANGO_SETTINGS_MODULE": "heatmaps_service.settings",
        "CLICKHOUSE_URL": f"chdb://{directory}/clickhouse",
        "DATABASE_URL": f"sqlite:///{directory}/metadata.sqlite3",
        "SECRET_KEY": "of a benchmark",
        **more,
    }


def manage(settings: dict[str, str], *arguments: str) -> bytes:
    """Runs a command, and returns what it prints."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, check=True).stdout


@contextmanager
def serving(settings: dict[str, str], **options: Any) -> Iterator[tuple[int, int]]:
    """Serves meanwhile; the port, and the id of the process. `options` are those of Popen."""
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, **options) as process:
        try:
            _wait_for(port)
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(b"GET /_health HTTP/1.0\r\n\r\n")
            if connection.recv(100).startswith(b"HTTP/1.0 200"):
                return
        time.sleep(0.1)
    raise SystemExit("The service did not start.")


def write_into(page: Path, name: str, table: str) -> None:
    """Writes a table in the place of the older one in a page, which stands between two marks of its name."""
    begin, end = f"<!-- make {name} begins -->\n", f"<!-- make {name} ends -->"
    text = page.read_text()
    page.write_text(f"{text[: text.index(begin) + len(begin)]}{table}{text[text.index(end) :]}")
