"""The time of day jumps under a service that goes on: an hour and a day, forward and back."""

import http.client
import struct
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson
import pytest

from tests.processes import ROOT, Service, ask, free_port, needed, stopped_afterwards, wait_until_it_answers

pytestmark = pytest.mark.slow

HOUR, DAY = 3600, 86_400
JUMPS = (HOUR, 0, -HOUR, DAY, -DAY, 0)


def clock(directory: Path) -> tuple[dict[str, str], Callable[[int], None]]:
    """What a program needs in its environment, so that its time of day can be moved by so many seconds. The engine
    reads the time past it, as if it were a server whose clock is right."""
    library, offset = directory / "clock.so", directory / "offset"
    command = [needed("gcc"), "-shared", "-fPIC", "-o", str(library), str(ROOT / "tests" / "clock.c")]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603

    def jump(seconds: int) -> None:
        # In its place: processes have it in their memory.
        with offset.open("r+b") as file:
            file.write(struct.pack("l", seconds))

    offset.write_bytes(bytes(8))
    return {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)}, jump


def test_jumps_of_the_clock_lose_and_refuse_nothing(tmp_path: Path) -> None:
    service = Service(directory=tmp_path, environment={"RETENTION_DAYS": "0"})
    service.migrate()
    shop = service.make_project()
    variables, jump = clock(tmp_path)
    port = free_port()
    statuses = []

    def question() -> int:
        return ask(port, "/api/projects/1/heatmaps/?date_from=all", Authorization=f"Bearer {shop.key}")[0]

    def post(*uuids: str) -> int:
        points = [{"x": 1, "y": 1, "target_fixed": False, "type": "click"}]
        properties = {"$viewport_width": 9, "$viewport_height": 9, "$heatmap_data": {"https://example.com/": points}}
        click: dict[str, Any] = {"event": "click", "distinct_id": "$posthog_cookieless", "properties": properties}
        said: dict[str, Any] = {"event": "$set", "distinct_id": "ann", "$set": {"plan": "large"}}
        batch = [{**event, "uuid": str(uuid5(UUID(uuid), event["event"]))} for uuid in uuids for event in (click, said)]
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            body = orjson.dumps({"api_key": shop.token, "batch": batch})
            connection.request("POST", "/e/", body, {"User-Agent": "of a test"})
            return connection.getresponse().status

    with stopped_afterwards(service.start("serve", "--port", str(port), LOG_FORMAT="json", **variables)) as process:
        wait_until_it_answers(process, port)
        last = str(uuid4())
        statuses += [post(last), question()]
        for seconds in JUMPS:
            jump(seconds)
            # One is sent again, as by a browser that did not hear of the answer.
            again, last = last, str(uuid4())
            statuses += [post(again, last), question(), ask(port, "/_readyz")[0]]
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert (process.returncode, set(statuses)) == (0, {200})
    assert said.splitlines()[1:] == []
    sent = len(JUMPS) + 1
    # Each came when the service thought it did.
    span = "dateDiff('day', min(timestamp), max(timestamp))"
    assert service.select(f"SELECT count(), {span} FROM heatmaps") == [[sent, 2]]
    assert service.select("SELECT event, count() FROM events GROUP BY event ORDER BY event") == [
        ["$set", sent],
        ["click", sent],
    ]
    assert service.select("SELECT properties, is_deleted FROM person FINAL") == [['{"plan":"large"}', 0]]
