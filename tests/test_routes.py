"""Which paths there are, what identifies a project, and which failure wins."""

import re

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from heatmaps import engine
from heatmaps.engine.slots import FairSemaphore
from heatmaps.front.cors import readable_refusal
from heatmaps.front.envelope import BUSY
from heatmaps.models import PersonalAPIKey, Project, User
from tests.conftest import Api, Interactions, body, document

HEATMAPS = "/api/projects/1/heatmaps/"
EVERY_LIST = [HEATMAPS, "/api/environments/1/heatmaps/", "/api/heatmap/"]
PAGES = [f"{path}pages/" for path in EVERY_LIST[:2]]
EVERY_ROUTE = [*EVERY_LIST, *(f"{path}events/" for path in EVERY_LIST), *PAGES]
POINTS = '[{"x":0.06,"y":16}]'
NO_PROJECT = {"type": "invalid_request", "code": "not_found", "detail": "Project not found.", "attr": None}
NO_ENDPOINT = {"type": "invalid_request", "code": "not_found", "detail": "Endpoint not found.", "attr": None}


@pytest.mark.parametrize("path", EVERY_ROUTE)
def test_every_route_answers_the_same_with_and_without_its_slash(
    api: Api, interactions: Interactions, path: str
) -> None:
    interactions.add()
    answers = [api.get(form, {"points": POINTS}) for form in (path, path.rstrip("/"))]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert body(answers[0]) == body(answers[1])
    reference = HEATMAPS + "".join(end for end in ("events/", "pages/") if path.endswith(end))
    assert document(answers[0]) == document(api.get(reference, {"points": POINTS}))
    assert len(document(answers[0])["results"]) == 1
    assert not answers[0].has_header("Deprecation")


@pytest.mark.parametrize("path", EVERY_ROUTE)
def test_head_is_get_without_its_body(api: Api, interactions: Interactions, path: str) -> None:
    interactions.add()
    get = api.get(path, {"points": POINTS})
    head = api.ask("HEAD", path, {"points": POINTS})
    assert (head.status_code, body(head)) == (200, b"")
    kept = ("Content-Type", "Cache-Control", "Vary")
    assert [head.get(name) for name in kept] == [get.get(name) for name in kept]


def test_current_is_the_callers_current_project(api: Api, interactions: Interactions) -> None:
    interactions.add()
    assert api.answer(project="@current") == api.answer(project=1)
    assert document(api.get("/api/environments/@current/heatmaps/")) == api.answer()


@pytest.mark.parametrize("path", ["/api/projects/@current/heatmaps/", "/api/heatmap/", "/api/heatmap/events"])
def test_without_a_current_project_there_is_none(api: Api, user: User, path: str) -> None:
    user.current_project = None
    user.save()
    response = api.get(path)
    assert (response.status_code, document(response)) == (404, NO_PROJECT)


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "0",
        "-1",
        "abc",
        "1.0",
        "1e0",
        "+1",
        " 1",
        "1 ",
        "@currents",
        "@CURRENT",
        "٣",
        "1;",
        "%00",
        "null",
        str(2**63 - 1),
        str(2**63),
        "1" * 30,
        "9" * 5000,
    ],
    ids=repr,
)
def test_what_is_no_id_of_a_project_is_not_found(api: Api, text: str) -> None:
    for kind in ("projects", "environments"):
        response = api.get(f"/api/{kind}/{text}/heatmaps/")
        assert (response.status_code, document(response)) == (404, NO_PROJECT)


def test_a_project_of_strangers_is_refused(api: Api, other_project: Project) -> None:
    response = api.list(project=other_project.pk)
    assert (response.status_code, document(response)) == (
        403,
        {
            "type": "authentication_error",
            "code": "permission_denied",
            "detail": "You don't have access to the project.",
            "attr": None,
        },
    )


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/api",
            "/api/",
            "/api/nothing",
            "/api/projects/1/",
            "/api/projects/1/heatmaps/x/",
            "/api/heatmaps/",
            "/api//",
        ),
        *("/api/%0A", "/api/a%0Ab", "/api/projects/1/heatmaps%0A", "/api/projects/1/heatmaps/%0A"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_paths_are_told_in_the_envelope(method: str, path: str) -> None:
    response = Client(enforce_csrf_checks=True).generic(method, path)
    assert (response.status_code, response.json()) == (404, NO_ENDPOINT)


def test_targets_of_up_to_60000_characters_are_read(api: Api) -> None:
    room = 60_000 - len(f"{HEATMAPS}?type=")
    assert api.get(f"{HEATMAPS}?type={'x' * room}").status_code == 200
    too_long = api.get(f"{HEATMAPS}?type={'x' * (room + 1)}")
    assert too_long.status_code == 414
    assert list(document(too_long)) == ["type", "code", "detail", "attr"]
    assert document(too_long)["type"] == "invalid_request"


def test_thousands_of_parameters_are_no_reason_to_refuse(api: Api) -> None:
    assert api.get(HEATMAPS, {"a": ["b"] * 9000}).status_code == 200


def test_which_failure_wins(
    api: Api, user: User, key: tuple[PersonalAPIKey, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """406, 401, 404, 403, 429, 405, 400, then ClickHouse: each is cured in turn, and the next one shows."""
    row, good_key = key

    def refuse(*_: object, **__: object) -> None:
        raise engine.EngineError("memory", 241)

    monkeypatch.setattr(engine, "rows", refuse)
    monkeypatch.setattr(engine, "blocks", refuse)
    monkeypatch.setattr(
        "heatmaps.access.throttling.SustainedThrottle.THROTTLE_RATES", {"burst": "1000/minute", "sustained": "1/hour"}
    )
    row.scopes = []
    row.save()
    bad = {"limit": "x"}

    api.key = "phx_wrong"
    assert api.ask("PATCH", "/api/projects/9/heatmaps/", bad, accept="text/html").status_code == 406
    assert api.ask("PATCH", "/api/projects/9/heatmaps/", bad).status_code == 401
    api.key = good_key
    assert api.ask("PATCH", "/api/projects/9/heatmaps/", bad).status_code == 404
    assert api.ask("PATCH", HEATMAPS, bad).status_code == 403
    row.scopes = ["heatmap:write"]
    row.save()
    assert api.get(HEATMAPS, bad).status_code == 400  # spends the budget
    assert api.ask("PATCH", HEATMAPS, bad).status_code == 429
    monkeypatch.undo()
    monkeypatch.setattr(engine, "rows", refuse)
    monkeypatch.setattr(engine, "blocks", refuse)
    assert api.ask("PATCH", HEATMAPS, bad).status_code == 405
    assert api.get(HEATMAPS, bad).status_code == 400
    assert api.get(HEATMAPS).status_code == 513


@pytest.mark.parametrize("path", EVERY_ROUTE)
def test_only_json_is_offered(anonymous: Api, path: str) -> None:
    response = anonymous.get(path, accept="text/html")
    assert (response.status_code, document(response)["code"]) == (406, "not_acceptable")
    assert anonymous.get(path, accept="text/html, */*;q=0.1").status_code == 401


def test_list_replies_may_be_kept_privately_for_30_seconds(api: Api) -> None:
    for path, parameters in ((HEATMAPS, {}), (HEATMAPS, {"type": "scrolldepth"}), (PAGES[0], {})):
        response = api.get(path, parameters)
        assert response["Cache-Control"] == "private, max-age=30"
        assert {"Authorization", "Cookie", "Accept", "Accept-Encoding"} <= set(re.split(r",\s*", response["Vary"]))
        assert response["Content-Type"] == "application/json"


def test_errors_are_not_kept(api: Api) -> None:
    assert not api.list(limit="x").has_header("Cache-Control")


def test_json_is_compact_utf8(api: Api, interactions: Interactions) -> None:
    interactions.add(distinct_id="Zoë", session_id="")
    assert body(api.list()) == (
        b'{"results":[{"count":1,"pointer_y":16,"pointer_relative_x":0.06,"pointer_target_fixed":false}],'
        b'"fold":{"total_count":1,"below_fold_count":0,"pct_below_fold":0.0,"median_viewport_height":768},'
        b'"has_more":false}'
    )
    assert '"session_id":null,"distinct_id":"Zoë","timestamp":"2026-03-30T12:00:00Z"'.encode() in body(
        api.events(points=POINTS)
    )


def test_a_dashboards_preflight_needs_no_key(client: Client) -> None:
    for path in EVERY_ROUTE:
        response = client.options(
            path,
            headers={
                "origin": "https://dashboard.example",
                "access-control-request-method": "GET",
                "access-control-request-headers": "authorization",
            },
        )
        assert response.status_code == 200
        assert response["Access-Control-Allow-Origin"] == "https://dashboard.example"
        assert "authorization" in response["Access-Control-Allow-Headers"]


def test_a_dashboard_may_read_answers_and_budgets(api: Api) -> None:
    for response in (
        api.get(HEATMAPS, origin="https://dashboard.example"),
        api.get(HEATMAPS, {"limit": "x"}, origin="https://dashboard.example"),
    ):
        assert response["Access-Control-Allow-Origin"] == "https://dashboard.example"
        exposed = set(re.split(r",\s*", response["Access-Control-Expose-Headers"]))
        assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"} <= exposed
        assert "Heatmaps-Ignored" in exposed
        assert "origin" in response["Vary"].lower()


def test_a_page_may_read_what_is_refused_before_anything_is_looked_at(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    preflight = {"access_control_request_method": "GET", "access_control_request_headers": "authorization"}
    for status in (414, 503):
        asked = {"type": "x" * 60_000} if status == 414 else {}
        if status == 503:
            monkeypatch.setattr(FairSemaphore, "acquire", lambda *_: False)
        response = api.get(HEATMAPS, asked, origin="https://dashboard.example")
        assert response.status_code == status
        assert response["Access-Control-Allow-Origin"] == "https://dashboard.example"
        assert "Retry-After" in response["Access-Control-Expose-Headers"]
        preflighted = api.ask("OPTIONS", HEATMAPS, asked, b"", origin="https://dashboard.example", **preflight)
        assert preflighted.status_code == 200
        assert not api.get(HEATMAPS, asked, origin="https://evil.example").has_header("Access-Control-Allow-Origin")


def test_a_page_may_read_what_the_process_at_the_door_refuses() -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": HEATMAPS, "HTTP_ORIGIN": "https://dashboard.example"}
    response = readable_refusal(environ, BUSY)
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response["Access-Control-Allow-Origin"] == "https://dashboard.example"
    assert not readable_refusal(environ | {"HTTP_ORIGIN": "x"}, BUSY).has_header("Access-Control-Allow-Origin")


def test_other_origins_may_not(api: Api, settings: Settings) -> None:
    assert not api.get(HEATMAPS, origin="https://evil.example").has_header("Access-Control-Allow-Origin")
    settings.CORS_ALLOWED_ORIGINS = []
    assert not api.get(HEATMAPS, origin="https://dashboard.example").has_header("Access-Control-Allow-Origin")


@pytest.mark.parametrize("path", ["/_health", "/_health/", "/_readyz", "/_readyz/"])
@pytest.mark.django_db
def test_liveness_and_readiness_need_no_key(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200


@pytest.mark.django_db
def test_a_service_without_its_engine_is_alive_but_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise engine.EngineUnavailable("gone")

    monkeypatch.setattr(engine, "rows", refuse)
    assert client.get("/_health").status_code == 200
    response = client.get("/_readyz")
    assert (response.status_code, response.json()) == (
        503,
        {"status": "unavailable", "metadata": "ok", "clickhouse": "unavailable"},
    )


@pytest.mark.django_db
def test_a_service_without_its_metadata_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        from django.db import OperationalError  # noqa: PLC0415

        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/_readyz")
    assert (response.status_code, response.json()["metadata"]) == (503, "unavailable")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["/api/schema/swagger-ui/", "/api/schema/redoc/", "/api/schema/swagger-ui", "/api/schema/redoc"]
)
def test_the_documents_readers_need_no_key_and_nothing_from_elsewhere(client: Client, page: str) -> None:
    response = client.get(page)
    assert response.status_code == 200
    text = response.content.decode()
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']*|url\(["']?(?:https?:)?//[^)]*""", text)
    assets = re.findall(r"""["'](/static/[^"']+\.(?:js|css|png))["']""", text)
    assert assets
    for asset in assets:
        file = client.get(asset)
        assert file.status_code == 200
        file.close()


@pytest.mark.parametrize("path", ["/_health", "/_readyz"])
def test_probes_are_answered_whatever_host_they_ask_for(path: str, anonymous: Api) -> None:
    assert anonymous.get(path, host="10.0.0.7:8000").status_code == 200
