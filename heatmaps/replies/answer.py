"""What a question found: a value, which knows nothing of the form that it is sent in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from rest_framework import serializers

# A block of results, column by column, all of equal length. Times are UTC without saying so.
Columns = Mapping[str, Sequence[Any] | NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Results in blocks of columns, as they come from the engine, and what stands before and after them.

    `item` names the columns, in their order, and their types: it is the shape of one result. The head is known from the
    beginning, the tail when the blocks have ended. Closing the blocks lets go of the engine.

    An answer without an item has no results: it is its head.
    """

    item: type[serializers.Serializer[None]] | None
    blocks: Iterator[Columns] = field(default_factory=lambda: iter(()))
    head: Mapping[str, Any] = field(default_factory=dict)
    tail: Mapping[str, Any] = field(default_factory=dict)


def column_names(item: type[serializers.Serializer[None]]) -> tuple[str, ...]:
    return tuple(item._declared_fields)  # noqa: SLF001 -- made once by the class, where an instance copies each field
