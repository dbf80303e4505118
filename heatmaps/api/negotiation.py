"""In what form a reply is sent: what `format` says, else what the Accept header takes, else JSON."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from rest_framework.exceptions import NotAcceptable, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.settings import APISettings

from heatmaps.replies.formats import FORMATS, JSON, Format


class AcceptHeaderNegotiation(DefaultContentNegotiation):
    """Leaves `?format=` alone: here it is an unknown parameter like any other."""

    settings = APISettings({"URL_FORMAT_OVERRIDE": None})  # type: ignore[assignment,arg-type]


class FormatNegotiation(AcceptHeaderNegotiation):
    """Takes every format that answers have. A `format` in the query wins, so the Accept header is not looked at."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        (json,) = renderers
        if request.query_params.get("format"):
            return json, json.media_type or ""
        if pictures := request.parser_context["view"].entry.pictures:
            return self._of_pictures(request, pictures)
        offered = [json, *_OTHERS] if _has_results(request) else [json]
        found: tuple[BaseRenderer, str] = super().select_renderer(request, offered, format_suffix)
        return found

    def _of_pictures(self, request: Request, pictures: Mapping[str, str]) -> tuple[BaseRenderer, str]:
        """The first of the formats that is accepted at all: what a browser accepts for an image names some formats and
        then everything, and is to get the default one."""
        for name, media_type in pictures.items():
            with suppress(NotAcceptable):
                found: tuple[BaseRenderer, str] = super().select_renderer(request, [Named(name, media_type)])
                return found
        raise NotAcceptable


class Named(BaseRenderer):
    """Stands for a format while the framework chooses; nothing is rendered by it."""

    def __init__(self, name: str, media_type: str) -> None:
        self.media_type = media_type
        self.format = name

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        raise NotImplementedError


_OTHERS = [Named(one.name, one.media_type) for one in FORMATS.values() if one.name != "json"]


def chosen_format(request: Request) -> Format:
    """The format of the reply; raises ValidationError."""
    name = request.query_params.get("format") or request.accepted_renderer.format
    if not _has_results(request) and name != JSON.name:
        raise ValidationError({"format": "This answer is a document: there is the format json."})
    if name not in FORMATS:
        raise ValidationError({"format": f"There are the formats {', '.join(FORMATS)}."})
    return FORMATS[name]


def _has_results(request: Request) -> bool:
    return bool(request.parser_context["view"].entry.has_results)
