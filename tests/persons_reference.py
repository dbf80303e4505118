"""Persons, as plainly as the contract says it: every event is done by itself, and nothing is thrown away."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Person:
    ids: set[str]
    created_at: int
    number: int
    is_identified: bool = False
    # (time, place in the body, the event's number, step), what is done, and with which value.
    history: dict[str, list[tuple[tuple[int, int, int, int], str, Any]]] = field(default_factory=dict)

    def properties(self) -> dict[str, Any]:
        return {name: found[0] for name, did in self.history.items() if (found := outcome(did))}


def outcome(did: list[tuple[tuple[int, int, int, int], str, Any]]) -> list[Any]:
    """The value in a list of its own, or nothing."""
    found: list[Any] = []
    for _, what, value in sorted(did, key=lambda one: one[0]):
        if what == "set" or (what == "once" and not found):
            found = [value]
        elif what == "unset":
            found = []
    return found


class Persons:
    def __init__(self) -> None:
        self.people: list[Person] = []
        self.made = 0

    def find(self, distinct_id: str) -> Person | None:
        return next((person for person in self.people if distinct_id in person.ids), None)

    def receive(self, event: dict[str, Any], place: int, happened_at: int, number: int) -> None:
        properties, name = event["properties"], event["event"]
        described = any(key in properties for key in ("$set", "$set_once", "$unset"))
        named = name in {"$identify", "$create_alias", "$merge_dangerously", "$set"}
        if not (described or named or properties.get("$process_person_profile")):
            return
        person = self.find(event["distinct_id"])
        if person is None:
            self.made += 1
            person = Person({event["distinct_id"]}, happened_at, self.made)
            self.people.append(person)
        other_id = properties.get({"$identify": "$anon_distinct_id"}.get(name, "alias")) if named else None
        if name != "$set" and other_id is not None and other_id != event["distinct_id"]:
            person = self.tie(person, other_id, always=name == "$merge_dangerously")
        person.is_identified |= name == "$identify"
        at = (happened_at, place, number & 0xFFFF_FFFF)
        for key, value in properties.get("$set", {}).items():
            initial = key.startswith("$initial_")
            person.history.setdefault(key, []).append(((*at, 0 if initial else 1), "once" if initial else "set", value))
        for key, value in properties.get("$set_once", {}).items():
            person.history.setdefault(key, []).append(((*at, 0), "once", value))
        for key in properties.get("$unset", []):
            person.history.setdefault(key, []).append(((*at, 2), "unset", None))

    def tie(self, person: Person, other_id: str, *, always: bool) -> Person:
        other = self.find(other_id)
        if other is person or (other and other.is_identified and not always):
            return person
        if other is None:
            person.ids.add(other_id)
            return person
        for key, did in other.history.items():
            mine = person.history.get(key)
            # Where both know something, the one who was identified is right.
            if mine is None or (not outcome(mine) and outcome(did)):
                person.history[key] = did
        person.ids |= other.ids
        person.is_identified |= other.is_identified
        person.created_at, person.number = min((one.created_at, one.number) for one in (person, other))
        self.people.remove(other)
        return person

    def all(self) -> list[tuple[list[str], bool, dict[str, Any]]]:
        return sorted((sorted(person.ids), person.is_identified, person.properties()) for person in self.people)
