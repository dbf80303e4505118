"""Which scope a request asks of a personal API key. Knows no Django."""

READ = "heatmap:read"
WRITE = "heatmap:write"
EVERYTHING = "*"

# Whoever may write may read. There is no scope for the other methods.
_SUFFICIENT = {
    "GET": {READ, WRITE, EVERYTHING},
    "HEAD": {READ, WRITE, EVERYTHING},
    "OPTIONS": {READ, WRITE, EVERYTHING},
    "PATCH": {WRITE, EVERYTHING},
}
_REQUIRED = {"GET": READ, "HEAD": READ, "OPTIONS": READ, "PATCH": WRITE}


def required(method: str) -> str | None:
    """The scope that a method asks for, None when no key may use it."""
    return _REQUIRED.get(method)


def allows(granted: list[str], method: str) -> bool:
    return not _SUFFICIENT.get(method, set()).isdisjoint(granted)
