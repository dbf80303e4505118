"""Changes of persons into the metadata database: a group at a time, in the order of arrival, in one transaction.

An event is applied once: it is noted with what it changes, until ClickHouse knows that all of it is stored. So one that
is sent again after a kill between the two databases finds its person as it left it.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction

from heatmaps.metadata.connections import close_connection
from heatmaps.models import AppliedPersonEvent, Project
from heatmaps.persons import rows
from heatmaps.persons.changes import MAX_BYTES, MAX_IDS, MAX_PROPERTIES, Change, Outcome, Refusal, Tie
from heatmaps.persons.properties import fill_in, merged, put, remove
from heatmaps.persons.state import Kept, State

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# SQLite takes a limited number of values in one statement.
AT_ONCE = 500
# How long another writer may keep one waiting.
PATIENCE_MILLISECONDS = 3_000

T = TypeVar("T")

_NOT_KEPT_YET = 2**63
# As long as an event is known by its uuid.
NOTED_FOR = timedelta(days=1)

# Set when something was changed that ClickHouse does not know yet.
has_news = threading.Event()


def apply(changes: Sequence[Change], batch: int, complete: Sequence[int] = ()) -> Outcome:
    """Applies what is not applied yet. `complete` are batches of which ClickHouse knows that they are stored. Raises
    Django's database errors, and has changed nothing then."""
    outcome = Outcome()
    with transaction.atomic():
        lock({change.team_id for change in changes})
        forget(complete)
        state = State()
        applied = set[tuple[int, int]]()
        for some in portions(changes, AT_ONCE):
            state.load(some)
            applied |= _applied(some)
        for place, change in enumerate(changes):
            if change.team_id in state.teams and (change.team_id, change.number) not in applied:
                _apply(state, change, place, outcome)
        state.save()
        now = datetime.now(UTC)
        rows.upsert(
            AppliedPersonEvent,
            ["project_id", "event", "batch", "applied_at"],
            [
                (change.team_id, UUID(int=change.number), _signed(batch), now)
                for change in changes
                if change.team_id in state.teams and (change.team_id, change.number) not in applied
            ],
        )
    has_news.set()
    return outcome


def forget(batches: Sequence[int]) -> None:
    """Drops the notes of events that are stored, and of those that nobody sends again any more."""
    if batches:
        AppliedPersonEvent.objects.filter(batch__in=[_signed(batch) for batch in batches]).delete()


def forget_old(now: datetime) -> None:
    AppliedPersonEvent.objects.filter(applied_at__lt=now - NOTED_FOR).delete()


def _applied(changes: Sequence[Change]) -> set[tuple[int, int]]:
    found = AppliedPersonEvent.objects.filter(
        project__in={change.team_id for change in changes}, event__in=[UUID(int=change.number) for change in changes]
    )
    return {(team_id, event.int) for team_id, event in found.values_list("project", "event")}


def _signed(batch: int) -> int:
    return batch & 0x7FFF_FFFF_FFFF_FFFF


def release_connection() -> None:
    """For threads that go on: connections to PostgreSQL are few, one to SQLite costs nothing while it is kept."""
    if connection.vendor != "sqlite":
        close_connection()


def portions(values: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(values)
    while some := list(islice(remaining, size)):
        yield some


def lock(teams: Iterable[int]) -> None:
    """Lets no other process change the persons of these projects meanwhile. SQLite has one writer as it is."""
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE_MILLISECONDS}")
        list(Project.objects.select_for_update(no_key=True).filter(pk__in=teams).order_by("pk").values_list("pk"))


def _apply(state: State, change: Change, place: int, outcome: Outcome) -> None:
    person = state.person_of(change.team_id, change.distinct_id)
    if person is None:
        person = state.make(change.team_id, change.distinct_id, _EPOCH + timedelta(microseconds=change.happened_at))
        outcome.made += 1
    if change.tied_id is not None:
        person = _tie(state, person, change.tied_id, change.tie, outcome, place)
    if change.is_identified and not person.is_identified:
        person.is_identified = True
        state.changed(person)
    _describe(state, person, change, place, outcome)


def _tie(state: State, person: Kept, tied_id: str, tie: Tie, outcome: Outcome, place: int) -> Kept:
    """The person that both ids are from now on; the first one where they stay two."""
    other = state.person_of(person.team_id, tied_id)
    if other is person:
        return person
    if other is not None and other.is_identified and tie is not Tie.ALWAYS:
        outcome.refuse(place, Refusal.IDENTIFIED)
        return person
    if state.number_of_ids(person) + (state.number_of_ids(other) if other else 1) > MAX_IDS:
        outcome.refuse(place, Refusal.MANY_IDS)
        return person
    outcome.tied += 1
    if other is None:
        state.add_id(person, tied_id)
        return person
    registers = merged(person.registers, other.registers)
    older, younger = sorted((person, other), key=lambda one: (one.created_at, one.row_id or _NOT_KEPT_YET))
    older.registers = registers
    older.is_identified = person.is_identified or other.is_identified
    state.absorb(older, younger)
    return older


def _describe(state: State, person: Kept, change: Change, place: int, outcome: Outcome) -> None:
    registers = person.registers
    wanted = [(put, name, value) for name, value in change.put.items()]
    wanted += [(fill_in, name, value) for name, value in change.fill_in.items()]
    for act, name, value in wanted:
        if name not in registers and len(registers) >= MAX_PROPERTIES:
            outcome.refuse(place, Refusal.MANY_PROPERTIES)
        elif person.size + len(name) + _size(value) > MAX_BYTES:
            outcome.refuse(place, Refusal.MANY_BYTES)
        else:
            person.size -= _size(registers.get(name))
            act(registers, name, change.order, value)
            person.size += _size(registers[name])
    for name in change.remove:
        if name in registers or len(registers) < MAX_PROPERTIES:
            remove(registers, name, change.order)
    if wanted or change.remove:
        state.changed(person)


def _size(value: object) -> int:
    """About as many bytes as it takes, without writing it."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(name) + _size(one) for name, one in value.items())
    if isinstance(value, list):
        return sum(map(_size, value))
    return 8
