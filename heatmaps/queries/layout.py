"""What the tables have beyond PostHog's columns. The queries run without any of it, only slower."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The columns of our own heatmaps table that the predicates may use; schema/004_heatmaps_by_page.sql says what they are.
KEY_COLUMNS = frozenset({"section", "page_key", "slashes", "quarter", "visitor"})
# The properties of events that have a column of their own in our table: their text, NULL when they are missing.
EVENT_PROPERTIES = {"$host": "`property_$host`"}


@dataclass(frozen=True, slots=True)
class Layout:
    """`has_keys` when pages, time and visitors are there as numbers beside the texts; `event_properties` says which
    property of an event is in which column, as it is written in SQL."""

    has_keys: bool = False
    event_properties: Mapping[str, str] = field(default_factory=dict)


PLAIN = Layout()
