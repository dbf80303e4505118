"""The endpoints: read the request, ask the engine, hand over its answer."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NoReturn, cast

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework import viewsets
from rest_framework.exceptions import APIException, ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from heatmaps.access.permissions import CallerAccess
from heatmaps.access.throttling import budget_headers, seconds_to_wait
from heatmaps.api import lists
from heatmaps.api.ignored import HEADER, ignored_parameters
from heatmaps.api.lists import MAY_BE_KEPT
from heatmaps.api.negotiation import AcceptHeaderNegotiation, FormatNegotiation, chosen_format
from heatmaps.api.openapi import OF_A_PROJECT, OF_THE_ENGINE, Operation, operation_of
from heatmaps.api.streaming import streamed
from heatmaps.models import Project, Share
from heatmaps.questions.entry import Entry
from heatmaps.replies import json
from heatmaps.replies.answer import Answer
from heatmaps.replies.formats import JSON, Format, headers, with_tail
from heatmaps.replies.pictures import Picture
from heatmaps.requests.reading import read

VARY = ["Authorization", "Cookie", "Accept", "Accept-Encoding"]


class ApiViewSet(viewsets.ViewSet):
    """What all replies have in common."""

    content_negotiation_class = AcceptHeaderNegotiation

    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        super().throttled(request, seconds_to_wait(request, self.get_throttles(), self))

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if isinstance(response, Response):
            # An error is JSON in whatever form the answer was to be.
            request.accepted_renderer = JSONRenderer()
            request.accepted_media_type = json.MEDIA_TYPE
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

    content_negotiation_class = FormatNegotiation
    project: Project
    # Given by the route.
    entry: Entry[Any] = None  # type: ignore[assignment]
    operation: Operation = None  # type: ignore[assignment]
    scopes: Mapping[str, str] = {}
    opens_to_shares = False

    def ask(self, request: Request, **path: str) -> HttpResponseBase:
        """Answers the question of the register that the route is for."""
        request.known_parameters = self.entry.form.parameters()  # type: ignore[attr-defined]
        address = request.build_absolute_uri()
        share = request.auth if isinstance(request.auth, Share) else None
        given = self._parameters(request)
        question = read(self.entry.form, given, self.project, address=address, share=share)
        response = self._drawn(question) if self.entry.pictures else self._sent(question, chosen_format(request, given))
        if self.entry.may_be_kept and request.method != "POST":
            response["Cache-Control"] = MAY_BE_KEPT
        return response

    def _parameters(self, request: Request) -> Mapping[str, Any]:
        given = _parameters(request)
        if self.entry.pictures and not given.get("format"):
            # What the Accept header takes.
            return dict(given.items()) | {"format": request.accepted_renderer.format}
        return given

    def _drawn(self, question: Any) -> HttpResponseBase:
        picture = cast("Picture", self.entry.answer(question))
        response = HttpResponse(picture.content, content_type=picture.media_type)
        for name, value in picture.headers.items():
            response[name] = value
        response["Content-Disposition"] = f'inline; filename="{self._file_name(picture.format)}"'
        return response

    def _file_name(self, ending: str) -> str:
        return f"{self.entry.name}-of-project-{self.project.pk}.{ending}"

    def _sent(self, question: Any, form: Format) -> HttpResponseBase:
        answer = cast("Answer", self.entry.answer(question))
        if form is JSON:
            return streamed(form.chunks(answer), form.media_type)
        answer = with_tail(answer)
        response = streamed(form.chunks(answer), form.media_type)
        for name, value in headers(answer).items():
            response[name] = value
        response["Content-Disposition"] = f'attachment; filename="{self._file_name(form.name)}"'
        return response


def view_of(entry: Entry[Any], **more: Any) -> Callable[..., HttpResponseBase]:
    """The view that answers a question of the register."""
    methods: dict[str, Any] = {method.lower(): "ask" for method in entry.methods}
    return HeatmapsViewSet.as_view(
        methods,
        entry=entry,
        operation=operation_of(entry),
        scopes=dict(entry.methods),
        opens_to_shares=entry.opens_to_shares,
        **more,
    )


def _parameters(request: Request) -> Mapping[str, Any]:
    """Those of the query; of a POST those of its body, too, which win."""
    if request.method != "POST":
        return request.query_params
    body = request.data
    if not isinstance(body, Mapping):
        raise ParseError("The body must be a JSON object.")
    return dict(request.query_params.items()) | dict(body.items())


class CohortsViewSet(ApiViewSet):
    """Cohorts of a project."""

    project: Project
    operation = Operation(
        operation_id="cohorts_list",
        description="""The cohorts of a project that `cohort_ids` may name, by name.

A personal API key needs the scope `heatmap:read`.""",
        reply=lists.CohortsResponse,
        reply_description="Cohorts, by name.",
        without=OF_THE_ENGINE,
    )

    def ask(self, request: Request, **path: str) -> HttpResponseBase:
        return lists.cohorts(self.project)


class ProjectsViewSet(ApiViewSet):
    """Projects of the caller."""

    permission_classes = [CallerAccess]
    projects: list[Project]
    operation = Operation(
        operation_id="projects_list",
        description="""The projects that the caller may read, by id.

A personal API key needs the scope `heatmap:read`. One that is limited to projects or organizations gets those.""",
        reply=lists.ProjectsResponse,
        reply_description="Projects, by id.",
        without=OF_THE_ENGINE | OF_A_PROJECT,
    )

    def ask(self, request: Request) -> HttpResponseBase:
        return lists.projects(self.projects)
