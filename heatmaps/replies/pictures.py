"""Answers that are pictures, and the formats that they have."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The first is the one that is sent where nothing else is asked for.
PICTURES: Mapping[str, str] = {"png": "image/png", "webp": "image/webp", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture in one of the formats, and what is told beside it, in headers."""

    content: bytes
    format: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def media_type(self) -> str:
        return PICTURES[self.format]
