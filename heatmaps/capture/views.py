"""What the browser SDK asks for, and where it sends what people do."""

import time
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from heatmaps.capture import batching, bodies, decoding, parsing, projects, records, sdk, share_links
from heatmaps.capture.browsers import from_any_page
from heatmaps.capture.cookieless import caller_of
from heatmaps.capture.projects import Owner
from heatmaps.capture.refusals import Refused, malformed
from heatmaps.capture.traffic import source_of
from heatmaps.models import CaptureMode

MAX_BODY_BYTES = 2 * 1024**2
MAX_BATCH_BYTES = 20 * 1024**2
SCRIPT = b"(window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{})[%b]={config:%b,siteApps:[]};"


def received_at() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1000


@from_any_page
def post(request: HttpRequest, limit: int) -> HttpResponse:
    """Answers when what was sent is stored."""
    now = received_at()
    with bodies.body_of(request, limit) as body:
        text = _text(request, body, limit)
        with bodies.turn_for(len(text)):
            document = decoding.document(text)
            if share_links.MARK in text:
                document = share_links.without_tokens(document)
            sent = parsing.post(document, request.GET.get("_"))
            owner = _owner(sent.token, 401, "authentication_failed", "The project token is missing or unknown.")
            # An opted-out project's browsers are told that all is well, and nothing is kept.
            kept = records.all_of(sent, owner, now, source_of(request), caller_of(request)) if owner.is_opted_in else []
            # Waiting for the insert, only what is kept is held.
            del document, sent, text, body
    if kept:
        batching.put(kept)
    return _success(request)


@from_any_page
def discard(request: HttpRequest) -> HttpResponse:
    """Takes session recordings, and keeps none."""
    bodies.discard(request)
    return _success(request)


@from_any_page
def configuration(request: HttpRequest, token: str) -> HttpResponse:
    return _json(_configuration(_project(token)))


@from_any_page
def configuration_script(request: HttpRequest, token: str) -> HttpResponse:
    script = SCRIPT % (orjson.dumps(token), orjson.dumps(_configuration(_project(token))))
    return HttpResponse(script, content_type="application/javascript")


@from_any_page
def flags(request: HttpRequest) -> HttpResponse:
    """There are no feature flags; `config` asks for the configuration."""
    owner = _project(_token(request))
    if request.GET.get("config", "").lower() in {"true", "1"}:
        return _json(_configuration(owner))
    return _json({"flags": {}, "errorsWhileComputingFlags": False})


@from_any_page
def decide(request: HttpRequest) -> HttpResponse:
    """Where older SDKs ask for the configuration."""
    return _json(_configuration(_project(_token(request))))


def _text(request: HttpRequest, body: bytes, limit: int) -> bytes:
    """The JSON text of the body, or of `data` in the query where there is no body."""
    if not body:
        body = request.GET.get("data", "").encode("utf-8", "surrogatepass")
    if not body:
        raise malformed("The body is empty.")
    return decoding.plain(body, limit)


def _token(request: HttpRequest) -> str | None:
    with bodies.body_of(request, MAX_BODY_BYTES) as body:
        text = _text(request, body, MAX_BODY_BYTES)
        with bodies.turn_for(len(text)):
            asked = decoding.document(text)
    if not isinstance(asked, dict):
        raise malformed("The body is not an object.")
    token = asked.get("token") or asked.get("api_key")
    return token if isinstance(token, str) else None


def _owner(token: str | None, status: int, code: str, detail: str) -> Owner:
    owner = projects.owner(token) if token else None
    if owner is None:
        raise Refused(status, code, detail, token)
    return owner


def _project(token: str | None) -> Owner:
    return _owner(token, 404, "not_found", "No project has this token.")


def _configuration(owner: Owner) -> dict[str, Any]:
    return {
        "supportedCompression": ["gzip", "gzip-js"],
        "heatmaps": owner.is_opted_in and _captured_pages(owner),
        "hasFeatureFlags": False,
        "autocapture_opt_out": False,
        # Each needs a script that the SDK would load from here.
        "captureDeadClicks": owner.is_opted_in and sdk.is_dead_click_seen(),
        # Nothing is kept of these. Surveys are not among them: SDKs ask for their script also when they are off.
        "capturePerformance": False,
        "autocaptureExceptions": False,
        "sessionRecording": False,
    }


def _captured_pages(owner: Owner) -> bool | dict[str, Any]:
    """True for all pages. SDKs read whether it is true; the list holds whatever they send."""
    if owner.url_allowlist is None:
        return True
    return {
        "captureMode": CaptureMode.URL_ALLOWLIST.value,
        "urlAllowlist": list(owner.url_allowlist),
        "urlAllowlistEnforced": True,
    }


def _success(request: HttpRequest) -> HttpResponse:
    if request.GET.get("beacon") == "1":
        return HttpResponse(status=204)
    return HttpResponse(b'{"status":"Ok"}', content_type="application/json")


def _json(answer: dict[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps(answer), content_type="application/json")
