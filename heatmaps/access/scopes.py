"""Which scope a request asks of a personal API key. Knows no Django."""

from collections.abc import Mapping

READ = "heatmap:read"
WRITE = "heatmap:write"
# What elements are on the pages, which heatmaps tell as well.
READ_ELEMENTS = "element:read"
WRITE_ELEMENTS = "element:write"
EVERYTHING = "*"

# Whoever may write may read.
_SUFFICIENT = {
    READ: {READ, WRITE, EVERYTHING},
    WRITE: {WRITE, EVERYTHING},
    READ_ELEMENTS: {READ_ELEMENTS, WRITE_ELEMENTS, READ, WRITE, EVERYTHING},
}
# There is no scope for the other methods, but where a route has one.
_REQUIRED = {"GET": READ, "PATCH": WRITE}


def required(method: str, of_route: Mapping[str, str]) -> str | None:
    """The scope that a method asks for, None when no key may use it. Who may ask for a reply may ask about it."""
    like = "GET" if method in {"HEAD", "OPTIONS"} else method
    return of_route.get(like) or _REQUIRED.get(like)


def allows(granted: list[str], scope: str) -> bool:
    return not _SUFFICIENT[scope].isdisjoint(granted)


def opens_something(granted: str) -> bool:
    return any(granted in sufficient for sufficient in _SUFFICIENT.values())
