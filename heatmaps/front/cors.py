"""Which pages may read a reply: those of CORS_ALLOWED_ORIGINS, and with a share token its own pages alone."""

import re
from typing import Any, cast

from corsheaders.middleware import CorsMiddleware as ConfiguredOrigins
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.timezone import now

from heatmaps.access.authentication import share_token
from heatmaps.access.permissions import CURRENT
from heatmaps.front.envelope import Refusal
from heatmaps.models import Share

_OF_PROJECT = re.compile(r"/api/(?:projects|environments)/([0-9]{1,18}|@current)/")
_TOLD = ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers")


class CorsMiddleware(ConfiguredOrigins):
    def check_signal(self, request: HttpRequest) -> bool:
        """Asked about what the settings do not allow."""
        origin = request.headers.get("Origin")
        if not origin or super().check_signal(request):
            return bool(origin)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return _is_shared_with(origin, request.path_info)
        return origin in _origins(request)

    def add_response_headers(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        super().add_response_headers(request, response)
        if share_token(request) and request.headers.get("Origin") not in _origins(request):
            for name in _TOLD:
                response.headers.pop(name, None)
        return response


def readable(request: HttpRequest, refusal: HttpResponse) -> HttpResponse:
    """What is refused ahead of the middleware above, so that pages of CORS_ALLOWED_ORIGINS may read it, too; their
    preflights are answered as always."""
    return cast("HttpResponse", ConfiguredOrigins(lambda _: refusal)(request))


def readable_refusal(environ: dict[str, Any], refusal: Refusal) -> HttpResponse:
    """The same of what has not come as far as the application."""
    request = HttpRequest()
    request.META, request.method, request.path_info = environ, environ["REQUEST_METHOD"], environ["PATH_INFO"]
    return readable(request, refusal.response())


def _origins(request: HttpRequest) -> list[str]:
    """Those of the share token that has opened this request."""
    share: Share | None = getattr(request, "share", None)
    return share.origins if share else []


def _is_shared_with(origin: str, path: str) -> bool:
    """Whether a live token of the path's project is for pages of this origin. A preflight carries no token, so that the
    current project, which is the token's own, may be any."""
    project = _OF_PROJECT.match(path)
    if project is None:
        return False
    live = Share.objects.filter(expires_at__gt=now())
    if project[1] != CURRENT:
        live = live.filter(project_id=int(project[1]))
    return any(origin in origins for origins in live.values_list("origins", flat=True))
