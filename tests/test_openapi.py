"""The OpenAPI document, which SDKs are generated from."""

import copy
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from heatmaps import __version__
from heatmaps.api import schema_views
from heatmaps.questions import REGISTER
from tests.test_injection import required

COPY = Path(__file__).parent.parent / "docs" / "openapi.yaml"
PLACES = (("", "projects", "project_id"), ("environments_", "environments", "environment_id"))
OPERATIONS = {
    **{
        f"/api/{places}/{{{place_id}}}/{entry.path}/": (
            prefix + entry.operation_id,
            place_id,
            entry.reply_name or next((reply.__name__ for reply in entry.replies), None),
        )
        for entry in REGISTER
        for prefix, places, place_id in PLACES
    },
    **{
        f"/api/{places}/{{{place_id}}}/heatmap_capture/settings/": (
            f"{prefix}heatmap_capture_settings_retrieve",
            place_id,
            "HeatmapCaptureSettings",
        )
        for prefix, places, place_id in PLACES
    },
    "/api/projects/{project_id}/cohorts/": ("cohorts_list", "project_id", "CohortsResponse"),
    "/api/projects/": ("projects_list", None, "ProjectsResponse"),
}
IMPORTS = {
    "/api/projects/{project_id}/heatmaps/imports/": "heatmaps_imports_create",
    "/api/environments/{environment_id}/heatmaps/imports/": "environments_heatmaps_imports_create",
}
SHARES = {
    f"/api/{places}/{{{place_id}}}/heatmaps/shares/{one}": (
        {"delete": f"{prefix}heatmaps_shares_destroy"}
        if one
        else {"get": f"{prefix}heatmaps_shares_list", "post": f"{prefix}heatmaps_shares_create"}
    )
    for prefix, places, place_id in PLACES
    for one in ("", "{id}/")
}
PREFLIGHT = {
    f"/api/{places}/{{{place_id}}}/heatmaps/preflight/": f"{prefix}heatmaps_preflight_create"
    for prefix, places, place_id in PLACES
}
PICTURES = {
    f"/api/{places}/{{{place_id}}}/heatmaps/pictures/{one}": (
        {"get": f"{prefix}heatmaps_pictures_retrieve", "delete": f"{prefix}heatmaps_pictures_destroy"}
        if one
        else {"get": f"{prefix}heatmaps_pictures_list", "post": f"{prefix}heatmaps_pictures_create"}
    )
    for prefix, places, place_id in PLACES
    for one in ("", "{id}/")
}
QUESTIONS = {entry.path: entry for entry in REGISTER}
BOUNDS = {
    "heatmaps": {"minimum": 0, "maximum": 1_000_000, "default": 500},
    "heatmaps/events": {"minimum": 1, "maximum": 100, "default": 50},
    "heatmaps/pages": {"minimum": 1, "maximum": 1_000, "default": 100},
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    generated: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return generated


@pytest.fixture(scope="module")
def schema(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its shared parameters, headers and errors in the places that refer to them."""
    read: dict[str, Any] = copy.deepcopy(document)
    for path in read["paths"].values():
        for operation in path.values():
            operation["parameters"] = [followed(read, one) for one in operation.get("parameters", [])]
            for status, response in operation["responses"].items():
                told = operation["responses"][status] = dict(followed(read, response))
                told["headers"] = {name: followed(read, one) for name, one in told.get("headers", {}).items()}
    return read


def followed(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    _, kind, name = value["$ref"].removeprefix("#/").split("/")
    found: dict[str, Any] = document["components"][kind][name]
    return found


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in OPERATIONS:
        yield path, schema["paths"][path]["get"]


def of_project(path: str) -> str:
    """What follows the project, without slashes around it."""
    return path.partition("_id}/")[2].rstrip("/")


def resolved(schema: dict[str, Any], reference: dict[str, str]) -> tuple[str, dict[str, Any]]:
    name = reference["$ref"].removeprefix("#/components/schemas/")
    return name, schema["components"]["schemas"][name]


def reply(operation: dict[str, Any], status: str = "200") -> dict[str, Any]:
    content: dict[str, Any] = operation["responses"][status]["content"]["application/json"]["schema"]
    return content


def test_the_document_is_valid_and_the_copy_of_it_is_up_to_date(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "openapi.yaml"))
    is_up_to_date = COPY.read_text() == (tmp_path / "openapi.yaml").read_text()
    assert is_up_to_date, "The OpenAPI document has changed. Type `make openapi`, and look at what is different."


def test_there_is_one_version_everywhere(schema: dict[str, Any]) -> None:
    root = COPY.parent.parent
    (newest, *_) = re.findall(r"^## \[(\S+)\]", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    (copied,) = re.findall(r"^  version: (\S+)$", COPY.read_text(), re.MULTILINE)
    assert {schema["info"]["version"], newest, project, copied} == {__version__}


@pytest.mark.parametrize("path", ["/api/schema/", "/api/schema"])
def test_the_document_needs_no_key(client: Client, schema: dict[str, Any], path: str) -> None:
    for wrong_key in ({}, {"authorization": "Bearer phx_wrong"}):
        response = client.get(path, {"format": "json"}, headers=wrong_key)
        assert response.status_code == 200
        assert response.json()["paths"].keys() == schema["paths"].keys()


@pytest.mark.parametrize("parameter", ["version", "lang", "scripts", "format"])
def test_nothing_in_the_query_is_a_fault(client: Client, parameter: str) -> None:
    for path in ("/api/schema/", "/api/schema/swagger-ui/", "/api/schema/redoc/"):
        for value in ("", "\n", "\0", "é", "2", "<"):
            assert client.get(path, {parameter: value}).status_code in {200, 404}


def test_many_may_ask_for_it_at_once() -> None:
    schema_views._document.cache_clear()
    begin = Barrier(8)

    def ask(kind: str) -> int:
        begin.wait()
        return Client(raise_request_exception=False).get("/api/schema/", {"format": kind}).status_code

    with ThreadPoolExecutor(8) as callers:
        assert set(callers.map(ask, ["json", "yaml"] * 4)) == {200}


def test_no_page_may_frame_a_reply_or_run_in_it(client: Client) -> None:
    policies = {
        path: client.get(path)["Content-Security-Policy"]
        for path in ("/api/schema/", "/api/nothing", "/api/schema/swagger-ui/", "/api/schema/redoc/", "/admin/login/")
    }
    assert all("frame-ancestors 'none'" in policy for policy in policies.values())
    assert all(
        "'unsafe-inline'" not in policy.replace("style-src 'self' 'unsafe-inline'", "") for policy in policies.values()
    )
    assert "script-src" not in policies["/api/schema/"]


def test_operations_are_upstreams_and_the_legacy_ones_are_left_out(schema: dict[str, Any]) -> None:
    others = IMPORTS.keys() | PREFLIGHT.keys() | SHARES.keys() | PICTURES.keys()
    assert schema["paths"].keys() == OPERATIONS.keys() | others
    for path, operation in operations(schema):
        entry = QUESTIONS.get(of_project(path))
        methods = ["GET", "PATCH"] if path.endswith("settings/") else ["GET"]
        assert list(schema["paths"][path]) == [method.lower() for method in (entry.methods if entry else methods)]
        assert operation["operationId"] == OPERATIONS[path][0]
        assert operation["tags"] == ["heatmaps"]
        assert "heatmap:read" in operation["description"]


def test_parameters_are_described_with_examples_in_the_order_in_which_they_are_checked(schema: dict[str, Any]) -> None:
    for path, operation in operations(schema):
        parameters = operation.get("parameters", [])
        in_path = OPERATIONS[path][1]
        assert [one["name"] for one in parameters if one["in"] == "path"] == ([in_path] if in_path else [])
        names = {one["name"] for one in parameters if one["in"] == "query"}
        entry = QUESTIONS.get(of_project(path))
        assert names == ({*entry.form.parameters(), *(["format"] if entry.has_results else [])} if entry else set())
        for one in parameters:
            assert one.get("description"), one["name"]
            is_needed = entry is not None and one["name"] in required(entry) and not entry.form.one_of
            assert one.get("required", False) is (one["in"] == "path" or is_needed)
            # Of one that may be left out they are only told: Swagger UI fills `examples` in.
            is_filled_in = one.get("required", False) or (entry is not None and one["name"] in entry.form.one_of[:1])
            assert bool(one.get("examples")) is is_filled_in, one["name"]
            assert one.get("examples") or re.search(r" For example (`[^`]+`(, )?)+\.$", one["description"]), one["name"]


def test_examples_are_those_of_the_route(schema: dict[str, Any]) -> None:
    told = {
        (path.removeprefix("/api/projects/{project_id}/"), one["name"]): one["description"].partition(" For example ")[
            2
        ]
        for path, operation in operations(schema)
        for one in operation.get("parameters", [])
    }
    assert told["heatmaps/", "include"] == "`coverage`."
    assert told["heatmaps/areas/", "include"] == "`types`, `types,elements`."
    assert told["heatmaps/areas/", "by"] == "`day`."
    assert told["heatmaps/pages/", "by"] == "`page`, `template`."


def test_a_body_has_what_a_query_has(schema: dict[str, Any]) -> None:
    posts = {path: operations["post"] for path, operations in schema["paths"].items() if "post" in operations}
    assert {of_project(path) for path in posts} == {
        "heatmaps/areas",
        "heatmaps/imports",
        "heatmaps/pictures",
        "heatmaps/preflight",
        "heatmaps/shares",
    }
    for path, operation in posts.items():
        if path in {*IMPORTS, *PICTURES, *PREFLIGHT, *SHARES}:
            continue
        assert operation["operationId"] == OPERATIONS[path][0].removesuffix("_list") + "_create"
        assert {one["name"] for one in operation["parameters"] if one["in"] == "query"} == {"format"}
        body = operation["requestBody"]["content"]
        assert list(body) == ["application/json"]
        _, form = resolved(schema, body["application/json"]["schema"])
        assert set(form["properties"]) == set(QUESTIONS["heatmaps/areas"].form.parameters())
        assert form["properties"]["areas"]["type"] == form["properties"]["cohort_ids"]["type"] == "array"
        assert {"413", "415"} <= operation["responses"].keys()
        assert "Cache-Control" not in operation["responses"]["200"]["headers"]


def test_looking_at_a_page_is_told(schema: dict[str, Any]) -> None:
    for path, operation_id in PREFLIGHT.items():
        operation = schema["paths"][path]["post"]
        assert operation["operationId"] == operation_id
        _, form = resolved(schema, operation["requestBody"]["content"]["application/json"]["schema"])
        assert (list(form["properties"]), form["required"]) == (["url"], ["url"])
        _, reply = resolved(schema, operation["responses"]["200"]["content"]["application/json"]["schema"])
        assert list(reply["properties"]) == ["framing", "blocked_by", "http_status"]
        assert {"400", "401", "403", "404", "413", "415", "429", "503"} <= operation["responses"].keys()
        assert "FRAME_PREFLIGHT" in operation["responses"]["404"]["description"]


def test_share_tokens_are_told(schema: dict[str, Any]) -> None:
    for path, told in SHARES.items():
        operations = schema["paths"][path]
        assert {method: one["operationId"] for method, one in operations.items()} == told
        for method, one in operations.items():
            assert "heatmap:write" in one["description"]
            assert {"PersonalAPIKeyAuth", "cookieAuth"} == {name for way in one["security"] for name in way}
            status = {"get": "200", "post": "201", "delete": "204"}[method]
            assert [name for name in one["responses"] if name < "400"] == [status]
            assert ("content" in one["responses"][status]) is (method != "delete")
    _, form = resolved(
        schema,
        schema["paths"]["/api/projects/{project_id}/heatmaps/shares/"]["post"]["requestBody"]["content"][
            "application/json"
        ]["schema"],
    )
    assert list(form["properties"]) == ["url_page", "url_exact", "url_pattern", "expires_in", "min_visitors", "label"]
    expires_in = form["properties"]["expires_in"]
    assert (expires_in["minimum"], expires_in["maximum"]) == (3_600, 2_592_000)


def test_pictures_of_pages_are_told(schema: dict[str, Any]) -> None:
    for path, told in PICTURES.items():
        operations = schema["paths"][path]
        assert {method: one["operationId"] for method, one in operations.items()} == told
        for method, one in operations.items():
            assert ("heatmap:read" if method == "get" else "heatmap:write") in one["description"]
            assert {"PersonalAPIKeyAuth", "cookieAuth"} == {name for way in one["security"] for name in way}
            status = {"get": "200", "post": "201", "delete": "204"}[method]
            assert [name for name in one["responses"] if name < "400"] == [status]
    upload = schema["paths"]["/api/projects/{project_id}/heatmaps/pictures/"]["post"]
    assert list(upload["requestBody"]["content"]) == ["image/png", "image/jpeg", "image/webp"]
    query = {one["name"]: one for one in upload["parameters"] if one["in"] == "query"}
    assert {name: one["required"] for name, one in query.items()} == {"url_page": True, "width": True}
    assert (query["width"]["schema"]["minimum"], query["width"]["schema"]["maximum"]) == (320, 3840)
    assert {"400", "409", "413", "415"} <= upload["responses"].keys()
    one = schema["paths"]["/api/projects/{project_id}/heatmaps/pictures/{id}/"]["get"]
    assert list(one["responses"]["200"]["content"]) == ["image/webp", "image/jpeg"]


def test_what_a_share_token_opens_is_told(schema: dict[str, Any]) -> None:
    for path, operation in operations(schema):
        entry = QUESTIONS.get(of_project(path))
        is_open = any("ShareTokenAuth" in way for way in operation["security"])
        assert is_open is (entry is not None and entry.opens_to_shares)


def test_what_a_change_may_say_is_told(schema: dict[str, Any]) -> None:
    for prefix, places, place_id in PLACES:
        change = schema["paths"][f"/api/{places}/{{{place_id}}}/heatmap_capture/settings/"]["patch"]
        assert change["operationId"] == f"{prefix}heatmap_capture_settings_update"
        assert "heatmap:write" in change["description"]
        _, form = resolved(schema, change["requestBody"]["content"]["application/json"]["schema"])
        assert list(form["properties"]) == ["capture_mode", "url_allowlist"]
        assert (form["properties"]["url_allowlist"]["maxItems"], form.get("required")) == (100, None)
        assert {"400", "403", "413", "415"} <= change["responses"].keys()


def test_a_body_that_is_a_file_is_told_by_its_formats(schema: dict[str, Any]) -> None:
    for path, operation_id in IMPORTS.items():
        assert list(schema["paths"][path]) == ["post"]
        operation = schema["paths"][path]["post"]
        assert (operation["operationId"], "heatmap:write" in operation["description"]) == (operation_id, True)
        assert operation["requestBody"]["content"] == {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("application/x-ndjson", "text/csv", "application/vnd.apache.parquet")
        }
        name, shape = resolved(schema, reply(operation))
        assert (name, list(shape["properties"])) == ("HeatmapImportResponse", ["rows", "added", "skipped", "expired"])
        assert {"400", "401", "403", "404", "413", "415", "429", "503"} <= operation["responses"].keys()
        assert operation["security"] == [{"PersonalAPIKeyAuth": []}]


def test_bounds_and_defaults_are_told(schema: dict[str, Any]) -> None:
    for path, operation in operations(schema):
        if of_project(path) not in BOUNDS:
            continue
        told = {one["name"]: one["schema"] for one in operation["parameters"]}
        assert BOUNDS[of_project(path)].items() <= told["limit"].items()
        assert told["date_from"]["default"] == "-7d"
        if of_project(path) == "heatmaps/pages":
            continue
        name, aggregation = resolved(schema, told["aggregation"]["allOf"][0])
        assert (name, aggregation["enum"]) == (
            "HeatmapAggregation",
            ["total_count", "unique_visitors", "unique_persons"],
        )
        assert told["aggregation"]["default"] == "total_count"
        assert [told[name]["default"] for name in ("type", "date_from", "hide_zero_coordinates")] == [
            "click",
            "-7d",
            True,
        ]
        assert told["filter_test_accounts"].get("nullable")


def test_the_list_reply_is_one_of_two_objects(schema: dict[str, Any]) -> None:
    for path, operation in operations(schema):
        if OPERATIONS[path][2] is None:
            continue
        told = reply(operation)
        entry = QUESTIONS.get(of_project(path))
        assert (told.get("type") == "array") is (entry is not None and entry.is_bare_list)
        name, component = resolved(schema, told.get("items", told))
        assert name == OPERATIONS[path][2]
        if name == "HeatmapReply":
            assert [resolved(schema, one)[0] for one in component["oneOf"]] == [
                "HeatmapsResponse",
                "HeatmapScrollDepthResponse",
            ]


def test_a_picture_is_told_by_its_types(schema: dict[str, Any]) -> None:
    pictures = [
        operation["responses"]["200"]["content"]
        for path, operation in operations(schema)
        if (entry := QUESTIONS.get(of_project(path))) and entry.pictures
    ]
    binary = {"schema": {"type": "string", "format": "binary"}}
    assert pictures == [dict.fromkeys(["image/png", "image/webp", "image/svg+xml"], binary)] * 2


def test_components(schema: dict[str, Any]) -> None:
    properties = {name: list(one.get("properties", {})) for name, one in schema["components"]["schemas"].items()}
    expected = {
        "HeatmapsResponse": ["results", "fold", "has_more"],
        "HeatmapResponseItem": ["count", "pointer_y", "pointer_relative_x", "pointer_target_fixed"],
        "HeatmapFoldSummary": ["total_count", "below_fold_count", "pct_below_fold", "median_viewport_height"],
        "HeatmapScrollDepthResponse": ["results"],
        "HeatmapScrollDepthItem": ["cumulative_count", "bucket_count", "scroll_depth_bucket"],
        "HeatmapEventsResponse": ["results", "total_count", "has_more"],
        "HeatmapEventItem": [
            *("session_id", "distinct_id", "timestamp", "pointer_relative_x", "pointer_y", "current_url", "type"),
        ],
        "HeatmapPagesResponse": ["results", "types", "has_more"],
        "HeatmapPageItem": ["url", "total_count", "visitors", "first_seen", "last_seen", "types"],
        "HeatmapPageType": ["type", "count", "last_seen"],
        "ProjectsResponse": ["count", "next", "previous", "results"],
        "ProjectItem": ["id", "organization", "name", "timezone", "is_current"],
        "CohortsResponse": ["count", "next", "previous", "results"],
        "CohortItem": ["id", "name", "is_static"],
        "HeatmapError": ["type", "code", "detail", "attr"],
    }
    expected |= {
        "HeatmapCoverage": [
            *("cells_returned", "cells_total", "cells_hidden", "count_returned", "count_total", "share"),
            "visitors_total",
        ],
        "HeatmapExplainResponse": [
            *("matched", "steps", "without", "types", "widths", "urls", "dates", "capture", "reason", "message"),
        ],
    }
    expected |= {
        "ElementStatsResponse": ["results", "next", "previous"],
        "ElementStats": ["count", "hash", "type", "elements"],
        "Element": [
            *("text", "tag_name", "attr_class", "href", "attr_id", "nth_child", "nth_of_type", "attributes", "order"),
        ],
        "ElementValue": ["name"],
        "HeatmapCapturePages": ["pages"],
        "HeatmapCapturePage": ["url", "count"],
        "HeatmapCaptureSettings": [
            *("capture_mode", "url_allowlist", "enforcement_enabled", "can_capture_all_urls", "capture_url_limit"),
        ],
    }
    # What is told on demand comes last, and is not required.
    on_demand = {"HeatmapsResponse": ["coverage"], "HeatmapScrollDepthResponse": ["coverage"]}
    on_demand |= {"HeatmapPageItem": ["urls", "url_page", "template", "url_pattern"]}
    # What a share token is not told.
    kept_back = {"HeatmapExplainResponse": {"urls", "capture"}}
    for name, fields in expected.items():
        assert properties[name] == [*fields, *on_demand.get(name, [])]
        assert schema["components"]["schemas"][name]["required"] == sorted({*fields} - kept_back.get(name, set()))


def test_every_error_is_declared_in_the_envelope(schema: dict[str, Any]) -> None:
    of_the_engine, of_a_project = {"504", "512", "513"}, {"404"}
    for path, operation in operations(schema):
        errors = {status for status in operation["responses"] if status != "200"}
        assert {"400", "401", "403", "429", "500", "503"} <= errors
        assert (of_the_engine <= errors) is (of_project(path) in QUESTIONS)
        assert (of_a_project <= errors) is (path != "/api/projects/")
        for status in errors:
            assert resolved(schema, reply(operation, status))[0] == "HeatmapError"
            assert operation["responses"][status]["description"]


def test_a_key_opens_it(schema: dict[str, Any]) -> None:
    scheme = schema["components"]["securitySchemes"]["PersonalAPIKeyAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert "heatmap:read" in scheme["description"]
    for _, operation in operations(schema):
        assert {"PersonalAPIKeyAuth": []} in operation["security"]


def test_headers_are_told(schema: dict[str, Any]) -> None:
    for _, operation in operations(schema):
        headers = {status: one.get("headers", {}) for status, one in operation["responses"].items()}
        always = {
            status: {name for name, one in told.items() if one.get("required")} for status, told in headers.items()
        }
        assert always["401"] == {"WWW-Authenticate", "X-Request-ID"}
        assert always["429"] == always["503"] == {"Retry-After", "X-Request-ID"}
        assert always["403"] == {"X-Request-ID"}
        is_kept = re.search("_list$|_image|elements|capture_pages", operation["operationId"])
        kept = ["Cache-Control"] if is_kept else []
        assert always["200"] == {"Vary", "X-Request-ID", *kept}
        for status in {"200", "400", "403", "404", "429", "504"} & headers.keys():
            assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= headers[status].keys()


def test_what_stands_in_several_places_is_said_once(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            assert all("$ref" in one for one in operation["parameters"])
            assert all("$ref" in one for status, one in operation["responses"].items() if status >= "400")
            (told,) = (one for status, one in operation["responses"].items() if status < "400")
            assert all("$ref" in one for one in told["headers"].values())


def test_a_reply_without_points_is_of_one_shape_only(schema: dict[str, Any]) -> None:
    shapes = schema["components"]["schemas"]
    assert shapes["HeatmapScrollDepthResponse"]["additionalProperties"] is False
    assert "fold" in shapes["HeatmapsResponse"]["required"]
