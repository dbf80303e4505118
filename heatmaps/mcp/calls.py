"""A call of the API, and what it said: what passes between a tool and whoever asks the API for it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# No agent reads more, and a tool's result is held in memory.
MAX_REPLY_BYTES = 3 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A path, and either a query or, for a POST, the document of its body."""

    path: str
    query: str = ""
    body: bytes | None = None

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Its content is cut after `MAX_REPLY_BYTES` and one more."""

    status: int
    media_type: str
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_too_large(self) -> bool:
        return len(self.content) > MAX_REPLY_BYTES


class NoReply(Exception):
    """The API was asked, and did not answer as it does; the text is for the agent."""


AskAPI = Callable[[Call], Awaitable[Reply]]


def told_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Those that say something of the answer, in lower case."""
    return {name.lower(): str(value) for name, value in headers.items() if name.lower().startswith("heatmaps-")}
