"""Posts as browsers make them, and what is stored of them."""

import gzip
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.http import HttpResponse
from django.test import Client

from heatmaps import engine
from heatmaps.capture import batching, projects, traffic
from heatmaps.capture.points import Skip
from heatmaps.models import Project

# 2026-03-31 02:30:00 UTC, when every post is received.
NOW = 1_774_924_200_000_000
COLUMNS = (
    "session_id, distinct_id, toString(timestamp) AS timestamp, x, y, scale_factor, viewport_width, viewport_height, "
    "pointer_target_fixed, current_url, type"
)
URL = "https://example.com/"
POINT = {"x": 1020, "y": 363, "target_fixed": False, "type": "click"}
# What is stored of that point, in an event that was made by `event`.
STORED = {
    "session_id": "session",
    "distinct_id": "ann",
    "timestamp": "2026-03-31 02:30:00.000000",
    "x": 64,
    "y": 23,
    "scale_factor": 16,
    "viewport_width": 67,
    "viewport_height": 83,
    "pointer_target_fixed": False,
    "current_url": URL,
    "type": "click",
}


def event(*points: Any, **members: Any) -> dict[str, Any]:
    """A `$$heatmap` event with these points on one page; `properties` are added to its own."""
    properties = {
        "$viewport_width": 1071,
        "$viewport_height": 1328,
        "$session_id": "session",
        "$heatmap_data": {URL: deepcopy(list(points or [POINT]))},
        **members.pop("properties", {}),
    }
    properties = {name: value for name, value in properties.items() if value is not ...}
    whole = {"event": "$$heatmap", "distinct_id": "ann", "uuid": str(uuid4()), "properties": properties, **members}
    return {name: value for name, value in whole.items() if value is not ...}


class Browser:
    """Sends as an SDK does, for one project."""

    def __init__(self, project: Project) -> None:
        self.token = project.token
        self.client = Client(raise_request_exception=True)

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> HttpResponse:
        content_type = headers.pop("content_type", "text/plain")
        return self.client.generic(method, target, body, content_type, headers=headers)  # type: ignore[return-value]

    def post(self, document: Any, target: str = "/e/") -> HttpResponse:
        return self.ask("POST", target, orjson.dumps(document))

    def send(self, *events: Any, target: str = "/e/", **root: Any) -> None:
        """A batch that must be taken."""
        response = self.post({"api_key": self.token, "batch": list(events), **root}, target)
        assert (response.status_code, response.content) == (200, b'{"status":"Ok"}')

    def zipped(self, *events: Any) -> bytes:
        return gzip.compress(orjson.dumps({"api_key": self.token, "batch": list(events)}))


def rows(sql: str, **parameters: Any) -> list[dict[str, Any]]:
    with engine.writer() as client:
        return list(client.query(sql, parameters=parameters).named_results())


def stored() -> list[dict[str, Any]]:
    return rows(f"SELECT {COLUMNS} FROM heatmaps ORDER BY ALL")


def stored_events(columns: str = "event, distinct_id") -> list[dict[str, Any]]:
    return rows(f"SELECT {columns} FROM events ORDER BY ALL")


def skipped() -> dict[str, int]:
    """How many points were not kept, by reason."""
    return {key.reason: entry.unwritten.total() for key, entry in traffic._entries.items() if key.reason in set(Skip)}


def empty_tables() -> None:
    with engine.writer() as client:
        for table in ("heatmaps", "events", "captured_events", "person", "person_distinct_id2"):
            client.command(f"TRUNCATE TABLE {table}")


@pytest.fixture
def browser(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """Posts are received at NOW, nothing is known beforehand, and a group follows another at once."""
    monkeypatch.setattr("heatmaps.capture.views.received_at", lambda: NOW)
    monkeypatch.setattr(batching, "PARTS_A_SECOND", 1e6)
    monkeypatch.setattr(batching, "_writer", batching.Writer())
    projects.forget()
    traffic.forget()
    yield Browser(project)
    batching._writer.stop()
    projects.forget()
    empty_tables()
