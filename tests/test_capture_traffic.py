"""What browsers sent lately and what of it was refused: a log line at once and each minute, and `check_capture`."""

import http.client
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from structlog.testing import capture_logs

from heatmaps.capture import tallies, traffic
from heatmaps.capture.points import Skip
from heatmaps.capture.tallies import Example, Tally
from heatmaps.capture.traffic import Source
from heatmaps.models import CaptureTally, Project
from tests.capture import POINT, Browser, event
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.processes import Service, free_port, stopped_afterwards, wait_until_it_answers

ORIGIN = "https://shop.example"
BAD = {"type": "click"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time of which the minutes between lines are counted; the last one is now."""
    times = [1_000.0]
    monkeypatch.setattr("heatmaps.capture.traffic.time.monotonic", lambda: times[-1])
    return times  # type: ignore[return-value]


def checked(capsys: pytest.CaptureFixture[str], project: int = 1) -> Any:
    """What check_capture tells, without the times, which are now."""
    traffic.write()
    capsys.readouterr()
    call_command("check_capture", project=project, json=True)
    result = orjson.loads(capsys.readouterr().out)
    for part in ("stored", "refused", "refused_without_project"):
        for one in result[part]:
            for name in ("first_at", "last_at"):
                assert datetime.now(UTC) - datetime.fromisoformat(one.pop(name)) < timedelta(minutes=1)
            assert one.pop("last_hour") == one["count"]
    return result


def told(reason: str, count: int, detail: str = "", host: str = "", origin: str = "") -> dict[str, Any]:
    return {"reason": reason, "count": count, "host": host, "origin": origin, "detail": detail}


# --- The log -------------------------------------------------------------------------------------------------------


def test_points_that_are_not_kept_leave_a_line_at_once_and_one_a_minute(clock: list[float]) -> None:
    shop, other = Source("h", ORIGIN), Source("g", "")
    line = {"event": "Points that browsers sent were not kept", "log_level": "warning"}
    with capture_logs() as lines:
        traffic.not_kept(1, {Skip.NO_URL: 2}, shop)
        traffic.not_kept(1, {Skip.NO_URL: 3}, shop)
        traffic.not_kept(1, {Skip.NO_TYPE: 0}, shop)
        # Another project and another reason have lines of their own.
        traffic.not_kept(2, {Skip.NO_URL: 1}, other)
        traffic.not_kept(1, {Skip.NO_TYPE: 1}, shop)
        clock.append(1_059.0)
        traffic.log_what_is_due()
        traffic.not_kept(1, {Skip.NO_URL: 4}, other)
        clock.append(1_060.0)
        traffic.log_what_is_due()
        traffic.log_what_is_due()
        clock.append(2_000.0)
        traffic.not_kept(1, {Skip.NO_URL: 1}, shop)
    assert lines == [
        line | {"reason": "no usable URL", "project": 1, "points": 2, "host": "h", "origin": ORIGIN},
        line | {"reason": "no usable URL", "project": 2, "points": 1, "host": "g", "origin": ""},
        line | {"reason": "no type", "project": 1, "points": 1, "host": "h", "origin": ORIGIN},
        line | {"reason": "no usable URL", "project": 1, "points": 7, "host": "g", "origin": ""},
        line | {"reason": "no usable URL", "project": 1, "points": 1, "host": "h", "origin": ORIGIN},
    ]


def test_a_refused_post_leaves_a_line_with_its_host_and_origin(browser: Browser, project: Project) -> None:
    with capture_logs() as lines:
        for _ in range(3):
            browser.ask("POST", "/e/", browser.zipped(event()), host="elsewhere.example", origin=ORIGIN)
        browser.ask("POST", "/e/", b"{", origin=ORIGIN)
        browser.post({"api_key": browser.token, "batch": [event(), {}]})
        browser.post({"api_key": "phc_unknown-token", "batch": [event()]})
        browser.ask("POST", "/e/", b" " * 3_000_000)
    line = {"event": "Posts of browsers were refused", "log_level": "warning", "project": None, "posts": 1}
    assert [one for one in lines if one["event"] == line["event"]] == [
        line
        | {
            "reason": "host not in ALLOWED_HOSTS",
            "host": "elsewhere.example",
            "origin": ORIGIN,
            "detail": "The name in the Host header is not in ALLOWED_HOSTS, a setting of this service.",
        },
        line
        | {
            "reason": "body not understood",
            "host": "",
            "origin": ORIGIN,
            "detail": "The body is not JSON.",
        },
        line
        | {
            "reason": "body not understood",
            "project": 1,
            "host": "",
            "origin": "",
            "detail": "batch[1] has no name: an event has it as a text in event.",
        },
        line
        | {
            "reason": "unknown token",
            "host": "",
            "origin": "",
            "detail": "The project token is missing or unknown. It is phc_unkn…",
        },
        line
        | {
            "reason": "body too large",
            "host": "",
            "origin": "",
            "detail": "A body may have 2097152 bytes here, also after it is decompressed.",
        },
    ]


# --- check_capture -------------------------------------------------------------------------------------------------


def test_check_capture_tells_what_came_in_and_what_was_refused(
    browser: Browser, project: Project, other_project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    again = event(POINT, BAD, event="x")
    for _ in range(2):
        # The second time there is nothing new about it.
        browser.send(again, event(POINT, POINT))
    browser.post({"api_key": browser.token, "batch": [5]})
    browser.ask("GET", f"/array/{browser.token}/config", host="elsewhere.example", origin=ORIGIN)
    browser.ask("GET", "/array/phc_unknown-token/config")
    assert checked(capsys) == {
        "project": 1,
        "stored": [told("points stored", 5), told("events stored", 1)],
        "refused": [
            told("body not understood", 1, "batch[0] is no event: an event is an object with its name in event."),
            told("no numeric x and y", 1),
        ],
        "refused_without_project": [
            told("unknown token", 1, "No project has this token. It is phc_unkn…"),
            told(
                "host not in ALLOWED_HOSTS",
                1,
                "The name in the Host header is not in ALLOWED_HOSTS, a setting of this service.",
                host="elsewhere.example",
                origin=ORIGIN,
            ),
        ],
    }
    assert checked(capsys, 2)["stored"] == checked(capsys, 2)["refused"] == []


def test_check_capture_tells_people_in_lines(browser: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_capture", project=1)
    assert capsys.readouterr().err.endswith("does api_host name this service?\n")
    browser.post({"api_key": browser.token, "batch": [5]})
    traffic.write()
    call_command("check_capture", project=1)
    printed = capsys.readouterr()
    assert printed.err.startswith("Nothing was stored for project 1 within a week.")
    assert printed.err.endswith("What was refused is below.\n")
    assert printed.out.startswith("body not understood\t1 since 20")
    assert "host none\torigin none\tbatch[0] is no event" in printed.out


def test_check_capture_needs_a_project_that_is_there(project: Project) -> None:
    with pytest.raises(CommandError, match="There is no project 9"):
        call_command("check_capture", project=9)


def test_counts_add_up_over_writes_and_only_the_last_hour_is_kept_by_minute(
    browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    last = Example(at=datetime.now(UTC), host="h", origin="", detail="")
    now = int(last.at.timestamp()) // 60
    for minutes in ({now - 500: 7}, {now: 1, now - 30: 2}, {now: 3}, dict.fromkeys(range(now - 200, now), 1)):
        tallies.add([Tally(team_id=1, reason="r", minutes=minutes, example=last)])
    [row] = CaptureTally.objects.all()
    assert (row.total, len(row.minutes)) == (213, tallies.MINUTES)
    call_command("check_capture", project=1, json=True)
    [refused] = orjson.loads(capsys.readouterr().out)["refused"]
    assert (refused["count"], refused["last_hour"]) == (213, 4 + 2 + 59)


def test_two_processes_that_begin_at_once_are_added_up(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime.now(UTC)
    minute = str(int(at.timestamp()) // 60)
    for host, first in (("old", 5), ("new", 1)):
        moment = at - timedelta(minutes=first)
        CaptureTally.objects.create(
            project=project,
            reason="r",
            total=first,
            minutes={minute: first},
            first_at=moment,
            last_at=moment,
            host=host,
        )
    call_command("check_capture", project=1, json=True)
    [refused] = orjson.loads(capsys.readouterr().out)["refused"]
    assert (refused["count"], refused["last_hour"], refused["host"]) == (6, 6, "new")
    assert refused["first_at"] == (at - timedelta(minutes=5)).isoformat()


def test_what_is_a_week_old_is_forgotten(project: Project) -> None:
    for days in (6, 8):
        old = Example(at=datetime.now(UTC) - timedelta(days=days), host="", origin="", detail="")
        tallies.add([Tally(team_id=None, reason=str(days), minutes={1: 1}, example=old)])
    assert [row.reason for row in CaptureTally.objects.all()] == ["6"]


def test_a_project_that_is_gone_is_no_trouble(project: Project) -> None:
    last = Example(at=datetime.now(UTC), host="", origin="", detail="")
    tallies.add([Tally(team_id=team, reason="r", minutes={1: 1}, example=last) for team in (99, 1)])
    assert [row.project_id for row in CaptureTally.objects.all()] == [1]


def test_a_metadata_database_that_is_away_fails_no_post_and_loses_no_count(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tallies, "add", lambda _: (_ for _ in ()).throw(OperationalError("gone")))
        browser.send(event(POINT))
        traffic.write()
        browser.send(event(POINT))
        traffic.write()
    assert checked(capsys)["stored"] == [told("points stored", 2)]


def test_what_a_stranger_wrote_into_headers_is_cut_and_made_harmless(
    browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    browser.ask("POST", "/e/", b"{}", origin="\x1b[31m\0" + "é" * 1_000)
    [refused] = checked(capsys)["refused_without_project"]
    assert refused["origin"] == "?[31m?" + "é" * 194


def test_what_is_counted_needs_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "MAX_ENTRIES", 10)
    monkeypatch.setattr(traffic, "LOG_EVERY_SECONDS", 0)
    for number in range(30):
        traffic.stored(number, 1, 0, Source())
        list(traffic._take())
        for entry in traffic._entries.values():
            entry.untold = 0
    assert len(traffic._entries) <= 11


def test_a_server_writes_it_within_seconds_and_at_its_end(tmp_path: Path) -> None:
    service = Service(directory=tmp_path)
    service.migrate()
    service.make_project()
    port = free_port()

    def refused() -> list[tuple[str, int]]:
        result = orjson.loads(service.result("check_capture", "--project", "1", "--json"))
        return [(one["reason"], one["count"]) for one in result["refused_without_project"]]

    with stopped_afterwards(service.start("serve", "--port", str(port))) as process:
        wait_until_it_answers(process, port)
        send(port, b"{")
        deadline = time.monotonic() + 30
        while not refused() and time.monotonic() < deadline:
            time.sleep(0.5)
        assert refused() == [("body not understood", 1)]
        send(port, b"[")
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert said.count("Posts of browsers were refused") == 1
    assert refused() == [("body not understood", 2)]


def send(port: int, body: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/e/", body)
    assert connection.getresponse().status == 400
    connection.close()
