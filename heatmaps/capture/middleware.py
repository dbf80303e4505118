"""A short way to the views of capture, for there are many posts and each costs little beside the framework."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from heatmaps.capture import traffic
from heatmaps.front.paths import Area, area_of
from heatmaps.persons import following

View = Callable[[HttpRequest], HttpResponseBase]


def begin_in_this_process(next_view: View) -> View:
    """The first request of any kind wakes what goes on beside requests: a worker tells ClickHouse what one before it
    has left untold, and destroys what has to be, though nobody posts."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        following.begin()
        traffic.begin()
        return next_view(request)

    return middleware


def straight_to_capture(next_view: View) -> View:
    """Hands what browsers send to its view. Sessions, users, forms and static files are nothing to it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if area_of(request.path_info) is not Area.CAPTURE:
            return next_view(request)
        try:
            route = resolve(request.path_info, "heatmaps.capture.urls")
        except Resolver404:
            return next_view(request)
        # What the count of requests goes by.
        request.resolver_match = route
        response: HttpResponse = route.func(request, *route.args, **route.kwargs)
        if response.status_code != 304:
            response["Content-Length"] = len(response.content)
        return response

    return middleware
