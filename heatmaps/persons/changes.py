"""What an event says of persons."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Tie(StrEnum):
    """How two ids become one person's: not if that would absorb an identified person, or whatever they are."""

    CAREFUL = "careful"
    ALWAYS = "always"


class Refusal(StrEnum):
    """Why something that was said of a person is not kept."""

    NO_ID = "a person without a usable id"
    LONG_ID = "a person's id of more than 400 characters"
    NO_PROPERTIES = "person properties that are no object"
    NO_NAMES = "an $unset that is no list of names"
    LONG_PROPERTY = "a person property of more than 64 KiB"
    MANY_PROPERTIES = "more than 1,000 properties of a person"
    MANY_BYTES = "more than 512 KiB of properties of a person"
    NO_OTHER = "a tie to no usable id"
    ITSELF = "a tie of an id to itself"
    IDENTIFIED = "a tie that would absorb an identified person"
    MANY_IDS = "more than 2,500 ids of a person"


MAX_ID_CHARS = 400
MAX_NAME_CHARS = 400
MAX_PROPERTY_BYTES = 64 * 1024
MAX_PROPERTIES = 1_000
MAX_BYTES = 512 * 1024
MAX_IDS = 2_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be done for one event, which its number tells from others. `order` is where it stands among all, see
    `properties`."""

    team_id: int
    number: int
    distinct_id: str
    order: str
    happened_at: int
    is_identified: bool = False
    tied_id: str | None = None
    tie: Tie = Tie.CAREFUL
    put: Mapping[str, Any] = field(default_factory=dict)
    fill_in: Mapping[str, Any] = field(default_factory=dict)
    remove: Sequence[str] = ()


@dataclass(slots=True)
class Outcome:
    """How many persons were made and ids tied, and what was refused of which change (by its place)."""

    made: int = 0
    tied: int = 0
    refused: dict[int, Counter[Refusal]] = field(default_factory=dict)

    def refuse(self, place: int, reason: Refusal) -> None:
        self.refused.setdefault(place, Counter())[reason] += 1
