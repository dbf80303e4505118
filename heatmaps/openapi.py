"""What the OpenAPI document says beyond the request serializers: the shapes of the replies, the errors, examples."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

OPERATION_IDS = {
    "/api/projects/{project_id}/heatmaps/": "heatmaps_list",
    "/api/projects/{project_id}/heatmaps/events/": "heatmaps_events_retrieve",
    "/api/environments/{environment_id}/heatmaps/": "environments_heatmaps_list",
    "/api/environments/{environment_id}/heatmaps/events/": "environments_heatmaps_events_retrieve",
}

EXAMPLES: dict[str, list[Any]] = {
    "project_id": ["1", "@current"],
    "environment_id": ["1", "@current"],
    "viewport_width_min": [1024],
    "viewport_width_max": [1440],
    "type": ["click", "rageclick", "scrolldepth"],
    "date_from": ["-7d", "2026-11-01", "-1mStart", "all"],
    "date_to": ["2026-11-23", "-1d"],
    "url_exact": ["https://example.com/pricing"],
    "url_pattern": ["https://example.com/blog/*"],
    "aggregation": ["unique_visitors"],
    "filter_test_accounts": [True],
    "hide_zero_coordinates": [False],
    "cohort_ids": ["[1,2]"],
    "events": ['[{"id":"purchase"}]'],
    "limit": [50],
    "offset": [50],
    "points": ['[{"x":0.06,"y":16,"target_fixed":false}]'],
}


class HeatmapResponseItem(serializers.Serializer[None]):
    count = serializers.IntegerField(min_value=1, help_text="Interactions, or visitors, in this cell.")
    pointer_y = serializers.IntegerField(help_text="CSS px from the top of the page, or of the viewport when fixed.")
    pointer_relative_x = serializers.FloatField(help_text="Share of the viewport's width, to two decimals.")
    pointer_target_fixed = serializers.BooleanField(help_text="Whether the element stays put when the page scrolls.")


class HeatmapFoldSummary(serializers.Serializer[None]):
    total_count = serializers.IntegerField(help_text="Interactions with elements that are not fixed.")
    below_fold_count = serializers.IntegerField(help_text="Those of them below the first screenful.")
    pct_below_fold = serializers.FloatField(help_text="Their share, in percent, to one decimal.")
    median_viewport_height = serializers.IntegerField(
        allow_null=True, help_text="CSS px, over all interactions; null when there are none."
    )


class HeatmapsResponse(serializers.Serializer[None]):
    results = HeatmapResponseItem(many=True)
    fold = HeatmapFoldSummary()
    has_more = serializers.BooleanField(help_text="Whether there are points beyond offset + limit.")


class HeatmapScrollDepthItem(serializers.Serializer[None]):
    cumulative_count = serializers.IntegerField(help_text="How many reached this bucket or a deeper one.")
    bucket_count = serializers.IntegerField(help_text="How many got no further than this bucket.")
    scroll_depth_bucket = serializers.IntegerField(help_text="Where the bucket begins, in CSS px; it is 100 px deep.")


class HeatmapScrollDepthResponse(serializers.Serializer[None]):
    results = HeatmapScrollDepthItem(many=True)


class HeatmapEventItem(serializers.Serializer[None]):
    session_id = serializers.CharField(allow_null=True)
    distinct_id = serializers.CharField(help_text="The visitor.")
    timestamp = serializers.DateTimeField(help_text="In UTC.")
    pointer_relative_x = serializers.FloatField()
    pointer_y = serializers.IntegerField()
    current_url = serializers.CharField(help_text="As captured.")
    type = serializers.CharField()


class HeatmapEventsResponse(serializers.Serializer[None]):
    results = HeatmapEventItem(many=True)
    total_count = serializers.IntegerField(help_text="On all pages together.")
    has_more = serializers.BooleanField()


class HeatmapError(serializers.Serializer[None]):
    type = serializers.ChoiceField(
        choices=["validation_error", "invalid_request", "authentication_error", "throttled_error", "server_error"]
    )
    code = serializers.CharField(help_text="What is wrong, for programs.")
    detail = serializers.CharField(help_text="What is wrong and what to do, for people.")
    attr = serializers.CharField(allow_null=True, help_text="The parameter at fault.")


_ERRORS = {
    400: "A parameter is wrong; `attr` names it.",
    401: "No key, or one that opens nothing.",
    403: "The key or its user may not read this project.",
    404: "There is no such project.",
    405: "Only GET, HEAD and OPTIONS are answered.",
    406: "The reply is JSON, and the Accept header excludes it.",
    414: "The request target has more than 60,000 characters.",
    429: "The key's budget is spent; Retry-After tells for how many seconds.",
    500: "A fault of the service.",
    503: "The database is busy or away; try again after Retry-After seconds.",
    504: "The question took too long; shorten the dates or narrow the filters.",
    512: "The question would take too long; shorten the dates or narrow the filters.",
    513: "The question needs too much memory; shorten the dates or narrow the filters.",
}
ERROR_RESPONSES = {status: OpenApiResponse(HeatmapError, description) for status, description in _ERRORS.items()}

HEATMAP_RESPONSES = {
    200: OpenApiResponse(
        PolymorphicProxySerializer(
            component_name="HeatmapReply",
            serializers=[HeatmapsResponse, HeatmapScrollDepthResponse],
            resource_type_field_name=None,
            # The name of the operation would have it be an array.
            many=False,
        ),
        "Points with a fold summary, or scroll-depth buckets for `type=scrolldepth`.",
    ),
    **ERROR_RESPONSES,
}
INTERACTIONS_RESPONSES = {200: OpenApiResponse(HeatmapEventsResponse, "Interactions, newest first."), **ERROR_RESPONSES}

_COUNT = {"type": "integer", "minimum": 0}
_SECONDS = {"type": "integer", "minimum": 1}
# What is answered before the service looks for a key cannot tell what is left to it.
_WITH_A_KEY = [200, *(status for status in _ERRORS if status not in {401, 414})]


def _header(
    name: str, schema: dict[str, Any], statuses: list[int], description: str, required: bool
) -> OpenApiParameter:
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, required=required, description=description, response=statuses
    )


RESPONSE_HEADERS = [
    _header("RateLimit-Limit", _COUNT, _WITH_A_KEY, "How many requests the key may make.", required=False),
    _header("RateLimit-Remaining", _COUNT, _WITH_A_KEY, "How many of them are left.", required=False),
    _header("RateLimit-Reset", _COUNT, _WITH_A_KEY, "In how many seconds all are there again.", required=False),
    _header("Retry-After", _SECONDS, [429, 503], "For how many seconds to wait.", required=True),
    _header("WWW-Authenticate", {"type": "string", "enum": ["Bearer"]}, [401], "The scheme of a key.", required=True),
    _header("Vary", {"type": "string"}, [200], "The request headers that the reply depends on.", required=True),
]
CACHE_CONTROL = _header(
    "Cache-Control", {"type": "string"}, [200], "For how long the caller may keep the reply.", required=True
)


class HeatmapsSchema(AutoSchema):
    """Operation ids and tags as upstream's SDKs have them."""

    def get_operation_id(self) -> str:
        return OPERATION_IDS[self.path]

    def get_tags(self) -> list[str]:
        return ["heatmaps"]

    def get_override_parameters(self) -> list[Any]:
        name = "environment_id" if "environment" in self.path else "project_id"
        path_parameter = OpenApiParameter(
            name,
            OpenApiTypes.STR,
            OpenApiParameter.PATH,
            description="The project's id; `@current` for the caller's current project.",
        )
        headers = RESPONSE_HEADERS if self.path.endswith("events/") else [*RESPONSE_HEADERS, CACHE_CONTROL]
        return [path_parameter, *headers, *super().get_override_parameters()]


class PersonalAPIKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "heatmaps.authentication.PersonalAPIKeyAuthentication"
    name = "PersonalAPIKeyAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal API key (`phx_…`) with the scope `heatmap:read`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "heatmaps.authentication.ReadOnlySessionAuthentication"
    name = "cookieAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A session of the admin's login."}


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: serializers have no place for the examples of a parameter."""
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                examples = EXAMPLES[parameter["name"]]
                parameter["examples"] = {str(value): {"value": value} for value in examples}
    return result


def name_enums(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: without names, a generated client has one and the same type once for each operation,
    and none of them fits where another is asked for."""
    named = result["components"]["schemas"]
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                if "enum" not in (schema := parameter["schema"]):
                    continue
                name = "Heatmap" + parameter["name"].title().replace("_", "")
                told = {"type": schema["type"], "enum": schema["enum"]}
                if named.setdefault(name, told) == told:
                    # Beside a bare reference, a default would be ignored.
                    beside = {key: value for key, value in schema.items() if key == "default"}
                    parameter["schema"] = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], **beside}
    return result


def drop_marks(result: Any, **_: Any) -> Any:
    """A hook of drf-spectacular: leaves out the marks by which it knows its own enums."""
    if isinstance(result, dict):
        result.pop("x-spec-enum-id", None)
        for value in result.values():
            drop_marks(value)
    elif isinstance(result, list):
        for value in result:
            drop_marks(value)
    return result


def close_scroll_depth(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: a reply without points would else be of both shapes, since points have more keys."""
    result["components"]["schemas"]["HeatmapScrollDepthResponse"]["additionalProperties"] = False
    return result
