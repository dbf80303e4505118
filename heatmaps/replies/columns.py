"""The columns of an answer: their names and types come from the shape of one result.

A shape within a shape becomes columns of its own, whose names are joined with `_`: `a` with `count` is `a_count`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rest_framework import serializers

Item = type[serializers.Serializer[None]]
Values = Sequence[Any] | NDArray[Any]
# A block of results, column by column, all of equal length. Times are UTC without saying so.
Columns = Mapping[str, Values]

_TYPES: dict[type, pa.DataType] = {
    serializers.BooleanField: pa.bool_(),
    serializers.FloatField: pa.float64(),
    serializers.IntegerField: pa.int64(),
    serializers.DateTimeField: pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column, where its values lie within a result, and its type."""

    name: str
    path: tuple[str, ...]
    type: pa.DataType

    def values(self, block: Columns) -> Values:
        found = block[self.path[0]]
        for name in self.path[1:]:
            found = [None if one is None else one[name] for one in found]
        return found

    def array(self, block: Columns) -> pa.Array:
        values = self.values(block)
        if isinstance(values, np.ndarray):
            return pa.array(values).cast(self.type)
        return pa.array(values, self.type)


@cache
def columns_of(item: Item) -> tuple[Column, ...]:
    """The columns of a shape, in its order."""
    return tuple(_columns(item, ()))


def names_of(item: Item) -> tuple[str, ...]:
    """The keys of a result, in their order."""
    return tuple(item._declared_fields)  # noqa: SLF001 -- made once by the class, where an instance copies each field


def _columns(item: Item, path: tuple[str, ...]) -> Iterator[Column]:
    for name, field in item._declared_fields.items():  # noqa: SLF001 -- as above
        if isinstance(field, serializers.Serializer):
            yield from _columns(type(field), (*path, name))
        else:
            yield Column("_".join((*path, name)), (*path, name), _type(field))


def _type(field: object) -> pa.DataType:
    if isinstance(field, serializers.ListSerializer):
        return pa.list_(_struct(cast("Item", type(field.child))))
    if isinstance(field, serializers.ListField):
        return pa.list_(_type(field.child))
    # What cannot be below zero is a count.
    if isinstance(field, serializers.IntegerField) and field.min_value is not None and field.min_value >= 0:
        return pa.uint64()
    return next((found for kind, found in _TYPES.items() if isinstance(field, kind)), pa.string())


def _struct(item: Item) -> pa.DataType:
    return pa.struct([(column.name, column.type) for column in _columns(item, ())])
