"""Filters by what is known of the person whom a visitor is now, whoever that was when it happened."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from heatmaps import engine
from heatmaps.models import Project
from tests.conftest import Api, Events, Interactions, Persons

NOT_STAFF = {"key": "email", "operator": "not_icontains", "value": "@ours.example", "type": "person"}
STAFF = {**NOT_STAFF, "operator": "icontains"}


class Properties:
    """What is known of persons, who are numbers here."""

    def add(self, person: int, team_id: int = 1, version: int = 1, is_deleted: int = 0, **properties: Any) -> None:
        row = [UUID(int=person), team_id, orjson.dumps(properties).decode(), 1, is_deleted, version]
        names = ["id", "team_id", "properties", "is_identified", "is_deleted", "version"]
        with engine.writer() as client:
            client.insert("person", [row], column_names=names)


@pytest.fixture
def known() -> Iterator[Properties]:
    yield Properties()
    with engine.writer() as client:
        client.command("TRUNCATE TABLE person")


@pytest.fixture
def people(interactions: Interactions, events: Events) -> None:
    """Ann, Bob and Eve: a click and an event in a session of each."""
    for name in ("ann", "bob", "eve"):
        interactions.add(distinct_id=name, session_id=name)
        events.add(distinct_id=name, session_id=name)


def passing(api: Api, *filters: dict[str, Any]) -> int:
    """How many visitors pass the test-account filters."""
    Project.objects.update(test_account_filters=list(filters))
    points = api.points(filter_test_accounts=True, aggregation="unique_visitors")
    return sum(point["count"] for point in points)


def test_the_property_is_that_of_the_person_whom_the_visitor_is_now(
    api: Api, people: None, persons: Persons, known: Properties
) -> None:
    persons.add("ann", 1)
    known.add(1, email="ann@ours.example")
    persons.add("bob", 2)
    known.add(2, email="bob@theirs.example")
    assert (passing(api, NOT_STAFF), passing(api, STAFF)) == (2, 1)
    # Eve turns out to be Ann, and Bob changes sides.
    persons.add("eve", 1)
    known.add(2, version=2, email="bob@ours.example")
    assert (passing(api, NOT_STAFF), passing(api, STAFF)) == (0, 3)


def test_only_the_newest_version_of_a_person_counts(
    api: Api, people: None, persons: Persons, known: Properties
) -> None:
    persons.add("ann", 1)
    known.add(1, version=5, email="ann@theirs.example")
    known.add(1, version=4, email="ann@ours.example")
    assert passing(api, STAFF) == 0


def test_where_no_such_person_is_kept_the_events_own_properties_count(
    api: Api, interactions: Interactions, events: Events, persons: Persons, known: Properties
) -> None:
    staff = {"email": "someone@ours.example"}
    for name in ("unknown", "without-properties", "gone", "of-another-project", "known"):
        interactions.add(distinct_id=name, session_id=name)
        events.add(distinct_id=name, session_id=name, person_properties=staff)
    persons.add("without-properties", 1)
    persons.add("gone", 2)
    known.add(2, is_deleted=1, version=2)
    known.add(2, email="x@theirs.example")
    persons.add("of-another-project", 3)
    known.add(3, team_id=2, email="x@theirs.example")
    persons.add("known", 4)
    known.add(4, name="x")
    assert (passing(api, STAFF), passing(api, NOT_STAFF)) == (4, 1)


def test_a_property_without_a_column_of_its_own_is_found_as_well(
    api: Api, people: None, persons: Persons, known: Properties
) -> None:
    persons.add("ann", 1)
    known.add(1, plan="pro", age=30)
    persons.add("bob", 2)
    known.add(2, plan=None)
    plan = {"key": "plan", "type": "person"}
    assert passing(api, {**plan, "value": "pro"}) == 1
    assert passing(api, {**plan, "operator": "is_set", "value": "is_set"}) == 1
    assert passing(api, {**plan, "operator": "is_not", "value": "pro"}) == 2
    assert passing(api, {"key": "age", "type": "person", "operator": "gt", "value": 29}) == 1
    assert passing(api, {**plan, "value": "pro"}, STAFF) == 0
