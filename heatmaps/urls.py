"""Every route of the service but the probes, which heatmaps.health answers. A trailing slash is optional everywhere."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from heatmaps.api import schema_views
from heatmaps.api.views import CohortsViewSet, HeatmapsViewSet, ProjectsViewSet
from heatmaps.front.envelope import endpoint_not_found

points = HeatmapsViewSet.as_view({"get": "list"})
events = HeatmapsViewSet.as_view({"get": "events"})
pages = HeatmapsViewSet.as_view({"get": "pages"})
# Older clients use these; they stay out of the OpenAPI document.
legacy_points = HeatmapsViewSet.as_view({"get": "list"}, schema=None)
legacy_events = HeatmapsViewSet.as_view({"get": "events"}, schema=None)


def _route(route: str, view: object, name: str) -> URLPattern:
    return re_path(rf"^{route}/?$", view, name=name)  # type: ignore[call-overload,no-any-return]


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("heatmaps.viewer.urls")),
    path("", include("heatmaps.capture.urls")),
    path("", include("heatmaps.demo.urls")),
    _route(r"api/projects/(?P<project_id>[^/]+)/heatmaps", points, "heatmaps"),
    _route(r"api/projects/(?P<project_id>[^/]+)/heatmaps/events", events, "heatmaps-events"),
    _route(r"api/environments/(?P<environment_id>[^/]+)/heatmaps", points, "environment-heatmaps"),
    _route(r"api/environments/(?P<environment_id>[^/]+)/heatmaps/events", events, "environment-heatmaps-events"),
    _route(r"api/projects/(?P<project_id>[^/]+)/heatmaps/pages", pages, "heatmaps-pages"),
    _route(r"api/environments/(?P<environment_id>[^/]+)/heatmaps/pages", pages, "environment-heatmaps-pages"),
    _route(r"api/projects/(?P<project_id>[^/]+)/cohorts", CohortsViewSet.as_view({"get": "list"}), "cohorts"),
    _route(r"api/projects", ProjectsViewSet.as_view({"get": "list"}), "projects"),
    _route(r"api/heatmap", legacy_points, "legacy-heatmap"),
    _route(r"api/heatmap/events", legacy_events, "legacy-heatmap-events"),
    _route(r"api/schema", schema_views.document, "schema"),
    _route(r"api/schema/swagger-ui", schema_views.swagger_ui, "swagger-ui"),
    _route(r"api/schema/redoc", schema_views.redoc, "redoc"),
    re_path(r"^api(/.*)?$", endpoint_not_found),
]
