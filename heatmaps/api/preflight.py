"""Whether a page lets itself be framed, looked up for the viewer, where the operator has allowed that."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog
from django.conf import settings
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request

from heatmaps.access import scopes
from heatmaps.access.throttling import BurstThrottle, PreflightThrottle, SustainedThrottle
from heatmaps.api.errors import EngineRefused
from heatmaps.api.openapi import OF_THE_ENGINE, Operation
from heatmaps.api.views import ApiViewSet
from heatmaps.framing import Framing, TooManyAtOnce, Verdict, framing_of
from heatmaps.framing.network import INTERNET, Network
from heatmaps.framing.places import MOST_CHARS, BadPlace, Place, place_of
from heatmaps.framing.policies import BlockedBy
from heatmaps.front.envelope import Refusal
from heatmaps.metadata.connections import release_connection
from heatmaps.models import PersonalAPIKey, Project
from heatmaps.replies import json

logger = structlog.get_logger(__name__)

# What of the world is asked. Tests put a small one here.
network: Network = INTERNET
_BUSY = Refusal(503, "Too many pages are being looked at at once. Try again in a moment.", retry_after=5)
_ANY_PORT = range(1, 65_536)


class HeatmapPreflightRequest(serializers.Serializer[None]):
    url = serializers.CharField(
        max_length=MOST_CHARS,
        help_text="The whole URL of a page, `http` or `https` at its usual port, with no user name in it.",
    )


class HeatmapPreflightResponse(serializers.Serializer[None]):
    framing = serializers.ChoiceField(
        choices=[verdict.value for verdict in Verdict],
        help_text=(
            "Whether the page may be framed by the origin that asks. `unknown` when it could not be looked at: it does "
            "not answer within 5 seconds, or is at an address that the service does not ask."
        ),
    )
    blocked_by = serializers.ChoiceField(
        choices=[by.value for by in BlockedBy],
        allow_null=True,
        help_text="The header that forbids it: X-Frame-Options, or frame-ancestors of Content-Security-Policy.",
    )
    http_status = serializers.IntegerField(
        allow_null=True, help_text="What the page answered, after redirects; null when nothing did."
    )


class PreflightViewSet(ApiViewSet):
    """Looks at the headers of one page."""

    changing_methods = {"POST"}
    throttle_classes = [BurstThrottle, SustainedThrottle, PreflightThrottle]
    scopes: Mapping[str, str] = {"POST": scopes.READ}
    project: Project
    operation = Operation(
        operation_id="heatmaps_preflight_list",
        description="""Asks a page for its headers, as a visitor without cookies, and tells whether they let the viewer
show it in a frame.

The origin that asks is that of the `Origin` header, else the service's own. The service answers this only where its
operator has set `FRAME_PREFLIGHT`. It asks addresses of the internet only, follows 5 redirects, and reads 64 KiB of
headers.
A personal API key needs the scope `heatmap:read`. A session sends its CSRF token in `X-CSRFToken`.""",
        reply=HeatmapPreflightResponse,
        reply_description="Whether the page may be framed.",
        form=HeatmapPreflightRequest,
        errors=(
            (404, "There is no such project, or the service looks at no pages (`FRAME_PREFLIGHT`)."),
            (429, "The budget of the key or of the user is spent, or too many invalid keys came from the address."),
            (503, "Too many pages are being looked at, or the database is away; try again after Retry-After seconds."),
        ),
        without=OF_THE_ENGINE,
        may_be_kept=False,
    )

    def look(self, request: Request, **path: str) -> HttpResponse:
        if not settings.FRAME_PREFLIGHT:
            raise NotFound("This service does not look at pages. Its operator can allow that with FRAME_PREFLIGHT.")
        if not isinstance(request.data, Mapping):
            raise ParseError("The body must be a JSON object.")
        form = HeatmapPreflightRequest(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            page = place_of(form.validated_data["url"], network.ports)
        except BadPlace as error:
            raise serializers.ValidationError({"url": str(error)}) from error
        release_connection()
        try:
            found = framing_of(page, _asking(request), network)
        except TooManyAtOnce:
            raise EngineRefused(_BUSY) from None
        self._tell(request, page, found)
        return _json(
            {"framing": found.verdict.value, "blocked_by": found.blocked_by, "http_status": found.status},
        )

    def _tell(self, request: Request, page: Place, found: Framing) -> None:
        """The service has asked somebody for a caller: by whom and whom, but not for which page."""
        by = request.auth.mask if isinstance(request.auth, PersonalAPIKey) else request.user.get_username()
        logger.info(
            "A page was looked at",
            by=by,
            project=self.project.pk,
            origin=page.origin,
            framing=found.verdict.value,
            status=found.status,
            **({"why": found.why} if found.why else {}),
        )


def _asking(request: Request) -> Place:
    """The origin in whose frame the page is to be: it can be any, since only the caller is told."""
    for origin in (request.headers.get("Origin", ""), request.build_absolute_uri("/")):
        try:
            return place_of(f"{origin}/" if not urlsplit(origin).path else origin, _ANY_PORT)
        except ValueError:
            continue
    raise ParseError("The Host header names no host.")


def _json(document: dict[str, Any]) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(orjson.dumps(document), headers=headers, content_type=json.MEDIA_TYPE)
