"""Which pages a project captures: shown to whoever may read its heatmaps, changed by whoever may decide it."""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from heatmaps.access import scopes
from heatmaps.access.permissions import ProjectAccess, ProjectChange
from heatmaps.api.openapi import OF_THE_ENGINE, Operation
from heatmaps.api.views import ApiViewSet
from heatmaps.metadata import allowlist
from heatmaps.models import CaptureMode, Project
from heatmaps.replies import json

logger = structlog.get_logger(__name__)


class UrlAllowlist(serializers.ListField):
    """Refuses a list as a whole, with the entry that is at fault."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=serializers.CharField(max_length=allowlist.MAX_URL_CHARS),
            max_length=allowlist.MAX_URLS,
            help_text=(
                "Full URLs, in which `*` stands for any characters, compared with whole URLs as browsers send them. "
                f"At most {allowlist.MAX_URLS} of {allowlist.MAX_URL_CHARS:,} characters, kept distinct and sorted. "
                "With `capture_mode` `url_allowlist`, an empty list stores nothing."
            ),
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> list[str]:
        try:
            return allowlist.parse(data)
        except allowlist.BadAllowlist as error:
            raise serializers.ValidationError(str(error)) from error


def _capture_mode(**kwargs: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(
        choices=CaptureMode.values,
        help_text=(
            "`all`: interactions of all pages are stored. `url_allowlist`: only those of the URLs of `url_allowlist`, "
            "whatever browsers send."
        ),
        **kwargs,
    )


class HeatmapCaptureSettings(serializers.Serializer[None]):
    capture_mode = _capture_mode()
    url_allowlist = UrlAllowlist()
    enforcement_enabled = serializers.BooleanField(help_text="Always true: the list is enforced.")
    can_capture_all_urls = serializers.BooleanField(help_text="Always true: there are no plans.")
    capture_url_limit = serializers.IntegerField(allow_null=True, help_text="Always null: there are no plans.")


class HeatmapCaptureSettingsRequest(serializers.Serializer[None]):
    """What is left out stays as it is."""

    capture_mode = _capture_mode(required=False)
    url_allowlist = UrlAllowlist(required=False)


class CaptureSettingsViewSet(ApiViewSet):
    """Which pages a project captures."""

    permission_classes = [ProjectAccess, ProjectChange]
    changing_methods = {"PATCH"}
    project: Project
    scopes = {"GET": scopes.READ, "PATCH": scopes.WRITE}
    operation = {
        "GET": Operation(
            operation_id="heatmap_capture_settings_retrieve",
            description="""Of which pages interactions are stored.

A personal API key needs the scope `heatmap:read`.""",
            reply=HeatmapCaptureSettings,
            reply_description="The settings.",
            without=OF_THE_ENGINE,
            may_be_kept=False,
        ),
        "PATCH": Operation(
            operation_id="heatmap_capture_settings_update",
            description="""Changes of which pages interactions are stored. It takes effect within 10 seconds.

For example `{"capture_mode": "url_allowlist", "url_allowlist": ["https://shop.example/*"]}`. A personal API key needs
the scope `heatmap:write`; `heatmap:read` is not enough. A session has to be an administrator's, and sends its CSRF
token in `X-CSRFToken`.""",
            reply=HeatmapCaptureSettings,
            reply_description="The settings as they are now.",
            form=HeatmapCaptureSettingsRequest,
            without=OF_THE_ENGINE,
            may_be_kept=False,
        ),
    }

    def show(self, request: Request, **path: str) -> HttpResponse:
        return self._shown()

    def change(self, request: Request, **path: str) -> HttpResponse:
        if not isinstance(request.data, Mapping):
            raise ParseError("The body must be a JSON object.")
        form = HeatmapCaptureSettingsRequest(data=request.data)
        form.is_valid(raise_exception=True)
        changed: dict[str, Any] = form.validated_data
        if changed:
            # Only these, so that what else is changed meanwhile stays changed.
            Project.objects.filter(pk=self.project.pk).update(**changed)
            self.project.refresh_from_db(fields=["capture_mode", "url_allowlist"])
            logger.info(
                "Which pages are captured was changed",
                project=self.project.pk,
                by=request.user.get_username(),
                capture_mode=self.project.capture_mode,
                urls=len(self.project.url_allowlist),
            )
        return self._shown()

    def _shown(self) -> HttpResponse:
        document = {
            "capture_mode": self.project.capture_mode,
            "url_allowlist": self.project.url_allowlist,
            "enforcement_enabled": True,
            "can_capture_all_urls": True,
            "capture_url_limit": None,
        }
        return HttpResponse(orjson.dumps(document), content_type=json.MEDIA_TYPE)
