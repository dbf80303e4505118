"""The endpoints: read the request, ask the engine, hand over its answer."""

from contextlib import suppress
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.exceptions import APIException
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.settings import APISettings

from heatmaps import responses
from heatmaps.access.permissions import CallerAccess
from heatmaps.access.throttling import budget_headers
from heatmaps.api import openapi
from heatmaps.api.ignored import HEADER, ignored_parameters
from heatmaps.models import Project
from heatmaps.serializers import HeatmapsRequest, InteractionsRequest, PagesRequest, read

VARY = ["Authorization", "Cookie", "Accept", "Accept-Encoding"]


class AcceptHeaderNegotiation(DefaultContentNegotiation):
    """Leaves `?format=` alone: here it is an unknown parameter like any other."""

    settings = APISettings({"URL_FORMAT_OVERRIDE": None})  # type: ignore[assignment,arg-type]


class ApiViewSet(viewsets.ViewSet):
    """What all replies have in common."""

    content_negotiation_class = AcceptHeaderNegotiation

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        patch_vary_headers(response, VARY)
        if names := ignored_parameters(
            request.query_params, getattr(request, "known_parameters", request.query_params)
        ):
            response[HEADER] = names
        # A reply from before the key was read, such as 406, may meet a key that opens nothing only now.
        with suppress(APIException, SuspiciousOperation):
            for name, value in budget_headers(request, self.get_throttles(), self).items():
                response[name] = value
        return response


class HeatmapsViewSet(ApiViewSet):
    """Heatmaps of a project."""

    project: Project

    @extend_schema(parameters=[HeatmapsRequest], responses=openapi.HEATMAP_RESPONSES)
    def list(self, request: Request, **path: str) -> HttpResponseBase:
        """Where visitors clicked, raged, rested or scrolled to.

        The reply has points and a fold summary; with `type=scrolldepth` it has scroll-depth buckets instead.
        A personal API key needs the scope `heatmap:read`.
        """
        return responses.heatmap(read(HeatmapsRequest, request, self.project))

    @extend_schema(parameters=[InteractionsRequest], responses=openapi.INTERACTIONS_RESPONSES)
    def events(self, request: Request, **path: str) -> HttpResponseBase:
        """The interactions behind chosen points of a heatmap, newest first.

        Takes the filters of the heatmap and points that it returned. A personal API key needs the scope `heatmap:read`.
        """
        return responses.interactions(read(InteractionsRequest, request, self.project))

    @extend_schema(parameters=[PagesRequest], responses=openapi.PAGES_RESPONSES)
    def pages(self, request: Request, **path: str) -> HttpResponseBase:
        """The pages of a project, the busiest first, with what happened on them.

        A page is a URL without the slashes at its end. Counted is what its heatmap shows when it is asked for with the
        dates and a type alone. A personal API key needs the scope `heatmap:read`.
        """
        return responses.pages(read(PagesRequest, request, self.project))


class CohortsViewSet(ApiViewSet):
    """Cohorts of a project."""

    project: Project

    @extend_schema(responses=openapi.COHORTS_RESPONSES)
    def list(self, request: Request, **path: str) -> HttpResponseBase:
        """The cohorts of a project that `cohort_ids` may name, by name.

        A personal API key needs the scope `heatmap:read`.
        """
        return responses.cohorts(self.project)


class ProjectsViewSet(ApiViewSet):
    """Projects of the caller."""

    permission_classes = [CallerAccess]
    projects: list[Project]

    @extend_schema(responses=openapi.PROJECTS_RESPONSES)
    def list(self, request: Request) -> HttpResponseBase:
        """The projects that the caller may read, by id.

        A personal API key needs the scope `heatmap:read`. One that is limited to projects or organizations gets those.
        """
        return responses.projects(self.projects)
