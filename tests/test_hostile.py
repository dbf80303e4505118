"""Callers who do not finish what they send, do not read what they asked for, or do nothing at all, keep nobody out."""

import http.client
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import orjson
import pytest

from heatmaps.serving.spool import MEMORY_BYTES_OF_ONE, Room, Spool
from tests.processes import Service, ask, free_port, stopped_afterwards, wait_until_it_answers

ROWS = """
INSERT INTO heatmaps (team_id, type, timestamp, x, y, viewport_width, viewport_height, distinct_id)
SELECT 1, 'click', '2026-11-18 12:00:00', intDiv(number, 30000), number % 30000 + 1, 100, 48, '' FROM numbers(300000)
"""
BIG = "/api/projects/1/heatmaps/?date_from=all&limit=0"


@dataclass(frozen=True, kw_only=True)
class Served:
    port: int
    pid: int
    key: str
    token: str

    def question(self) -> int:
        return ask(self.port, "/api/projects/1/heatmaps/?date_from=-7d", Authorization=f"Bearer {self.key}")[0]

    def post(self) -> int:
        body = orjson.dumps({"api_key": self.token, "batch": []})
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("POST", "/e/", body, {"Content-Type": "application/json"})
            return connection.getresponse().status


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    service = Service(directory=tmp_path_factory.mktemp("hostile"), environment={"RETENTION_DAYS": "0"})
    service.migrate()
    shop = service.make_project()
    code = f"from heatmaps import engine\nwith engine.writer() as client: client.command({ROWS!r})"
    service.result("shell", "-v0", "-c", code)
    port = free_port()
    with stopped_afterwards(service.start("serve", "--port", str(port))) as process:
        try:
            wait_until_it_answers(process, port)
            served = Served(port=port, pid=process.pid, key=shop.key, token=shop.token)
            # The engine opens with the first question.
            assert served.question() == 200
            yield served
        finally:
            process.terminate()
            process.wait(timeout=90)


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """Connections that stay open until the end of a test."""
    with ExitStack() as stack:
        yield stack


def send(served: Served, held: ExitStack, number: int, request: bytes) -> list[socket.socket]:
    opened = []
    for _ in range(number):
        connection = held.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=30))
        connection.sendall(request)
        opened.append(connection)
    return opened


def send_on(connection: socket.socket, piece: bytes, times: int) -> None:
    for _ in range(times):
        connection.sendall(piece)
        time.sleep(0.01)


def everybody_else_is_answered(served: Served) -> None:
    began = time.monotonic()
    assert ask(served.port, "/_health")[0] == 200
    # Long before what is held open reaches a deadline of its own; `make hostile` measures how long it takes.
    assert time.monotonic() - began < 5
    assert ask(served.port, "/_readyz")[0] == 200
    assert served.question() == 200
    assert served.post() == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_questions_whose_body_does_not_come(served: Served, held: ExitStack, method: str) -> None:
    send(
        served, held, 200, f"{method} /api/projects/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx".encode()
    )
    everybody_else_is_answered(served)


@pytest.mark.parametrize("size", [1_000, 20_000_000, 134_217_728, 10**15])
def test_posts_that_announce_more_than_they_send(served: Served, held: ExitStack, size: int) -> None:
    send(served, held, 200, f"POST /e/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\nx".encode())
    everybody_else_is_answered(served)


def test_chunks_that_do_not_end(served: Served, held: ExitStack) -> None:
    head = b"POST /batch/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
    send(served, held, 100, head)
    everybody_else_is_answered(served)


def test_idle_connections_and_unfinished_headers(served: Served, held: ExitStack) -> None:
    for connection in send(served, held, 1_000, b"GET /_health HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        assert connection.recv(1_000).startswith(b"HTTP/1.1 200 OK\r\n")
    send(served, held, 500, b"GET /_health HTTP/1.1\r\nHost: loc")
    everybody_else_is_answered(served)


def test_readers_who_do_not_read(served: Served, held: ExitStack) -> None:
    head = f"GET {BIG} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {served.key}\r\n\r\n".encode()
    send(served, held, 12, head)
    everybody_else_is_answered(served)


def test_what_was_not_read_yet_arrives_whole(served: Served, held: ExitStack) -> None:
    head = f"GET {BIG} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {served.key}\r\n\r\n".encode()
    (connection,) = send(served, held, 1, head)
    time.sleep(2)
    received = b""
    while piece := connection.recv(1_000_000):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert len(orjson.loads(body)["results"]) == 300_000


def test_a_body_that_comes_too_slowly_is_refused(served: Served, held: ExitStack) -> None:
    (connection,) = send(served, held, 1, b"POST /e/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nx")
    began = time.monotonic()
    reply = connection.recv(10_000)
    assert 9 < time.monotonic() - began < 20
    assert reply.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert orjson.loads(reply.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"
    assert connection.recv(1) == b""


def test_headers_that_come_too_slowly_close_the_connection(served: Served, held: ExitStack) -> None:
    (connection,) = send(served, held, 1, b"GET / HTTP/1.1\r\nHost: loc")
    assert connection.recv(1) == b""


def test_headers_without_an_end_close_the_connection(served: Served, held: ExitStack) -> None:
    (connection,) = send(served, held, 1, b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        send_on(connection, b"X-More: " + b"x" * 10_000 + b"\r\n", 100)


@pytest.mark.parametrize(
    ("request_line", "status"),
    [(b"GET /_health HTTP/1.1", 200), (b"GET http://localhost/_health HTTP/1.1", 200), (b"nonsense", 400)],
)
def test_what_is_no_request_is_told_so(served: Served, held: ExitStack, request_line: bytes, status: int) -> None:
    (connection,) = send(served, held, 1, request_line + b"\r\nHost: localhost\r\n\r\n")
    assert connection.recv(1_000).startswith(b"HTTP/1.1 %d " % status)


def test_a_length_in_two_ways_is_refused(served: Served, held: ExitStack) -> None:
    """Or a proxy in front and the service might see different requests in the same bytes."""
    head = b"POST /e/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    (connection,) = send(served, held, 1, head)
    assert connection.recv(1_000).startswith(b"HTTP/1.1 400 ")


def test_pipelined_requests_are_answered_in_their_order(served: Served, held: ExitStack) -> None:
    one = b"GET /_health HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: 0000000%d\r\n"
    (connection,) = send(
        served, held, 1, one % 1 + b"\r\n" + one % 2 + b"\r\n" + one % 3 + b"Connection: close\r\n\r\n"
    )
    received = b""
    while piece := connection.recv(10_000):
        received += piece
    assert re.findall(rb"(?i)x-request-id: (\d+)", received) == [b"00000001", b"00000002", b"00000003"]


def test_a_header_with_an_underscore_is_not_the_one_with_a_hyphen(served: Served, held: ExitStack) -> None:
    (connection,) = send(
        served, held, 1, b"GET /_health HTTP/1.1\r\nHost: localhost\r\nX_Request_ID: 0123456789abcdef\r\n\r\n"
    )
    assert b"0123456789abcdef" not in connection.recv(1_000)


# --- The parts -----------------------------------------------------------------------------------------------------


def test_a_reply_is_the_same_from_memory_and_from_a_file() -> None:
    room = Room()
    spool = Spool(room)
    pieces = [bytes([number]) * 100_000 for number in range(20)]
    assert all(spool.add(piece) for piece in pieces)
    assert room.memory <= MEMORY_BYTES_OF_ONE
    assert room.memory + room.files == len(spool) == 2_000_000
    received = b"".join(iter(spool.take, b""))
    assert received == b"".join(pieces)
    spool.close()
    assert (room.memory, room.files) == (0, 0)


def test_a_reply_waits_where_there_is_no_room_for_it() -> None:
    room = Room(files_most=150_000)
    spool = Spool(room)
    taken = [spool.add(b"x" * 100_000) for _ in range(5)]
    assert taken == [True, True, True, True, False]
    assert len(b"".join(iter(spool.take, b""))) == 500_000
    assert spool.add(b"x" * 100_000)
    spool.close()


def test_a_full_disk_does_not_lose_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    spool = Spool(Room())
    monkeypatch.setattr("heatmaps.serving.spool.os.pwrite", refuse)
    taken = [spool.add(b"%d" % number * 200_000) for number in range(3)]
    assert taken == [True, False, False]
    assert b"".join(iter(spool.take, b"")) == b"0" * 200_000 + b"1" * 200_000 + b"2" * 200_000
    spool.close()
