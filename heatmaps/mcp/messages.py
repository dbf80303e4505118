"""A message that was posted, handed to the SDK, which speaks ASGI."""

import asyncio
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from heatmaps.mcp.calls import Call, Reply
from heatmaps.mcp.in_process import API
from heatmaps.mcp.server import server_for
from heatmaps.mcp.turns import Turns

# What the SDK has no use for.
_KEPT_BACK = {"authorization", "cookie"}


def answered(request: HttpRequest, api: API) -> HttpResponse:
    """The SDK's reply: JSON, and without any session."""
    with asyncio.Runner() as runner:
        turns = Turns(runner.get_loop())

        async def ask(call: Call) -> Reply:
            return await turns.outside(partial(api.ask, call))

        return turns.run(
            _handled(StreamableHTTPSessionManager(server_for(ask), json_response=True, stateless=True), request)
        )


async def _handled(manager: StreamableHTTPSessionManager, request: HttpRequest) -> HttpResponse:
    response = HttpResponse()
    del response.headers["Content-Type"]
    bodies = iter([request.body])

    async def receive() -> dict[str, Any]:
        for body in bodies:
            return {"type": "http.request", "body": body, "more_body": False}
        # A caller who goes away is noticed by nobody here.
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            response.status_code = message["status"]
            for name, value in message["headers"]:
                # How long it is, others say.
                if name == b"content-type":
                    response.headers["Content-Type"] = value.decode("latin-1")
        else:
            response.content += message.get("body", b"")

    async with manager.run():
        await manager.handle_request(_scope(request), receive, send)
    return response


def _scope(request: HttpRequest) -> dict[str, Any]:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
        if name.lower() not in _KEPT_BACK
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": None,
    }
