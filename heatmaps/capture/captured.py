"""An event of a browser, and all that is to be stored of it."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from heatmaps.capture.points import Points, Skip
from heatmaps.capture.traffic import NOWHERE, Source
from heatmaps.persons.changes import Change, Refusal


class Key(NamedTuple):
    """What an event is known by."""

    team_id: int
    number: int

    @property
    def offset(self) -> int:
        """Tells the events of one batch apart."""
        return (self.number ^ self.number >> 64) & 0xFFFF_FFFF_FFFF_FFFF


@dataclass(slots=True, kw_only=True)
class StoredEvent:
    """The row of an event in `events`."""

    uuid: str
    name: str
    properties: str
    elements_chain: str


@dataclass(slots=True, kw_only=True)
class Captured:
    """An event and all that is to be stored of it."""

    key: Key
    happened_at: int
    distinct_id: str
    session_id: str
    points: Points
    event: StoredEvent | None
    person: Change | None = None
    refused: Counter[Refusal] = field(default_factory=Counter)
    skips: Counter[Skip] = field(default_factory=Counter)
    source: Source = NOWHERE

    @property
    def not_kept(self) -> dict[Skip | Refusal, int]:
        """Why and how often something of it is not stored."""
        return dict[Skip | Refusal, int](chain(self.skips.items(), self.refused.items()))
