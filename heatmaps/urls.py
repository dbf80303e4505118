"""Every route of the service but the probes, which heatmaps.health answers. A trailing slash is optional everywhere."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from heatmaps import errors
from heatmaps.views import HeatmapsViewSet

points = HeatmapsViewSet.as_view({"get": "list"})
events = HeatmapsViewSet.as_view({"get": "events"})
# Older clients use these; they stay out of the OpenAPI document.
legacy_points = HeatmapsViewSet.as_view({"get": "list"}, schema=None)
legacy_events = HeatmapsViewSet.as_view({"get": "events"}, schema=None)


def _route(route: str, view: object, name: str) -> URLPattern:
    return re_path(rf"^{route}/?$", view, name=name)  # type: ignore[call-overload,no-any-return]


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("heatmaps.capture.urls")),
    _route(r"api/projects/(?P<project_id>[^/]+)/heatmaps", points, "heatmaps"),
    _route(r"api/projects/(?P<project_id>[^/]+)/heatmaps/events", events, "heatmaps-events"),
    _route(r"api/environments/(?P<environment_id>[^/]+)/heatmaps", points, "environment-heatmaps"),
    _route(r"api/environments/(?P<environment_id>[^/]+)/heatmaps/events", events, "environment-heatmaps-events"),
    _route(r"api/heatmap", legacy_points, "legacy-heatmap"),
    _route(r"api/heatmap/events", legacy_events, "legacy-heatmap-events"),
    _route(r"api/schema", SpectacularAPIView.as_view(), "schema"),
    _route(r"api/schema/swagger-ui", SpectacularSwaggerView.as_view(url_name="schema"), "swagger-ui"),
    _route(r"api/schema/redoc", SpectacularRedocView.as_view(url_name="schema"), "redoc"),
    re_path(r"^api(/.*)?$", errors.endpoint_not_found),
]
