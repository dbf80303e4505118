"""The tables that files are loaded into: their columns, and what fits into each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from heatmaps.loading.values import boolean, id_of_person, int16, json_object, text, timestamp, uuid, visitor

MICROSECONDS = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. What is missing or null takes the default, and is a bad row when there is none."""

    name: str
    convert: Callable[[Any], Any]
    type: pa.DataType
    default: Any = None
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of ClickHouse, the columns that a file may give, and what is worked out from them."""

    name: str
    columns: tuple[Column, ...]
    # Other names of columns, and columns that are read only to work something out.
    aliases: Mapping[str, str]
    complete: Callable[[dict[str, pa.Array]], None] | None = None

    def texts(self) -> frozenset[str]:
        """The columns in which a text may be empty."""
        return frozenset(column.name for column in self.columns if column.convert in {text, visitor})

    def names(self) -> frozenset[str]:
        """All names by which a file may give a column."""
        return frozenset(column.name for column in self.columns) | self.aliases.keys()

    def schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.type) for column in self.columns])


INTERACTIONS = Table(
    name="heatmaps",
    columns=(
        Column("session_id", text, pa.string(), default=""),
        Column("distinct_id", visitor, pa.string(), is_required=True),
        Column("timestamp", timestamp, MICROSECONDS, is_required=True),
        Column("x", int16, pa.int16(), is_required=True),
        Column("y", int16, pa.int16(), is_required=True),
        Column("scale_factor", int16, pa.int16(), default=16),
        Column("viewport_width", int16, pa.int16(), is_required=True),
        Column("viewport_height", int16, pa.int16(), is_required=True),
        Column("pointer_target_fixed", boolean, pa.bool_(), default=False),
        Column("current_url", text, pa.string(), is_required=True),
        Column("type", text, pa.string(), is_required=True),
    ),
    aliases={},
)

_NO_ID = str(UUID(int=0))


def _sessions_from_properties(columns: dict[str, pa.Array]) -> None:
    """An event's session is where browsers put it, in its properties, unless it is given beside them."""
    sessions, properties = columns["$session_id"], columns["properties"]
    is_inside = pc.and_(pc.equal(sessions, ""), pc.match_substring(properties, "$session_id"))
    found = pa.array([_session_of(text) for text in properties.filter(is_inside).to_pylist()], pa.string())
    columns["$session_id"] = pc.replace_with_mask(sessions, is_inside, found)


def _session_of(properties: str) -> str:
    session = orjson.loads(properties).get("$session_id")
    return session if isinstance(session, str) else ""


EVENTS = Table(
    name="events",
    columns=(
        Column("uuid", uuid, pa.string(), default=_NO_ID),
        Column("event", text, pa.string(), is_required=True),
        Column("properties", json_object, pa.string(), default=""),
        Column("timestamp", timestamp, MICROSECONDS, is_required=True),
        Column("distinct_id", visitor, pa.string(), is_required=True),
        Column("elements_chain", text, pa.string(), default=""),
        Column("person_id", uuid, pa.string(), default=_NO_ID),
        Column("person_properties", json_object, pa.string(), default=""),
        Column("$session_id", text, pa.string(), default=""),
    ),
    aliases={"session_id": "$session_id"},
    complete=_sessions_from_properties,
)

PERSONS = Table(
    name="person_distinct_id2",
    columns=(
        Column("distinct_id", id_of_person, pa.string(), is_required=True),
        Column("person_id", uuid, pa.string(), default=""),
        Column("properties", json_object, pa.string(), default=""),
    ),
    aliases={},
)
