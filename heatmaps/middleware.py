"""What happens to every request before the framework looks at it."""

import re
import secrets
import threading
from collections.abc import Callable
from time import perf_counter

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars

from heatmaps import metadata, metrics
from heatmaps.errors import BUSY, envelope
from heatmaps.health import PROBES

logger = structlog.get_logger(__name__)

View = Callable[[HttpRequest], HttpResponseBase]

# Such as proxies make, and no key of any kind: an id is written to logs.
_REQUEST_ID = re.compile(r"[0-9a-fA-F-]{8,64}")


def observe(next_view: View) -> View:
    """Gives the request an id, which its log lines, its queries and its reply have, and counts it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        # They stay after the reply has begun, for whatever goes wrong with the rest of it; a thread has one request.
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        response = next_view(request)
        response.headers["X-Request-ID"] = request_id
        seconds = perf_counter() - began
        metrics.answered(_route(request), response.status_code, seconds)
        if settings.LOG_REQUESTS:
            logger.info(
                "Answered",
                method=request.method,
                route=_route(request),
                status=response.status_code,
                milliseconds=round(seconds * 1000, 1),
            )
        return response

    return middleware


def _route(request: HttpRequest) -> str:
    """The name of a route: paths are as many as callers make up."""
    if request.resolver_match:
        return request.resolver_match.view_name or "unnamed"
    path = request.path_info.rstrip("/")
    if path in PROBES:
        return path[1:]
    return "static" if path.startswith(settings.STATIC_URL.rstrip("/")) else "none"


def refuse_long_targets(next_view: View) -> View:
    """Answers 414 to a request target that is longer than the API promises to read."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if len(request.META.get("RAW_URI", "") or request.get_full_path()) > settings.MAX_REQUEST_TARGET_CHARS:
            return HttpResponse(
                envelope(
                    type="invalid_request",
                    code="uri_too_long",
                    detail=f"The request target has more than {settings.MAX_REQUEST_TARGET_CHARS} characters. "
                    "Send fewer points, or shorter filters.",
                ),
                status=414,
                content_type="application/json",
            )
        return next_view(request)

    return middleware


# What asks the metadata database, as capture does not while it waits.
_ASKING = ("/api", "/admin", "/demo", "/_readyz")


def few_at_once(next_view: View) -> View:
    """Lets no more requests work at once than there are places for, though there are threads for hundreds: those are
    for browsers that wait to be stored."""
    places = threading.BoundedSemaphore(settings.MAX_REQUESTS)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(_ASKING):
            # Cookies that come along belong to the page, whose session of the same name would be ended.
            request.META.pop("HTTP_COOKIE", None)
            return next_view(request)
        if not places.acquire(timeout=settings.CLICKHOUSE_QUEUE_SECONDS):
            return HttpResponse(
                envelope(type="server_error", code=BUSY.code, detail=BUSY.detail),
                status=BUSY.status,
                headers={"Retry-After": str(BUSY.retry_after)},
                content_type="application/json",
            )
        try:
            return next_view(request)
        finally:
            metadata.let_go()
            places.release()

    return middleware


def name_the_user(next_view: View) -> View:
    """Log lines of what is done in the admin tell by whom."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/admin") and request.user.is_authenticated:
            bind_contextvars(by=request.user.get_username())
        return next_view(request)

    return middleware


# Who sees a page of ours in a frame, or gets a script into it, reads what its user may read.
_READERS = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ADMIN = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_POLICIES = {
    "/api/schema/swagger-ui": _READERS,
    "/api/schema/redoc": _READERS,
    "/admin": _ADMIN,
    "/api": _NOTHING,
}


def set_content_policy(next_view: View) -> View:
    """Tells browsers what a page may load and run, unless its view has done so; a reply of the API nothing at all."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = next_view(request)
        for start, policy in _POLICIES.items():
            if request.path_info.startswith(start):
                response.headers.setdefault("Content-Security-Policy", policy)
                break
        return response

    return middleware


def answer_probes(next_view: View) -> View:
    """Answers the health routes before the Host header is looked at: load balancers ask by address."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info.rstrip("/"))
        return probe(request) if probe else next_view(request)

    return middleware
