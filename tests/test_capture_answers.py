"""What a browser is told: the SDK's configuration, the answers to posts, and that pages of any origin may read them."""

from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.test import override_settings

from heatmaps.capture import projects
from heatmaps.capture.points import Skip
from heatmaps.models import Project
from tests.capture import NOW, URL, Browser, event, skipped, stored, stored_events
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.test_capture_bodies import form

CONFIGURATION = {
    "supportedCompression": ["gzip", "gzip-js"],
    "heatmaps": True,
    "hasFeatureFlags": False,
    "autocapture_opt_out": False,
    # There are no scripts of the SDK; tests/test_sdk.py has some.
    "captureDeadClicks": False,
    "capturePerformance": False,
    "autocaptureExceptions": False,
    "sessionRecording": False,
}


def answer(response: HttpResponse) -> tuple[int, Any]:
    return response.status_code, orjson.loads(response.content)


# --- Configuration -------------------------------------------------------------------------------------------------


def ask_for_configuration(browser: Browser, way: str, token: str) -> HttpResponse:
    asked = orjson.dumps({"token": token, "distinct_id": "ann"})
    match way:
        case "array":
            return browser.ask("GET", f"/array/{token}/config?ip=0")
        case "array-slash":
            return browser.ask("GET", f"/array/{token}/config/")
        case "flags":
            return browser.ask("POST", "/flags/?v=2&config=true&ip=0&compression=base64", form(asked))
        case "flags-plain":
            return browser.ask("POST", "/flags?v=2&config=true", asked)
        case "decide-3":
            return browser.ask("POST", "/decide/?v=3&compression=base64", form(asked))
        case _:
            return browser.ask("POST", "/decide?v=4", asked)


@pytest.mark.parametrize("way", ["array", "array-slash", "flags", "flags-plain", "decide-3", "decide-4"])
def test_the_configuration_follows_the_opt_in(browser: Browser, project: Project, way: str) -> None:
    for is_opted_in in (True, False):
        Project.objects.update(heatmaps_opt_in=is_opted_in)
        projects.forget()
        assert answer(ask_for_configuration(browser, way, project.token)) == (
            200,
            {**CONFIGURATION, "heatmaps": is_opted_in},
        )
    assert ask_for_configuration(browser, way, "phc_unknown").status_code == 404


def test_the_configuration_comes_as_a_script_too(browser: Browser) -> None:
    response = browser.ask("GET", f"/array/{browser.token}/config.js")
    assert (response.status_code, response["Content-Type"]) == (200, "application/javascript")
    assert response.content.decode() == (
        "(window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{})"
        f'["{browser.token}"]={{config:{orjson.dumps(CONFIGURATION).decode()},siteApps:[]}};'
    )
    assert browser.ask("GET", "/array/phc_unknown/config.js").status_code == 404


def test_there_are_no_flags(browser: Browser) -> None:
    response = browser.post({"token": browser.token, "distinct_id": "ann"}, "/flags/?v=2")
    assert answer(response) == (200, {"flags": {}, "errorsWhileComputingFlags": False})
    assert browser.post({"token": "phc_unknown"}, "/flags/?v=2").status_code == 404
    assert browser.post([1], "/flags/?v=2").status_code == 400


def test_recordings_are_taken_and_thrown_away(browser: Browser) -> None:
    assert answer(browser.ask("POST", "/s/?compression=gzip-js", b"anything")) == (200, {"status": "Ok"})
    assert browser.ask("POST", "/s?beacon=1", b"").status_code == 204


# --- Answers -------------------------------------------------------------------------------------------------------


def test_a_beacon_is_answered_204(browser: Browser) -> None:
    response = browser.ask("POST", "/e/?beacon=1", browser.zipped(event()))
    assert (response.status_code, response.content) == (204, b"")
    assert len(stored()) == 1


def test_an_opted_out_project_is_told_that_all_is_well_and_nothing_is_kept(browser: Browser) -> None:
    Project.objects.update(heatmaps_opt_in=False)
    browser.send(event(), event(event="click"))
    assert stored() == []
    assert stored_events() == []


def test_a_project_that_opts_out_is_heard_within_seconds(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.send(event())
    Project.objects.update(heatmaps_opt_in=False)
    monkeypatch.setattr(projects, "KNOWN_FOR_SECONDS", 0)
    browser.send(event())
    assert len(stored()) == 1


def test_other_methods_are_not_allowed(browser: Browser) -> None:
    for method in ("PUT", "DELETE", "PATCH", "HEAD"):
        response = browser.ask(method, "/e/", b"{}")
        assert (response.status_code, response["Allow"]) == (405, "GET, POST, OPTIONS")


@pytest.mark.django_db
def test_tokens_are_remembered_and_their_number_is_bounded(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        browser.send(event())
        browser.send(event())
    with django_assert_num_queries(1):
        for _ in range(2):
            assert browser.post({"token": "phc_unknown", "batch": [event()]}).status_code == 401
    monkeypatch.setattr(projects, "MAX_TOKENS", 5)
    for number in range(20):
        assert projects.owner(f"phc_{number}") is None
    assert len(projects._known) <= 5


# --- CORS ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/e/", "/batch", "/s/", "/flags/?v=2", "/decide/", "/array/TOKEN/config"])
@pytest.mark.parametrize("origin", ["https://shop.example", "http://localhost:3000", "null"])
def test_a_preflight_allows_any_page_and_any_header(browser: Browser, path: str, origin: str) -> None:
    response = browser.ask(
        "OPTIONS",
        path.replace("TOKEN", browser.token),
        origin=origin,
        access_control_request_method="POST",
        access_control_request_headers="content-type,x-anything",
    )
    assert (response.status_code, response.content) == (204, b"")
    assert {name: response[name] for name in response.headers if name.startswith("Access-Control")} == {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "content-type,x-anything",
        "Access-Control-Expose-Headers": "Retry-After",
        "Access-Control-Max-Age": "7200",
    }
    assert response["Vary"] == "Origin, Access-Control-Request-Headers"


def test_every_answer_may_be_read_by_the_page(browser: Browser) -> None:
    origin = "https://shop.example"
    for method, path, body, status in [
        ("POST", "/e/", browser.zipped(event()), 200),
        ("POST", "/e/?beacon=1", browser.zipped(event()), 204),
        ("POST", "/e/", b"{", 400),
        ("POST", "/e/", b'{"event": "x"}', 401),
        ("POST", "/e/", b" " * 3_000_000, 413),
        ("PUT", "/e/", b"", 405),
        ("POST", "/s/", b"", 200),
        ("GET", f"/array/{browser.token}/config", b"", 200),
        ("GET", "/array/phc_unknown/config", b"", 404),
    ]:
        response = browser.ask(method, path, body, origin=origin)
        assert (response.status_code, response["Access-Control-Allow-Origin"]) == (status, origin)
        assert (response["Access-Control-Allow-Credentials"], response["Vary"]) == ("true", "Origin")


def test_without_an_origin_there_is_nothing_to_allow(browser: Browser) -> None:
    response = browser.ask("POST", "/e/", browser.zipped(event()))
    assert not [name for name in response.headers if name.startswith("Access-Control")]


def test_no_cookie_is_set_and_no_session_begun(browser: Browser) -> None:
    assert not browser.ask("POST", "/e/", browser.zipped(event()), cookie="sessionid=x; csrftoken=y").cookies


# --- Time ----------------------------------------------------------------------------------------------------------

RECEIVED = "2026-03-31 02:30:00.000000"
NO_TIMES: list[Any] = ["yesterday", "", "2026", "2026-13-01", 5, None, []]
AT_NINE = "2026-03-30T09:00:00.000Z"


@pytest.mark.parametrize(
    ("members", "sent_at", "query", "expected"),
    [
        # As it is, without a time of sending.
        ({"timestamp": AT_NINE}, None, "", "2026-03-30 09:00:00.000000"),
        ({"timestamp": "2026-03-30T09:00:00.123456+02:00"}, None, "", "2026-03-30 07:00:00.123456"),
        ({"timestamp": "2026-03-30 09:00:00"}, None, "", "2026-03-30 09:00:00.000000"),
        ({"timestamp": "20260330T090000Z"}, None, "", "2026-03-30 09:00:00.000000"),
        # The browser's clock is an hour ahead, or behind.
        ({"timestamp": AT_NINE}, "2026-03-31T03:30:00Z", "", "2026-03-30 08:00:00.000000"),
        ({"timestamp": AT_NINE}, "2026-03-31T01:30:00Z", "", "2026-03-30 10:00:00.000000"),
        ({"timestamp": AT_NINE}, None, f"?_={NOW // 1000 + 3_600_000}", "2026-03-30 08:00:00.000000"),
        # The body's time of sending goes before the query's; one that is none is as if there were none.
        ({"timestamp": AT_NINE}, "2026-03-31T03:30:00Z", f"?_={NOW // 1000}", "2026-03-30 08:00:00.000000"),
        ({"timestamp": AT_NINE}, "soon", "?_=soon", "2026-03-30 09:00:00.000000"),
        ({"timestamp": AT_NINE}, "soon", f"?_={NOW // 1000 + 3_600_000}", "2026-03-30 08:00:00.000000"),
        # The offset goes before all.
        ({"timestamp": AT_NINE, "offset": 1500}, "2026-03-31T03:30:00Z", "", "2026-03-31 02:29:58.500000"),
        ({"offset": 0}, None, "", RECEIVED),
        ({"offset": 0.5}, None, "", "2026-03-31 02:29:59.999500"),
        ({"offset": -60_000}, None, "", "2026-03-31 02:31:00.000000"),
        ({"offset": -24 * 3_600_000}, None, "", RECEIVED),
        ({"offset": 1e300}, None, "", RECEIVED),
        ({"offset": 2**63}, None, "", RECEIVED),
        # What is no offset is not there.
        ({"timestamp": AT_NINE, "offset": "5"}, None, "", "2026-03-30 09:00:00.000000"),
        ({"timestamp": AT_NINE, "offset": True}, None, "", "2026-03-30 09:00:00.000000"),
        # Up to 23 hours ahead, and no further.
        ({"timestamp": "2026-04-01T01:30:00Z"}, None, "", "2026-04-01 01:30:00.000000"),
        ({"timestamp": "2026-04-01T01:30:00.001Z"}, None, "", RECEIVED),
        # Unparsable.
        *[({"timestamp": text}, None, "", RECEIVED) for text in NO_TIMES],
        ({"timestamp": "0001-01-01T00:00:00+23:00"}, None, "", RECEIVED),
        ({"timestamp": "1800-01-01T00:00:00Z"}, None, "", RECEIVED),
        ({"timestamp": "9999-12-31T23:59:59-23:00"}, None, "", RECEIVED),
        ({}, None, "", RECEIVED),
        ({}, "2026-03-31T03:30:00Z", "", RECEIVED),
    ],
)
def test_when_it_happened(browser: Browser, members: dict[str, Any], sent_at: Any, query: str, expected: str) -> None:
    browser.send(event(**members), event(event="x", **members), target=f"/e/{query}", sent_at=sent_at)
    assert {row["timestamp"] for row in stored()} == {expected}
    assert stored_events("toString(timestamp) AS timestamp") == [{"timestamp": expected}]


def test_what_is_older_than_retention_is_dropped_and_counted(browser: Browser) -> None:
    times = ["2025-12-31T02:30:00.001Z", "2025-12-31T02:29:59.999Z"]
    with override_settings(RETENTION_DAYS=90):
        for time in times:
            browser.send(event(timestamp=time), event(event="x", timestamp=time))
    assert len(stored()) == 2
    assert len(stored_events()) == 1
    assert skipped() == {Skip.EXPIRED: 2}


# --- Skips ---------------------------------------------------------------------------------------------------------


def test_skips_of_a_post_that_is_sent_again_are_counted_once(browser: Browser) -> None:
    post = browser.zipped(event({"x": 1}, {"x": 1, "y": 1, "type": "click", "target_fixed": True}))
    for _ in range(3):
        assert browser.ask("POST", "/e/", post).status_code == 200
    assert skipped() == {Skip.NO_POSITION: 1}
    assert [row["current_url"] for row in stored()] == [URL]


# --- The short way through the middleware --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/e/", "/batch", "/s/", "/flags/?v=2", "/decide/", "/array/TOKEN/config"])
def test_a_host_that_is_not_ours_is_refused_with_the_setting_that_names_it(browser: Browser, path: str) -> None:
    response = browser.ask(
        "POST",
        path.replace("TOKEN", browser.token),
        browser.zipped(event()),
        host="elsewhere.example",
        origin="https://shop.example",
    )
    assert answer(response) == (
        400,
        {
            "type": "invalid_request",
            "code": "foreign_host",
            "detail": "The name in the Host header is not in ALLOWED_HOSTS, a setting of this service.",
            "attr": None,
        },
    )
    assert response["Access-Control-Allow-Origin"] == "https://shop.example"
    assert stored() == []


def test_a_preflight_for_a_host_that_is_not_ours_lets_the_page_read_why(browser: Browser) -> None:
    response = browser.ask("OPTIONS", "/e/", host="elsewhere.example", origin="https://shop.example")
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (204, "https://shop.example")


def test_answers_say_how_long_they_are(browser: Browser) -> None:
    response = browser.ask("POST", "/e/", browser.zipped(event()))
    assert (response["Content-Length"], response["X-Content-Type-Options"]) == ("15", "nosniff")


@override_settings(SECURE_SSL_REDIRECT=True)
def test_plain_http_is_redirected_where_https_is_wanted(browser: Browser) -> None:
    assert browser.ask("POST", "/e/", browser.zipped(event())).status_code == 301


@pytest.mark.parametrize("path", ["/i", "/i/v0", "/array", "/array/x", "/batches", "/e/x", "/eu"])
def test_a_path_that_only_begins_like_ours_is_not_found(browser: Browser, path: str) -> None:
    assert browser.ask("POST", path, b"{}").status_code == 404
