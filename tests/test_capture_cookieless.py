"""Visitors whom their browser does not name: told apart for a day, and by nobody after the day's salt is destroyed."""

import http.client
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import OperationalError

from heatmaps.capture import cookieless, projects
from heatmaps.models import CookielessSalt, Project
from tests.capture import NOW, POINT, URL, Browser, event, stored, stored_events
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.processes import Service, free_port, stopped_afterwards, wait_until_it_answers

AT = datetime.fromtimestamp(NOW / 1e6, UTC)
AGENT = "Mozilla/5.0 (X11)"


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    cookieless.forget()


def nobody(name: str = "$$heatmap", **members: Any) -> dict[str, Any]:
    properties = {
        "$cookieless_mode": True,
        "$host": "example.com",
        "$session_id": None,
        **members.pop("properties", {}),
    }
    return event(POINT, event=name, distinct_id="$posthog_cookieless", properties=properties, **members)


def visitor(
    browser: Browser, one: dict[str, Any] | None = None, *, address: str = "192.0.2.1", agent: str = AGENT
) -> str:
    """Who the sender of an event is taken for."""
    one = one or nobody()
    # A place of its own tells its row from the others.
    place = len(stored()) + 100
    one["properties"]["$heatmap_data"] = {URL: [{**POINT, "x": 16 * place}]}
    text = orjson.dumps({"api_key": browser.token, "batch": [one]})
    response = browser.client.generic(
        "POST", "/e/", text, "text/plain", REMOTE_ADDR=address, headers={"user-agent": agent} if agent else {}
    )
    assert response.status_code == 200
    [found] = [row["distinct_id"] for row in stored() if row["x"] == place]
    return str(found)


def ago(**span: float) -> dict[str, Any]:
    return {"timestamp": (AT - timedelta(**span)).isoformat()}


def test_two_browsers_are_two_visitors_and_one_is_one(browser: Browser) -> None:
    ann = visitor(browser)
    assert ann.startswith("cookieless_")
    assert len(ann) == len("cookieless_") + 32
    visitor(browser)
    assert {row["distinct_id"] for row in stored()} == {ann}
    others = [
        visitor(browser, address="192.0.2.2"),
        visitor(browser, agent="Safari"),
        visitor(browser, nobody(properties={"$host": "shop.example.com"})),
    ]
    assert len({ann, *others}) == 4


def test_the_session_is_the_visitors_day(browser: Browser) -> None:
    ann = visitor(browser, nobody("click"))
    assert [(row["session_id"], row["distinct_id"]) for row in stored()] == [(ann, ann)]
    assert stored_events("distinct_id, `$session_id` AS session_id") == [{"distinct_id": ann, "session_id": ann}]


def test_without_address_or_agent_everybody_is_a_visitor_of_its_own(browser: Browser) -> None:
    for _ in range(2):
        visitor(browser, address="")
        visitor(browser, agent="")
    assert len({row["distinct_id"] for row in stored()}) == 4
    assert not CookielessSalt.objects.exists()


def test_every_day_of_the_project_has_a_salt_of_its_own(browser: Browser, project: Project) -> None:
    # Received on the 31st at 02:30 UTC, which is the evening of the 30th in New York.
    Project.objects.update(timezone="America/New_York")
    projects.forget()
    today, late = visitor(browser), visitor(browser, nobody(**ago(hours=22, minutes=29)))
    assert today == late
    assert visitor(browser, nobody(**ago(hours=22, minutes=31))) != today
    assert set(CookielessSalt.objects.values_list("day", flat=True)) == {date(2026, 3, 29), date(2026, 3, 30)}


def test_projects_do_not_share_a_salt(browser: Browser, other_project: Project) -> None:
    ann = visitor(browser)
    browser.token = other_project.token
    assert visitor(browser) != ann
    assert CookielessSalt.objects.values("salt").distinct().count() == 2


def test_a_salt_is_kept_48_hours_and_then_destroyed(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = visitor(browser)
    yesterday = visitor(browser, nobody(**ago(hours=3)))
    # Another process, a day later, still knows both of them and the third day too.
    cookieless.forget()
    assert visitor(browser, nobody(**ago(hours=3))) == yesterday
    [salts] = [dict(CookielessSalt.objects.values_list("day", "destroyed_at"))]
    assert salts == {
        date(2026, 3, 31): datetime(2026, 4, 2, tzinfo=UTC),
        date(2026, 3, 30): datetime(2026, 4, 1, tzinfo=UTC),
    }
    cookieless.destroy_old(datetime(2026, 4, 1, tzinfo=UTC) - timedelta(seconds=1))
    assert CookielessSalt.objects.count() == 2
    later = int(datetime(2026, 4, 1, 0, 0, 1, tzinfo=UTC).timestamp() * 1e6)
    monkeypatch.setattr("heatmaps.capture.views.received_at", lambda: later)
    # Of a day whose salt is gone, everybody is a visitor of its own, and no salt is made again.
    gone = {visitor(browser, nobody(**ago(hours=3))), visitor(browser, nobody(**ago(hours=3)))}
    assert len(gone | {yesterday}) == 3
    cookieless.destroy_old(datetime(2026, 4, 1, tzinfo=UTC))
    assert list(CookielessSalt.objects.values_list("day", flat=True)) == [date(2026, 3, 31)]
    assert visitor(browser, nobody(**ago(hours=1))) == ann
    assert [day for _, day in cookieless._salts] == [date(2026, 3, 31)]


def test_they_are_nobodys_persons_and_tie_nobody(browser: Browser) -> None:
    browser.send(nobody("$set", properties={"$set": {"a": 1}}))
    assert len(stored()) == 1


def test_their_name_is_no_other_id_of_anybody(browser: Browser) -> None:
    from heatmaps.capture import persons  # noqa: PLC0415

    identify = {"event": "$identify", "properties": {"$anon_distinct_id": "$posthog_cookieless"}}
    change, refused = persons.change(identify, "ann", 1, NOW, 0, 1)
    assert change is not None
    assert change.tied_id is None
    assert refused == {"a tie to no usable id": 1}


def test_without_the_metadata_database_a_post_is_to_come_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(CookielessSalt.objects, "get_or_create", gone)
    for one, status in ((nobody(), 503), (event(POINT), 200)):
        assert browser.ask("POST", "/e/", browser.zipped(one), user_agent=AGENT).status_code == status


def test_nothing_of_the_address_is_stored_anywhere(tmp_path: Path) -> None:
    service = Service(directory=tmp_path, environment={"NUM_PROXIES": "1"})
    service.migrate()
    token = service.make_project().token
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port))) as process:
        wait_until_it_answers(process, port)
        for address in ("203.0.113.77", "203.0.113.77", "203.0.113.78"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            body = orjson.dumps({"api_key": token, "batch": [{**nobody(), "timestamp": None}]})
            connection.request("POST", "/e/", body, {"X-Forwarded-For": address, "User-Agent": "An/Agent-of-this-test"})
            assert connection.getresponse().status == 200
            connection.close()
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert service.select("SELECT count(), uniqExact(distinct_id) FROM heatmaps") == [[3, 2]]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert b"203.0.113" not in text, path
            assert b"Agent-of-this-test" not in text, path
    assert "203.0.113" not in said
