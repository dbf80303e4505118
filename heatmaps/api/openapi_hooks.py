"""Hooks of drf-spectacular: what it cannot be told of the document is mended in the finished one."""

import json
from collections.abc import Iterator
from typing import Any

from heatmaps import questions


def _examples(operation: dict[str, Any]) -> dict[str, list[Any]]:
    """What is shown for each parameter of an operation, by its name. Parameters of one name differ by question."""
    projects = ["1", "@current"]
    shown: dict[str, list[Any]] = {
        "id": [1],
        "project_id": projects,
        "environment_id": projects,
        "format": ["csv", "parquet"],
        "url_page": ["https://example.com/pricing"],
        "width": [1440, 390],
    }
    for entry in questions.REGISTER:
        if entry.operation_id == operation["operationId"].removeprefix("environments_"):
            shown |= entry.form.all_examples()
    return shown


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Serializers have no place for the examples of a parameter.

    What stands as `examples` is what Swagger UI fills in, so those of a parameter that may be left out are only told:
    nobody's first request is to have a filter for a page that is not theirs.
    """
    # One of these has to be there, though none of them by itself.
    needed = {entry.form.one_of[0] for entry in questions.REGISTER if entry.form.one_of}
    for operation in _operations(result):
        examples = _examples(operation)
        for parameter in operation.get("parameters", []):
            shown = examples[parameter["name"]]
            if parameter.get("required") or parameter["name"] in needed:
                parameter["examples"] = {str(value): {"value": value} for value in shown}
            else:
                parameter["description"] += f" For example {', '.join(f'`{_written(value)}`' for value in shown)}."
    return result


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def name_enums(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Without names, a generated client has one and the same type once for each operation,
    and none of them fits where another is asked for."""
    named = result["components"]["schemas"]
    for operation in _operations(result):
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
    """Leaves out the marks by which it knows its own enums."""
    if isinstance(result, dict):
        result.pop("x-spec-enum-id", None)
        for value in result.values():
            drop_marks(value)
    elif isinstance(result, list):
        for value in result:
            drop_marks(value)
    return result


# Each has the keys that another shape has beside more of them.
_CLOSED = ("HeatmapScrollDepthResponse", "HeatmapSideTotal")


def close_shapes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A reply without results would else be of both shapes of its route."""
    for name in _CLOSED:
        result["components"]["schemas"][name]["additionalProperties"] = False
    return result


def share_components(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What stands in several places is said once, among the components, and referred to."""
    for operation in _operations(result):
        for response in operation["responses"].values():
            for name, header in response.get("headers", {}).items():
                response["headers"][name] = _shared(result, "headers", name.replace("-", ""), header)
        operation["parameters"] = [
            _shared(result, "parameters", _camel(one["name"]), one) for one in operation.get("parameters", [])
        ]
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                operation["responses"][status] = _shared(result, "responses", f"Error{status}", response)
    return result


def _shared(document: dict[str, Any], kind: str, name: str, value: dict[str, Any]) -> dict[str, Any]:
    """A reference to the component that says just this; one of the name that says something else leads to a number."""
    components = document["components"].setdefault(kind, {})
    number, free = 1, name
    while components.setdefault(free, value) != value:
        number += 1
        free = f"{name}{number}"
    return {"$ref": f"#/components/{kind}/{free}"}


def _camel(name: str) -> str:
    return name.title().replace("_", "")
