"""Where agents post their messages."""

from importlib import import_module
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from heatmaps.access.authentication import BEARER, PersonalAPIKeyAuthentication
from heatmaps.api.views import ApiViewSet
from heatmaps.mcp.in_process import API
from heatmaps.models import PersonalAPIKey, User


class HeaderKeyAuthentication(PersonalAPIKeyAuthentication):
    """Takes a key from the header alone."""

    def authenticate(self, request: Request) -> tuple[User, PersonalAPIKey] | None:
        is_there = BEARER.fullmatch(request.headers.get("Authorization", "").strip())
        return super().authenticate(request) if is_there else None


class MessagesViewSet(ApiViewSet):
    """Messages of the Model Context Protocol, one a request. A key in the header opens it, and no session does."""

    schema = None
    http_method_names = ["post"]
    authentication_classes = [HeaderKeyAuthentication]
    permission_classes = [IsAuthenticated]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        http_request: HttpRequest = request._request  # noqa: SLF001 -- Django's request has no other name in DRF's
        if not _is_ours(http_request):
            raise PermissionDenied("Pages of other origins may send no messages here.")
        if request.method != "POST":
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    def check_throttles(self, request: Request) -> None:
        """Later: a message that asks the API is counted there, as any request is."""

    def take(self, request: Request) -> HttpResponseBase:
        http_request: HttpRequest = request._request  # noqa: SLF001 -- as above
        # As a whole, or it is refused for its length.
        _ = http_request.body
        # The SDK is loaded with the first message: it takes over half a second, and most services have no agent.
        messages = import_module("heatmaps.mcp.messages")
        api = API(http_request)
        response: HttpResponseBase = messages.answered(http_request, api)
        if not api.was_asked:
            super().check_throttles(request)
        return response


def _is_ours(request: HttpRequest) -> bool:
    """Programs send no Origin; browsers send that of the page, which may be anybody's."""
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.get_host()}"
    return origin is None or origin == own
