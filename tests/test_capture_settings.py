"""Which pages are captured: the settings, the pages to choose from, and that the list holds whatever is sent."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from pytest_django import Settings
from structlog.testing import capture_logs

from heatmaps import metrics
from heatmaps.capture import projects, traffic
from heatmaps.models import PersonalAPIKey, Project, User
from tests.capture import POINT, Browser, event, skipped, stored, stored_events
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.commands import Commands
from tests.conftest import NOW, Api, Interactions, body, document

SETTINGS = "/api/projects/1/heatmap_capture/settings/"
PAGES = "/api/projects/1/heatmap_capture/pages/"
BOTH_PLACES = [SETTINGS, "/api/environments/1/heatmap_capture/settings"]
DEFAULT = {
    "capture_mode": "all",
    "url_allowlist": [],
    "enforcement_enabled": True,
    "can_capture_all_urls": True,
    "capture_url_limit": None,
}
SHOP = "https://shop.example"
LONG = f"{SHOP}/".ljust(2_001, "x")
LISTED = {"capture_mode": "url_allowlist", "url_allowlist": [f"{SHOP}/*"]}


def patch(api: Api, content: Any, path: str = SETTINGS, **headers: str) -> HttpResponseBase:
    return api.ask("PATCH", path, None, orjson.dumps(content), **headers)


@pytest.fixture
def writer(user: User) -> Api:
    return Api(PersonalAPIKey.make(user, "to write", scopes=["heatmap:write"])[1])


@pytest.fixture
def admin(user: User) -> Api:
    """Ann, who is an administrator, logged in, as a browser that checks nothing."""
    User.objects.update(is_staff=True, is_superuser=True)
    api = Api(None)
    api.client.force_login(User.objects.get())
    return api


# --- Settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BOTH_PLACES)
def test_settings_change_one_by_one(api: Api, writer: Api, path: str) -> None:
    assert body(api.get(path)) == orjson.dumps(DEFAULT)
    with capture_logs() as lines:
        changed = patch(writer, {"url_allowlist": [f"{SHOP}/b ", f"{SHOP}/a", f"{SHOP}/b"]}, path)
    listed = DEFAULT | {"url_allowlist": [f"{SHOP}/a", f"{SHOP}/b"]}
    assert (changed.status_code, document(changed)) == (200, listed)
    assert not changed.has_header("Cache-Control")
    assert [(line["event"], line["project"], line["by"]) for line in lines if "captured" in line["event"]] == [
        ("Which pages are captured was changed", 1, "ann@example.com")
    ]
    listed |= {"capture_mode": "url_allowlist"}
    assert document(patch(writer, {"capture_mode": "url_allowlist"}, path)) == listed == document(api.get(path))
    # Whoever sends back what was told changes nothing else.
    assert document(patch(writer, listed | {"capture_url_limit": 3, "name": "x"}, path)) == listed
    assert document(patch(writer, {}, path)) == listed
    assert document(patch(writer, DEFAULT, path)) == DEFAULT


def test_what_else_a_project_is_stays_as_it_is(writer: Api, project: Project) -> None:
    before = Project.objects.values().get()
    Project.objects.update(timezone="Asia/Tokyo")
    patch(writer, LISTED)
    assert Project.objects.values().get() == before | LISTED | {"timezone": "Asia/Tokyo"}


REFUSED: list[tuple[Any, str | None, str]] = [
    ({"capture_mode": "some"}, "capture_mode", '"some" is not a valid choice.'),
    ({"capture_mode": None}, "capture_mode", "This field may not be null."),
    ({"url_allowlist": None}, "url_allowlist", "This field may not be null."),
    (
        {"url_allowlist": SHOP},
        "url_allowlist",
        'url_allowlist must be a list of URLs, such as ["https://example.com/*"].',
    ),
    ({"url_allowlist": [SHOP, 7]}, "url_allowlist", "url_allowlist[1] must be a text."),
    (
        {"url_allowlist": [LONG]},
        "url_allowlist",
        f"url_allowlist[0] ({LONG[:50]}) must have at most 2,000 characters.",
    ),
    *[
        (
            {"url_allowlist": [SHOP, f" {url}"]},
            "url_allowlist",
            f"url_allowlist[1] ({url}) must be a full URL that begins with http:// or https://.",
        )
        for url in ("shop.example/a", "/pricing", "ftp://shop.example", "https://", "*", "http://[", "javascript:1")
    ],
    (
        {"url_allowlist": [""]},
        "url_allowlist",
        "url_allowlist[0] must be a full URL that begins with http:// or https://.",
    ),
    *[
        (
            {"url_allowlist": [f"{SHOP}/{bad}b"]},
            "url_allowlist",
            f"url_allowlist[0] ({SHOP}/{shown}b) must not have spaces or control characters.",
        )
        for bad, shown in {" ": " ", "\0": "?", "\n": "?"}.items()
    ],
    ({"url_allowlist": [SHOP] * 101}, "url_allowlist", "url_allowlist must have at most 100 URLs."),
    ([1], None, "The body must be a JSON object."),
]


@pytest.mark.parametrize(("content", "attr", "detail"), REFUSED, ids=lambda one: str(one)[:50])
def test_what_cannot_be_is_refused_by_name(writer: Api, content: Any, attr: str | None, detail: str) -> None:
    response = patch(writer, content)
    assert response.status_code == 400
    told = document(response)
    assert (told["attr"], told["detail"]) == (attr, detail)
    assert document(writer.get(SETTINGS)) == DEFAULT


def test_as_many_and_as_long_as_may_be(writer: Api) -> None:
    urls = [f"{SHOP}/{number:03}".ljust(2000, "x") for number in range(100)]
    assert document(patch(writer, {"url_allowlist": urls[::-1]}))["url_allowlist"] == urls
    assert writer.ask("PATCH", SETTINGS, None, b"{").status_code == 400
    assert writer.ask("PATCH", SETTINGS, None, b"x", content_type="text/plain").status_code == 415


def test_who_may_change_them(api: Api, session: Api, anonymous: Api, admin: Api, writer: Api, user: User) -> None:
    assert document(patch(api, LISTED))["detail"] == "API key missing required scope 'heatmap:write'"
    for caller, status in ((anonymous, 401), (api, 403), (writer, 200), (admin, 200)):
        assert patch(caller, LISTED).status_code == status
    User.objects.update(is_superuser=False)
    for is_staff in (True, False):
        # Who only looks at the admin may not change a project there either.
        User.objects.update(is_staff=is_staff)
        refused = patch(session, DEFAULT)
        assert (refused.status_code, document(refused)["detail"]) == (403, "Only an administrator may change this.")
        assert session.get(SETTINGS).status_code == 200
    assert document(api.get(SETTINGS))["capture_mode"] == "url_allowlist"
    for method in ("POST", "PUT", "DELETE"):
        assert (session.ask(method, SETTINGS).status_code, writer.ask(method, SETTINGS).status_code) == (405, 403)


def test_an_administrator_of_another_organization_may_not(other_project: Project, admin: Api) -> None:
    path = "/api/projects/2/heatmap_capture/settings/"
    assert (admin.get(path).status_code, patch(admin, LISTED, path).status_code) == (403, 403)
    assert patch(admin, LISTED, "/api/projects/9/heatmap_capture/settings/").status_code == 404


def test_a_session_changes_nothing_without_its_token(admin: Api, user: User) -> None:
    admin.client = Client(enforce_csrf_checks=True)
    admin.client.force_login(User.objects.get())
    refused = patch(admin, LISTED)
    assert (refused.status_code, document(refused)["code"]) == (403, "permission_denied")
    assert admin.get(SETTINGS).status_code == 200
    admin.client.get("/admin/")
    token = admin.client.cookies["csrftoken"].value
    assert patch(admin, LISTED, x_csrftoken=token).status_code == 200


# --- Pages ---------------------------------------------------------------------------------------------------------


def test_the_busiest_urls_as_they_were_captured(api: Api, interactions: Interactions, other_project: Project) -> None:
    def rows(number: int, **columns: Any) -> list[dict[str, Any]]:
        return [columns] * number

    interactions.add_all(
        [
            *rows(2, current_url=f"{SHOP}/a/?q=1#x"),
            # Every row counts: those that no map shows, of all types.
            *rows(1, current_url=f"{SHOP}/a", viewport_width=0),
            *rows(1, current_url=f"{SHOP}/a", x=0, y=0),
            *rows(1, current_url=f"{SHOP}/a", type="scrolldepth"),
            *rows(1, current_url=f"{SHOP}/a", timestamp=NOW + timedelta(hours=20)),
            *rows(1, current_url=f"{SHOP}/a/", timestamp=NOW - timedelta(days=30)),
            *rows(9, current_url=f"{SHOP}/old", timestamp=NOW - timedelta(days=30, microseconds=1)),
            *rows(9, current_url=f"{SHOP}/secret", team_id=2),
            *rows(9, current_url=""),
            *({"current_url": f"{SHOP}/{number:02}"} for number in range(30)),
        ]
    )
    expected = [(f"{SHOP}/a", 4), (f"{SHOP}/a/?q=1#x", 2), *((f"{SHOP}/{number:02}", 1) for number in range(18))]
    for path in (PAGES, "/api/environments/1/heatmap_capture/pages"):
        response = api.get(path)
        assert response.status_code == 200
        assert document(response) == {"pages": [{"url": url, "count": count} for url, count in expected]}


def test_a_project_without_interactions_has_no_pages(api: Api) -> None:
    assert body(api.get(PAGES)) == b'{"pages":[]}'


# --- What is captured ----------------------------------------------------------------------------------------------


def listed(*urls: str, mode: str = "url_allowlist") -> None:
    Project.objects.update(capture_mode=mode, url_allowlist=list(urls))
    projects.forget()


def sent(browser: Browser, *urls: str) -> list[str]:
    """The URLs of which interactions are stored when there is one on each."""
    browser.send(event(properties={"$heatmap_data": {url: [POINT] for url in urls}}))
    return sorted(row["current_url"] for row in stored())


def test_interactions_of_other_pages_are_not_stored_but_counted(browser: Browser) -> None:
    listed(f"{SHOP}/a", f"{SHOP}/blog/*")
    urls = [
        f"{SHOP}/a",
        f"{SHOP}/a/",
        f"{SHOP}/a?q=1",
        f"{SHOP}/A",
        f"{SHOP}/blog/",
        f"{SHOP}/blog/x?q#y",
        f"{SHOP}/blog",
    ]
    assert sent(browser, *urls) == [f"{SHOP}/a", f"{SHOP}/blog/", f"{SHOP}/blog/x?q#y"]
    assert skipped() == {"page that is not on the allow-list": 4}


def test_every_kind_of_interaction_is_held_to_the_list_and_events_are_not(browser: Browser) -> None:
    listed(f"{SHOP}/kept")
    heatmap = {f"{SHOP}/kept": [POINT | {"type": "mousemove"}], f"{SHOP}/x": [POINT, POINT | {"type": "rageclick"}]}
    for left in ("/kept", "/x"):
        properties = {
            "$current_url": f"{SHOP}/next",
            "$prev_pageview_pathname": left,
            "$prev_pageview_max_scroll": 100,
            "$heatmap_data": heatmap,
        }
        browser.send(event(event="$pageleave", properties=properties))
    assert sorted(row["type"] for row in stored()) == ["mousemove", "mousemove", "scrolldepth"]
    assert skipped() == {"page that is not on the allow-list": 5}
    assert len(stored_events()) == 2


def test_an_empty_list_stores_nothing_and_mode_all_does_not_look_at_it(browser: Browser) -> None:
    listed()
    assert sent(browser, f"{SHOP}/a", "about:blank") == []
    listed(f"{SHOP}/a", mode="all")
    assert sent(browser, f"{SHOP}/b") == [f"{SHOP}/b"]


def test_a_change_holds_within_seconds(browser: Browser, writer: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process asks anew what it has known for longer than that."""
    assert projects.KNOWN_FOR_SECONDS <= 10
    clock = [1_000.0]
    monkeypatch.setattr("heatmaps.capture.projects.time.monotonic", lambda: clock[-1])
    assert sent(browser, f"{SHOP}/a") == [f"{SHOP}/a"]
    patch(writer, {"capture_mode": "url_allowlist", "url_allowlist": [f"{SHOP}/c"]})
    clock.append(1_010.0)
    assert sent(browser, f"{SHOP}/b", f"{SHOP}/c") == [f"{SHOP}/a", f"{SHOP}/c"]


def test_the_configuration_tells_the_list(browser: Browser) -> None:
    def told() -> Any:
        return orjson.loads(browser.ask("GET", f"/array/{browser.token}/config").content)["heatmaps"]

    assert told() is True
    listed(f"{SHOP}/*", f"{SHOP}/a")
    assert told() == {
        "captureMode": "url_allowlist",
        "urlAllowlist": [f"{SHOP}/*", f"{SHOP}/a"],
        "urlAllowlistEnforced": True,
    }
    listed()
    assert told() == {"captureMode": "url_allowlist", "urlAllowlist": [], "urlAllowlistEnforced": True}
    Project.objects.update(heatmaps_opt_in=False)
    projects.forget()
    assert told() is False


@pytest.fixture
def counted(settings: Settings) -> Iterator[None]:
    settings.METRICS_TOKEN = "of-a-test-long-enough"
    metrics.forget()
    yield
    metrics.forget()


@pytest.mark.usefixtures("counted")
def test_check_capture_and_metrics_tell_what_was_refused(browser: Browser, commands: Commands) -> None:
    listed(f"{SHOP}/a")
    sent(browser, f"{SHOP}/a", f"{SHOP}/b", f"{SHOP}/c")
    traffic.write()
    (refused,) = commands.run("check_capture", "--project", "1")["refused"]
    assert (refused["reason"], refused["count"]) == ("page that is not on the allow-list", 2)
    text, _ = metrics.text(None) or (b"", "")
    assert b'heatmaps_skipped_points_total{reason="page that is not on the allow-list"} 2.0' in text


# --- The command ---------------------------------------------------------------------------------------------------


def test_the_command_does_the_same(project: Project, commands: Commands) -> None:
    changed = commands.run(
        "set_project",
        *("1", "--capture-mode", "url_allowlist"),
        *("--url-allowlist", orjson.dumps([f"{SHOP}/b", f" {SHOP}/a", f"{SHOP}/b"]).decode()),
    )
    assert (changed["capture_mode"], changed["url_allowlist"]) == ("url_allowlist", [f"{SHOP}/a", f"{SHOP}/b"])
    assert commands.run("set_project", "1") == changed
    assert commands.run("set_project", "1", "--capture-mode", "all")["capture_mode"] == "all"
    assert commands.run("set_project", "1", "--url-allowlist", "[]")["url_allowlist"] == []
    for text, reason in {
        "[": "--url-allowlist is not JSON: ",
        "{}": "--url-allowlist must be a JSON list, such as [].",
        '["/a"]': "url_allowlist: url_allowlist[0] (/a) must be a full URL",
    }.items():
        assert commands.refusal("set_project", "1", "--url-allowlist", text).startswith(reason)
    refusal = commands.refusal("set_project", "1", "--capture-mode", "some")
    assert "argument --capture-mode: invalid choice: 'some'" in refusal
