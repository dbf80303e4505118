"""Pictures of pages: uploaded, listed, shown and removed."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import IO, Any, cast

import orjson
from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError, UnsupportedMediaType, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from heatmaps.access import scopes
from heatmaps.api.errors import BadRequest, EngineRefused
from heatmaps.api.files import announced_length
from heatmaps.api.lists import WholeList
from heatmaps.api.negotiation import AcceptHeaderNegotiation, Named
from heatmaps.api.objects import object_named
from heatmaps.api.openapi import OF_THE_ENGINE, Operation
from heatmaps.api.views import ApiViewSet
from heatmaps.drawing.recoding import MOST_PIXELS, BadPicture, Recoded, recoded
from heatmaps.engine.slots import FairSemaphore
from heatmaps.front.envelope import Refusal
from heatmaps.metadata.connections import release_connection
from heatmaps.models import Picture, Project
from heatmaps.models.pictures import MAX_BYTES, MAX_HEIGHT, MAX_WIDTH, MIN_WIDTH, NoRoom, PictureFormat, digest_of
from heatmaps.models.shares import MAX_URL_CHARS
from heatmaps.replies import json
from heatmaps.requests.pages import page_of_url

MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")
# It is asked for anew each time, since another one may have taken its place, and sent when it is another one.
_MAY_BE_KEPT = "private, no-cache"
# Nothing in a picture is ever run, whatever a browser takes it for.
_POLICY = "default-src 'none'; sandbox"
_BUSY = Refusal(503, "Too many pictures are being read at once. Try again in a moment.", retry_after=1)
_WRITES = """A personal API key needs the scope `heatmap:write`; `heatmap:read` is not enough. A session sends its CSRF
token in `X-CSRFToken`."""


def _url_page(*, required: bool, help_text: str) -> serializers.CharField:
    return serializers.CharField(required=required, max_length=MAX_URL_CHARS, help_text=help_text)


class HeatmapPictureRequest(serializers.Serializer[None]):
    """Which page a picture is of, and in which viewport."""

    url_page = _url_page(
        required=True, help_text="A URL of the page: the picture is of all URLs of it, as in the heatmap's `url_page`."
    )
    width = serializers.IntegerField(
        min_value=MIN_WIDTH,
        max_value=MAX_WIDTH,
        help_text="The viewport's width in CSS px. The picture may have more pixels, as those of dense screens have.",
    )


class HeatmapPicturesRequest(serializers.Serializer[None]):
    url_page = _url_page(required=False, help_text="A URL: pictures of its page alone.")


class HeatmapPicture(serializers.Serializer[None]):
    id = serializers.IntegerField()
    url_page = serializers.CharField(help_text="The page, as `by=page` lists it.")
    width = serializers.IntegerField(help_text="The viewport's width in CSS px.")
    height = serializers.IntegerField(help_text="How tall the page is at that width, in CSS px.")
    bytes = serializers.IntegerField(help_text="As it is kept.")
    created_at = serializers.DateTimeField(help_text="In UTC.")


class HeatmapPicturesResponse(WholeList):
    results = HeatmapPicture(many=True)


class _Unread(BaseParser):
    """Leaves a body alone, which is a file: fields are looked for in it where a session's CSRF token is checked."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> QueryDict:
        return QueryDict()


class _PictureNegotiation(AcceptHeaderNegotiation):
    """Who accepts pictures, or JSON, for errors."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        offered = [*renderers, *(Named(one.value, one.media_type) for one in PictureFormat)]
        found: tuple[BaseRenderer, str] = super().select_renderer(request, offered, format_suffix)
        return found


class PicturesViewSet(ApiViewSet):
    """Pictures of a project's pages."""

    parser_classes = [_Unread]
    body_is_file = True
    changing_methods = {"POST"}
    project: Project
    scopes: Mapping[str, str] = {"GET": scopes.READ, "POST": scopes.WRITE}
    operation = {
        "GET": Operation(
            operation_id="heatmaps_pictures_list",
            description="""The pictures of a project's pages, the newest first.

A personal API key needs the scope `heatmap:read`.""",
            reply=HeatmapPicturesResponse,
            reply_description="Pictures, the newest first.",
            form=HeatmapPicturesRequest,
            without=OF_THE_ENGINE,
            may_be_kept=False,
        ),
        "POST": Operation(
            operation_id="heatmaps_pictures_list",
            description=f"""Keeps a picture of a page, such as a screenshot, to be shown below its map.

The body is the picture, with its media type, of at most 10 MiB and {MOST_PIXELS // 1_000_000} megapixels; the page is
at most {MAX_HEIGHT:,} px tall. Another picture of the same page and width takes its place. It is drawn anew, so that
nothing else that the file has is kept: its first frame, upright, on white, as WebP, or as JPEG where a side has more
than 16,383 pixels.

{_WRITES}""",
            reply=HeatmapPicture,
            reply_description="The picture as it is kept.",
            form=HeatmapPictureRequest,
            body=MEDIA_TYPES,
            errors=(
                (400, "A parameter is wrong, or the body is no picture that can be kept."),
                (409, "The project has as many pictures as it may have (`PICTURES_MAX_BYTES`)."),
                (413, "The body has more than 10 MiB."),
                (415, "The body is said to be neither PNG nor JPEG nor WebP."),
            ),
            without=OF_THE_ENGINE,
            may_be_kept=False,
            status=201,
        ),
    }

    def show(self, request: Request, **path: str) -> HttpResponse:
        form = _checked(HeatmapPicturesRequest, request)
        pictures = Picture.objects.filter(project=self.project)
        if url := form.get("url_page"):
            pictures = pictures.filter(page_hash=digest_of(page_of_url(url)))
        results = [_shown(picture) for picture in pictures]
        return _json({"count": len(results), "next": None, "previous": None, "results": results})

    def keep(self, request: Request, **path: str) -> HttpResponse:
        if (request.content_type or "").partition(";")[0].strip().lower() not in MEDIA_TYPES:
            raise UnsupportedMediaType(
                request.content_type or "", "Send the picture itself, as image/png, image/jpeg or image/webp."
            )
        # Before anything of it is read.
        if announced_length(request) > MAX_BYTES:
            raise BadRequest(413, "request_too_large", f"The picture has more than {MAX_BYTES:,} bytes.")
        form = _checked(HeatmapPictureRequest, request)
        page, width = page_of_url(form["url_page"]), form["width"]
        release_connection()
        drawn = _drawn_anew(request, self.project)
        height = max(1, round(drawn.height * width / drawn.width))
        if height > MAX_HEIGHT:
            raise ValidationError(
                {"width": f"At this width the page is {height:,} px tall; at most {MAX_HEIGHT:,} px are shown."}
            )
        try:
            picture = Picture.keep(
                self.project.pk,
                page,
                width=width,
                height=height,
                drawn=drawn,
                created_by_id=request.user.pk,
            )
        except NoRoom as error:
            raise BadRequest(409, "no_room", str(error)) from error
        if picture is None:
            raise NotFound("Project not found.")
        return _json(_shown(picture), status=201)


class PictureViewSet(ApiViewSet):
    """One picture."""

    content_negotiation_class = _PictureNegotiation
    changing_methods = {"DELETE"}
    project: Project
    scopes: Mapping[str, str] = {"GET": scopes.READ, "DELETE": scopes.WRITE}
    operation = {
        "GET": Operation(
            operation_id="heatmaps_pictures_retrieve",
            description="""A picture itself. Its `ETag` is another one when it is another picture; `If-None-Match` with
the same is answered 304.

A personal API key needs the scope `heatmap:read`.""",
            reply=OpenApiTypes.BINARY,
            reply_description="The picture.",
            errors=((404, "There is no such project, or no such picture in it."),),
            media_types=tuple(one.media_type for one in PictureFormat),
            without=OF_THE_ENGINE,
        ),
        "DELETE": Operation(
            operation_id="heatmaps_pictures_destroy",
            description=f"""Removes a picture.

{_WRITES}""",
            reply=None,
            reply_description="The picture is removed.",
            errors=((404, "There is no such project, or no such picture in it."),),
            without=OF_THE_ENGINE,
            may_be_kept=False,
            status=204,
        ),
    }

    def show(self, request: Request, **path: str) -> HttpResponse:
        picture = self._found(path["id"])
        tag = f'"{picture.sha256}"'
        response = get_conditional_response(request, etag=tag)
        if response is None:
            response = HttpResponse(bytes(picture.content), content_type=PictureFormat(picture.format).media_type)
            response["Content-Disposition"] = f'inline; filename="page-{picture.pk}.{picture.format}"'
        response["ETag"] = tag
        response["Cache-Control"] = _MAY_BE_KEPT
        response["Content-Security-Policy"] = _POLICY
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    def remove(self, request: Request, **path: str) -> HttpResponse:
        self._found(path["id"]).delete()
        return HttpResponse(status=204)

    def _found(self, text: str) -> Picture:
        return object_named(Picture.objects.filter(project=self.project), text, "Picture")


def _checked(kind: type[serializers.Serializer[None]], request: Request) -> dict[str, Any]:
    request.known_parameters = set(kind().fields)  # type: ignore[attr-defined]
    form = kind(data=request.query_params.dict())
    form.is_valid(raise_exception=True)
    values: dict[str, Any] = form.validated_data
    return values


def _drawn_anew(request: Request, project: Project) -> Recoded:
    with _place(project.pk):
        # Django's own request, which is a stream. One byte more than may be, for servers that announce nothing.
        content = cast("IO[bytes]", request._request).read(MAX_BYTES + 1)  # noqa: SLF001 -- no other name in DRF's
        if len(content) > MAX_BYTES:
            raise BadRequest(413, "request_too_large", f"The picture has more than {MAX_BYTES:,} bytes.")
        try:
            return recoded(content)
        except BadPicture as error:
            raise ParseError(str(error)) from error


@cache
def _reading() -> FairSemaphore:
    return FairSemaphore(settings.IMAGE_MAX_DRAWINGS)


@contextmanager
def _place(project_id: int) -> Iterator[None]:
    """Each takes a CPU, and memory for all of its pixels."""
    if not _reading().acquire(project_id, settings.CLICKHOUSE_QUEUE_SECONDS):
        raise EngineRefused(_BUSY)
    try:
        yield
    finally:
        _reading().release(project_id)


def _shown(picture: Picture) -> dict[str, Any]:
    return {
        "id": picture.pk,
        "url_page": picture.page,
        "width": picture.width,
        "height": picture.height,
        "bytes": picture.size,
        "created_at": picture.created_at,
    }


def _json(document: dict[str, Any], status: int = 200) -> HttpResponse:
    content = orjson.dumps(document, option=orjson.OPT_UTC_Z)
    # What was uploaded just now is to be there.
    return HttpResponse(content, status=status, headers={"Cache-Control": "no-store"}, content_type=json.MEDIA_TYPE)
