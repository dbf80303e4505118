"""One shape for every error, and what a caller is told when the engine gives up."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from django.http import HttpResponseBase
from pytest_django import Settings

from heatmaps import engine
from heatmaps.api.views import HeatmapsViewSet
from heatmaps.engine import Query
from heatmaps.engine.clients import readers
from heatmaps.models import Project
from tests.conftest import Api, Interactions, body, document

POINTS = '[{"x":0.06,"y":16}]'
ASKED: dict[str, Callable[[Api], HttpResponseBase]] = {
    "points": lambda api: api.list(limit=0),
    "visitors": lambda api: api.list(aggregation="unique_visitors"),
    "scroll depth": lambda api: api.list(type="scrolldepth"),
    "interactions": lambda api: api.events(points=POINTS),
    "pages": lambda api: api.get("/api/projects/1/heatmaps/pages/"),
}
# What a server would put into its messages.
SECRETS = "Code: 999. DB::Exception: SELECT secret FROM heatmaps WHERE team_id = 2, host ch-1.internal:8123 (CODE)"
SQL_AND_HOSTS = r"select|from heatmaps|team_id|exception|code:|traceback|8123|internal|chdb|clickhouse"

Ask = Callable[[Query], Iterator[engine.Block]]
Refuse = Callable[[Exception], None]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Makes the engine fail before its first row."""

    def make(error: Exception) -> None:
        def fail(*_: object) -> Any:
            raise error

        monkeypatch.setattr(engine, "rows", fail)
        monkeypatch.setattr(engine, "blocks", fail)

    return make


@pytest.fixture
def limits(settings: Settings) -> Iterator[Callable[..., None]]:
    """Opens the engine anew with other limits, for one test."""

    def set_limits(**values: Any) -> None:
        for name, value in values.items():
            setattr(settings, name, value)
        engine.close()

    yield set_limits
    engine.close()


def shows_nothing(detail: str) -> bool:
    return not re.search(SQL_AND_HOSTS, detail, re.IGNORECASE)


def test_every_error_has_the_four_keys_in_their_order(
    api: Api, anonymous: Api, session: Api, other_project: Project
) -> None:
    errors = {
        400: [api.list(limit="x"), api.list(cohort_ids="x"), api.events()],
        401: [anonymous.list(), anonymous.get("/api/projects/1/heatmaps/", authorization="Bearer x")],
        403: [api.list(project=2), api.ask("POST", "/api/projects/1/heatmaps/")],
        404: [api.list(project=9), api.get("/api/x")],
        405: [session.ask("POST", "/api/projects/1/heatmaps/")],
        406: [api.get("/api/projects/1/heatmaps/", accept="text/html")],
        414: [api.list(type="x" * 60_000)],
        415: [anonymous.ask("GET", "/api/projects/1/heatmaps/", content=b"x", content_type="text/plain")],
    }
    for status, responses in errors.items():
        for response in responses:
            assert response.status_code == status
            assert response["Content-Type"] == "application/json"
            assert list(document(response)) == ["type", "code", "detail", "attr"]
            assert response.has_header("WWW-Authenticate") is (status == 401)


@pytest.mark.parametrize(
    ("status", "kind", "code", "ask"),
    [
        (404, "invalid_request", "not_found", lambda api: api.list(project=9)),
        (406, "invalid_request", "not_acceptable", lambda api: api.get("/api/heatmap/", accept="text/html")),
    ],
)
def test_types_and_codes_of_the_framework(
    api: Api, status: int, kind: str, code: str, ask: Callable[[Api], HttpResponseBase]
) -> None:
    response = ask(api)
    error = document(response)
    assert (response.status_code, error["type"], error["code"], error["attr"]) == (status, kind, code, None)


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (engine.EngineUnavailable(SECRETS), 503, "database_unavailable", "1"),
        (engine.EngineBusy(SECRETS, 202), 503, "error", "1"),
        (engine.EngineError(SECRETS, 202), 503, "error", "1"),
        (engine.EngineError(SECRETS, 439), 503, "error", "1"),
        (engine.EngineError(SECRETS, 159), 504, "error", None),
        (engine.EngineError(SECRETS, 160), 512, "error", None),
        (engine.EngineError(SECRETS, 241), 513, "clickhouse_memory_limit_exceeded", None),
    ],
    ids=lambda value: str(getattr(value, "code", None)) if isinstance(value, Exception) else None,
)
def test_what_the_engine_reports(
    api: Api, refuse: Refuse, error: Exception, status: int, code: str, retry_after: str | None
) -> None:
    refuse(error)
    for ask in ASKED.values():
        response = ask(api)
        told = document(response)
        assert response.status_code == status
        assert list(told) == ["type", "code", "detail", "attr"]
        assert (told["type"], told["code"], told["attr"]) == ("server_error", code, None)
        assert response.get("Retry-After") == retry_after
        assert shows_nothing(told["detail"])
        # It says what to do.
        assert re.search(r"Try|Ask", told["detail"])


def test_a_bad_expression_that_only_the_engine_finds_is_the_callers(api: Api, refuse: Refuse) -> None:
    refuse(engine.EngineError(SECRETS, 427))
    response = api.list(url_pattern="x")
    told = document(response)
    assert (response.status_code, told["type"], told["code"], told["attr"]) == (
        400,
        "validation_error",
        "invalid_input",
        "url_pattern",
    )
    assert shows_nothing(told["detail"])


@pytest.mark.parametrize("error", [engine.EngineError(SECRETS, 62), RuntimeError(SECRETS), MemoryError(SECRETS)])
def test_a_fault_of_ours_is_a_500_that_tells_nothing(api: Api, refuse: Refuse, error: Exception) -> None:
    refuse(error)
    for ask in ASKED.values():
        response = ask(api)
        assert (response.status_code, document(response)) == (
            500,
            {"type": "server_error", "code": "error", "detail": "A server error occurred.", "attr": None},
        )


def test_a_fault_outside_the_framework_is_in_the_envelope_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRETS)

    monkeypatch.setattr(HeatmapsViewSet, "dispatch", fail)
    response = api.list()
    assert (response.status_code, document(response)) == (
        500,
        {"type": "server_error", "code": "error", "detail": "A server error occurred.", "attr": None},
    )


@pytest.fixture
def many_rows(interactions: Interactions) -> None:
    interactions.are_there = True
    with engine.writer() as client:
        client.command(
            "INSERT INTO heatmaps (team_id, type, timestamp, x, y, viewport_width, viewport_height, distinct_id)"
            " SELECT 1, arrayJoin(['click', 'scrolldepth']), '2026-03-30 12:00:00', number % 99, number % 9999 + 1,"
            " 100, 48, toString(number) FROM numbers(500000)"
        )


@pytest.mark.usefixtures("many_rows")
def test_the_engines_time_limit(api: Api, limits: Callable[..., None]) -> None:
    limits(CLICKHOUSE_MAX_SECONDS=0.001)
    for ask in ASKED.values():
        response = ask(api)
        assert (response.status_code, document(response)["code"]) == (504, "error")
        assert shows_nothing(document(response)["detail"])


@pytest.mark.usefixtures("many_rows")
def test_the_engines_memory_limit(api: Api, limits: Callable[..., None]) -> None:
    limits(CLICKHOUSE_MAX_MEMORY_BYTES=1_000_000)
    for name in ("points", "visitors"):
        response = ASKED[name](api)
        assert (response.status_code, document(response)["code"]) == (513, "clickhouse_memory_limit_exceeded")
        assert shows_nothing(document(response)["detail"])


@pytest.mark.usefixtures("many_rows")
def test_an_answer_with_more_rows_than_the_service_gives(api: Api, limits: Callable[..., None]) -> None:
    limits(CLICKHOUSE_MAX_RESULT_ROWS=1000)
    response = api.list(limit=0)
    assert (response.status_code, document(response)["type"]) == (513, "server_error")
    assert api.list(limit=100).status_code == 200


@pytest.mark.usefixtures("many_rows")
def test_the_engine_answers_again_after_an_error(api: Api, limits: Callable[..., None]) -> None:
    limits(CLICKHOUSE_MAX_RESULT_ROWS=1000, CLICKHOUSE_MAX_QUERIES=1)
    for _ in range(3):
        assert api.list(limit=0).status_code == 513
        assert api.list(limit=10).status_code == 200


def test_no_free_place_is_told_as_busy(api: Api, limits: Callable[..., None]) -> None:
    limits(CLICKHOUSE_MAX_QUERIES=1, CLICKHOUSE_QUEUE_SECONDS=0.01)
    with readers().lend():
        response = api.list()
    assert (response.status_code, document(response)["code"], response["Retry-After"]) == (503, "error", "1")
    assert api.list().status_code == 200


def test_an_engine_that_cannot_be_reached(api: Api, limits: Callable[..., None]) -> None:
    limits(CLICKHOUSE_URL="http://127.0.0.1:1/heatmaps", CLICKHOUSE_CONNECT_SECONDS=1)
    for ask in ASKED.values():
        response = ask(api)
        told = document(response)
        assert (response.status_code, told["code"], response["Retry-After"]) == (503, "database_unavailable", "1")
        assert shows_nothing(told["detail"])


def in_pieces(ask: Ask) -> Ask:
    """The same blocks, cut into single rows."""

    def pieces(query: Query) -> Iterator[engine.Block]:
        for block in ask(query):
            for row in range(len(block["count"] if "count" in block else block["interactions"])):
                yield {name: column[row : row + 1] for name, column in block.items()}

    return pieces


def failing_late(ask: Ask) -> Ask:
    """The same blocks, cut into single rows, and then a failure."""
    pieces = in_pieces(ask)

    def break_after_some(query: Query) -> Iterator[engine.Block]:
        yield from pieces(query)
        raise engine.EngineError(SECRETS, 241)

    return break_after_some


def test_an_engine_that_fails_late_leaves_no_document(
    api: Api, interactions: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is sent by then; a short list that looks whole would be a lie."""
    interactions.add_all([{"y": y} for y in range(1, 5)])
    monkeypatch.setattr(engine, "blocks", failing_late(engine.blocks))
    response = api.list(limit=0)
    assert response.status_code == 200
    sent: list[bytes] = []
    with pytest.raises(engine.EngineError):
        sent.extend(response)
    text = b"".join(sent)
    assert text.startswith(b'{"results":[{')
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(text)
    assert b"DB::Exception" not in text


def test_an_engine_that_fails_late_with_scroll_depth_is_refused_in_time(
    api: Api, interactions: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first bucket tells how many came further, so all are counted before the status is sent."""
    interactions.add_all([{"y": y, "type": "scrolldepth", "scale_factor": 100} for y in range(1, 5)])
    monkeypatch.setattr(engine, "blocks", failing_late(engine.blocks))
    response = api.list(type="scrolldepth")
    assert response.status_code == 513
    assert document(response)["code"] == "clickhouse_memory_limit_exceeded"


def test_a_reply_in_pieces_is_the_same_document(
    api: Api, interactions: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    interactions.add_all([{"y": y, "viewport_height": y} for y in range(1, 8)])
    asked: list[dict[str, Any]] = [
        {"limit": limit, "offset": offset} for limit in (0, 1, 3, 7, 8) for offset in (0, 2, 7)
    ]
    whole = [body(api.list(**parameters)) for parameters in asked]
    monkeypatch.setattr(engine, "blocks", in_pieces(engine.blocks))
    assert [body(api.list(**parameters)) for parameters in asked] == whole
