"""The route that looks whether a page lets itself be framed: who may ask, what is told, and how often."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from heatmaps.api import preflight
from heatmaps.framing import TooManyAtOnce
from heatmaps.framing.network import INTERNET, Network
from heatmaps.models import PersonalAPIKey, Project, Share, ShareKind, User
from tests import sites
from tests.conftest import Api, document

PATH = "/api/projects/1/heatmaps/preflight/"
OUTSIDE = "127.0.0.2"


@pytest.fixture
def shop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[sites.Site]:
    """A site of the internet, which is one local address here; and the setting is on."""
    settings.FRAME_PREFLIGHT = True
    with sites.up(sites.Site(pages={"/": (200, {}, "")}), address=OUTSIDE) as site:
        names = {"shop.example": [OUTSIDE], "inside.example": ["127.0.0.1"]}
        network = Network(
            addresses_of=lambda host, _: names.get(host, [host]),
            is_open=lambda address: address == OUTSIDE,
            ports=frozenset({site.port}),
        )
        monkeypatch.setattr(preflight, "network", network)
        yield site


def ask(api: Api, content: Any, path: str = PATH, **headers: str) -> HttpResponseBase:
    return api.ask("POST", path, None, orjson.dumps(content), **headers)


def looked(api: Api, shop: sites.Site, path: str = "/", **headers: str) -> Any:
    response = ask(api, {"url": f"http://shop.example:{shop.port}{path}"}, **headers)
    assert response.status_code == 200, document(response)
    return document(response)


def test_a_page_is_told_to_allow_or_to_block_frames(api: Api, shop: sites.Site) -> None:
    shop.pages |= {
        "/deny": (200, {"X-Frame-Options": "DENY"}, ""),
        "/none": (200, {"Content-Security-Policy": "frame-ancestors 'none'"}, ""),
        "/gone": (410, {"X-Frame-Options": "sameorigin"}, ""),
        "/moved": (301, {"Location": "/deny"}, ""),
    }
    allowed = {"framing": "allowed", "blocked_by": None, "http_status": 200}
    assert looked(api, shop) == allowed
    # In upstream's order of keys, too.
    assert list(looked(api, shop)) == ["framing", "blocked_by", "http_status"]
    for path, by, status in (
        ("/deny", "x_frame_options", 200),
        ("/none", "frame_ancestors", 200),
        ("/gone", "x_frame_options", 410),
        ("/moved", "x_frame_options", 200),
    ):
        assert looked(api, shop, path) == {"framing": "blocked", "blocked_by": by, "http_status": status}
    assert looked(api, shop, "/nothing") == allowed | {"http_status": 404}


def test_the_origin_that_asks_is_the_one_that_frames(api: Api, shop: sites.Site) -> None:
    shop.pages["/"] = (
        200,
        {"Content-Security-Policy": "frame-ancestors https://dashboard.example http://testserver"},
        "",
    )
    assert looked(api, shop)["framing"] == "allowed"
    assert looked(api, shop, origin="https://dashboard.example")["framing"] == "allowed"
    assert looked(api, shop, origin="https://other.example")["framing"] == "blocked"
    # What is no origin of a page is none.
    for origin in ("null", "file://", "https://", "nonsense", "http://[", "https://a b", ""):
        assert looked(api, shop, origin=origin)["framing"] == "allowed"


def test_what_is_not_reached_is_unknown(api: Api, shop: sites.Site) -> None:
    unknown = {"framing": "unknown", "blocked_by": None, "http_status": None}
    for host in ("inside.example", "127.0.0.1", "[::1]", "2130706433"):
        response = ask(api, {"url": f"http://{host}:{shop.port}/"})
        # Whatever the reason, so that nobody is told what is at which address.
        assert (response.status_code, document(response)) == (200, unknown)
    shop.pages["/in"] = (302, {"Location": f"http://127.0.0.1:{shop.port}/"}, "")
    assert looked(api, shop, "/in") == unknown | {"http_status": 302}


@pytest.mark.parametrize(
    ("content", "code", "detail"),
    [
        ({}, "required", "This field is required."),
        ({"url": ""}, "blank", "This field may not be blank."),
        ({"url": None}, "null", "This field may not be null."),
        ({"url": ["http://shop.example/"]}, "invalid", "Not a valid string."),
        ({"url": "shop.example"}, "invalid_input", "Give the whole URL of a page, with http:// or https://."),
        (
            {"url": "http://ann:x@shop.example/"},
            "invalid_input",
            "A URL with a user name or a password is not asked for.",
        ),
        (
            {"url": "http://shop.example:22/"},
            "invalid_input",
            "Only pages at the usual ports of http and https are asked",
        ),
        ({"url": "http://shop.example/\x00"}, "null_characters_not_allowed", "Null characters are not allowed."),
    ],
)
def test_what_is_no_address_of_a_page_is_refused(
    content: Any, code: str, detail: str, api: Api, shop: sites.Site
) -> None:
    response = ask(api, content)
    error = document(response)
    assert (response.status_code, error["type"], error["attr"]) == (400, "validation_error", "url")
    assert error["code"] in {code, "invalid_input"}
    assert error["detail"].startswith(detail)
    assert shop.asked == []


def test_the_body_has_to_be_an_object(api: Api, shop: sites.Site) -> None:
    contents: list[Any] = [[], "http://shop.example/", 1, None]
    for content in contents:
        response = ask(api, content)
        assert (response.status_code, document(response)["code"]) == (400, "parse_error")


def test_nothing_is_asked_while_the_setting_is_off(api: Api, shop: sites.Site, settings: Settings) -> None:
    settings.FRAME_PREFLIGHT = False
    response = ask(api, {"url": f"http://shop.example:{shop.port}/"})
    assert response.status_code == 404
    assert document(response) == {
        "type": "invalid_request",
        "code": "not_found",
        "detail": "This service does not look at pages. Its operator can allow that with FRAME_PREFLIGHT.",
        "attr": None,
    }
    assert shop.asked == []
    # Nor does whoever may not ask learn whether it is on.
    for api_ in (Api(None), Api("phx_unknown")):
        assert ask(api_, {}).status_code == 401


def test_it_is_off_at_first_and_asks_the_internet(settings: Settings) -> None:
    assert settings.FRAME_PREFLIGHT is False
    assert preflight.network is INTERNET


# --- Who may ask ----------------------------------------------------------------------------------------------------


def test_a_key_that_reads_may_ask_and_others_may_not(
    user: User, shop: sites.Site, other_project: Project, project: Project
) -> None:
    url = {"url": f"http://shop.example:{shop.port}/"}
    for granted, status in (
        (["heatmap:read"], 200),
        (["heatmap:write"], 200),
        (["*"], 200),
        (["insight:read"], 403),
        ([], 403),
    ):
        api = Api(PersonalAPIKey.make(user, "one", scopes=granted)[1])
        assert ask(api, url).status_code == status
        for path in (PATH.rstrip("/"), PATH.replace("projects", "environments"), PATH.replace("/1/", "/@current/")):
            assert ask(api, url, path).status_code == status
    assert ask(Api(PersonalAPIKey.make(user, "one")[1]), url, PATH.replace("/1/", "/2/")).status_code == 403
    assert ask(Api(PersonalAPIKey.make(user, "one")[1]), url, PATH.replace("/1/", "/9/")).status_code == 404
    _, token = Share.make(project, ShareKind.PAGE, "https://shop.example/", lasts=timedelta(days=1))
    response = ask(Api(token), url)
    assert (response.status_code, document(response)["detail"]) == (403, "A share token does not open this.")


def test_a_session_sends_its_csrf_token(user: User, shop: sites.Site) -> None:
    """So that no other site has the service ask in the name of who visits it."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    content = orjson.dumps({"url": f"http://shop.example:{shop.port}/"})
    refused = client.post(PATH, content, content_type="application/json")
    assert refused.status_code == 403
    assert shop.asked == []
    token = "x" * 32
    client.cookies["csrftoken"] = token
    sent = client.post(PATH, content, content_type="application/json", headers={"X-CSRFToken": token})
    assert sent.status_code == 200


def test_other_methods_are_not_allowed(api: Api, shop: sites.Site, session: Api) -> None:
    for method in ("GET", "HEAD"):
        assert api.ask(method, PATH).status_code == 405
    for method in ("PUT", "PATCH", "DELETE"):
        assert session.ask(method, PATH).status_code == 405


# --- How often ------------------------------------------------------------------------------------------------------


def test_each_user_has_a_budget_with_all_keys_and_sessions(
    user: User, session: Api, shop: sites.Site, settings: Settings
) -> None:
    settings.RATE_LIMIT_PREFLIGHT = "3/minute"
    one, other = (Api(PersonalAPIKey.make(user, "one")[1]) for _ in range(2))
    assert [looked(api, shop)["framing"] for api in (one, other, session)] == ["allowed"] * 3
    for api in (one, other, session):
        response = ask(api, {"url": f"http://shop.example:{shop.port}/"})
        assert (response.status_code, document(response)["code"]) == (429, "throttled")
        assert 1 <= int(response["Retry-After"]) <= 60
        assert (response["RateLimit-Limit"], response["RateLimit-Remaining"]) == ("3", "0")
    assert len(shop.asked) == 3
    # The other routes go on, for sessions without any limit.
    assert one.list().status_code == session.list().status_code == 200
    eve = User.objects.create_user("eve@example.com", current_project=user.current_project)
    eve.membership_set.create(organization=user.current_project.organization)  # type: ignore[union-attr]
    assert looked(Api(PersonalAPIKey.make(eve, "hers")[1]), shop)["framing"] == "allowed"


def test_a_look_counts_among_the_requests_of_the_key(api: Api, shop: sites.Site) -> None:
    before = int(api.list()["RateLimit-Remaining"])
    looked(api, shop)
    assert int(api.list()["RateLimit-Remaining"]) == before - 2


def test_limits_can_be_switched_off(api: Api, shop: sites.Site, settings: Settings) -> None:
    settings.RATE_LIMIT_PREFLIGHT = "1/minute"
    settings.RATE_LIMIT_ENABLED = False
    assert [looked(api, shop)["framing"] for _ in range(3)] == ["allowed"] * 3


def test_who_comes_when_too_many_are_looked_at_is_told_to_come_back(
    api: Api, shop: sites.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise TooManyAtOnce

    monkeypatch.setattr(preflight, "framing_of", refuse)
    response = ask(api, {"url": f"http://shop.example:{shop.port}/"})
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert document(response)["type"] == "server_error"


# --- What is written down -------------------------------------------------------------------------------------------


def test_the_log_tells_who_had_whom_asked_and_no_page(
    api: Api, key: tuple[PersonalAPIKey, str], session: Api, shop: sites.Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "heatmaps.api.preflight")
    looked(api, shop, "/orders/7?token=secret")
    ask(session, {"url": f"http://inside.example:{shop.port}/private"})
    first, second = (record.msg for record in caplog.records if record.name == "heatmaps.api.preflight")
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    told = ("event", "by", "project", "origin", "framing", "status")
    origin = f"http://shop.example:{shop.port}"
    assert [first[name] for name in told] == ["A page was looked at", key[0].mask, 1, origin, "allowed", 404]
    assert (second["by"], second["framing"], second["status"]) == ("ann@example.com", "unknown", None)
    assert "not an address of the internet" in second["why"]
    assert not re.search("secret|orders|private", f"{first}{second}")


def test_the_reply_is_kept_by_nobody(api: Api, shop: sites.Site) -> None:
    response = ask(api, {"url": f"http://shop.example:{shop.port}/"})
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"
