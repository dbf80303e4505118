"""Persons of files, and of what ClickHouse had before it followed the metadata database, into that database."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from django.db import transaction

from heatmaps.models import Person, PersonDistinctId
from heatmaps.persons import keeping, rows
from heatmaps.persons.properties import Registers, current, order_of, put

# A row of a file comes after every event of its moment.
_LAST = 0xFFFF_FFFF


def known(team_id: int, distinct_ids: Iterable[str]) -> dict[str, PersonDistinctId]:
    """The entries of the visitors who have a person."""
    return {
        entry.distinct_id: entry
        for some in keeping.portions(distinct_ids, keeping.AT_ONCE)
        for entry in PersonDistinctId.objects.filter(project_id=team_id, distinct_id__in=some).select_related("person")
    }


def load(
    team_id: int,
    persons: Mapping[str, UUID | None],
    described: Sequence[tuple[str, Mapping[str, Any]]],
    told: Mapping[str, tuple[UUID | None, int]],
) -> int:
    """Makes visitors the persons that are named (None: whoever they are, or one of their own), and sets properties of
    the persons that they are then. `told` is what ClickHouse knows of them: person (None where the entry is deleted)
    and version. Returns of how many visitors that changed anything."""
    now = time.time_ns() // 1000
    with transaction.atomic():
        keeping.lock([team_id])
        entries = known(team_id, persons)
        wanted = {
            name: uuid
            or (entries[name].person.uuid if name in entries else None)
            or uuid5(NAMESPACE_URL, f"{team_id}:{name}")
            for name, uuid in persons.items()
        }
        people = _persons(team_id, set(wanted.values()), now)
        moved = {
            name
            for name, uuid in wanted.items()
            if name not in entries or entries[name].person.uuid != uuid or told.get(name, (None, 0))[0] != uuid
        }
        left = {entries[name].person_id for name in moved if name in entries}
        rows.upsert(
            PersonDistinctId,
            ["project_id", "distinct_id", "person_id", "version", "is_pending"],
            [
                (
                    team_id,
                    name,
                    people[wanted[name]].pk,
                    max(now, told.get(name, (None, 0))[1] + 1, _version(entries, name) + 1),
                    True,
                )
                for name in moved
            ],
            key=["project_id", "distinct_id"],
        )
        changed = _describe({name: people[wanted[name]] for name in wanted}, described, now)
        _drop_left(left, now)
    keeping.has_news.set()
    return len(moved | changed)


def _version(entries: Mapping[str, PersonDistinctId], name: str) -> int:
    return entries[name].version if name in entries else 0


def _persons(team_id: int, uuids: set[UUID], now: int) -> dict[UUID, Person]:
    found = {
        person.uuid: person
        for some in keeping.portions(uuids, keeping.AT_ONCE)
        for person in Person.objects.filter(project_id=team_id, uuid__in=some)
    }
    for person in found.values():
        if person.is_deleted:
            person.is_deleted, person.is_pending, person.version = False, True, max(now, person.version + 1)
            person.save()
    made = [Person(project_id=team_id, uuid=uuid, version=now) for uuid in uuids - found.keys()]
    Person.objects.bulk_create(made)
    return found | {person.uuid: person for person in made}


def _describe(persons: Mapping[str, Person], described: Sequence[tuple[str, Mapping[str, Any]]], now: int) -> set[str]:
    """The visitors whose person has new values now."""
    registers: dict[int, Registers] = {}
    changed: dict[int, Person] = {}
    visitors = set()
    for place, (name, properties) in enumerate(described):
        person = persons[name]
        known = registers.setdefault(person.pk, orjson.loads(person.registers))
        before = current(known)
        news = {key: value for key, value in properties.items() if key not in before or before[key] != value}
        for key, value in news.items():
            put(known, key, order_of(now, place, _LAST), value)
        if news:
            changed[person.pk] = person
            visitors.add(name)
    for row_id, person in changed.items():
        person.registers = orjson.dumps(registers[row_id]).decode()
        person.version, person.is_pending = max(now, person.version + 1), True
    Person.objects.bulk_update(changed.values(), ["registers", "version", "is_pending"], batch_size=100)
    return visitors


def _drop_left(row_ids: Iterable[int], now: int) -> None:
    """Nobody is those persons any more."""
    for some in keeping.portions(row_ids, keeping.AT_ONCE):
        for person in Person.objects.filter(pk__in=some, distinct_ids=None):
            person.registers, person.is_deleted, person.is_pending = "{}", True, True
            person.version = max(now, person.version + 1)
            person.save()
