"""Pieces of SQL and the values bound to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition of our own writing, and the values of its placeholders."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Binder:
    """Gives every value a placeholder of its own."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}

    def bind(self, value: Any, kind: str) -> str:
        name = f"value_{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"
