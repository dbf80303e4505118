"""In what form a reply is sent: what `format` says, else what the Accept header takes, else JSON."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.http.request import MediaType
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
    """Takes every format that answers have, with the weights of the Accept header. Who names none of ours is answered
    as by upstream, which heeds no weights. A `format` in the query wins, so the Accept header is not looked at."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        (json,) = renderers
        if request.query_params.get("format"):
            return json, json.media_type or ""
        weights = _weights(self.get_accept_list(request))
        if pictures := request.parser_context["view"].entry.pictures:
            return self._of_pictures(request, {name: one for name, one in pictures.items() if weights.get(one) != 0})
        others = [one for one in _OTHERS if weights.get(one.media_type) != 0] if _has_results(request) else []
        named = [one for one in others if one.media_type in weights]
        if not named:
            found: tuple[BaseRenderer, str] = super().select_renderer(request, [json, *others], format_suffix)
            return found
        best = max(named, key=lambda one: weights[one.media_type])
        most = weights[best.media_type]
        # JSON goes before what is wanted as much where it is named, and behind it where it is meant by a star.
        if JSON.media_type in weights:
            is_json = weights[JSON.media_type] >= most
        else:
            is_json = max(weights.get("application/*", 0), weights.get("*/*", 0)) > most
        chosen = json if is_json else best
        return chosen, chosen.media_type or ""

    def _of_pictures(self, request: Request, pictures: Mapping[str, str]) -> tuple[BaseRenderer, str]:
        """The first of the formats that is accepted at all: what a browser accepts for an image names some formats and
        then everything, and is to get the default one."""
        for name, media_type in pictures.items():
            with suppress(NotAcceptable):
                found: tuple[BaseRenderer, str] = super().select_renderer(request, [Named(name, media_type)])
                return found
        raise NotAcceptable


def _weights(accepted: Iterable[str]) -> dict[str, float]:
    """Of each media type of an Accept header how much it is wanted, from 0 to 1, whatever its other parameters are."""
    types = [MediaType(text) for text in accepted]
    return {f"{one.main_type}/{one.sub_type}": one.quality for one in types}


class Named(BaseRenderer):
    """Stands for a format while the framework chooses; nothing is rendered by it."""

    def __init__(self, name: str, media_type: str) -> None:
        self.media_type = media_type
        self.format = name

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        raise NotImplementedError


_OTHERS = [Named(one.name, one.media_type) for one in FORMATS.values() if one.name != "json"]


def chosen_format(request: Request, given: Mapping[str, Any]) -> Format:
    """The format of the reply, by the parameters that were given; raises ValidationError."""
    name = given.get("format") or request.accepted_renderer.format
    if not _has_results(request) and name != JSON.name:
        raise ValidationError({"format": "This answer is a document: there is the format json."})
    if not isinstance(name, str) or name not in FORMATS:
        raise ValidationError({"format": f"There are the formats {', '.join(FORMATS)}."})
    return FORMATS[name]


def _has_results(request: Request) -> bool:
    return bool(request.parser_context["view"].entry.has_results)
