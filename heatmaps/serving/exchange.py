"""One request on its way to a thread that answers it, and the reply on its way back."""

import asyncio
from collections.abc import Hashable
from enum import Enum
from typing import TYPE_CHECKING

from heatmaps.serving import wire
from heatmaps.serving.spool import Room, Spool

if TYPE_CHECKING:
    from heatmaps.serving.dispatch import Thread


class Group(Enum):
    """Requests of one kind, which only wait for one another."""

    PROBES = "probes"
    CAPTURE = "capture"
    IMPORTS = "imports"
    REST = "rest"


class Busy(Exception):
    """No thread was free for as long as a request may wait."""


class CallerGone(Exception):
    """Nobody waits for the reply any more."""


class Unread(Exception):
    """The thread was about to end, and has not taken the request: another one may."""


class Ended(Exception):
    """The process that answers has ended, and nobody knows how far it came."""


class Exchange:
    """One request on its way to a thread, and the reply on its way back."""

    def __init__(self, content: bytes, group: Group, holder: Hashable, room: Room) -> None:
        self.content = content
        self.group = group
        self.holder = holder
        self.head: asyncio.Future[wire.Head] = asyncio.get_running_loop().create_future()
        self.spool = Spool(room)
        self.thread: Thread | None = None
        self.is_over = False
        self.is_broken = False
        # Whether its caller is gone.
        self.is_unwanted = False
        self._news = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        """Whether there is a reply. No caller waits for one that begins after its caller is gone."""
        return self.head.done() and not self.head.cancelled() and self.head.exception() is None

    async def take(self) -> bytes:
        """The next piece of the body; nothing at its end, or where it breaks off."""
        while not (piece := self.spool.take()) and not self.is_over and not self.is_unwanted:
            if self.thread:
                self.thread.go_on()
            self._news.clear()
            await self._news.wait()
        if self.thread and len(self.spool) < 64 * 1024:
            self.thread.go_on()
        return piece

    def add(self, piece: bytes) -> bool:
        """Keeps a piece of the body. False when no more should come for now."""
        has_room = self.spool.add(piece)
        self._news.set()
        return has_room

    def end(self, failure: Exception | None = None) -> None:
        """The reply is whole, or the thread that made it is gone."""
        self.is_over = True
        self.is_broken = failure is not None
        self._news.set()
        if failure is not None:
            self._fail(failure)

    def abandon(self) -> None:
        """Its caller is gone."""
        self.is_unwanted = True
        self._news.set()
        self._fail(CallerGone())

    def refuse(self) -> None:
        self._fail(Busy())

    def _fail(self, error: Exception) -> None:
        if not self.head.done():
            self.head.set_exception(error)
