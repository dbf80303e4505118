"""What an operator sees: log lines, ids of requests, metrics. No key is ever in any of them."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
import structlog
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from heatmaps import engine, metrics
from heatmaps.engine import Query
from heatmaps.serving.connections import Phase, Reason
from heatmaps.serving.exchange import Group
from heatmaps_service import logs
from tests.conftest import Api, Interactions
from tests.processes import (
    INHERITED,
    ROOT,
    Service,
    ask,
    clickhouse_server,
    free_port,
    stopped_afterwards,
    wait_until_it_answers,
)

TOKEN = "only-for-prometheus"
UUID = "5f0c8e9a-6b1d-4f7e-9a63-0f6f7b1d2c3e"


# --- Ids -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [UUID, "0123456789abcdef", "A" * 64])
def test_the_id_of_a_request_comes_back(client: Client, given: str) -> None:
    for path in ("/_health", "/api/schema/", "/nothing", "/e/"):
        assert client.get(path, headers={"x-request-id": given})["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "phx_abcdefabcdefabcdef", "a b c d e f a b", "abcdef0123\r", "é" * 9]
)
def test_what_is_no_id_is_replaced_by_one(client: Client, given: str) -> None:
    made = {client.get("/_health", headers={"x-request-id": given})["X-Request-ID"] for _ in range(2)}
    assert len(made) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)


def test_the_engine_is_told_which_request_it_works_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Query("SELECT getSetting('log_comment')", {})

    def tell(*_: Any) -> HttpResponse:
        blocks = [list(block.values()) for block in engine.blocks(asked)]
        return HttpResponse(orjson.dumps([engine.rows(asked), blocks]))

    monkeypatch.setattr("heatmaps.api.views.streamed", tell)
    reply = api.get("/api/projects/1/heatmaps/", x_request_id=UUID)
    assert orjson.loads(reply.content) == [[[UUID]], [[[UUID]]]]  # type: ignore[attr-defined]


def test_an_answer_that_is_marked_is_still_not_held_as_a_whole() -> None:
    structlog.contextvars.bind_contextvars(request_id=UUID)
    blocks = engine.blocks(Query("SELECT number FROM system.numbers", {}))
    # Held as a whole, it would be refused for its length.
    assert len(next(blocks)["number"]) > 0
    blocks.close()


# --- A server that is looked at ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was asked of a server, and what it said."""

    secrets: list[str]
    statuses: list[int]
    # While a body was on its way, and at the end.
    meanwhile: str
    metrics: str
    refused: tuple[int, bytes]
    log: list[str] = field(default_factory=list)

    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.log]

    def count(self, name: str) -> float:
        (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", self.metrics, re.MULTILINE)
        return float(found)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    service = Service(directory=tmp_path_factory.mktemp("seen"), environment={"RETENTION_DAYS": "0"})
    service.migrate()
    shop = service.make_project()
    service.result("load_interactions", str(ROOT / "docs" / "example" / "interactions.jsonl"), "--project", "1")
    port = free_port()
    variables = {
        "METRICS_TOKEN": TOKEN,
        "LOG_FORMAT": "json",
        "LOG_REQUESTS": "true",
        "RATE_LIMIT_BURST": "5/minute",
    }
    with stopped_afterwards(service.start("serve", "--port", str(port), **variables)) as process:
        wait_until_it_answers(process, port)
        seen = ask_everything(port, shop.key, shop.token)
        process.terminate()
        _, said = process.communicate(timeout=20)
    seen.log.extend(said.splitlines()[1:])
    return seen


def ask_everything(port: int, key: str, token: str) -> Seen:
    """Good keys and bad ones wherever they may stand, and where they may not."""
    old_key, wrong = "an-imported-key-without-a-prefix", "phx_" + "wrong" * 9
    heatmaps, week = "/api/projects/1/heatmaps/", {"date_from": "2026-11-16", "date_to": "2026-11-22"}
    long_ago = {"date_from": "2020-01-01", "date_to": "2020-01-01"}
    statuses = [ask(port, f"{heatmaps}?{urlencode(week | {'limit': 2})}", Authorization=f"Bearer {key}")[0]]
    for one in (key, wrong, old_key):
        query = urlencode(long_ago | {"personal_api_key": one, "url_pattern": one})
        statuses += [
            ask(port, f"{heatmaps}?{query}", **{"X-Request-ID": one})[0],
            ask(port, heatmaps, Authorization=f"bearer {one}", Cookie=f"sessionid={one}", Host=f"{one}.example")[0],
            ask(port, f"{heatmaps}{one}?{query}", Referer=f"http://localhost/?{query}")[0],
            ask(port, f"/admin/login/?{query}", **{"User-Agent": one})[0],
            ask(port, f"{heatmaps}?type=scrolldepth", "PATCH", Authorization=f"Bearer {one}")[0],
            # Beyond what the service reads.
            ask(port, f"{heatmaps}?{query}&{'x' * 61_000}")[0],
        ]
    with closing(socket.create_connection(("127.0.0.1", port))) as begun:
        begun.sendall(b"GET /e/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nfour")
        until = time.monotonic() + 20
        while figures(meanwhile := ask_for_metrics(port)) != FIGURES and time.monotonic() < until:
            time.sleep(0.05)
    statuses += [
        *(ask(port, f"{heatmaps}?{urlencode(long_ago)}", Authorization=f"Bearer {key}")[0] for _ in range(4)),
        ask(port, f"/array/{token}/config", Authorization=f"Bearer {key}")[0],
        ask(port, f"/e/?token={token}")[0],
    ]
    return Seen(
        secrets=[key, key.removeprefix("phx_"), wrong, old_key, token, TOKEN],
        statuses=statuses,
        meanwhile=meanwhile,
        metrics=ask_for_metrics(port),
        refused=ask(port, "/metrics", Authorization="Bearer only-for-somebody"),
    )


def ask_for_metrics(port: int) -> str:
    return ask(port, "/metrics", Authorization=f"Bearer {TOKEN}")[1].decode()


# Of callers, while one has sent four bytes of a body and another asks for the metrics.
FIGURES: dict[tuple[str, str], float] = {
    **{("connections", phase.value): 0 for phase in Phase},
    ("connections", "body"): 1,
    ("connections", "work"): 1,
    **{("held_bytes", what): 0 for what in ("bodies_in_files", "replies_in_memory", "replies_in_files")},
    ("held_bytes", "bodies"): 4,
    **{(name, group.value): 0 for name in ("waiting_requests", "running_requests") for group in Group},
    **{("cut_off_total", reason): 0 for reason in Reason},
}


def figures(text: str) -> dict[tuple[str, str], float]:
    names = "|".join({name for name, _ in FIGURES})
    found = re.findall(rf'^heatmaps_({names})\{{\w+="(\w+)"\}} (\S+)$', text, re.MULTILINE)
    return {(name, of): float(number) for name, of, number in found}


def test_no_secret_is_in_the_log_or_the_metrics(seen: Seen) -> None:
    assert {200, 400, 401, 404, 414, 429} <= set(seen.statuses)
    assert len(seen.log) > len(seen.statuses)
    for secret in seen.secrets:
        assert secret not in "\n".join(seen.log)
        assert secret not in seen.metrics


def test_a_line_tells_of_each_request_and_none_has_a_query(seen: Seen) -> None:
    answered = [line for line in seen.lines() if line["event"] == "Answered"]
    assert [line["status"] for line in answered if line["route"] not in {"_health", "metrics"}] == seen.statuses
    for line in answered:
        assert line.keys() == {
            *("event", "level", "logger", "timestamp", "request_id"),
            *("method", "route", "status", "milliseconds"),
        }
    assert "?" not in "".join(seen.log)
    assert len({line["request_id"] for line in answered}) == len(answered)


def test_requests_are_counted_by_route_and_status(seen: Seen) -> None:
    answered = [line for line in seen.lines() if line["event"] == "Answered" and line["route"] != "metrics"]
    for route, status in {(line["route"], line["status"]) for line in answered}:
        expected = sum((line["route"], line["status"]) == (route, status) for line in answered)
        assert seen.count(f'heatmaps_requests_total{{route="{route}",status="{status}"}}') == expected
    assert seen.count('heatmaps_request_seconds_count{route="heatmaps"}') > 0


def test_health_is_told_and_counted_like_any_other_request(seen: Seen) -> None:
    lines = [line for line in seen.lines() if line["event"] == "Answered" and line["route"] == "_health"]
    assert {(line["method"], line["status"]) for line in lines} == {("GET", 200)}
    assert seen.count('heatmaps_requests_total{route="_health",status="200"}') == len(lines) > 0


def test_the_process_in_front_tells_what_callers_do(seen: Seen) -> None:
    assert figures(seen.meanwhile) == FIGURES
    assert "process_resident_memory_bytes" in seen.meanwhile


def test_what_the_engine_did_is_counted(seen: Seen) -> None:
    assert seen.count("heatmaps_engine_seconds_count") >= 2
    assert seen.count("heatmaps_engine_seconds_sum") > 0
    # The rows of the week, at the least.
    assert seen.count("heatmaps_engine_rows_read_total") >= 17
    assert seen.count("heatmaps_cells_returned_total") == 2
    assert seen.count('heatmaps_throttled_total{limit="burst"}') == seen.statuses.count(429)


def test_metrics_are_for_those_who_have_the_token(seen: Seen) -> None:
    status, reply = seen.refused
    assert (status, orjson.loads(reply)["code"]) == (401, "not_authenticated")
    assert b"heatmaps_" not in reply


@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
def test_there_are_no_metrics_without_a_token(client: Client, path: str) -> None:
    assert client.get(path, headers={"authorization": "Bearer "}).status_code == 404


# --- Counting ------------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(settings: Settings) -> Iterator[None]:
    settings.METRICS_TOKEN = TOKEN
    metrics.forget()
    yield
    metrics.forget()


def test_cells_are_counted_whatever_they_are(counted: None, api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"y": 1}, {"y": 2}, {"y": 3}, {"type": "scrolldepth"}])
    api.points(limit=2)
    api.points(type="scrolldepth")
    api.interactions(points=[{"x": 0.06, "y": 16}, {"x": 0.06, "y": 32}, {"x": 0.06, "y": 48}])
    text, _ = metrics.text(None) or (b"", "")
    assert b"\nheatmaps_cells_returned_total 6.0\n" in text


def test_processes_add_up_what_they_count() -> None:
    program = (
        "from multiprocessing import get_context\n"
        "from heatmaps import metrics\n"
        "def count(): metrics.captured(3); metrics.asked(0.1, 20)\n"
        "def tell(): print(metrics.text(None)[0].decode())\n"
        "with metrics.shared_by(2):\n"
        "    for work in (count, count, tell):\n"
        "        process = get_context('fork').Process(target=work)\n"
        "        process.start(); process.join()\n"
    )
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, str(ROOT / "manage.py"), "shell", "-v0", "-c", program],
        env=INHERITED | {"METRICS_TOKEN": TOKEN, "CLICKHOUSE_URL": "http://127.0.0.1:1/x", "SECRET_KEY": "x"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "\nheatmaps_captured_points_total 6.0\n" in done.stdout
    assert "\nheatmaps_engine_rows_read_total 40.0\n" in done.stdout


def test_any_process_tells_what_all_have_counted(tmp_path: Path) -> None:
    with clickhouse_server(tmp_path / "server") as server:
        variables = {"CLICKHOUSE_URL": f"{server.url}/heatmaps", "METRICS_TOKEN": TOKEN, "RETENTION_DAYS": "0"}
        service = Service(directory=tmp_path, environment=variables)
        service.migrate()
        key = service.make_project().key
        service.result("load_interactions", str(ROOT / "docs" / "example" / "interactions.jsonl"), "--project", "1")
        port = free_port()
        options = ("serve", "--port", str(port), "--workers", "2", "--threads", "4")
        with stopped_afterwards(service.start(*options)) as process:
            wait_until_it_answers(process, port)
            path = "/api/projects/1/heatmaps/?date_from=2026-11-16&date_to=2026-11-22&limit=1"
            headers = {"Authorization": f"Bearer {key}", "X-Request-ID": UUID}
            assert {ask(port, path, **headers)[0] for _ in range(24)} == {200}
            told = [ask(port, "/metrics", Authorization=f"Bearer {TOKEN}")[1].decode() for _ in range(8)]
            process.terminate()
            _, said = process.communicate(timeout=20)
    for text in told:
        assert '\nheatmaps_requests_total{route="heatmaps",status="200"} 24.0\n' in text
        assert "\nheatmaps_cells_returned_total 24.0\n" in text
        (rows_read,) = re.findall(r"^heatmaps_engine_rows_read_total (\S+)$", text, re.MULTILINE)
        assert float(rows_read) >= 24
    assert said == f"Serving on http://127.0.0.1:{port} (stop with Ctrl-C)\n"


# --- Lines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("phx_abcdefgh1234 was wrong", "phx_… was wrong"),
        ("token phc_abcdefgh1234", "token phc_…"),
        ("GET /?personal_api_key=abc&x=1", "GET /?personal_api_key=…&x=1"),
        ('{"api_key": "abc", "x": 1}', '{"api_key": "…", "x": 1}'),
        ("Authorization: Bearer abc, else", "Authorization: Bearer …, else"),
        ("the mask phx_...abcd stays", "the mask phx_...abcd stays"),
    ],
)
def test_secrets_are_taken_out_of_a_line(text: str, shown: str) -> None:
    assert logs.without_secrets(None, "", {"event": text, "number": 1}) == {"event": shown, "number": 1}


def test_secrets_are_taken_out_of_lists_as_well() -> None:
    line = {"scopes": ["heatmap:read", "phx_abcdefgh1234"], "points": {"phc_abcdefgh1234": 2}, "status": 200}
    assert logs.without_secrets(None, "", line) == {
        "scopes": ["heatmap:read", "phx_…"],
        "points": {"phc_…": 2},
        "status": 200,
    }


@pytest.mark.parametrize("log_format", logs.FORMATS)
def test_a_traceback_shows_no_values_of_variables(log_format: str, tmp_path: Path) -> None:
    program = (
        "import logging, structlog\n"
        "def fail(secret_value):\n"
        "    raise ValueError('for personal_api_key=abc')\n"
        "try:\n"
        "    fail('the value of a variable')\n"
        "except ValueError:\n"
        "    logging.getLogger('a.library').exception('It failed')\n"
        "    structlog.get_logger('heatmaps.room').exception('It failed', cause='x')\n"
    )
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, str(ROOT / "manage.py"), "shell", "-v0", "-c", program],
        env=INHERITED | {"LOG_FORMAT": log_format, "SECRET_KEY": "x", "CLICKHOUSE_URL": "chdb://memory"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr.count("It failed") == 2
    assert done.stderr.count("ValueError: for personal_api_key=…") == 2
    assert "personal_api_key=abc" not in done.stderr
    assert "the value of a variable" not in done.stderr.replace("fail('the value of a variable')", "")
    if log_format == "json":
        assert [orjson.loads(line)["logger"] for line in done.stderr.splitlines()] == ["a.library", "heatmaps.room"]
