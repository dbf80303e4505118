"""The one shape of an error, and the one table from what the engine reports to what a caller is told."""

import sys
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from exceptions_hog import exception_handler as envelope_of
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from heatmaps.engine import EngineError, EngineUnavailable, TooManyCells, ValueTooLong
from heatmaps.front.envelope import BUSY, UNAVAILABLE, Refusal, error

logger = structlog.get_logger(__name__)

BAD_REGULAR_EXPRESSION = 427


TOO_LARGE = Refusal(513, "The answer is larger than this service gives at once. Ask for fewer points with `limit`.")
_TOO_MANY_CELLS = Refusal(
    TOO_LARGE.status,
    "The picture has more cells than this service draws at once. Ask for larger ones with `cell_width` and "
    "`cell_height`, or for fewer with the filters.",
)

REFUSALS = {
    158: TOO_LARGE,
    159: Refusal(504, "The question took too long. Try a shorter date range, or a single page."),
    160: Refusal(512, "The question would take too long. Try a shorter date range, or a single page."),
    202: BUSY,
    209: UNAVAILABLE,
    210: UNAVAILABLE,
    241: Refusal(
        513,
        "The question needs more memory than it may have. Try a shorter date range, or a single page.",
        "clickhouse_memory_limit_exceeded",
    ),
    # The connection of one server to another, or to the one that keeps its replicas in step.
    279: UNAVAILABLE,
    # A query that was stopped from outside, as when the server is shut down.
    394: UNAVAILABLE,
    396: TOO_LARGE,
    439: BUSY,
    # No database, table, column or access of that name: whoever runs the service has to look.
    **dict.fromkeys((16, 47, 60, 81, 192, 193, 194, 242, 497, 516), UNAVAILABLE),
}


METADATA_IS_AWAY = (OperationalError, InterfaceError)


class EngineRefused(APIException):
    default_type = "server_error"

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail, refusal.code)
        self.status_code = refusal.status
        self.wait = refusal.retry_after


class BadRequest(APIException):
    default_type = "invalid_request"

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail, code)
        self.status_code = status


def exception_handler(exc: BaseException, context: dict[str, Any]) -> Response | None:
    """DRF's hook: every exception below a view becomes an answer in the envelope."""
    shown = _shown(exc)
    response: Response | None = envelope_of(shown, context)
    if response is not None:
        if auth_header := getattr(shown, "auth_header", None):
            # The package that makes the envelope leaves this one out, and a 401 must have it.
            response["WWW-Authenticate"] = auth_header
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            view = context.get("view")
            logger.error(
                "A request failed",
                view=type(view).__name__,
                status=response.status_code,
                cause=_cause(exc),
                exc_info=_trace(exc),
            )
            # Or the framework would tell it once more, with a traceback.
            response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 -- its own mark
    return response


def _shown(exc: BaseException) -> BaseException:
    if isinstance(exc, EngineError):
        return _of_engine(exc)
    if isinstance(exc, METADATA_IS_AWAY):
        return EngineRefused(UNAVAILABLE)
    if isinstance(exc, RequestDataTooBig):
        return BadRequest(413, "request_too_large", "The request body is too large.")
    if isinstance(exc, TooManyFieldsSent | TooManyFilesSent):
        return BadRequest(400, "parse_error", "The request body has more parts than are read.")
    if isinstance(exc, SuspiciousOperation):
        return BadRequest(400, "bad_request", "The request cannot be understood.")
    return exc


def _of_engine(error: EngineError) -> Exception:
    if isinstance(error, EngineUnavailable):
        return EngineRefused(UNAVAILABLE)
    if isinstance(error, ValueTooLong):
        return BadRequest(414, "uri_too_long", "The filters are longer than can be asked at once. Send fewer of them.")
    if isinstance(error, TooManyCells):
        return EngineRefused(_TOO_MANY_CELLS)
    if error.code == BAD_REGULAR_EXPRESSION:
        # What our own check let pass and the engine did not; rare, since both are RE2.
        return ValidationError({"url_pattern": "url_pattern is not a regular expression that the engine accepts."})
    return EngineRefused(REFUSALS[error.code]) if error.code in REFUSALS else error


def _cause(exc: BaseException) -> str:
    return " ".join(f"{type(exc).__name__}: {exc}".split())[:500]


def _trace(exc: BaseException) -> BaseException | None:
    """A known failure is one line; what nobody foresaw is told in full."""
    return None if isinstance(exc, EngineError | APIException | OperationalError | InterfaceError) else exc


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django itself refuses, such as a host that is not in ALLOWED_HOSTS."""
    too_big = isinstance(exception, RequestDataTooBig)
    return error(
        413 if too_big else 400,
        type="invalid_request",
        code="request_too_large" if too_big else "bad_request",
        detail="The request body is too large." if too_big else "The request cannot be understood.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody else has answered; the exception is still being handled."""
    if isinstance(sys.exception(), METADATA_IS_AWAY):
        return UNAVAILABLE.response()
    return error(500, type="server_error", code="error", detail="A server error occurred.")
