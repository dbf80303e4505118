"""What is peculiar to ClickHouse as a server: the same questions as over the embedded engine, asked over a wire."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import quote

import orjson
import pyarrow as pa
import pytest
from django.conf import settings as configured
from django.core.management import call_command
from pytest_django import Settings

from heatmaps import engine
from heatmaps.capture.storage import Store
from heatmaps.engine import Query
from heatmaps.loading.persons import current_persons
from heatmaps.questions.heatmap import queries
from tests.capture import Browser, stored, stored_events
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.conftest import Api, Events, Interactions, body, document
from tests.processes import ClickHouse, clickhouse_server
from tests.test_capture_store import captured

# It fails after a good deal has been sent.
FAILS_LATE = "SELECT number, throwIf(number = 1500000) FROM numbers(1900000)"
TEXTS = [
    "tab\there",
    "line\nbreak\r\n",
    "back\\slash \\n \\t \\0 \\",
    "'quoted' \"twice\" `thrice`",
    "%41 %% + & = ? # ; {x:String} $1",
    "Grüße 東京 🙂 \u200b\u2028",
    "\x01\x1f\x7f",
    "-- comment /* */",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    account = "--account=heatmaps:correct horse"
    with clickhouse_server(tmp_path_factory.mktemp("clickhouse") / "data", account) as server:
        yield server


@pytest.fixture(scope="module")
def url(server: ClickHouse, tables: None) -> str:
    url = f"http://heatmaps:correct%20horse@127.0.0.1:{server.port}/over_http"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configured, "CLICKHOUSE_URL", url)
        engine.close()
        call_command("migrate_clickhouse")
    engine.close()
    return url


@pytest.fixture(autouse=True)
def over_http(url: str, settings: Settings) -> Iterator[None]:
    settings.CLICKHOUSE_URL = url
    engine.close()
    yield
    engine.close()


@pytest.fixture
def limits(settings: Settings) -> Callable[..., None]:
    def set_limits(**values: Any) -> None:
        for name, value in values.items():
            setattr(settings, name, value)
        engine.close()

    return set_limits


def test_migrations_over_http_can_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("migrate_clickhouse", "--json")
    assert orjson.loads(capsys.readouterr().out) == {"applied": []}


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_any_text_arrives_as_it_is(api: Api, interactions: Interactions, events: Events, text: str) -> None:
    text = f"x{text}x"
    interactions.add(current_url=text, distinct_id=text, session_id=text)
    interactions.add(current_url="another", distinct_id="another", session_id="another")
    events.add(text, session_id=text, properties={text: text})
    filters = [{"key": text, "value": [text, "another"]}, {"key": text, "value": text, "operator": "icontains"}]
    (row,) = api.interactions(
        url_exact=text,
        events=orjson.dumps([{"id": text, "properties": filters}]).decode(),
        points=[{"x": 0.06, "y": 16}],
    )["results"]
    assert (row["current_url"], row["distinct_id"], row["session_id"]) == (text, text, text)


# Each of these is written as several where a value travels to a server, and most are escaped in a request.
@pytest.mark.parametrize("character", ["a", "'", "\\", "\t", "ü", "🙂"], ids=ascii)
def test_as_many_characters_as_a_request_may_have(
    api: Api, interactions: Interactions, events: Events, character: str
) -> None:
    path = "/api/projects/1/heatmaps/?"
    longest = character * (59_000 // len(quote(character, safe="'")))
    interactions.add(current_url=f"x{longest}x")
    asked = api.get(f"{path}url_exact=x{quote(longest, safe=chr(39))}x")
    assert len(document(asked)["results"]) == 1
    written = orjson.dumps(character).decode()[1:-1]
    longest = character * (58_900 // len(quote(written, safe="'")))
    interactions.add(session_id="long")
    events.add(session_id="long", properties={"key": longest})
    value = quote(orjson.dumps(longest).decode(), safe="'")
    asked = api.get(f'{path}events=[{{"id":"pageview","properties":[{{"key":"key","value":[{value}]}}]}}]')
    assert len(document(asked)["results"]) == 1


def test_as_many_points_as_a_request_may_have(api: Api, interactions: Interactions) -> None:
    interactions.add()
    points = [{"x": 0.06, "y": 16, "target_fixed": False}, *({"x": n / 100, "y": 123456.0} for n in range(499))]
    assert api.interactions(points=points)["total_count"] == 1


def test_a_failure_in_the_middle_of_an_answer_is_told(caplog: pytest.LogCaptureFixture) -> None:
    blocks = engine.blocks(Query(FAILS_LATE, {}))
    assert any(next(blocks).values())
    with pytest.raises(engine.EngineError) as failure:
        list(blocks)
    assert failure.value.code == 395
    assert engine.rows(Query("SELECT 1", {})) == [(1,)]


def test_a_reply_that_fails_in_the_middle_is_no_document(
    api: Api, interactions: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine itself fails, after the service has sent a part of what it answered."""
    with engine.writer() as client:
        client.command(
            "INSERT INTO heatmaps (team_id, type, timestamp, x, y, viewport_width, viewport_height, distinct_id)"
            " SELECT 1, 'click', '2026-03-30 12:00:00', intDiv(number, 30000), number % 30000, 100, 48, ''"
            " FROM numbers(900000)"
        )
    interactions.are_there = True
    asked = queries.points

    def failing(*arguments: Any, **options: Any) -> Query:
        query = asked(*arguments, **options)
        return Query(
            f"SELECT * FROM ({query.sql}) WHERE NOT throwIf(rowNumberInAllBlocks() = 700000)", query.parameters
        )

    whole = body(api.list(limit=0))
    monkeypatch.setattr(queries, "points", failing)
    response = api.list(limit=0)
    assert response.status_code == 200
    sent: list[bytes] = []
    with pytest.raises(engine.EngineError):
        sent.extend(response)
    text = b"".join(sent)
    assert 1_000_000 < len(text) < len(whole)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(text)
    assert b"DB::Exception" not in text


def test_an_answer_that_is_not_wanted_to_its_end_lets_go_of_its_place(limits: Callable[..., None]) -> None:
    limits(CLICKHOUSE_MAX_QUERIES=1, CLICKHOUSE_QUEUE_SECONDS=5)
    for _ in range(3):
        with closing(engine.blocks(Query("SELECT number FROM numbers(20000000)", {}))) as blocks:
            next(blocks)
    assert engine.rows(Query("SELECT 1", {})) == [(1,)]


def test_questions_are_asked_side_by_side(limits: Callable[..., None]) -> None:
    limits(CLICKHOUSE_MAX_QUERIES=8)
    answers: list[Any] = []
    together = threading.Barrier(8, timeout=20)

    def ask(number: int) -> None:
        together.wait()
        answers.extend(engine.rows(Query("SELECT {n:Int64}, sleep(0.2)", {"n": number})))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(number, 0) for number in range(8)]


def test_a_question_cannot_write() -> None:
    for sql in ("TRUNCATE TABLE heatmaps", "SET readonly = 0"):
        with pytest.raises(engine.EngineError) as refused:
            engine.rows(Query(sql, {}))
        assert refused.value.code == 164


def test_the_limits_of_the_settings_travel_with_the_question(limits: Callable[..., None]) -> None:
    limits(CLICKHOUSE_MAX_SECONDS=7, CLICKHOUSE_MAX_MEMORY_BYTES=123456789, CLICKHOUSE_MAX_RESULT_ROWS=99)
    names = "'max_execution_time', 'max_memory_usage', 'max_result_rows', 'readonly'"
    found = dict(engine.rows(Query(f"SELECT name, value FROM system.settings WHERE name IN ({names})", {})))
    assert found == {
        "max_execution_time": "7",
        "max_memory_usage": "123456789",
        "max_result_rows": "99",
        "readonly": "2",
    }


def test_more_events_at_once_than_one_question_can_name(browser: Browser) -> None:
    for _ in range(2):
        undecided, _ = Store().put([captured(number) for number in range(10**38, 10**38 + 4_000)])
    # The second time some other process may be storing them.
    assert len(undecided) == 4_000
    assert (len(stored()), len(stored_events())) == (8_000, 4_000)


def test_long_names_of_visitors_are_asked_about_in_portions() -> None:
    names = ["'" * 40_000, "a", "\\" * 60_000, "ü" * 60_000]
    assert list(engine.portions(names)) == [names[:2], names[2:3], names[3:]]
    with engine.writer() as client:
        assert current_persons(client, 1, names) == {}


class LosesAnswers:
    """Between a client and a server: an answer to an insert is lost, with its connection, after the server gave it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        asked = bytearray()

        def pass_questions_on() -> None:
            with suppress(OSError):
                while piece := client.recv(1_000_000):
                    asked.extend(piece)
                    to_server.sendall(piece)

        with client, socket.create_connection(("127.0.0.1", self._port)) as to_server, suppress(OSError):
            threading.Thread(target=pass_questions_on, daemon=True).start()
            while answer := to_server.recv(1_000_000):
                if b"INSERT" in asked:
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(answer)


def insert_rows() -> None:
    with engine.writer() as client:
        client.insert("heatmaps", [[1, "click"]], column_names=["team_id", "type"])


def insert_arrow() -> None:
    with engine.writer() as client:
        client.insert_arrow("heatmaps", pa.table({"team_id": [1], "type": ["click"]}))


@pytest.mark.parametrize("insert", [insert_rows, insert_arrow])
def test_an_insert_whose_answer_is_lost_is_not_sent_again(
    server: ClickHouse, url: str, settings: Settings, interactions: Interactions, insert: Callable[[], None]
) -> None:
    interactions.are_there = True
    with closing(LosesAnswers(server.port)) as proxy:
        settings.CLICKHOUSE_URL = url.replace(str(server.port), str(proxy.port))
        engine.close()
        with pytest.raises(engine.EngineUnavailable):
            insert()
    settings.CLICKHOUSE_URL = url
    engine.close()
    assert engine.rows(Query("SELECT count() FROM heatmaps", {})) == [(1,)]


def test_filters_that_grow_beyond_what_a_server_takes_are_refused(api: Api) -> None:
    selectors = {"type": "element", "key": "selector", "value": ["a b"] * 4_500}
    response = api.list(events=orjson.dumps([{"id": "a", "properties": [selectors]}]).decode())
    assert (response.status_code, document(response)) == (
        414,
        {
            "type": "invalid_request",
            "code": "uri_too_long",
            "detail": "The filters are longer than can be asked at once. Send fewer of them.",
            "attr": None,
        },
    )
