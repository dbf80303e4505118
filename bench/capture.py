"""How much the service takes in: posts of browsers through HTTP, against the same rows put straight into the engine.

Starts a service of its own on a free port with databases of its own, sends for some seconds, and removes all of it.
Run as `python -m bench.capture`.
"""

import argparse
import asyncio
import gzip
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import clickhouse_connect
import orjson
import pyarrow as pa

from bench.service import environment, manage, serving

POINTS = 20
IDENTIFIED_AT_ONCE = 10
BLOCK_ROWS = 10_000
WARM_UP_SECONDS = 3.0
OK = b"HTTP/1.1 200"


@dataclass
class Sent:
    """What was answered after the warm-up."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    total: int = 0
    identified: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="how long to send (%(default)s)")
    parser.add_argument("--browsers", type=int, default=700, help="how many send at once (%(default)s)")
    parser.add_argument(
        "--identified",
        type=int,
        default=0,
        help="events a second that identify somebody, beside the others (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on one line")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heatmaps-bench-") as directory:
        result = measure(Path(directory), options.seconds, options.browsers, options.identified)
    if options.json:
        sys.stdout.write(orjson.dumps(result).decode() + "\n")
    else:
        sys.stdout.write("".join(f"{name}: {value}\n" for name, value in result.items()))


def measure(directory: Path, seconds: float, browsers: int, identified: int = 0) -> dict[str, Any]:
    settings = environment(directory)
    manage(settings, "migrate", "-v0")
    manage(settings, "migrate_clickhouse")
    token = orjson.loads(manage(settings, "create_project", "Bench", "--json"))["token"]
    before = os.times()
    with serving(settings) as (port, _):
        sent = asyncio.run(send(port, token, WARM_UP_SECONDS + seconds, browsers, identified))
        # What is kept of persons is told within two seconds.
        time.sleep(3 if identified else 0)
    spent = os.times()
    sent.seconds.sort()
    client = clickhouse_connect.get_client(dsn=settings["CLICKHOUSE_URL"])
    stored = client.query("SELECT count() FROM heatmaps").result_rows[0][0]
    blocks = client.query(
        "SELECT sum(last) FROM (SELECT max(max_block_number) AS last FROM system.parts"
        " WHERE database = currentDatabase() AND table IN ('heatmaps', 'events', 'captured_events')"
        " GROUP BY table, partition)"
    ).result_rows[0][0]
    persons = client.query("SELECT count() FROM person FINAL WHERE is_deleted = 0").result_rows[0][0]
    straight = rows_a_second_straight(client)
    points_a_second = len(sent.seconds) * POINTS / seconds
    return {
        "points_a_second": round(points_a_second),
        "posts_a_second": round(len(sent.seconds) / seconds),
        "p50_milliseconds": round(sent.seconds[len(sent.seconds) // 2] * 1000),
        "p99_milliseconds": round(sent.seconds[int(len(sent.seconds) * 0.99)] * 1000),
        "new_parts_a_second": round(blocks / (WARM_UP_SECONDS + seconds), 2),
        "posts_refused": sent.refused,
        "points_acknowledged": sent.total * POINTS,
        "points_stored": stored,
        "identified_acknowledged": sent.identified,
        "persons_told": persons,
        "rows_a_second_straight": round(straight),
        "ratio": round(points_a_second / straight, 3),
        "service_milliseconds_a_post": milliseconds(
            spent.children_user + spent.children_system - before.children_user - before.children_system, sent.total
        ),
        "client_milliseconds_a_post": milliseconds(spent.user + spent.system - before.user - before.system, sent.total),
    }


def milliseconds(seconds: float, posts: int) -> float:
    return round(seconds * 1000 / posts, 2)


async def send(port: int, token: str, seconds: float, browsers: int, identified: int) -> Sent:
    sent = Sent()
    posts = [body(token) for _ in range(2_000)]
    begin = time.perf_counter()
    await asyncio.gather(
        *(browse(port, posts, begin + WARM_UP_SECONDS, begin + seconds, sent) for _ in range(browsers)),
        *(identify(port, token, begin + seconds, sent) for _ in range(identified // IDENTIFIED_AT_ONCE)),
    )
    return sent


async def browse(port: int, posts: list[tuple[bytes, bytes]], counts_from: float, until: float, sent: Sent) -> None:
    """One keep-alive connection that posts, waits for the answer, and posts again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (started := time.perf_counter()) < until:
        head, tail = random.choice(posts)  # noqa: S311 -- no secret
        text = gzip.compress(head + str(uuid4()).encode() + tail, 1)
        writer.write(
            b"POST /e/?ip=0&ver=1.430.0&compression=gzip-js HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://example.com\r\n"
            b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(text) + text
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        size = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(size)
        finished = time.perf_counter()
        if not answer.startswith(OK):
            sent.refused += 1
            await asyncio.sleep(1)
            continue
        sent.total += 1
        if started >= counts_from and finished < until:
            sent.seconds.append(finished - started)
    writer.close()


async def identify(port: int, token: str, until: float, sent: Sent) -> None:
    """One connection that says every second of some visitors who they are."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(random.random())  # noqa: S311 -- no secret
    while (started := time.perf_counter()) < until:
        text = gzip.compress(orjson.dumps({"api_key": token, "batch": [who() for _ in range(IDENTIFIED_AT_ONCE)]}), 1)
        writer.write(b"POST /e/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
        answer = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        if answer.startswith(OK):
            sent.identified += IDENTIFIED_AT_ONCE
        else:
            sent.refused += 1
        await asyncio.sleep(max(0, started + 1 - time.perf_counter()))
    writer.close()


def who() -> dict[str, Any]:
    name = str(uuid4())
    known = {"$set": {"email": f"{name}@example.com", "plan": "pro"}, "$set_once": {"$initial_referrer": "$direct"}}
    return {
        "event": "$identify",
        "uuid": str(uuid4()),
        "distinct_id": name,
        "properties": {"$anon_distinct_id": str(uuid4()), **known},
    }


def body(token: str) -> tuple[bytes, bytes]:
    """A post, in two pieces around the uuid of its event."""
    points = [
        {
            "x": random.randrange(1280),  # noqa: S311
            "y": random.randrange(6000),  # noqa: S311
            "target_fixed": False,
            "type": random.choice(["mousemove", "mousemove", "click"]),  # noqa: S311
        }
        for _ in range(POINTS)
    ]
    event = {
        "event": "$$heatmap",
        "uuid": "UUID",
        "distinct_id": str(uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {
            "token": token,
            "$session_id": str(uuid4()),
            "$current_url": "https://example.com/page",
            "$viewport_width": 1280,
            "$viewport_height": 720,
            "$lib": "web",
            "$browser": "Chrome",
            "$heatmap_data": {f"https://example.com/page/{random.randrange(50)}": points},  # noqa: S311
        },
    }
    head, tail = orjson.dumps({"api_key": token, "batch": [event]}).split(b"UUID")
    return head, tail


def rows_a_second_straight(client: Any, rows: int = 1_000_000) -> float:
    """The same kind of rows, put into the engine in blocks with nothing in between."""
    table = client.query_arrow(f"SELECT * FROM heatmaps LIMIT {rows}")
    table = pa.concat_tables([table] * (rows // max(1, table.num_rows) + 1)).slice(0, rows).combine_chunks()
    client.command("CREATE TABLE straight AS heatmaps")
    started = time.perf_counter()
    for start in range(0, rows, BLOCK_ROWS):
        client.insert_arrow("straight", table.slice(start, BLOCK_ROWS))
    return rows / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
