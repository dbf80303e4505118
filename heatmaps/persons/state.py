"""The persons and ids that a group of changes touches, as they are in the metadata database, and their way back."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db.models import Count

from heatmaps.models import Person, PersonDistinctId, Project
from heatmaps.persons import rows
from heatmaps.persons.changes import Change
from heatmaps.persons.properties import Registers


@dataclass(slots=True, eq=False)
class Kept:
    """A person. Without `row_id` it is not in the database yet."""

    team_id: int
    uuid: UUID
    created_at: datetime
    row_id: int | None = None
    is_identified: bool = False
    registers: Registers = field(default_factory=dict)
    # Of the registers as they were read.
    size: int = 2
    version: int = 0
    is_deleted: bool = False


class State:
    def __init__(self) -> None:
        self.teams: set[int] = set()
        self._persons: dict[int, Kept] = {}
        self._by_id: dict[tuple[int, str], Kept] = {}
        # Those of a person's ids that are loaded, and how many it has.
        self._names: dict[Kept, list[str]] = defaultdict(list)
        self._counts: dict[Kept, int] = defaultdict(int)
        self._versions: dict[tuple[int, str], int] = {}
        self._changed: dict[Kept, None] = {}
        self._changed_ids: dict[tuple[int, str], None] = {}
        # Rows whose ids, all of them, become another person's.
        self._absorbed: dict[Kept, list[int]] = defaultdict(list)

    def load(self, changes: Sequence[Change]) -> None:
        self.teams |= set(
            Project.objects.filter(pk__in={change.team_id for change in changes}).values_list("pk", flat=True)
        )
        wanted = defaultdict[int, set[str]](set)
        for change in changes:
            wanted[change.team_id] |= {change.distinct_id, *([change.tied_id] if change.tied_id else [])}
        for team_id, names in wanted.items():
            self._load(team_id, names)

    def _load(self, team_id: int, names: Iterable[str]) -> None:
        entries = PersonDistinctId.objects.filter(project_id=team_id, distinct_id__in=names).select_related("person")
        new = []
        for entry in entries:
            if entry.person_id not in self._persons:
                self._persons[entry.person_id] = _kept(entry.person)
                new.append(entry.person_id)
            if (team_id, entry.distinct_id) not in self._by_id:
                self._by_id[team_id, entry.distinct_id] = self._persons[entry.person_id]
                self._names[self._persons[entry.person_id]].append(entry.distinct_id)
            self._versions[team_id, entry.distinct_id] = entry.version
        counts = PersonDistinctId.objects.filter(person__in=new).values_list("person").annotate(Count("pk"))
        for row_id, number in counts:
            self._counts[self._persons[row_id]] = number

    def person_of(self, team_id: int, distinct_id: str) -> Kept | None:
        return self._by_id.get((team_id, distinct_id))

    def number_of_ids(self, person: Kept) -> int:
        return self._counts[person]

    def make(self, team_id: int, distinct_id: str, created_at: datetime) -> Kept:
        person = Kept(team_id, uuid4(), created_at)
        self.add_id(person, distinct_id)
        self.changed(person)
        return person

    def add_id(self, person: Kept, distinct_id: str) -> None:
        key = person.team_id, distinct_id
        self._by_id[key] = person
        self._names[person].append(distinct_id)
        self._counts[person] += 1
        self._changed_ids[key] = None

    def changed(self, person: Kept) -> None:
        self._changed[person] = None

    def absorb(self, older: Kept, younger: Kept) -> None:
        """Makes all ids of the younger person the older one's."""
        names = self._names.pop(younger, [])
        for distinct_id in names:
            self._by_id[older.team_id, distinct_id] = older
            self._changed_ids[older.team_id, distinct_id] = None
        self._names[older] += names
        self._counts[older] += self._counts.pop(younger, 0)
        self._absorbed[older] += self._absorbed.pop(younger, [])
        if younger.row_id is not None:
            self._absorbed[older].append(younger.row_id)
            younger.is_deleted, younger.registers = True, {}
            self._changed[younger] = None
        else:
            self._changed.pop(younger, None)
        self._changed[older] = None

    def save(self) -> None:
        """One version for all that was changed together: later than any before it."""
        now = time.time_ns() // 1000
        made = [person for person in self._changed if person.row_id is None]
        rows.upsert(Person, _COLUMNS[1:], [_values(person, now)[1:] for person in made])
        self._note_row_ids(made)
        rows.upsert(
            Person,
            _COLUMNS,
            [_values(person, max(now, person.version + 1)) for person in self._changed if person.version],
            key=["id"],
        )
        for person, row_ids in self._absorbed.items():
            others = PersonDistinctId.objects.filter(person_id__in=row_ids)
            for distinct_id, version in others.values_list("distinct_id", "version"):
                self._changed_ids[person.team_id, distinct_id] = None
                self._versions[person.team_id, distinct_id] = version
                self._by_id[person.team_id, distinct_id] = person
        rows.upsert(
            PersonDistinctId,
            ["project_id", "distinct_id", "person_id", "version", "is_pending"],
            [
                (*key, self._by_id[key].row_id, max(now, self._versions.get(key, 0) + 1), True)
                for key in self._changed_ids
            ],
            key=["project_id", "distinct_id"],
        )

    def _note_row_ids(self, made: Sequence[Kept]) -> None:
        by_uuid = {person.uuid: person for person in made}
        found = Person.objects.filter(project__in={person.team_id for person in made}, uuid__in=by_uuid)
        for row_id, uuid in found.values_list("pk", "uuid"):
            by_uuid[uuid].row_id = row_id


def _kept(row: Person) -> Kept:
    return Kept(
        team_id=row.project_id,
        uuid=row.uuid,
        created_at=row.created_at,
        row_id=row.pk,
        is_identified=row.is_identified,
        registers=orjson.loads(row.registers),
        size=len(row.registers),
        version=row.version,
    )


_COLUMNS = (
    "id",
    "project_id",
    "uuid",
    "is_identified",
    "registers",
    "created_at",
    "is_deleted",
    "version",
    "is_pending",
)


def _values(person: Kept, version: int) -> tuple[Any, ...]:
    return (
        person.row_id,
        person.team_id,
        person.uuid,
        person.is_identified,
        orjson.dumps(person.registers).decode(),
        person.created_at,
        person.is_deleted,
        version,
        True,
    )
