"""From a caller's request to a thread that answers it, and back, with nobody but the caller waiting for the caller."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import IO, Any

from django.conf import settings

from heatmaps.capture.bodies import MAX_BYTES_UNREAD
from heatmaps.capture.views import MAX_BATCH_BYTES
from heatmaps.front.cors import readable_refusal
from heatmaps.front.envelope import BUSY, JSON, UNAVAILABLE, Refusal
from heatmaps.front.holders import Holders
from heatmaps.front.middleware import request_id, tell_of, unresolved_route
from heatmaps.front.paths import Area, area_of, is_of_imports, is_of_pictures
from heatmaps.front.probes import HEALTH, HEALTHY, METRICS
from heatmaps.metrics import FIGURES
from heatmaps.models.pictures import MAX_BYTES as MAX_PICTURE_BYTES
from heatmaps.serving import wire
from heatmaps.serving.connections import Connection, Connections, Phase, Reason
from heatmaps.serving.dispatch import Dispatcher
from heatmaps.serving.environ import environ_of
from heatmaps.serving.exchange import Busy, CallerGone, Ended, Exchange, Group, Unread
from heatmaps.serving.spool import Room

# Of all requests that are being read or answered.
MAX_BODIES_BYTES = 256 * 1024**2
# How many bodies that are files may be on disk at once, if they are as long as they may be.
MAX_FILES = 4
# More of one is read, but not kept: what answers looks at its length, and says that it is too long.
MAX_CAPTURE_BODY_BYTES = MAX_BATCH_BYTES + 1
# A reply that is whole by then goes out with its length.
_AT_ONCE_BYTES = 256 * 1024

_GROUPS = {Area.PROBES: Group.PROBES, Area.CAPTURE: Group.CAPTURE}
_TOO_SLOW = Refusal(
    408, "The body came too slowly. Send it again, or less at once.", "request_timeout", type="invalid_request"
)


class _Refused(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Body:
    """What has come of a body. It counts as being in memory until it is closed."""

    most: int
    # Whether it goes to the disk and not into the memory.
    is_file: bool = False
    file: IO[bytes] | None = None
    pieces: list[bytes] = field(default_factory=list)
    kept: int = 0
    length: int = 0
    is_whole: bool = False


class Gateway:
    """What the server calls for each request."""

    def __init__(self, dispatcher: Dispatcher, connections: Connections, room: Room) -> None:
        self._dispatcher = dispatcher
        self._connections = connections
        self._room = room
        self._holders = Holders()
        self._bodies = self._files = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        connection: Connection = scope["connection"]
        environ = environ_of(scope, settings.FORCE_SCRIPT_NAME or "")
        area = area_of(environ["PATH_INFO"])
        body = _body_of(environ, area)
        connection.enter(Phase.BODY)
        began = perf_counter()
        try:
            await self._read(connection, receive, environ, body)
            connection.enter(Phase.WORK)
            await self._answer(connection, send, environ, area, body, began)
        except CallerGone:
            pass
        except _Refused as refused:
            connection.enter(Phase.REPLY)
            await _refuse(send, environ, _TOO_SLOW if refused.reason is Reason.SLOW_BODY else BUSY, began)
        finally:
            self._drop(body)

    async def _read(self, connection: Connection, receive: Any, environ: dict[str, Any], body: _Body) -> None:
        announced = environ.get("CONTENT_LENGTH", "")
        size = int(announced) if announced.isdigit() and len(announced) < 16 else 0
        is_kept = size <= body.most
        unread = max(MAX_BYTES_UNREAD, body.most)
        while size <= unread and body.length <= unread:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise CallerGone
            if connection.refused:
                raise _Refused(connection.refused)
            piece = message["body"]
            body.length += len(piece)
            is_kept = is_kept and body.length <= body.most
            if is_kept:
                self._keep(body, piece)
            else:
                self._drop(body)
            if not message["more_body"]:
                body.is_whole = True
                return

    def _keep(self, body: _Body, piece: bytes) -> None:
        if body.is_file:
            self._write(body, piece)
            return
        body.pieces.append(piece)
        body.kept += len(piece)
        self._bodies += len(piece)
        if self._bodies > MAX_BODIES_BYTES and (longest := self._connections.oldest(Phase.BODY)):
            # Who has been sending longest is the one that is not going to finish.
            longest.refuse(Reason.NO_ROOM_FOR_BODY)

    def _figures(self) -> dict[str, dict[str, int]]:
        """What there is at the moment, as the metrics tell it."""
        return {
            "connections": {phase.value: len(found) for phase, found in self._connections.by_phase.items()},
            "held_bytes": {
                "bodies": self._bodies,
                "bodies_in_files": self._files,
                "replies_in_memory": self._room.memory,
                "replies_in_files": self._room.files,
            },
            "waiting_requests": self._dispatcher.waiting(),
            "running_requests": self._dispatcher.running(),
            "cut_off": {reason.value: number for reason, number in self._connections.ended.items()},
        }

    def _write(self, body: _Body, piece: bytes) -> None:
        body.kept += len(piece)
        self._files += len(piece)
        try:
            if body.file is None:
                # With a name, by which the process that answers finds it.
                body.file = tempfile.NamedTemporaryFile(prefix="heatmaps-import-")  # noqa: SIM115 -- closed by _drop
            body.file.write(piece)
            body.file.flush()
        except OSError as error:
            raise self._no_room() from error
        if self._files > MAX_FILES * settings.IMPORT_MAX_BYTES:
            raise self._no_room()

    def _no_room(self) -> _Refused:
        self._connections.ended[Reason.NO_ROOM_FOR_BODY] += 1
        return _Refused(Reason.NO_ROOM_FOR_BODY)

    def _drop(self, body: _Body) -> None:
        if body.is_file:
            self._files -= body.kept
        else:
            self._bodies -= body.kept
        if body.file:
            # What could not be written is not to be told again.
            with suppress(OSError):
                body.file.close()
            body.file = None
        body.pieces, body.kept = [], 0

    async def _answer(
        self, connection: Connection, send: Any, environ: dict[str, Any], area: Area, body: _Body, began: float
    ) -> None:
        if area is Area.PROBES:
            path = environ["PATH_INFO"].rstrip("/")
            if path == HEALTH and self._dispatcher.is_answering:
                # Without any thread, so that it is told at once whatever else there is to do.
                await _say(send, environ, 200, HEALTHY, began)
                return
            if path == METRICS:
                environ[FIGURES] = self._figures()
        if body.length or "CONTENT_LENGTH" not in environ:
            # One way to say how long it is, however it came.
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            environ.setdefault("CONTENT_LENGTH", str(body.length) if body.length else "")
        group = _GROUPS.get(area, Group.REST)
        if body.file:
            # A load may take long, and a picture does not wait for any.
            group = Group.REST if is_of_pictures(environ["PATH_INFO"]) else Group.IMPORTS
            environ[wire.BODY_FILE] = body.file.name
        content = wire.request(environ, b"".join(body.pieces))
        body.pieces = []
        holder = self._holders.holder_of(environ)
        while True:
            exchange = connection.exchange = Exchange(content, group, holder, self._room)
            try:
                self._dispatcher.ask(exchange)
                await self._pass_on(connection, send, environ, exchange, is_last=not body.is_whole)
            except Unread:
                continue
            except Busy:
                self._connections.ended[Reason.NO_THREAD] += 1
                await _refuse(send, environ, BUSY, began)
            except Ended:
                self._connections.ended[Reason.PROCESS_ENDED] += 1
                await _refuse(send, environ, UNAVAILABLE, began)
            finally:
                connection.exchange = None
                self._dispatcher.forget(exchange)
            return

    async def _pass_on(
        self, connection: Connection, send: Any, environ: dict[str, Any], exchange: Exchange, *, is_last: bool
    ) -> None:
        status, headers = await exchange.head
        if status < 400:
            self._holders.opened(environ)
        if is_last:
            headers.append(("Connection", "close"))
        if environ["REQUEST_METHOD"] != "HEAD" and _has_no_length(headers, status):
            if exchange.is_over and len(exchange.spool) <= _AT_ONCE_BYTES:
                headers.append(("Content-Length", str(len(exchange.spool))))
            elif environ["SERVER_PROTOCOL"] == "HTTP/1.0":
                connection.send_until_closed()
        connection.enter(Phase.REPLY)
        await _start(send, status, headers)
        while piece := await exchange.take():
            connection.sent += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if connection.transport.is_closing():
                return
        connection.end_with_closing()
        if not exchange.is_broken:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _body_of(environ: dict[str, Any], area: Area) -> _Body:
    """What may come of a body, and where it goes."""
    # Nothing is kept of what nobody has to answer for.
    has_key = "HTTP_AUTHORIZATION" in environ or "personal_api_key=" in environ["QUERY_STRING"]
    if environ["REQUEST_METHOD"] == "POST" and is_of_imports(environ["PATH_INFO"]):
        return _Body(settings.IMPORT_MAX_BYTES + 1 if has_key else 0, is_file=True)
    if environ["REQUEST_METHOD"] == "POST" and is_of_pictures(environ["PATH_INFO"]):
        return _Body(MAX_PICTURE_BYTES + 1 if has_key or "HTTP_COOKIE" in environ else 0, is_file=True)
    return _Body(MAX_CAPTURE_BODY_BYTES if area is Area.CAPTURE else settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)


def _has_no_length(headers: Sequence[tuple[str, str]], status: int) -> bool:
    return status not in {204, 304} and not any(
        name.lower() in {"content-length", "transfer-encoding"} for name, _ in headers
    )


async def _start(send: Any, status: int, headers: Sequence[tuple[str, str]]) -> None:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


async def _refuse(send: Any, environ: dict[str, Any], refusal: Refusal, began: float) -> None:
    """An error of this process's own, after which the connection is closed: a body may still be on its way."""
    reply = readable_refusal(environ, refusal)
    headers = [(name, value) for name, value in reply.items() if name not in {"Content-Type", "Content-Length"}]
    await _say(send, environ, reply.status_code, reply.content, began, [("Connection", "close"), *headers])


async def _say(
    send: Any, environ: dict[str, Any], status: int, body: bytes, began: float, more: Sequence[tuple[str, str]] = ()
) -> None:
    """A reply of this process's own. It is told and counted as those of the application are."""
    own = request_id(environ.get("HTTP_X_REQUEST_ID", ""))
    headers = [("Content-Type", JSON), ("X-Request-ID", own), ("Content-Length", str(len(body))), *more]
    await _start(send, status, headers)
    await send({"type": "http.response.body", "body": body, "more_body": False})
    route = unresolved_route(environ["PATH_INFO"])
    tell_of(environ["REQUEST_METHOD"], route, status, perf_counter() - began, request_id=own)
