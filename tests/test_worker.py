"""What becomes of a reply that its thread cannot finish."""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest
from structlog.testing import capture_logs

from heatmaps.engine import EngineError
from heatmaps.serving import wire
from heatmaps.serving.worker import Untaken, answer

ENVIRON = {"REQUEST_METHOD": "GET"}
HEAD = wire.head("200 OK", [])


def application(end: Callable[[], Iterable[bytes]]) -> Callable[..., Iterator[bytes]]:
    def answers(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [])
        yield b"x"
        yield from end()

    return answers


def failing(error: Exception) -> Callable[..., Iterator[bytes]]:
    def fail() -> Iterable[bytes]:
        raise error

    return application(fail)


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (EngineError("gone"), []),
        (ValueError("wrong"), ["A reply could not be finished"]),
        (OSError("a disk, and not the front process"), ["A reply could not be finished"]),
    ],
)
def test_a_reply_that_breaks_off_says_so_and_leaves_a_line(error: Exception, lines: list[str]) -> None:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs), capture_logs() as logged:
        answer(failing(error), dict(ENVIRON), b"", ours)
        assert theirs.recv(10_000) == HEAD + wire.frame(wire.BODY, b"x") + wire.frame(wire.BROKEN)
    assert [line["event"] for line in logged] == lines


def test_a_reply_that_nobody_takes_leaves_none() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with closing(ours), capture_logs() as logged, pytest.raises(Untaken):
        answer(application(lambda: [b"y" * 100_000]), dict(ENVIRON), b"", ours)
    assert logged == []
