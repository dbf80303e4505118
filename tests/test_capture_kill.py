"""kill -9 at any moment under load: browsers that send again as the SDK does end with every point there once."""

import gzip
import http.client
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from tests.processes import Service, free_port, stopped_afterwards, wait_until_it_answers
from tests.rollups import counted

# `make kills` asks for more.
KILLS = int(os.environ.get("KILLS", "20"))
KILLS_WITH_PERSONS = int(os.environ.get("KILLS_WITH_PERSONS", "5"))
BROWSERS = 12
EVENTS = 3
POINTS = 5


class Browser(threading.Thread):
    """Posts again and again. What is neither 200 nor 4xx is sent again, whole, until it is one of the two."""

    def __init__(
        self, port: int, token: str, number: int, is_over: threading.Event, make: Callable[[str], Any] | None = None
    ) -> None:
        super().__init__()
        self.make = make or event
        self.port, self.token, self.number, self.is_over = port, token, number, is_over
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self.broken_off = 0

    def run(self) -> None:
        while not self.is_over.is_set():
            names = [f"{self.number}-{len(self.acknowledged)}-{place}" for place in range(EVENTS)]
            body = gzip.compress(orjson.dumps({"api_key": self.token, "batch": [self.make(name) for name in names]}))
            while (status := self.send(body)) >= 500:
                time.sleep(0.2)
            if status == 200:
                self.acknowledged += names
            else:
                self.refused.append(status)

    def send(self, body: bytes) -> int:
        """The status; 599 when there is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", "/e/?compression=gzip-js", body)
            return connection.getresponse().status
        except ConnectionRefusedError:
            return 599
        except (OSError, http.client.HTTPException):
            self.broken_off += 1
            return 599
        finally:
            connection.close()


def event(name: str) -> dict[str, object]:
    """An event whose points and row of its own carry its name."""
    points = [{"x": 16 * place, "y": 16, "target_fixed": False, "type": "click"} for place in range(POINTS)]
    return {
        "event": "click",
        "uuid": str(uuid4()),
        "distinct_id": name,
        "properties": {
            "$viewport_width": 1280,
            "$viewport_height": 720,
            "$heatmap_data": {"https://example.com/": points},
        },
    }


@contextmanager
def served(service: Service, port: int) -> Iterator[Callable[[str], None]]:
    """Serves until the end of the block, which is kill -9 for all of it. Lets one of its processes be killed before."""
    with stopped_afterwards(service.start("serve", "--port", str(port), "--threads", "32")) as process:
        assert process.stderr
        # Until then those of a killed one may still answer.
        said = process.stderr.readline()
        assert not said.startswith("CommandError"), said
        wait_until_it_answers(process, port)

        def kill(which: str) -> None:
            # The one that talks to callers is the first, and what answers the last.
            running = children(process.pid) or [process.pid]
            os.kill({"server": process.pid, "front": running[0], "worker": running[-1]}[which], signal.SIGKILL)

        yield kill
        everything = (process.pid, *children(process.pid)) if process.poll() is None else ()
        for pid in everything:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def children(process: int) -> list[int]:
    return [int(line) for line in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@contextmanager
def browsers_at(port: int, token: str, make: Callable[[str], Any] | None = None) -> Iterator[list[Browser]]:
    """Browsers that post until the end of the block. The last posts are sent again until they are answered."""
    is_over = threading.Event()
    browsers = [Browser(port, token, number, is_over, make) for number in range(BROWSERS)]
    for browser in browsers:
        browser.start()
    try:
        yield browsers
    finally:
        is_over.set()


@pytest.mark.slow
def test_every_acknowledged_point_is_there_once_after_twenty_kills(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    token = service.make_project().token
    port = free_port()
    chance = random.Random()  # noqa: S311 -- no secret
    with browsers_at(port, token) as browsers:
        for _ in range(KILLS):
            with served(service, port) as kill:
                time.sleep(chance.uniform(0.1, 1.2))
                # Of four kills one is of everything at once, one of each process alone.
                if (which := chance.choice(["everything", "server", "front", "worker"])) != "everything":
                    kill(which)
                    time.sleep(chance.uniform(0, 0.5))
    with served(service, port):
        for browser in browsers:
            browser.join(30)
    acknowledged = sorted(name for browser in browsers for name in browser.acknowledged)
    assert acknowledged
    assert not any(browser.refused for browser in browsers)
    # Posts were under way at the kills, or the test proves nothing.
    assert sum(browser.broken_off for browser in browsers) > KILLS
    points = service.select("SELECT distinct_id, count(), uniqExact(x) FROM heatmaps GROUP BY 1 ORDER BY 1")
    assert [name for name, _, _ in points] == acknowledged
    assert {(count, different) for _, count, different in points} == {(POINTS, POINTS)}
    assert service.select("SELECT distinct_id, count() FROM events GROUP BY 1 ORDER BY 1") == [
        [name, 1] for name in acknowledged
    ]
    assert service.select(counted(from_rollups=True)) == service.select(counted(from_rollups=False))
    if KILLS > 20:
        sys.stdout.write(f"{KILLS} kills: {len(acknowledged)} events acknowledged, all there once, none lost\n")


def of_person(name: str) -> dict[str, object]:
    """An event of somebody who was anonymous before; every other one is an alias of the browser's own user."""
    user, _, place = name.partition("-")[0], *name.rpartition("-")[1:]
    if place == "0":
        said = {"alias": f"alias-{name}", "$set": {"last": name}}
        return {"event": "$create_alias", "uuid": str(uuid4()), "distinct_id": f"user-{user}", "properties": said}
    said = {"$anon_distinct_id": f"anonymous-{name}", "$set": {"name": name}}
    return {"event": "$identify", "uuid": str(uuid4()), "distinct_id": name, "properties": said}


@pytest.mark.slow
def test_no_person_and_no_tie_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    token = service.make_project().token
    port = free_port()
    chance = random.Random()  # noqa: S311 -- no secret
    with browsers_at(port, token, of_person) as browsers:
        for _ in range(KILLS_WITH_PERSONS):
            with served(service, port):
                time.sleep(chance.uniform(0.3, 1.5))
    with served(service, port):
        for browser in browsers:
            browser.join(30)
        # Nothing more comes in. What was kept is told within two seconds.
        time.sleep(4)
    assert sum(browser.broken_off for browser in browsers) > 0
    assert not any(browser.refused for browser in browsers)
    expected = []
    for browser in browsers:
        aliases = [name for name in browser.acknowledged if name.endswith("-0")]
        identified = [name for name in browser.acknowledged if not name.endswith("-0")]
        if aliases:
            ids = sorted([f"user-{browser.number}", *(f"alias-{name}" for name in aliases)])
            expected.append([ids, 0, orjson.dumps({"last": aliases[-1]}).decode()])
        expected += [[[name, f"anonymous-{name}"], 1, orjson.dumps({"name": name}).decode()] for name in identified]
    found = service.select(
        "SELECT arraySort(groupArray(distinct_id)) AS ids, any(is_identified), any(properties)"
        " FROM (SELECT * FROM person FINAL WHERE is_deleted = 0) AS p"
        " LEFT JOIN (SELECT * FROM person_distinct_id2 FINAL WHERE is_deleted = 0) AS d ON d.person_id = p.id"
        " GROUP BY p.id ORDER BY ids"
    )
    assert expected
    assert found == sorted(expected)
    assert service.select("SELECT count(), uniqExact(uuid) FROM events") == [
        [sum(len(browser.acknowledged) for browser in browsers)] * 2
    ]
