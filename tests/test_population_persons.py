"""Filters by what is known of the person whom a visitor is now, whoever that was when it happened."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from heatmaps import engine
from heatmaps.loading import lists
from heatmaps.models import Cohort, Project
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.persons import current_ids
from tests.conftest import Api, Cohorts, Events, Interactions, Persons

NOT_STAFF = {"key": "email", "operator": "not_icontains", "value": "@ours.example", "type": "person"}
STAFF = {**NOT_STAFF, "operator": "icontains"}


PERSON_COLUMNS = ("team_id", "distinct_id", "person_id", "is_deleted", "version")


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


# --- Cohorts that are lists ------------------------------------------------------------------------------------------


def in_list(api: Api, cohort: int, **parameters: Any) -> int:
    points = api.points(cohort_ids=f"[{cohort}]", aggregation="unique_visitors", **parameters)
    return sum(point["count"] for point in points)


@pytest.fixture
def listed(project: Project) -> Iterator[int]:
    """The id of a list of Ann and of somebody who is not known."""
    cohort = Cohort.objects.create(project=project, name="Listed", lists_visitors=True)
    with engine.writer() as client:
        lists.replace(client, 1, cohort.pk, ["ann", "nobody"])
        lists.replace(client, 2, cohort.pk, ["eve"])
    yield cohort.pk
    with engine.writer() as client:
        client.command("TRUNCATE TABLE cohort_visitors")


def test_listed_visitors_are_in_whoever_they_are_and_were(
    api: Api, people: None, persons: Persons, listed: int
) -> None:
    assert in_list(api, listed) == 1
    persons.add("ann", 1)
    assert in_list(api, listed) == 1
    # Ann is another person than when the list was made, and Bob is the same one.
    persons.add("ann", 2, version=2)
    persons.add("bob", 2)
    assert in_list(api, listed) == 2
    # Whom nobody knew when the list was made turns out to be Eve.
    persons.add("nobody", 3)
    persons.add("eve", 3)
    assert in_list(api, listed) == 3


def test_a_list_is_a_filter_of_sessions_too_and_can_be_turned_round(
    api: Api, people: None, persons: Persons, listed: int
) -> None:
    in_it = {"type": "cohort", "value": listed}
    assert (passing(api, in_it), passing(api, {**in_it, "negation": True})) == (1, 2)
    persons.add("ann", 1)
    persons.add("bob", 1)
    assert (passing(api, in_it), passing(api, {**in_it, "operator": "not_in"})) == (2, 1)


def test_a_visitor_must_be_on_every_list_and_in_every_other_cohort(
    api: Api, people: None, persons: Persons, cohorts: Cohorts, listed: int
) -> None:
    persons.add("ann", 1)
    persons.add("bob", 1)
    other = cohorts.static(1)
    ids = {f"[{listed}, {other}]": 2, f"[{listed}, {cohorts.static()}]": 0, f"[{listed}, {listed}]": 2}
    for wanted, number in ids.items():
        points = api.points(cohort_ids=wanted, aggregation="unique_visitors")
        assert sum(point["count"] for point in points) == number


# --- PostHog's table of what has changed since -----------------------------------------------------------------------


def test_who_changed_since_is_read_from_posthogs_overrides_where_they_are(
    interactions: Interactions, persons: Persons, known: Properties
) -> None:
    """By the SQL alone: the layout of the tests' tables is found once."""
    with engine.writer() as client:
        client.command("CREATE TABLE person_distinct_id_overrides AS person_distinct_id2")
        try:
            persons.add("ann", 1, version=1)
            persons.add("bob", 1, version=3)
            rows = [[1, "ann", UUID(int=2), 0, 2], [1, "bob", UUID(int=2), 0, 2], [1, "eve", UUID(int=2), 1, 1]]
            client.insert("person_distinct_id_overrides", rows, column_names=list(PERSON_COLUMNS))
            found = client.query(
                f"{current_ids(Layout(has_overrides=True))} ORDER BY distinct_id", parameters={"team_id": 1}
            ).result_rows
        finally:
            client.command("DROP TABLE person_distinct_id_overrides")
    assert [tuple(row) for row in found] == [("ann", UUID(int=2)), ("bob", UUID(int=1))]


# --- How many persons ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [PLAIN, None], ids=["PostHog's table", "our table"])
def test_persons_are_counted_once_whatever_ids_they_have(
    api: Api, interactions: Interactions, persons: Persons, monkeypatch: pytest.MonkeyPatch, layout: Layout | None
) -> None:
    if layout is not None:
        monkeypatch.setattr("heatmaps.questions.heatmap.answer.current_layout", lambda: layout)
    # One person with two ids, one with one, two visitors without a person; Eve is another project's.
    for name in ("ann", "ann's phone", "ann", "bob", "nobody", "no one", "eve"):
        interactions.add(distinct_id=name, session_id=name)
        interactions.add(distinct_id=name, session_id=name, type="scrolldepth", x=0, y=10)
    for name, person in (("ann", 1), ("ann's phone", 1), ("bob", 2)):
        persons.add(name, person)
    persons.add("eve", 1, team_id=2)
    persons.add("nobody", 1)
    persons.add("nobody", 1, version=2, is_deleted=1)

    def counts(**parameters: Any) -> list[int]:
        return [point["count"] for point in api.points(**parameters)]

    assert counts() == [7]
    assert counts(aggregation="unique_visitors") == [6]
    assert counts(aggregation="unique_persons") == [5]
    assert counts(aggregation="unique_persons", min_visitors=6) == [5]
    assert counts(aggregation="unique_persons", min_visitors=7) == []
    assert counts(aggregation="unique_persons", first_in_session=True) == [5]
    covered = api.answer(aggregation="unique_persons", include="coverage")
    assert (covered["results"][0]["count"], covered["coverage"]["count_total"]) == (5, 7)
    depths = api.points(aggregation="unique_persons", type="scrolldepth")
    assert [(one["bucket_count"], one["cumulative_count"]) for one in depths] == [(5, 5)]


def test_the_cells_with_the_most_persons_come_first(api: Api, interactions: Interactions, persons: Persons) -> None:
    for number in range(4):
        interactions.add(distinct_id=f"ann {number}", y=1)
        persons.add(f"ann {number}", 1)
    for name in ("bob", "eve"):
        interactions.add(distinct_id=name, y=2)
    found = api.points(aggregation="unique_persons")
    assert [(point["count"], point["pointer_y"]) for point in found] == [(2, 32), (1, 16)]
    assert api.points(aggregation="unique_persons", limit=1, offset=1) == found[1:]
