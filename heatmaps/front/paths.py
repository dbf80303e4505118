"""Which path belongs to whom, said once."""

import re
from enum import StrEnum


class Area(StrEnum):
    """A part of the service, as its paths tell."""

    PROBES = "probes"
    CAPTURE = "capture"
    API = "api"
    MCP = "mcp"
    ADMIN = "admin"
    DEMO = "demo"
    STATIC = "static"
    VIEWER = "viewer"


PROBES = ("/_health", "/_readyz", "/metrics")
# The OpenAPI document, and the pages that show it.
SCHEMA = "/api/schema"
SCHEMA_READERS = (f"{SCHEMA}/swagger-ui", f"{SCHEMA}/redoc")

# Below a project: whose body is a file.
IMPORTS = "heatmaps/imports"
PICTURES = "heatmaps/pictures"
_IMPORTS, _PICTURES = (re.compile(rf"/api/(?:projects|environments)/[^/]+/{path}/?") for path in (IMPORTS, PICTURES))

_CAPTURE = re.compile(r"/(?:e|i|batch|capture|track|s|flags|decide|array)(?:/|$)")
# The SDK's scripts; what the service's own pages load has a folder of its own.
_SDK = re.compile(r"/static/(?:[0-9][^/]*/)?[^/]+\.js")
# What sites have on their pages: as static as what it loads.
OVERLAY = "/overlay.js"
# Where agents post messages.
MCP = "/mcp"
_BEGINNINGS = {"/api": Area.API, "/admin": Area.ADMIN, "/demo": Area.DEMO}


def is_of_imports(path: str) -> bool:
    return _IMPORTS.fullmatch(path) is not None


def is_of_pictures(path: str) -> bool:
    return _PICTURES.fullmatch(path) is not None


def area_of(path: str) -> Area:
    """Whose a path is; what is nobody else's is the viewer's, which has the root."""
    for beginning, area in _BEGINNINGS.items():
        if path.startswith(beginning):
            return area
    if _CAPTURE.match(path) or _SDK.fullmatch(path):
        return Area.CAPTURE
    if path in {MCP, f"{MCP}/"}:
        return Area.MCP
    if path.rstrip("/") in PROBES:
        return Area.PROBES
    return Area.STATIC if path.startswith("/static") or path == OVERLAY else Area.VIEWER
