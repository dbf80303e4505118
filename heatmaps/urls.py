"""Every route of the service but the probes, which heatmaps.front answers. A trailing slash is optional everywhere."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, include, path, re_path

from heatmaps.api import schema_views
from heatmaps.api.capture_settings import CaptureSettingsViewSet
from heatmaps.api.imports import ImportsViewSet
from heatmaps.api.pictures import PicturesViewSet, PictureViewSet
from heatmaps.api.preflight import PreflightViewSet
from heatmaps.api.shares import SharesViewSet
from heatmaps.api.views import CohortsViewSet, ProjectsViewSet, view_of
from heatmaps.front.envelope import endpoint_not_found
from heatmaps.front.paths import IMPORTS, PICTURES
from heatmaps.mcp.views import MessagesViewSet
from heatmaps.questions import REGISTER

_PROJECT = r"api/projects/(?P<project_id>[^/]+)"
_ENVIRONMENT = r"api/environments/(?P<environment_id>[^/]+)"


def _route(route: str, view: object, name: str) -> URLPattern:
    return re_path(rf"^{route}/?$", view, name=name)  # type: ignore[call-overload,no-any-return]


def _questions() -> Iterator[URLPattern]:
    for entry in REGISTER:
        view = view_of(entry)
        yield _route(f"{_PROJECT}/{entry.path}", view, entry.name)
        yield _route(f"{_ENVIRONMENT}/{entry.path}", view, f"environment-{entry.name}")
        if entry.legacy_path:
            # Older clients use these; they stay out of the OpenAPI document.
            name = f"legacy-{entry.legacy_path.replace('/', '-')}"
            yield _route(f"api/{entry.legacy_path}", view_of(entry, schema=None), name)


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("heatmaps.viewer.urls")),
    path("", include("heatmaps.capture.urls")),
    path("", include("heatmaps.demo.urls")),
    *_questions(),
    _route(f"{_PROJECT}/{IMPORTS}", ImportsViewSet.as_view({"post": "load"}), "heatmaps-imports"),
    _route(f"{_ENVIRONMENT}/{IMPORTS}", ImportsViewSet.as_view({"post": "load"}), "environment-heatmaps-imports"),
    *(
        pattern
        for place, name in ((_PROJECT, "heatmaps-shares"), (_ENVIRONMENT, "environment-heatmaps-shares"))
        for pattern in (
            _route(f"{place}/heatmaps/shares", SharesViewSet.as_view({"get": "show", "post": "make"}), name),
            _route(
                rf"{place}/heatmaps/shares/(?P<id>[^/]+)", SharesViewSet.as_view({"delete": "revoke"}), f"{name}-one"
            ),
        )
    ),
    *(
        _route(f"{place}/heatmaps/preflight", PreflightViewSet.as_view({"post": "look"}), name)
        for place, name in ((_PROJECT, "heatmaps-preflight"), (_ENVIRONMENT, "environment-heatmaps-preflight"))
    ),
    *(
        pattern
        for place, name in ((_PROJECT, "heatmaps-pictures"), (_ENVIRONMENT, "environment-heatmaps-pictures"))
        for pattern in (
            _route(f"{place}/{PICTURES}", PicturesViewSet.as_view({"get": "show", "post": "keep"}), name),
            _route(
                rf"{place}/{PICTURES}/(?P<id>[^/]+)",
                PictureViewSet.as_view({"get": "show", "delete": "remove"}),
                f"{name}-one",
            ),
        )
    ),
    _route(f"{_PROJECT}/cohorts", CohortsViewSet.as_view({"get": "ask"}), "cohorts"),
    *(
        _route(
            f"{place}/heatmap_capture/settings",
            CaptureSettingsViewSet.as_view({"get": "show", "patch": "change"}),
            name,
        )
        for place, name in (
            (_PROJECT, "heatmap-capture-settings"),
            (_ENVIRONMENT, "environment-heatmap-capture-settings"),
        )
    ),
    _route(r"api/projects", ProjectsViewSet.as_view({"get": "ask"}), "projects"),
    _route(r"mcp", MessagesViewSet.as_view({"post": "take"}), "mcp"),
    _route(r"api/schema", schema_views.document, "schema"),
    _route(r"api/schema/swagger-ui", schema_views.swagger_ui, "swagger-ui"),
    _route(r"api/schema/redoc", schema_views.redoc, "redoc"),
    re_path(r"^api(?:/[\s\S]*)?$", endpoint_not_found),
]
