"""What every answer to a browser has: the page may be of any origin, and a refusal is JSON like the rest."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from heatmaps.capture import traffic
from heatmaps.capture.refusals import Refused, foreign_host
from heatmaps.front.envelope import error

METHODS = ("GET", "POST", "OPTIONS")
PREFLIGHT_SECONDS = 7200
RETRY_AFTER_SECONDS = 1

View = Callable[..., HttpResponse]


def from_any_page(view: View) -> View:
    """Answers preflights, lets pages of any origin read the answer, and turns Refused into one."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _readable(request, _answer(view, request, *args, **kwargs))

    return csrf_exempt(answered)


def _answer(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(status=204)
    try:
        _check(request)
        return view(request, *args, **kwargs)
    except Refused as refused:
        traffic.refused(refused, traffic.source_of(request))
        return _refusal(refused)


def _check(request: HttpRequest) -> None:
    if request.method not in METHODS:
        raise Refused(405, "method_not_allowed", f'Method "{request.method}" not allowed.')
    try:
        request.get_host()
    except DisallowedHost as error:
        raise foreign_host() from error


def _refusal(refused: Refused) -> HttpResponse:
    kind = "server_error" if refused.status >= 500 else "invalid_request"
    response = error(refused.status, type=kind, code=refused.code, detail=refused.detail)
    if refused.status == 405:
        response["Allow"] = ", ".join(METHODS)
    if refused.status == 503:
        response["Retry-After"] = RETRY_AFTER_SECONDS
        # Why, is told once for all whom it concerns, by what knows.
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 -- the framework's own mark
    return response


def _readable(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if origin := request.META.get("HTTP_ORIGIN"):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Credentials"] = "true"
        response["Access-Control-Expose-Headers"] = "Retry-After"
        response["Vary"] = "Origin"
        if request.method == "OPTIONS":
            response["Access-Control-Allow-Methods"] = ", ".join(METHODS)
            response["Access-Control-Allow-Headers"] = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "*")
            response["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
            response["Vary"] = "Origin, Access-Control-Request-Headers"
    return response
