"""What a tool takes and gives back, as JSON Schema: out of the OpenAPI document, so from the same serializers."""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from heatmaps.api.schema_views import document_with_json_schemas
from heatmaps.mcp.tools import PROJECT, Tool
from heatmaps.requests.fields import JSONText

_REFERENCE = "$ref"
_COMPONENTS, _DEFINITIONS = "#/components/schemas/", "#/$defs/"
_PROJECT_ID = {
    "type": "integer",
    "description": "The project's id, as projects-list has it. The caller's current project when left out.",
}
_NO_PROJECT_ID = {"type": "integer", "description": "Has no effect here: all projects are listed."}


def input_schema(tool: Tool) -> dict[str, Any]:
    fields = tool.form._declared_fields if tool.form else {}  # noqa: SLF001 -- the class knows its fields by no other name
    told = {one["name"]: one for one in map(_resolved, _operation(tool.operation_id).get("parameters", []))}
    properties: dict[str, Any] = {}
    for name in tool.arguments:
        if name == PROJECT:
            properties[name] = _PROJECT_ID if tool.is_of_a_project else _NO_PROJECT_ID
            continue
        schema = copy.deepcopy(told[name]["schema"])
        if isinstance(field := fields.get(name), JSONText):
            # A text in a query; here JSON may stand as it is.
            schema = {"anyOf": [dict(field.json_schema), schema]}
        if name in tool.defaults:
            schema["default"] = tool.defaults[name]
        if schema.get("default") == "":
            # The same as leaving it out, and yet no value that the rest of the schema allows.
            del schema["default"]
        properties[name] = schema | {"description": told[name]["description"]}
    required = [name for name in properties if told.get(name, {}).get("required") and name != PROJECT]
    return _with_definitions(
        {
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }
    )


def output_schema(tool: Tool) -> dict[str, Any] | None:
    """Of what is JSON; a picture has none."""
    content = _operation(tool.operation_id)["responses"]["200"].get("content", {}).get("application/json")
    if content is None:
        return None
    schema = content["schema"]
    if _REFERENCE in schema:
        schema = _component(schema[_REFERENCE])
    return _with_definitions({"type": "object", **copy.deepcopy(schema)})


@cache
def _operations() -> dict[str, Any]:
    paths = document_with_json_schemas()["paths"].values()
    return {operation["operationId"]: operation for path in paths for operation in path.values()}


def _operation(operation_id: str) -> dict[str, Any]:
    return cast("dict[str, Any]", _operations()[operation_id])


def _resolved(value: dict[str, Any]) -> dict[str, Any]:
    return _component(value[_REFERENCE]) if _REFERENCE in value else value


def _component(reference: str) -> dict[str, Any]:
    found: Any = document_with_json_schemas()
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return cast("dict[str, Any]", found)


def _with_definitions(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with all that it refers to, so that it stands alone."""
    definitions: dict[str, Any] = {}
    waiting = list(_references(schema))
    while waiting:
        reference = waiting.pop()
        name = reference["$ref"].removeprefix(_COMPONENTS)
        reference["$ref"] = _DEFINITIONS + name
        if name not in definitions:
            definitions[name] = copy.deepcopy(_component(_COMPONENTS + name))
            waiting.extend(_references(definitions[name]))
    return {**schema, "$defs": definitions} if definitions else schema


def _references(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if _REFERENCE in value:
            yield value
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)
