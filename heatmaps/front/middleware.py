"""What happens to every request before the framework looks at it."""

import re
import secrets
from collections.abc import Callable
from time import perf_counter

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars

from heatmaps import metrics
from heatmaps.engine.slots import FairSemaphore
from heatmaps.front.cors import readable
from heatmaps.front.envelope import BUSY, error
from heatmaps.front.holders import Holders
from heatmaps.front.paths import SCHEMA_READERS, Area, area_of
from heatmaps.front.probes import ANSWERS
from heatmaps.metadata import connections

logger = structlog.get_logger(__name__)

View = Callable[[HttpRequest], HttpResponseBase]

# Such as proxies make, and no key of any kind: an id is written to logs.
_REQUEST_ID = re.compile(r"[0-9a-fA-F-]{8,64}")


def request_id(given: str) -> str:
    """The one that came with a request, or a new one."""
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def observe(next_view: View) -> View:
    """Gives the request an id, which its log lines, its queries and its reply have, and counts it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = perf_counter()
        own = request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        # They stay after the reply has begun, for whatever goes wrong with the rest of it; a thread has one request.
        clear_contextvars()
        bind_contextvars(request_id=own)
        response = next_view(request)
        response.headers["X-Request-ID"] = own
        tell_of(request.method or "", _route(request), response.status_code, perf_counter() - began)
        return response

    return middleware


def tell_of(method: str, route: str, status: int, seconds: float, **more: str) -> None:
    """Counts a request, and writes its line where that is wanted."""
    metrics.answered(route, status, seconds)
    if settings.LOG_REQUESTS:
        milliseconds = round(seconds * 1000, 1)
        logger.info("Answered", method=method, route=route, status=status, milliseconds=milliseconds, **more)


def _route(request: HttpRequest) -> str:
    """The name of a route: paths are as many as callers make up."""
    if request.resolver_match:
        return request.resolver_match.view_name or "unnamed"
    return unresolved_route(request.path_info)


def unresolved_route(path: str) -> str:
    """What a request counts as that no view has answered."""
    match area_of(path):
        case Area.PROBES:
            return path.rstrip("/")[1:]
        case Area.STATIC:
            return "static"
        case _:
            return "none"


def refuse_long_targets(next_view: View) -> View:
    """Answers 414 to a request target that is longer than the API promises to read."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if len(request.META.get("RAW_URI", "") or request.get_full_path()) > settings.MAX_REQUEST_TARGET_CHARS:
            refusal = error(
                414,
                type="invalid_request",
                code="uri_too_long",
                detail=f"The request target has more than {settings.MAX_REQUEST_TARGET_CHARS} characters. "
                "Send fewer points, or shorter filters.",
            )
            return readable(request, refusal)
        return next_view(request)

    return middleware


# What asks the metadata database, as capture does not while it waits.
_ASKING = {Area.API, Area.MCP, Area.ADMIN, Area.DEMO, Area.VIEWER}


def few_at_once(next_view: View) -> View:
    """Lets no more requests work at once than there are places for, whichever server runs the application, and gives
    the places out fairly."""
    places = FairSemaphore(settings.MAX_REQUESTS)
    holders = Holders()

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if area_of(request.path_info) not in _ASKING and not request.path_info.startswith("/_readyz"):
            # Cookies that come along belong to the page, whose session of the same name would be ended.
            request.META.pop("HTTP_COOKIE", None)
            return next_view(request)
        holder = holders.holder_of(request.META)
        if not places.acquire(holder, settings.CLICKHOUSE_QUEUE_SECONDS):
            return readable(request, BUSY.response())
        try:
            response = next_view(request)
        finally:
            connections.release_connection()
            places.release(holder)
        if response.status_code < 400:
            holders.opened(request.META)
        return response

    return middleware


def name_the_user(next_view: View) -> View:
    """Log lines of what is done in the admin tell by whom."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if area_of(request.path_info) is Area.ADMIN and request.user.is_authenticated:
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
# A page of another site that the viewer shows may lead its frame to any of ours, which would run as our own there.
_NO_FRAME = "frame-ancestors 'none'"
_POLICIES = {Area.ADMIN: _ADMIN, Area.API: _NOTHING, Area.MCP: _NOTHING, Area.STATIC: _NO_FRAME}


def set_content_policy(next_view: View) -> View:
    """Tells browsers what a page may load and run, unless its view has done so; a reply of the API nothing at all."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = next_view(request)
        is_reader = request.path_info.startswith(SCHEMA_READERS)
        if policy := _READERS if is_reader else _POLICIES.get(area_of(request.path_info)):
            response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return middleware


def answer_probes(next_view: View) -> View:
    """Answers the health routes before the Host header is looked at: load balancers ask by address."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        probe = ANSWERS.get(request.path_info.rstrip("/"))
        return probe(request) if probe else next_view(request)

    return middleware
