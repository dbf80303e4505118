"""Attacks on a service of its own over 127.0.0.1, each for a few seconds: what is held open, and how others fare.

Run as `python -m bench.hostile`; `--output FILE` writes the table between the markers of that file.
"""

import argparse
import asyncio
import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from bench.service import ROOT, environment, manage, serving, write_into

CELLS = 400_000
ROWS = """
INSERT INTO heatmaps (team_id, type, timestamp, x, y, viewport_width, viewport_height, distinct_id)
SELECT {team}, 'click', now() - INTERVAL 1 DAY, intDiv(number, 30000), number % 30000 + 1, 100, 48, ''
FROM numbers({rows})
"""
SMALL = "/api/projects/2/heatmaps/?date_from=-7d"
BIG = "/api/projects/1/heatmaps/?date_from=all&limit=1000000"
HOST = b"Host: localhost\r\n"


@dataclass
class Target:
    """A service that is attacked."""

    port: int
    pid: int
    big_key: str
    small_key: str
    token: str


@dataclass
class Others:
    """How those fared who did nothing: milliseconds of each answer, and how many were none."""

    small: list[float] = field(default_factory=list)
    capture: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    failed: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="how long each attack lasts (%(default)s)")
    parser.add_argument("--output", type=Path, help="a file with markers to write the table between")
    parser.add_argument("--only", help="attacks whose name has this text")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    parser.add_argument("--flood", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        sys.stdout.write(
            orjson.dumps(asyncio.run(ask_for(Target(**orjson.loads(options.ask)), options.seconds))).decode()
        )
        return
    if options.flood:
        asyncio.run(flood(Target(**orjson.loads(options.flood)), options.seconds))
        return
    lines = table(measure(options.seconds, options.only or ""))
    sys.stdout.write(lines)
    if options.output:
        write_into(options.output, "hostile", lines)


# --- The service ---------------------------------------------------------------------------------------------------


@contextmanager
def target() -> Iterator[Target]:
    with tempfile.TemporaryDirectory(prefix="heatmaps-hostile-") as directory:
        settings = environment(directory, RATE_LIMIT_ENABLED="false")
        run = partial(manage, settings)
        run("migrate", "-v0")
        run("migrate_clickhouse")
        projects = [orjson.loads(run("create_project", name, "--json")) for name in ("Big", "Small")]
        keys = [
            orjson.loads(run("create_api_key", "--user", f"{name}@example.com", "--json"))["key"]
            for name in ("big", "small")
        ]
        fill = "from heatmaps import engine\nwith engine.writer() as client:\n"
        fill += "".join(
            f" client.command({ROWS.format(team=team, rows=rows)!r})\n" for team, rows in ((1, CELLS), (2, 1_000))
        )
        run("shell", "-v0", "-c", fill)
        with serving(settings, stderr=subprocess.DEVNULL) as (port, pid):
            yield Target(port, pid, keys[0], keys[1], projects[1]["token"])


def memory(pid: int) -> int:
    """Megabytes that the processes of a service have of their own, and their share of what they have together."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = 0
    for process in (str(pid), *children):
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
        found += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return found // 1024


# --- Those who do nothing -------------------------------------------------------------------------------------------


async def ask_for(service: Target, seconds: float) -> dict[str, Any]:
    others = Others()
    until = time.monotonic() + seconds
    question = f"GET {SMALL} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {service.small_key}\r\n\r\n".encode()
    await asyncio.gather(
        again(service, until, lambda: question, others.small, others),
        again(service, until, lambda: question, others.small, others),
        again(service, until, lambda: post(service.token), others.capture, others),
        again(service, until, lambda: b"GET /_health HTTP/1.1\r\nHost: localhost\r\n\r\n", others.health, others),
    )
    return {"small": others.small, "capture": others.capture, "health": others.health, "failed": others.failed}


async def again(
    service: Target, until: float, request: Callable[[], bytes], seconds: list[float], others: Others
) -> None:
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            async with asyncio.timeout(15):
                status = await once(service.port, request())
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            status = 0
        if status == 200:
            seconds.append(round((time.monotonic() - began) * 1000, 1))
        else:
            others.failed += 1
        await asyncio.sleep(0.05)


async def once(port: int, request: bytes) -> int:
    """A connection of its own for each: whoever comes new is to be served."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"content-length: " in head:
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        return int(head.split()[1])
    finally:
        writer.close()


def post(token: str) -> bytes:
    event = {
        "event": "$$heatmap",
        "uuid": str(uuid4()),
        "distinct_id": "ann",
        "properties": {
            "$viewport_width": 1280,
            "$viewport_height": 720,
            "$heatmap_data": {"https://example.com/": [{"x": 1, "y": 2, "target_fixed": False, "type": "click"}]},
        },
    }
    body = gzip.compress(orjson.dumps({"api_key": token, "batch": [event]}))
    head = b"POST /e/?compression=gzip-js HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head + body


# --- Attacks --------------------------------------------------------------------------------------------------------

Attack = Callable[[Target, "Held"], Awaitable[None]]


@dataclass
class Held:
    """Connections that an attack holds open."""

    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    async def open(
        self, service: Target, number: int, sent: bytes, *, limit: int = 2**16
    ) -> list[asyncio.StreamReader]:
        readers = []
        for start in range(0, number, 200):
            opened = await asyncio.gather(
                *(open_one(service.port, limit) for _ in range(min(200, number - start))), return_exceptions=True
            )
            for pair in opened:
                if isinstance(pair, tuple):
                    pair[1].write(sent)
                    readers.append(pair[0])
                    self.writers.append(pair[1])
        return readers

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        for writer in self.writers:
            writer.transport.abort()
        for process in self.processes:
            process.kill()
            process.wait()


async def open_one(port: int, limit: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, limit=limit)


async def nothing(service: Target, held: Held) -> None:
    pass


async def unfinished_questions(service: Target, held: Held) -> None:
    head = b"POST /api/projects/ HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nx"
    await held.open(service, 800, head)


async def announced(service: Target, held: Held) -> None:
    await held.open(service, 50, b"POST /e/ HTTP/1.1\r\n" + HOST + b"Content-Length: 134217728\r\n\r\nx")


async def unfinished_posts(service: Target, held: Held) -> None:
    await held.open(service, 2_000, b"POST /e/ HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nx")


async def trickle(service: Target, held: Held) -> None:
    """Bodies that come a byte a second, headers too."""
    await held.open(service, 300, b"POST /e/ HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\n")
    await held.open(service, 300, b"GET / HTTP/1.1\r\n" + HOST + b"X-Slow: ")

    async def go_on() -> None:
        while True:
            await asyncio.sleep(1)
            for writer in held.writers:
                if not writer.is_closing():
                    writer.write(b"x")

    held.tasks.append(asyncio.create_task(go_on()))


async def large_bodies(service: Target, held: Held) -> None:
    """As much as the service lets come, and then no end."""
    head = b"POST /batch/ HTTP/1.1\r\n" + HOST + b"Content-Length: 20000000\r\n\r\n"
    await held.open(service, 40, head + bytes(15_000_000))


async def unread(service: Target, held: Held) -> None:
    head = f"GET {BIG} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {service.big_key}\r\n\r\n".encode()
    await held.open(service, 20, head, limit=1)


async def many_readers(service: Target, held: Held) -> None:
    command = [sys.executable, "-m", "bench.hostile", "--seconds", "120"]
    held.processes.append(subprocess.Popen([*command, "--flood", orjson.dumps(service.__dict__).decode()], cwd=ROOT))
    await asyncio.sleep(2)


async def flood(service: Target, seconds: float) -> None:
    head = f"GET {BIG} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {service.big_key}\r\n\r\n".encode()
    until = time.monotonic() + seconds

    async def read() -> None:
        while time.monotonic() < until:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
                writer.write(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                while await reader.read(2**20):
                    pass
                writer.close()
            await asyncio.sleep(0.05)

    await asyncio.gather(*(read() for _ in range(200)))


async def idle(service: Target, held: Held) -> None:
    for reader in await held.open(service, 10_000, b"GET /_health HTTP/1.1\r\n" + HOST + b"\r\n"):
        await reader.readuntil(b"\r\n\r\n")
    await held.open(service, 2_000, b"GET /_health HTTP/1.1\r\nHost: loc")


async def wrong_keys(service: Target, held: Held) -> None:
    """Questions with a new key each, as fast as they are answered."""

    async def guess() -> None:
        while True:
            head = f"GET {SMALL} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer phx_{uuid4().hex}\r\n\r\n"
            with suppress(OSError, asyncio.IncompleteReadError):
                await once(service.port, head.encode())

    held.tasks += [asyncio.create_task(guess()) for _ in range(100)]


ATTACKS: dict[str, Attack] = {
    "nothing": nothing,
    "800 questions whose body does not come": unfinished_questions,
    "50 posts that announce 128 MiB and send a byte": announced,
    "2,000 posts whose body does not come": unfinished_posts,
    "600 bodies and headers that come a byte a second": trickle,
    "40 bodies of 20 MB that stop after 15": large_bodies,
    "20 readers of 400,000 points who do not read": unread,
    "200 readers of one project, 400,000 points each": many_readers,
    "10,000 idle connections, 2,000 unfinished headers": idle,
    "100 callers with a wrong key each time": wrong_keys,
}


@dataclass(frozen=True)
class Row:
    name: str
    others: dict[str, Any]
    memory: int


def measure(seconds: float, only: str) -> list[Row]:
    found = []
    with target() as service:
        # The engine opens with the first question.
        asyncio.run(ask_for(service, 3))
        for name, attack in ATTACKS.items():
            if only in name or name == "nothing":
                found.append(asyncio.run(attacked(service, name, attack, seconds)))
                sys.stderr.write(f"{name}\n")
                time.sleep(1)
    return found


async def attacked(service: Target, name: str, attack: Attack, seconds: float) -> Row:
    held = Held()
    try:
        await attack(service, held)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.hostile", "--seconds", str(seconds)),
            *("--ask", orjson.dumps(service.__dict__).decode()),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        highest = 0
        asking = asyncio.create_task(process.communicate())
        while not asking.done():
            highest = max(highest, memory(service.pid))
            await asyncio.wait({asking}, timeout=0.5)
        output, _ = asking.result()
        return Row(name, orjson.loads(output), highest)
    finally:
        held.close()


def table(rows: list[Row]) -> str:
    lines = [
        "| held open meanwhile | small question, ms: median, p99 | post of a browser, ms | `/_health`, ms: worst"
        " | answered, not answered | memory, MB |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        small, capture, health = (sorted(row.others[name]) or [float("inf")] for name in ("small", "capture", "health"))
        answered = sum(len(row.others[name]) for name in ("small", "capture", "health"))
        lines.append(
            f"| {row.name} | {middle(small):.0f}, {small[int(len(small) * 0.99)]:.0f} | {middle(capture):.0f}"
            f" | {health[-1]:.0f} | {answered}, {row.others['failed']} | {row.memory} |"
        )
    return "\n".join(lines) + "\n"


def middle(values: list[float]) -> float:
    return values[len(values) // 2]


if __name__ == "__main__":
    main()
