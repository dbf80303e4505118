"""SQL and the values bound to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Query:
    """SQL with `{name:Type}` placeholders, and the value of each."""

    sql: str
    parameters: Mapping[str, Any]
