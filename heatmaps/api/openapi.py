"""What the OpenAPI document says of each operation: most of it comes from the register of questions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from heatmaps.questions.entry import Entry
from heatmaps.replies.formats import FORMATS, JSON

# What only the engine says, and what only a project in the path can be.
OF_THE_ENGINE, OF_A_PROJECT = frozenset({504, 512, 513}), frozenset({404})


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
    405: "The method is not allowed on this route.",
    406: "The Accept header excludes every format of the reply.",
    414: "The request target has more than 60,000 characters.",
    429: "The key's budget is spent, or too many invalid keys came from the address; wait Retry-After seconds.",
    500: "A fault of the service.",
    503: "The database is busy or away; try again after Retry-After seconds.",
    504: "The question took too long; shorten the dates or narrow the filters.",
    512: "The question would take too long; shorten the dates or narrow the filters.",
    513: "The question needs too much memory; shorten the dates or narrow the filters.",
}


_ERRORS_OF_A_BODY = {413: "The body has more than 2 MiB.", 415: "The body is not JSON."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one route answers."""

    operation_id: str
    description: str
    reply: Any
    reply_description: str
    status: int = 200
    # The parameters of its query, or of its body where it has one.
    form: type[serializers.Serializer[Any]] | None = None
    # Errors that it does not know.
    without: Collection[int] = ()
    # Errors that it has, or tells otherwise.
    errors: Collection[tuple[int, str]] = ()
    # Media types of a body that is a file.
    body: Collection[str] = ()
    may_be_kept: bool = True
    has_formats: bool = False
    # Of a reply that is a picture.
    media_types: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def operation_of(entry: Entry[Any]) -> Operation:
    reply: Any = OpenApiTypes.BINARY
    if not entry.pictures:
        reply = entry.replies[0](many=True) if entry.is_bare_list else entry.replies[0]
    if len(entry.replies) > 1:
        reply = PolymorphicProxySerializer(
            component_name=entry.reply_name,
            serializers=list(entry.replies),
            resource_type_field_name=None,
            many=False,
        )
    return Operation(
        operation_id=entry.operation_id,
        description=entry.description,
        reply=reply,
        reply_description=entry.reply_description,
        form=entry.form,
        may_be_kept=entry.may_be_kept,
        has_formats=entry.has_results,
        media_types=tuple(entry.pictures.values()),
        headers=entry.headers,
    )


_COUNT = {"type": "integer", "minimum": 0}
_SECONDS = {"type": "integer", "minimum": 1}
# What is answered before the service looks for a key cannot tell what is left to it.
_WITH_A_KEY = [200, 201, 204, *(status for status in _ERRORS if status not in {401, 414})]


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
    _header(
        "X-Request-ID",
        {"type": "string"},
        [200, 201, 204, *_ERRORS],
        "What the log knows the request by.",
        required=True,
    ),
    _header(
        "Vary", {"type": "string"}, [200, 201, 204], "The request headers that the reply depends on.", required=True
    ),
]
IGNORED = _header(
    "Heatmaps-Ignored",
    {"type": "string"},
    [200, 400],
    "Names of unknown query parameters, which have no effect: percent-encoded, separated by commas, at most 10.",
    required=False,
)
CACHE_CONTROL = _header(
    "Cache-Control", {"type": "string"}, [200], "For how long the caller may keep the reply.", required=True
)


FORMAT = OpenApiParameter(
    "format",
    OpenApiTypes.STR,
    enum=list(FORMATS),
    default=JSON.name,
    description=(
        "Format of the reply; wins over the Accept header. Formats other than JSON contain only the results. The other "
        "keys of the reply are in headers such as `Heatmaps-Has-More`, and in the schema metadata of Arrow and Parquet."
    ),
)


class HeatmapsSchema(AutoSchema):
    """Takes what it says from the `operation` of the view. Operation ids and tags are as upstream's SDKs have them."""

    @property
    def operation(self) -> Operation:
        found: Operation | Mapping[str, Operation] = self.view.operation  # type: ignore[attr-defined]
        return found if isinstance(found, Operation) else found[self.method]

    @property
    def has_body(self) -> bool:
        return self.method in {"POST", "PATCH"}

    def get_operation_id(self) -> str:
        prefix = "environments_" if self.path.startswith("/api/environments/") else ""
        operation_id = prefix + self.operation.operation_id
        return operation_id.removesuffix("_list") + "_create" if self.method == "POST" else operation_id

    def get_description(self) -> str:  # type: ignore[override]
        return self.operation.description

    def get_tags(self) -> list[str]:
        return ["heatmaps"]

    def get_override_parameters(self) -> list[Any]:
        may_be_kept = self.operation.may_be_kept and not self.has_body
        form = self.operation.form
        # Beside a file, parameters stay in the query.
        is_in_query = form and (self.operation.body or not self.has_body) and form().fields
        in_query = [form] if is_in_query else []
        headers = [
            *RESPONSE_HEADERS,
            *([CACHE_CONTROL] if may_be_kept else []),
            *([IGNORED] if self.operation.form else []),
            *(
                _header(name, _COUNT, [200], description, required=False)
                for name, description in self.operation.headers.items()
            ),
        ]
        formats = [FORMAT] if self.operation.has_formats else []
        return [*self._path_parameters(), *headers, *in_query, *formats]

    def get_auth(self) -> list[dict[str, list[str]]]:
        auths: list[dict[str, list[str]]] = super().get_auth()
        if getattr(self.view, "opens_to_shares", False):
            return auths
        return [auth for auth in auths if ShareScheme.name not in auth]

    def get_request_serializer(self) -> Any:
        if self.operation.body:
            return dict.fromkeys(self.operation.body, OpenApiTypes.BINARY)
        return self.operation.form if self.has_body else None

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def get_response_serializers(self) -> dict[int | tuple[int, str], OpenApiResponse]:  # type: ignore[override]
        operation = self.operation
        general = _ERRORS | _ERRORS_OF_A_BODY if self.has_body else _ERRORS
        known = sorted({**general, **dict(operation.errors)}.items())
        errors: dict[int | tuple[int, str], OpenApiResponse] = {
            status: OpenApiResponse(HeatmapError, description)
            for status, description in known
            if status not in operation.without
        }
        # The other formats are told with the parameter: named here, they would make the type of every reply one of
        # several in generated clients.
        reply = OpenApiResponse(operation.reply, operation.reply_description)
        if operation.media_types:
            return {**{(200, media_type): reply for media_type in operation.media_types}, **errors}
        return {operation.status: reply, **errors}

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
        ] + [
            OpenApiParameter(name, OpenApiTypes.INT, OpenApiParameter.PATH, description="As the list has it.")
            for name in ("id",)
            if f"{{{name}}}" in self.path
        ]


class JSONTextExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """JSON in a query is a text; in a body, which is JSON, it stands as it is."""

    target_class = "heatmaps.requests.fields.JSONText"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: HeatmapsSchema, direction: str) -> dict[str, Any]:  # type: ignore[override]
        return dict(self.target.json_schema) if auto_schema.has_body else {"type": "string"}


class PersonalAPIKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "heatmaps.access.authentication.PersonalAPIKeyAuthentication"
    name = "PersonalAPIKeyAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal API key (`phx_…`) with the scope `heatmap:read`, or another where one is named.",
        }


class ShareScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "heatmaps.access.authentication.ShareAuthentication"
    name = "ShareTokenAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A share token (`phs_…`), which opens the map of its own pages.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "heatmaps.access.authentication.SessionAuthentication"
    name = "cookieAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A session of the admin's login."}
