"""The one shape of an error, for replies that no view of the API framework makes."""

from dataclasses import dataclass
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a caller is told who is not answered."""

    status: int
    detail: str
    code: str = "error"
    retry_after: int | None = None
    type: str = "server_error"

    def response(self) -> HttpResponse:
        """The reply of what is no view of the API framework."""
        response = error(self.status, type=self.type, code=self.code, detail=self.detail)
        if self.retry_after is not None:
            response["Retry-After"] = str(self.retry_after)
        return response


UNAVAILABLE = Refusal(
    503, "The database is not available at the moment. Try again in a moment.", "database_unavailable", retry_after=1
)
BUSY = Refusal(503, "Too many questions are being answered at once. Try again in a moment.", retry_after=1)


def envelope(*, type: str, code: str, detail: str, attr: str | None = None) -> bytes:  # noqa: A002 -- the key's name
    return orjson.dumps({"type": type, "code": code, "detail": detail, "attr": attr})


def error(status: int, *, type: str, code: str, detail: str) -> HttpResponse:  # noqa: A002 -- the key's name
    """A reply with an error in the envelope."""
    return HttpResponse(envelope(type=type, code=code, detail=detail), status=status, content_type=JSON)


@csrf_exempt
def endpoint_not_found(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    return error(404, type="invalid_request", code="not_found", detail="Endpoint not found.")


def unauthenticated(detail: str) -> HttpResponse:
    response = error(401, type="authentication_error", code="not_authenticated", detail=detail)
    response["WWW-Authenticate"] = "Bearer"
    return response
