"""What the tables have beyond PostHog's columns. The queries run without any of it, only slower."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from heatmaps import engine

# The columns of our own heatmaps table that the queries may use. schema/006_heatmaps_by_cell.sql says what they are,
# 007_sessions_and_visitors.sql what a session is.
KEY_COLUMNS = frozenset(
    {"page", "slashes", "quarter", "visitor", "session", "cell", "screen", "scroll_depth_bucket", "placed"}
)
# Properties of events and persons that have a column of their own in our tables: their text, NULL when it is missing.
EVENT_PROPERTIES = {"$host": "`property_$host`"}
PERSON_PROPERTIES = {"email": "property_email"}
# What stands for every place, and for every place but x = 0, y = 0, in the column `placed`.
PLACED, POINTED_AT = 1, 2

_OURS = re.compile(r"/\* on our table:(.*?)\*/.*?/\* end \*/", re.DOTALL)
_SECTION = re.compile(r"[^/]*//[^/]*/?[^/]*")


def hashed(text: str) -> str:
    """What the columns `visitor` and `session` hold of a text, both in SQL."""
    return f"reinterpretAsUInt128(sipHash128({text}))"


# What a row in no session has in that column.
NO_SESSION = hashed("''")


@dataclass(frozen=True, slots=True)
class Layout:
    """`has_keys` when pages, time, visitors, sessions and cells are there as numbers beside what they are made of.
    As it is written in SQL: `event_session` is the number of an event's session, `event_properties` and
    `person_properties` say which property is in which column."""

    has_keys: bool = False
    # Whether persons have properties here, and whether PostHog's table of later changes is there.
    has_persons: bool = False
    has_overrides: bool = False
    # Whether the rows are on several servers, so that what is not counted where it lies has to travel.
    has_shards: bool = False
    event_session: str = hashed("`$session_id`")
    event_properties: Mapping[str, str] = field(default_factory=dict)
    person_properties: Mapping[str, str] = field(default_factory=dict)

    def spoken(self, sql: str) -> str:
        """The SQL of a question as this table is best asked."""
        return _OURS.sub(r"\1", sql) if self.has_keys else sql


PLAIN = Layout()


def current_layout() -> Layout:
    """What the tables of the engine have that makes a question faster."""
    return _layout(engine.columns(), has_shards=engine.has_shards())


@cache
def _layout(columns: frozenset[tuple[str, str]], *, has_shards: bool) -> Layout:
    return Layout(
        has_shards=has_shards,
        has_keys=all(("heatmaps", name) in columns for name in KEY_COLUMNS),
        has_persons=("person", "properties") in columns,
        has_overrides=("person_distinct_id_overrides", "person_id") in columns,
        person_properties={
            key: column for key, column in PERSON_PROPERTIES.items() if ("person", column.strip("`")) in columns
        },
        event_session="session" if ("events", "session") in columns else PLAIN.event_session,
        event_properties={
            key: column for key, column in EVENT_PROPERTIES.items() if ("events", column.strip("`")) in columns
        },
    )


def page_number(url: str) -> int:
    """What the column `page` holds for the page of a URL without trailing slashes."""
    section = _SECTION.match(url)
    return int.from_bytes(_hash(url)[:12] + _hash(section[0] if section else "")[:4], "little")


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
