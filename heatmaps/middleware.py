"""What happens to every request before the framework looks at it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from heatmaps.errors import envelope

View = Callable[[HttpRequest], HttpResponseBase]


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
