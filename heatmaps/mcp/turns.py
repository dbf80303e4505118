"""An event loop within a thread that answers: the SDK wants one, and the API must be asked outside of any."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Turns:
    """Runs a coroutine, and between two turns of its loop the calls that it waits for: Django asks no database while a
    loop runs. So all of a request happens in one thread, with that thread's connections."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[tuple[asyncio.Future[Any], Callable[[], Any]]] = deque()

    async def outside(self, call: Callable[[], T]) -> T:
        """What the call returns, which is made while the loop stands still."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((future, call))
        self._loop.stop()
        return await future

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        task = self._loop.create_task(coroutine)
        task.add_done_callback(lambda _: self._loop.stop())
        while not task.done():
            self._loop.run_forever()
            while self._waiting:
                self._make(*self._waiting.popleft())
        return task.result()

    @staticmethod
    def _make(future: "asyncio.Future[T]", call: Callable[[], T]) -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 -- it is raised where the call is waited for
            future.set_exception(error)
        else:
            future.set_result(result)
