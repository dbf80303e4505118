"""The API asked by the same process: its views, below its middleware, without a way over the network."""

import io
from typing import cast

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve
from structlog.contextvars import get_contextvars

from heatmaps.engine import EngineError
from heatmaps.front.middleware import View, observe, refuse_long_targets
from heatmaps.mcp.calls import MAX_REPLY_BYTES, Call, NoReply, Reply, told_headers

# A session opens nothing here, and the reply is read by ourselves.
_LEFT_OUT = ("HTTP_COOKIE", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_ORIGIN", "HTTP_TRANSFER_ENCODING", "RAW_URI")


def _view(request: HttpRequest) -> HttpResponseBase:
    match = request.resolver_match = resolve(request.path_info)
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    # What the framework does with a reply that a view left to it.
    render = getattr(response, "render", None)
    return cast("HttpResponseBase", render()) if render else response


# A log line, a metric and a limit of length for each call, as if it had come by itself.
_answer = observe(refuse_long_targets(cast("View", convert_exception_to_response(_view))))


class API:
    """What the sender of a message may ask, for the length of it."""

    def __init__(self, request: HttpRequest) -> None:
        self._environ = {name: value for name, value in request.META.items() if name not in _LEFT_OUT}
        self.was_asked = False

    def ask(self, call: Call) -> Reply:
        self.was_asked = True
        body = call.body or b""
        request = WSGIRequest(
            self._environ
            | {
                "REQUEST_METHOD": call.method,
                "PATH_INFO": call.path,
                "QUERY_STRING": call.query,
                "CONTENT_TYPE": "application/json" if body else "",
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_X_REQUEST_ID": get_contextvars().get("request_id", ""),
                "wsgi.input": io.BytesIO(body),
            }
        )
        response = _answer(request)
        return Reply(
            status=response.status_code,
            media_type=response.headers.get("Content-Type", ""),
            content=_content(response),
            headers=told_headers(response.headers),
        )


def _content(response: HttpResponseBase) -> bytes:
    chunks = response.streaming_content if response.streaming else [response.content]  # type: ignore[attr-defined]
    found = bytearray()
    try:
        for chunk in chunks:
            found += chunk
            if len(found) > MAX_REPLY_BYTES:
                break
    except EngineError as error:
        # It has had its line in the log.
        raise NoReply("The reply broke off. Ask again in a moment.") from error
    finally:
        # All of `close` but its signal, that the request is finished: the one around it is not.
        for close in response._resource_closers:  # type: ignore[attr-defined]  # noqa: SLF001 -- they have no other name
            close()
    return bytes(found[: MAX_REPLY_BYTES + 1])
