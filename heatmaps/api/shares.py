"""Share tokens of a project: made, listed and revoked."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from django.core.exceptions import ValidationError as BadValue
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from heatmaps.access import scopes
from heatmaps.api.lists import WholeList
from heatmaps.api.objects import object_named
from heatmaps.api.openapi import OF_THE_ENGINE, Operation
from heatmaps.api.views import ApiViewSet
from heatmaps.models import DEFAULT_MIN_VISITORS, Project, Share, ShareKind, origins_of
from heatmaps.models.shares import DEFAULT_SECONDS, MAX_LABEL_CHARS, MAX_SECONDS, MAX_URL_CHARS, MIN_SECONDS
from heatmaps.replies import json
from heatmaps.requests.grid import MOST_MIN_VISITORS

_SCOPE = """A personal API key needs the scope `heatmap:write`; `heatmap:read` is not enough. A session sends its CSRF
token in `X-CSRFToken`."""


def _url(help_text: str) -> serializers.CharField:
    return serializers.CharField(required=False, max_length=MAX_URL_CHARS, help_text=help_text)


class HeatmapShareRequest(serializers.Serializer[None]):
    """What a token is to open: exactly one of `url_page`, `url_exact` and `url_pattern`."""

    url_page = _url("A URL: all URLs of the same page, as in the heatmap's `url_page`.")
    url_exact = _url("A URL as captured, as in the heatmap's `url_exact`.")
    url_pattern = _url(
        "A pattern of whole URLs, as in the heatmap's `url_pattern`. Its scheme and host have to be written out."
    )
    expires_in = serializers.IntegerField(
        min_value=MIN_SECONDS, max_value=MAX_SECONDS, default=DEFAULT_SECONDS, help_text="Seconds until it expires."
    )
    min_visitors = serializers.IntegerField(
        min_value=1,
        max_value=MOST_MIN_VISITORS,
        default=DEFAULT_MIN_VISITORS,
        help_text="With the token, no request gets `min_visitors` below this.",
    )
    label = serializers.CharField(  # type: ignore[assignment]  # the member's name, which hides an attribute of fields
        max_length=MAX_LABEL_CHARS, default="", allow_blank=True, help_text="For whom it is, for example."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [kind.value for kind in ShareKind if kind.value in attrs]
        if not given:
            required = serializers.Field.default_error_messages["required"]
            raise serializers.ValidationError({ShareKind.PAGE.value: required}, code="required")
        if len(given) > 1:
            raise serializers.ValidationError({given[-1]: f"{' and '.join(given)} cannot be given together."})
        try:
            origins_of(given[0], attrs[given[0]])
        except BadValue as error:
            raise serializers.ValidationError({given[0]: error.messages}) from error
        return attrs


class HeatmapShare(serializers.Serializer[None]):
    id = serializers.IntegerField()
    mask = serializers.CharField(help_text="The end of the token, to know it by.")
    label = serializers.CharField()  # type: ignore[assignment]  # as above
    url_page = serializers.CharField(allow_null=True)
    url_exact = serializers.CharField(allow_null=True)
    url_pattern = serializers.CharField(allow_null=True)
    origins = serializers.ListField(
        child=serializers.CharField(), help_text="The origins whose pages may read what the token opens."
    )
    min_visitors = serializers.IntegerField()
    created_at = serializers.DateTimeField(help_text="In UTC.")
    expires_at = serializers.DateTimeField(help_text="In UTC.")
    is_expired = serializers.BooleanField()
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="In UTC; noted once an hour.")


class HeatmapMadeShare(HeatmapShare):
    token = serializers.CharField(help_text="Shown this once.")


class HeatmapSharesResponse(WholeList):
    results = HeatmapShare(many=True)


class SharesViewSet(ApiViewSet):
    """Share tokens of a project."""

    changing_methods = {"POST", "DELETE"}
    project: Project
    scopes: Mapping[str, str] = {"GET": scopes.WRITE, "POST": scopes.WRITE, "DELETE": scopes.WRITE}
    operation = {
        "GET": Operation(
            operation_id="heatmaps_shares_list",
            description=f"""The share tokens of a project, the newest first, without the tokens themselves.

{_SCOPE}""",
            reply=HeatmapSharesResponse,
            reply_description="Share tokens, the newest first.",
            without=OF_THE_ENGINE,
            may_be_kept=False,
        ),
        "POST": Operation(
            operation_id="heatmaps_shares_list",
            description=f"""Makes a share token, which opens the map of one page for whoever has it.

For example `{{"url_page": "https://shop.example/pricing", "label": "Ann"}}`. The token opens the heatmap, its picture,
its explanation, areas and comparisons, as `Authorization: Bearer phs_…`, and only with the URL filter that it was made
with. Pages of that URL's origin may read the replies.

{_SCOPE}""",
            reply=HeatmapMadeShare,
            reply_description="The share token, which is not shown again.",
            form=HeatmapShareRequest,
            without=OF_THE_ENGINE,
            may_be_kept=False,
            status=201,
        ),
        "DELETE": Operation(
            operation_id="heatmaps_shares_destroy",
            description=f"""Revokes a share token. It opens nothing from now on.

{_SCOPE}""",
            reply=None,
            reply_description="The token is revoked.",
            errors=((404, "There is no such project, or no such token in it."),),
            without=OF_THE_ENGINE,
            may_be_kept=False,
            status=204,
        ),
    }

    def show(self, request: Request, **path: str) -> HttpResponse:
        results = [_shown(share) for share in Share.objects.filter(project=self.project)]
        return _json({"count": len(results), "next": None, "previous": None, "results": results})

    def make(self, request: Request, **path: str) -> HttpResponse:
        if not isinstance(request.data, Mapping):
            raise ParseError("The body must be a JSON object.")
        form = HeatmapShareRequest(data={name: value for name, value in request.data.items() if value is not None})
        form.is_valid(raise_exception=True)
        values: dict[str, Any] = form.validated_data
        kind = next(kind.value for kind in ShareKind if kind.value in values)
        share, token = Share.make(
            self.project,
            kind,
            values[kind],
            lasts=timedelta(seconds=values["expires_in"]),
            min_visitors=values["min_visitors"],
            label=values["label"],
            created_by_id=request.user.pk,
        )
        return _json({**_shown(share), "token": token}, status=201)

    def revoke(self, request: Request, **path: str) -> HttpResponse:
        object_named(Share.objects.filter(project=self.project), path["id"], "Share token").delete()
        return HttpResponse(status=204)


def _shown(share: Share) -> dict[str, Any]:
    return {
        "id": share.pk,
        "mask": share.mask,
        "label": share.label,
        **{kind.value: share.url if share.kind == kind else None for kind in ShareKind},
        "origins": share.origins,
        "min_visitors": share.min_visitors,
        "created_at": share.created_at,
        "expires_at": share.expires_at,
        "is_expired": not share.is_live,
        "last_used_at": share.last_used_at,
    }


def _json(document: dict[str, Any], status: int = 200) -> HttpResponse:
    content = orjson.dumps(document, option=orjson.OPT_UTC_Z)
    # A token is in it once, or was until now.
    return HttpResponse(content, status=status, headers={"Cache-Control": "no-store"}, content_type=json.MEDIA_TYPE)
