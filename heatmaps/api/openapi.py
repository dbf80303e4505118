"""What the OpenAPI document says beyond the request serializers: the shapes of the replies, the errors, examples."""

import json
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema_serializer,
)
from rest_framework import serializers

OPERATION_IDS = {
    "/api/projects/{project_id}/heatmaps/": "heatmaps_list",
    "/api/projects/{project_id}/heatmaps/events/": "heatmaps_events_retrieve",
    "/api/environments/{environment_id}/heatmaps/": "environments_heatmaps_list",
    "/api/environments/{environment_id}/heatmaps/events/": "environments_heatmaps_events_retrieve",
    "/api/projects/{project_id}/heatmaps/pages/": "heatmaps_pages_list",
    "/api/environments/{environment_id}/heatmaps/pages/": "environments_heatmaps_pages_list",
    "/api/projects/{project_id}/cohorts/": "cohorts_list",
    "/api/projects/": "projects_list",
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
    "search": ["pricing"],
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


class HeatmapPageType(serializers.Serializer[None]):
    type = serializers.CharField()
    count = serializers.IntegerField(min_value=1, help_text="Interactions.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")


class HeatmapPageItem(serializers.Serializer[None]):
    url = serializers.CharField(help_text="Without the slashes at its end, as `url_exact` takes it.")
    total_count = serializers.IntegerField(min_value=1, help_text="Interactions of all types that were asked about.")
    visitors = serializers.IntegerField(min_value=1, help_text="Distinct visitors among them, exactly.")
    first_seen = serializers.DateTimeField(help_text="The oldest interaction, in UTC.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")
    types = HeatmapPageType(many=True, help_text="The most frequent first.")


class HeatmapPagesResponse(serializers.Serializer[None]):
    results = HeatmapPageItem(many=True)
    types = HeatmapPageType(
        many=True, help_text="Of all pages together, whatever limit and offset are; the most frequent first."
    )
    has_more = serializers.BooleanField(help_text="Whether there are pages beyond offset + limit.")


class WholeList(serializers.Serializer[None]):
    """A list that is never cut, in the shape of those of upstream that are."""

    count = serializers.IntegerField(help_text="How many results there are.")
    next = serializers.CharField(allow_null=True, help_text="Always null: the reply has all results.")
    previous = serializers.CharField(allow_null=True, help_text="Always null.")


class ProjectItem(serializers.Serializer[None]):
    id = serializers.IntegerField()
    organization = serializers.UUIDField()
    name = serializers.CharField()
    timezone = serializers.CharField(help_text="In which the days of its dates begin and end.")
    is_current = serializers.BooleanField(help_text="Whether `@current` stands for it.")


@extend_schema_serializer(many=False)
class ProjectsResponse(WholeList):
    results = ProjectItem(many=True)


class CohortItem(serializers.Serializer[None]):
    id = serializers.IntegerField(help_text="As `cohort_ids` takes it.")
    name = serializers.CharField()
    is_static = serializers.BooleanField(help_text="Whether it is a list of persons, not a calculation.")


@extend_schema_serializer(many=False)
class CohortsResponse(WholeList):
    results = CohortItem(many=True)


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
    429: "The key's budget is spent, or too many invalid keys came from the address; wait Retry-After seconds.",
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
PAGES_RESPONSES = {200: OpenApiResponse(HeatmapPagesResponse, "Pages, the busiest first."), **ERROR_RESPONSES}
# What only the engine says, and what only a project in the path can be.
_OF_THE_ENGINE, _OF_A_PROJECT = {504, 512, 513}, {404}
COHORTS_RESPONSES = {
    200: OpenApiResponse(CohortsResponse, "Cohorts, by name."),
    **{status: reply for status, reply in ERROR_RESPONSES.items() if status not in _OF_THE_ENGINE},
}
PROJECTS_RESPONSES = {
    200: OpenApiResponse(ProjectsResponse, "Projects, by id."),
    **{status: reply for status, reply in ERROR_RESPONSES.items() if status not in _OF_THE_ENGINE | _OF_A_PROJECT},
}

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
    _header("X-Request-ID", {"type": "string"}, [200, *_ERRORS], "What the log knows the request by.", required=True),
    _header("Vary", {"type": "string"}, [200], "The request headers that the reply depends on.", required=True),
]
IGNORED = _header(
    "Heatmaps-Ignored",
    {"type": "string"},
    [200, 400],
    "Names of query parameters that are not known and so have no effect: percent-encoded, between commas, at most 10.",
    required=False,
)
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
        headers = RESPONSE_HEADERS if self.path.endswith("events/") else [*RESPONSE_HEADERS, CACHE_CONTROL]
        if "/heatmaps/" in self.path:
            headers = [*headers, IGNORED]
        return [*self._path_parameters(), *headers, *super().get_override_parameters()]

    def _path_parameters(self) -> list[OpenApiParameter]:
        return [
            OpenApiParameter(
                name,
                OpenApiTypes.STR,
                OpenApiParameter.PATH,
                description="The project's id; `@current` for the caller's current project.",
            )
            for name in ("environment_id", "project_id")
            if f"{{{name}}}" in self.path
        ]


class PersonalAPIKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "heatmaps.access.authentication.PersonalAPIKeyAuthentication"
    name = "PersonalAPIKeyAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal API key (`phx_…`) with the scope `heatmap:read`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "heatmaps.access.authentication.ReadOnlySessionAuthentication"
    name = "cookieAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A session of the admin's login."}


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: serializers have no place for the examples of a parameter.

    What stands as `examples` is what Swagger UI fills in, so those of a parameter that may be left out are only told:
    nobody's first request is to have a filter for a page that is not theirs.
    """
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                examples = EXAMPLES[parameter["name"]]
                if parameter.get("required"):
                    parameter["examples"] = {str(value): {"value": value} for value in examples}
                else:
                    told = ", ".join(
                        f"`{value if isinstance(value, str) else json.dumps(value)}`" for value in examples
                    )
                    parameter["description"] += f" For example {told}."
    return result


def name_enums(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: without names, a generated client has one and the same type once for each operation,
    and none of them fits where another is asked for."""
    named = result["components"]["schemas"]
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
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
