"""Random people, events, cohorts and questions: every answer describes those whom a slow reading finds."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from heatmaps.models import Cohort, Project
from tests.conftest import Api, Cohorts, Events, Interactions, Persons
from tests.property_reference import passes

Row = dict[str, Any]
ZONES = ["UTC", "Asia/Tokyo", "America/New_York"]
# Around the midnights of the zones on both sides of 30 March.
MOMENTS = [
    datetime(2026, 3, 29, tzinfo=UTC) + timedelta(hours=hours, microseconds=micros)
    for hours in (0, 4, 15, 24, 28, 39, 48, 52, 63)
    for micros in (-1, 0)
]
visitors, sessions = st.sampled_from(["ann", "bob", "eve"]), st.sampled_from(["one", "two", "three", ""])
teams, people = st.sampled_from([1, 1, 1, 2]), st.sampled_from([1, 2, 3])
columns = {"team_id": teams, "distinct_id": visitors, "session_id": sessions, "timestamp": st.sampled_from(MOMENTS)}
properties = st.fixed_dictionaries({}, optional={"plan": st.sampled_from(["free", "pro", 1, None])})
filters: st.SearchStrategy[Row] = st.sampled_from(
    [
        {"key": "plan", "value": "pro"},
        {"key": "plan", "operator": "is_not", "value": ["pro", 1]},
        {"key": "plan", "operator": "is_set"},
        {"key": "plan", "operator": "lt", "value": 2},
        {"key": "text", "operator": "icontains", "value": "BUY", "type": "element"},
    ]
)
account_filters = filters | st.sampled_from(
    [
        {"key": "plan", "operator": "not_icontains", "value": "F", "type": "person"},
        {"key": "event", "value": "buy", "type": "event_metadata"},
        {"type": "cohort", "place": 0},
        {"type": "cohort", "place": 1, "negation": True},
        {"type": "static-cohort", "place": 2, "operator": "not_in"},
    ]
)


@dataclass
class World:
    """What is in the tables; cohorts are (is_static, version, members as (person, sign, version))."""

    interactions: list[Row]
    events: list[Row]
    persons: list[Row]
    cohorts: list[tuple[bool, int | None, list[tuple[int, int, int]]]]


@dataclass
class Question:
    timezone: str
    days: list[date]
    account_filters: list[Row] | None
    cohorts: list[int]
    events: list[Row]


worlds = st.builds(
    World,
    interactions=st.lists(st.fixed_dictionaries({**columns, "y": st.integers(1, 2)}), min_size=4, max_size=15),
    events=st.lists(
        st.fixed_dictionaries(
            {
                **columns,
                "event": st.sampled_from(["view", "buy"]),
                "properties": properties,
                "person_properties": properties,
                "elements_chain": st.sampled_from(["", 'a:text="Buy";']),
            }
        ),
        max_size=25,
    ),
    persons=st.lists(
        st.fixed_dictionaries(
            {
                "team_id": teams,
                "distinct_id": visitors,
                "person_id": people.map(lambda number: UUID(int=number)),
                "is_deleted": st.sampled_from([0, 0, 0, 1]),
                "version": st.integers(0, 9),
            }
        ),
        max_size=6,
        unique_by=lambda row: (row["team_id"], row["distinct_id"], row["version"]),
    ),
    cohorts=st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from([None, 1, 2]),
            st.lists(st.tuples(people, st.sampled_from([1, 1, -1]), st.sampled_from([1, 2])), max_size=5),
        ),
        min_size=3,
        max_size=3,
    ),
)
questions = st.builds(
    Question,
    timezone=st.sampled_from(ZONES),
    days=st.lists(st.sampled_from([date(2026, 3, day) for day in (29, 30, 31)]), min_size=2, max_size=2).map(sorted),
    account_filters=st.none() | st.lists(account_filters, max_size=2),
    cohorts=st.lists(st.integers(0, 2), max_size=2),
    events=st.lists(
        st.fixed_dictionaries(
            {"id": st.sampled_from(["view", "buy"])}, optional={"properties": st.lists(filters, max_size=2)}
        ),
        max_size=2,
    ),
)


class Reference:
    """Reads the world as the contract says, one row after the other."""

    def __init__(self, world: World, question: Question) -> None:
        self.world, self.question = world, question
        zone = ZoneInfo(question.timezone)
        first, last = question.days
        self.start = datetime.combine(first, time(), zone)
        self.end = datetime.combine(last + timedelta(days=1), time(), zone)

    def population(self) -> list[Row]:
        return [row for row in self.world.interactions if self._is_asked_for(row) and self._is_of_them(row)]

    def _is_asked_for(self, row: Row) -> bool:
        return bool(row["team_id"] == 1 and self.start <= row["timestamp"] < self.end)

    def _is_of_them(self, row: Row) -> bool:
        happened = [
            event
            for event in self.world.events
            if self._is_asked_for(event) and event["session_id"] == row["session_id"] != ""
        ]
        accounts = self.question.account_filters
        return (
            (accounts is None or any(self._passes_all(accounts, event) for event in happened))
            and all(self._is_in(place, row["distinct_id"]) for place in self.question.cohorts)
            and all(
                any(
                    event["event"] == wanted["id"] and self._passes_all(wanted.get("properties", []), event)
                    for event in happened
                )
                for wanted in self.question.events
            )
        )

    def _passes_all(self, wanted: Sequence[Row], event: Row) -> bool:
        return all(
            self._is_in(one["place"], event["distinct_id"]) != (len(one) > 2)
            if "place" in one
            else passes(one, event, self.question.timezone)
            for one in wanted
        )

    def _is_in(self, place: int, distinct_id: str) -> bool:
        rows = [row for row in self.world.persons if (row["team_id"], row["distinct_id"]) == (1, distinct_id)]
        if not rows:
            return False
        current = max(rows, key=lambda row: row["version"])
        if current["is_deleted"]:
            return False
        is_static, version, members = self.world.cohorts[place]
        mine = [member for member in members if UUID(int=member[0]) == current["person_id"]]
        if is_static:
            return bool(mine)
        if version is None:
            version = max((member[2] for member in members), default=None)
        return sum(sign for _, sign, of_version in mine if of_version == version) > 0


def ask(api: Api, question: Question, ids: list[int]) -> tuple[Row, Row, Row, Row, Row]:
    """The five answers: counts by y, visitors by y, scroll depth, who is behind the points, and what filters leave."""
    filters = [
        {name: value for name, value in one.items() if name != "place"}
        | ({"value": ids[one["place"]]} if "place" in one else {})
        for one in question.account_filters or []
    ]
    Project.objects.filter(pk=1).update(timezone=question.timezone, test_account_filters=filters)
    parameters = {
        "date_from": question.days[0].isoformat(),
        "date_to": question.days[1].isoformat(),
        "filter_test_accounts": "null" if question.account_filters is None else "true",
        "cohort_ids": json.dumps([ids[place] for place in question.cohorts]),
        "events": json.dumps(question.events),
    }
    points = [{"x": 0.06, "y": 16}, {"x": 0.06, "y": 32}]
    return (
        api.answer(**parameters),
        api.answer(**parameters, aggregation="unique_visitors"),
        api.answer(**parameters, type="scrolldepth"),
        api.interactions(points=points, limit=100, **parameters),
        api.explanation(**parameters),
    )


Tables = tuple[Interactions, Events, Persons, Cohorts]


@pytest.fixture
def filled(interactions: Interactions, events: Events, persons: Persons, cohorts: Cohorts) -> Tables:
    return interactions, events, persons, cohorts


@pytest.mark.slow
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(world=worlds, asked=st.lists(questions, min_size=5, max_size=5))
def test_every_answer_describes_those_whom_a_slow_reading_finds(
    session: Api, filled: Tables, world: World, asked: list[Question]
) -> None:
    try:
        ids = fill(filled, world)
        for question in asked:
            _compare(ask(session, question, ids), Reference(world, question).population(), question)
    finally:
        for table in filled:
            table.clear()
        Cohort.objects.all().delete()


def fill(tables: Tables, world: World) -> list[int]:
    """Puts the world into the tables; the ids of its cohorts."""
    interactions, events, persons, cohorts = tables
    interactions.add_all([{**row, "type": kind} for row in world.interactions for kind in ("click", "scrolldepth")])
    if world.events:
        events.add_all(world.events)
    if world.persons:
        persons.add_all(world.persons)
    return [
        cohorts.static(*(person for person, _, _ in members))
        if is_static
        else cohorts.dynamic(*members, version=version)
        for is_static, version, members in world.cohorts
    ]


def _compare(answers: tuple[Row, Row, Row, Row, Row], population: list[Row], question: Question) -> None:
    by_y: dict[int, list[str]] = defaultdict(list)
    for row in population:
        by_y[16 * row["y"]].append(row["distinct_id"])
    total, unique, depth, behind, explanation = answers
    counts = {point["pointer_y"]: point["count"] for point in total["results"]}
    assert counts == {y: len(names) for y, names in by_y.items()}, question
    assert total["fold"]["total_count"] == unique["fold"]["total_count"] == len(population), question
    people = {point["pointer_y"]: point["count"] for point in unique["results"]}
    assert people == {y: len(set(names)) for y, names in by_y.items()}, question
    assert sum(bucket["bucket_count"] for bucket in depth["results"]) == len(population), question
    found = sorted((row["distinct_id"], row["session_id"] or "", row["pointer_y"]) for row in behind["results"])
    expected = sorted((row["distinct_id"], row["session_id"], 16 * row["y"]) for row in population)
    assert found == expected, question
    assert behind["total_count"] == len(population), question
    assert explanation["matched"] == explanation["steps"][-1]["remaining"] == len(population), question
    in_use = {
        "test_accounts": question.account_filters is not None,
        "cohorts": question.cohorts,
        "events": question.events,
    }
    names = [step["filter"] for step in explanation["steps"]]
    assert names == ["project", "dates", "type", "hide_zero_coordinates", *(name for name in in_use if in_use[name])]
