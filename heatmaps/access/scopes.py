"""Which scope a request asks of a personal API key. Knows no Django."""

from collections.abc import Mapping

READ = "heatmap:read"
WRITE = "heatmap:write"
EVERYTHING = "*"

# Whoever may write may read.
_SUFFICIENT = {READ: {READ, WRITE, EVERYTHING}, WRITE: {WRITE, EVERYTHING}}
# There is no scope for the other methods, but where a route has one.
_REQUIRED = {"GET": READ, "HEAD": READ, "OPTIONS": READ, "PATCH": WRITE}


def required(method: str, of_route: Mapping[str, str]) -> str | None:
    """The scope that a method asks for, None when no key may use it."""
    return of_route.get(method) or _REQUIRED.get(method)


def allows(granted: list[str], scope: str) -> bool:
    return not _SUFFICIENT[scope].isdisjoint(granted)
