"""Requests are handed to threads, whatever becomes of a caller or of a thread meanwhile."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from heatmaps.serving import wire
from heatmaps.serving.dispatch import Dispatcher, Thread
from heatmaps.serving.exchange import CallerGone, Exchange, Group, Unread
from heatmaps.serving.spool import Room


class Front:
    """A dispatcher with one place for questions, and the socket that threads connect to."""

    def __init__(self, path: str) -> None:
        self.dispatcher = Dispatcher(dict.fromkeys(Group, 1), {}, seconds=10)
        self.threads: list[Thread] = []
        self._path = path

    def thread(self) -> Thread:
        self.threads.append(Thread(self.dispatcher))
        return self.threads[-1]

    async def connect(self) -> socket.socket:
        """The end of a thread that waits for requests."""
        number = len(self.threads)
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        end.connect(self._path)
        end.sendall(wire.HELLO.pack(os.getpid()))
        await until(lambda: len(self.threads) > number and self.threads[number].process is not None)
        return end

    def ask(self, name: str) -> Exchange:
        exchange = Exchange(wire.request({"name": name}, b""), Group.REST, name, Room())
        self.dispatcher.ask(exchange)
        return exchange


@asynccontextmanager
async def front(directory: Path) -> AsyncIterator[Front]:
    found = Front(str(directory / "threads"))
    server = await asyncio.get_running_loop().create_unix_server(found.thread, found._path)
    try:
        yield found
    finally:
        for thread in found.threads:
            thread.drop()
        server.close()
        await server.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


def asked(end: socket.socket) -> str:
    end.settimeout(5)
    _, size = wire.HEADER.unpack(end.recv(wire.HEADER.size))
    return str(wire.request_of(end.recv(size))[0]["name"])


REPLY = wire.head("200 OK", []) + wire.frame(wire.BODY, b"x") + wire.frame(wire.END)


def test_who_leaves_does_not_give_away_the_place_of_a_thread_that_still_works(tmp_path: Path) -> None:
    """Or callers who come and go would have all threads work for nobody, those of others too."""

    async def scenario() -> None:
        async with front(tmp_path) as one:
            with closing(await one.connect()) as first, closing(await one.connect()) as second:
                gone = one.ask("gone")
                working = first if one.threads[0].exchange else second
                assert asked(working) == "gone"
                gone.abandon()
                one.dispatcher.forget(gone)
                following = one.ask("following")
                await asyncio.sleep(0.05)
                assert following.thread is None
                working.sendall(REPLY)
                await until(lambda: following.thread is not None)
                with pytest.raises(CallerGone):
                    await gone.head

    asyncio.run(scenario())


def test_the_rest_of_a_reply_that_has_begun_is_not_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with front(tmp_path) as one:
            with closing(await one.connect()) as working:
                gone = one.ask("gone")
                working.sendall(wire.head("200 OK", []))
                assert (await gone.head)[0] == 200
                gone.abandon()
                one.dispatcher.forget(gone)
                assert asked(working) == "gone"
                assert await asyncio.to_thread(working.recv, 1) == b""

    asyncio.run(scenario())


def test_what_a_thread_that_is_leaving_was_given_is_asked_again(tmp_path: Path) -> None:
    """Its connection is being closed, and nobody has been told yet."""

    async def scenario() -> None:
        async with front(tmp_path) as one:
            with closing(await one.connect()):
                one.threads[0].drop()
                exchange = one.ask("question")
                with pytest.raises(Unread):
                    await exchange.head

    asyncio.run(scenario())


def test_a_thread_that_is_dropped_with_its_last_frame_is_given_nothing_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with front(tmp_path) as one:
            with closing(await one.connect()) as working:
                gone = one.ask("gone")
                following = one.ask("following")
                gone.abandon()
                # The caller's task has not run yet.
                one.threads[0].data_received(REPLY)
                await until(lambda: not one.dispatcher.is_answering)
                assert following.thread is None
                assert asked(working) == "gone"
                with closing(await one.connect()) as another:
                    assert asked(another) == "following"
                with pytest.raises(CallerGone):
                    await gone.head

    asyncio.run(scenario())
