"""Persons of what browsers send: who is made, who is tied to whom, what is known of them, and what ClickHouse hears."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from django.db import OperationalError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heatmaps import engine
from heatmaps.capture import batching, person_keeper, storage, traffic
from heatmaps.capture.points import Skip
from heatmaps.models import Person, PersonDistinctId, Project
from heatmaps.persons import changes, following, keeping
from heatmaps.persons.changes import Change, Refusal
from heatmaps.persons.properties import current, order_of
from tests.capture import NOW, POINT, Browser, event, rows, skipped, stored, stored_events
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.conftest import Api
from tests.persons_reference import Persons

# The thread that stores events sees what the tests put into the metadata database, and they what it puts there.
pytestmark = pytest.mark.django_db(transaction=True)


def said(name: str, distinct_id: str = "ann", **properties: Any) -> dict[str, Any]:
    """An event without points; `at` is its time, in minutes before it is received."""
    minutes = properties.pop("at", 0)
    at = datetime.fromtimestamp(NOW / 1e6, UTC) - timedelta(minutes=minutes)
    named = {f"${key}" if key in WITH_DOLLAR else key: value for key, value in properties.items()}
    return {
        "event": name,
        "distinct_id": distinct_id,
        "uuid": str(uuid4()),
        "timestamp": at.isoformat(),
        "properties": named,
    }


WITH_DOLLAR = {"set", "set_once", "unset", "anon_distinct_id", "process_person_profile"}


def kept() -> list[tuple[list[str], bool, dict[str, Any]]]:
    """The persons in the metadata database: their ids, whether they are identified, and their properties."""
    return sorted(
        (
            sorted(person.distinct_ids.values_list("distinct_id", flat=True)),
            person.is_identified,
            current(orjson.loads(person.registers)),
        )
        for person in Person.objects.filter(is_deleted=False)
    )


def told() -> list[tuple[list[str], bool, dict[str, Any]]]:
    """The persons as ClickHouse has them."""
    with engine.writer() as client:
        following.tell_all(client)
    found = rows(
        "SELECT groupArray(distinct_id) AS ids, any(p.is_identified) AS is_identified, any(p.properties) AS properties"
        " FROM (SELECT * FROM person FINAL WHERE is_deleted = 0) AS p"
        " LEFT JOIN (SELECT * FROM person_distinct_id2 FINAL WHERE is_deleted = 0) AS d ON d.person_id = p.id"
        " GROUP BY p.id"
    )
    return sorted((sorted(row["ids"]), bool(row["is_identified"]), orjson.loads(row["properties"])) for row in found)


# --- Who is made ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one",
    [
        said("$identify"),
        said("$create_alias", alias="b"),
        said("$merge_dangerously", alias="b"),
        said("$set"),
        said("click", set={}),
        said("click", set_once={"a": 1}),
        said("click", unset=["a"]),
        {**said("click"), "$set": {"a": 1}},
        {**said("click"), "$set_once": {}},
        {**said("click"), "$unset": []},
        said("click", process_person_profile=True),
        {**event(), "$set": {}},
    ],
)
def test_an_event_that_speaks_of_a_person_makes_one(browser: Browser, one: dict[str, Any]) -> None:
    browser.send(one)
    assert len(kept()) == 1


@pytest.mark.parametrize(
    "one",
    [
        said("click"),
        said("$pageview", process_person_profile=False),
        said("click", process_person_profile="true"),
        event(),
        said("$identify", distinct_id="anonymous"),
        said("$identify", distinct_id=""),
    ],
)
def test_other_events_make_none(browser: Browser, one: dict[str, Any]) -> None:
    browser.send(one)
    assert kept() == []


# --- Who is tied to whom -------------------------------------------------------------------------------------------


def test_identify_ties_the_anonymous_id_and_makes_the_person_identified(browser: Browser) -> None:
    browser.send(said("$identify", "ann", anon_distinct_id="0-1", set={"email": "ann@example.com"}))
    assert kept() == told() == [(["0-1", "ann"], True, {"email": "ann@example.com"})]


def test_identify_without_an_anonymous_id_makes_the_person_identified(browser: Browser) -> None:
    browser.send(said("$identify", "ann"), said("$identify", "bob", anon_distinct_id="bob"), said("$set", "eve"))
    assert kept() == [(["ann"], True, {}), (["bob"], True, {}), (["eve"], False, {})]
    assert refusals() == {}


def test_an_alias_ties_and_identifies_nobody(browser: Browser) -> None:
    browser.send(said("$create_alias", "ann", alias="annie"))
    assert kept() == [(["ann", "annie"], False, {})]


def test_of_two_persons_the_identified_one_is_not_absorbed_but_on_purpose(browser: Browser) -> None:
    browser.send(said("$identify", "ann", anon_distinct_id="0-1"), said("$identify", "bob", anon_distinct_id="0-1"))
    assert kept() == [(["0-1", "ann"], True, {}), (["bob"], True, {})]
    assert refusals() == {Refusal.IDENTIFIED: 1}
    browser.send(said("$create_alias", "bob", alias="ann"))
    assert refusals() == {Refusal.IDENTIFIED: 2}
    browser.send(said("$merge_dangerously", "bob", alias="ann"))
    assert kept() == told() == [(["0-1", "ann", "bob"], True, {})]


def test_the_survivors_properties_win_and_the_older_persons_id_stays(browser: Browser) -> None:
    browser.send(said("$set", "0-1", set={"a": "anonymous", "b": 1}, at=30))
    [before] = Person.objects.all()
    browser.send(said("$set", "ann", set={"a": "known", "c": 2}, at=20))
    told()
    browser.send(said("$identify", "ann", anon_distinct_id="0-1", at=10))
    assert kept() == told() == [(["0-1", "ann"], True, {"a": "known", "b": 1, "c": 2})]
    [after] = Person.objects.filter(is_deleted=False)
    assert after.uuid == before.uuid
    # Once ClickHouse knows that the other one is gone, nothing is kept of it.
    assert Person.objects.count() == 1


def test_a_circle_of_ties_is_one_person(browser: Browser) -> None:
    ids = ["a", "b", "c", "d"]
    for one, other in zip(ids, [*ids[1:], ids[0]], strict=True):
        browser.send(said("$create_alias", one, alias=other))
    assert kept() == told() == [(ids, False, {})]


def test_persons_of_projects_are_not_mixed(browser: Browser, other_project: Project) -> None:
    browser.send(said("$identify", "ann", anon_distinct_id="0-1"))
    other = Browser(other_project)
    other.send(said("$identify", "bob", anon_distinct_id="0-1"))
    assert kept() == told() == [(["0-1", "ann"], True, {}), (["0-1", "bob"], True, {})]


# --- What is known of them -----------------------------------------------------------------------------------------


def test_properties_go_by_the_time_of_the_events_and_by_their_place(browser: Browser) -> None:
    browser.send(said("$set", set={"plan": "new", "name": "Ann"}, at=5))
    browser.send(said("$set", set={"plan": "old"}, set_once={"first": "late", "name": "no"}, at=10))
    browser.send(said("$set", unset=["name"], set_once={"first": "early"}, at=20))
    assert kept() == [(["ann"], False, {"plan": "new", "name": "Ann", "first": "early"})]
    browser.send(said("$set", set={"plan": "first"}, at=1), said("$set", set={"plan": "second"}, at=1))
    browser.send(said("$set", unset=["name", "nothing"]))
    assert kept() == told() == [(["ann"], False, {"plan": "second", "first": "early"})]


def test_values_are_any_json_and_stand_in_the_properties_or_beside_them(browser: Browser) -> None:
    values = {"a": [1, {"b": None}], "b": "ü\0", "c": 1.5, "d": True, "e": None, "f": {}}
    beside = {**said("click", set={"g": 1, "h": 1}), "$set": {"h": 2}, "$set_once": {"i": 3}, "$unset": ["g"]}
    browser.send(said("$set", set=values, at=5), beside)
    assert kept() == told() == [(["ann"], False, {**values, "h": 2, "i": 3})]


def test_initial_values_are_only_filled_in(browser: Browser) -> None:
    browser.send(said("$set", set={"$initial_referrer": "first", "referrer": "first"}, at=5))
    browser.send(said("$set", set={"$initial_referrer": "second", "referrer": "second"}))
    assert kept() == [(["ann"], False, {"$initial_referrer": "first", "referrer": "second"})]


NAMES = st.sampled_from(["a", "b", "$initial_c"])
IDS = st.sampled_from(["ann", "bob", "0-1", "0-2"])
VALUES = st.sampled_from([1, 2, "x"])
EVENTS = st.builds(
    said,
    st.sampled_from(["$identify", "$create_alias", "$merge_dangerously", "$set", "click"]),
    IDS,
    at=st.integers(0, 3),
    set=st.dictionaries(NAMES, VALUES, max_size=2),
    set_once=st.dictionaries(NAMES, VALUES, max_size=2),
    unset=st.lists(NAMES, max_size=1),
    anon_distinct_id=IDS,
    alias=IDS,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), posts=st.lists(st.lists(EVENTS, min_size=1, max_size=3), max_size=5))
def test_persons_are_as_the_book_says_whatever_is_sent_again_or_broken_off(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, data: st.DataObject, posts: list[list[dict[str, Any]]]
) -> None:
    """Two processes in turn; some posts are broken off between the two databases and sent again later."""
    Person.objects.all().delete()
    with engine.writer() as client:
        for table in ("person", "person_distinct_id2"):
            client.command(f"TRUNCATE TABLE {table}")
    monkeypatch.setattr(storage, "SETTLED_AFTER_MILLISECONDS", -1)
    reference = Persons()
    remaining = [(post, data.draw(st.booleans(), "is broken off")) for post in posts]
    writers = [batching.Writer(), batching.Writer()]
    for post in posts:
        for place, one in enumerate(post):
            one["uuid"] = str(uuid4())
            at = int(datetime.fromisoformat(one["timestamp"]).timestamp() * 1_000_000)
            reference.receive(one, place, at, UUID(one["uuid"]).int)
    while remaining:
        post, is_broken_off = remaining.pop(0)
        monkeypatch.setattr(batching, "_writer", writers[len(remaining) % 2])
        body = {"api_key": browser.token, "batch": post}
        if is_broken_off:
            with monkeypatch.context() as patch:
                patch.setattr(storage, "insert_events", lambda *_: (_ for _ in ()).throw(engine.EngineBusy("no")))
                assert browser.post(body).status_code == 503
            remaining.append((post, False))
        else:
            assert browser.post(body).status_code == 200
            if data.draw(st.booleans(), "is sent again"):
                assert browser.post(body).status_code == 200
    for writer in writers:
        writer.stop()
    assert kept() == reference.all()
    assert told() == reference.all()


# --- Two databases -------------------------------------------------------------------------------------------------


def test_a_metadata_database_that_is_away_holds_up_only_who_needs_it(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_keeper, "REST_SECONDS", 0)
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "apply", lambda *_: (_ for _ in ()).throw(OperationalError("gone")))
        browser.send(event(POINT))
        response = browser.post({"api_key": browser.token, "batch": [said("$identify"), event(POINT)]})
        assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert len(stored()) == 2
    browser.send(said("$identify"))
    assert kept() == [(["ann"], True, {})]


def test_after_a_failure_nothing_is_tried_for_a_while(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def fail(*_: Any) -> None:
        tries.append(1)
        raise OperationalError("gone")

    monkeypatch.setattr(keeping, "apply", fail)
    for _ in range(3):
        assert browser.post({"api_key": browser.token, "batch": [said("$identify")]}).status_code == 503
    assert len(tries) == 1


def test_a_kill_before_clickhouse_is_told_and_before_that_is_noted_changes_nothing(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.send(said("$identify", "ann", anon_distinct_id="0-1", set={"a": 1}))
    with monkeypatch.context() as patch, engine.writer() as client:
        patch.setattr(following, "_note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            following.tell_all(client)
    assert following.has_pending()
    assert told() == kept() == [(["0-1", "ann"], True, {"a": 1})]
    assert not following.has_pending()


def test_what_is_changed_while_clickhouse_is_told_is_told_too(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.send(said("$set", set={"a": 1}, at=5))
    note = following._note
    changed: list[bool] = []

    def meanwhile(*arguments: Any) -> None:
        if not changed:
            changed.append(True)
            browser.send(said("$set", set={"a": 2}))
        note(*arguments)

    monkeypatch.setattr(following, "_note", meanwhile)
    assert told() == [(["ann"], False, {"a": 1})]
    assert following.has_pending()
    assert told() == [(["ann"], False, {"a": 2})]


def test_a_version_is_later_than_any_before_it_though_the_clock_goes_back(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.send(said("$set", set={"a": 1}, at=5))
    told()
    monkeypatch.setattr("heatmaps.persons.state.time.time_ns", lambda: 0)
    browser.send(said("$identify", anon_distinct_id="0-1", set={"a": 2}))
    assert told() == kept() == [(["0-1", "ann"], True, {"a": 2})]


def test_several_processes_at_once_lose_and_double_nobody(browser: Browser, project: Project) -> None:
    """As threads with connections of their own. Ties alone do not depend on their order."""
    chance = random.Random(18)  # noqa: S311 -- no secret
    ids = [f"id {number}" for number in range(40)]
    ties = [tuple(chance.sample(ids, 2)) for _ in range(30)]
    together = threading.Barrier(4)

    def change(place: int, one: str, other: str) -> Change:
        order = order_of(NOW + place, 0, place)
        return Change(
            team_id=project.pk,
            number=place + 1,
            distinct_id=one,
            order=order,
            happened_at=NOW,
            tied_id=other,
            put={other: place},
        )

    def process(number: int) -> None:
        together.wait()
        try:
            # Each in its own order, and every one of them all.
            mine = [change(place, *tie) for place, tie in enumerate(ties)]
            random.Random(number).shuffle(mine)  # noqa: S311 -- no secret
            for first in range(0, len(mine), 7):
                keeping.apply(mine[first : first + 7], number)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(process, range(4)))
    groups: list[set[str]] = []
    for one, other in ties:
        touched = [group for group in groups if group & {one, other}]
        groups = [group for group in groups if group not in touched] + [{one, other}.union(*touched)]
    assert [ids for ids, _, _ in kept()] == sorted(sorted(group) for group in groups)
    assert told() == kept()
    values = [value for _, _, properties in kept() for value in properties.values()]
    assert all(ties[value][1] in properties for _, _, properties in kept() for value in properties.values())
    assert len(values) == len({other for _, other in ties})


# --- Bad input -----------------------------------------------------------------------------------------------------


def refusals() -> dict[str, int]:
    return {
        key.reason: entry.unwritten.total() for key, entry in traffic._entries.items() if key.reason in set(Refusal)
    }


LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("bad", "expected", "person"),
    [
        ({"set": [1]}, {Refusal.NO_PROPERTIES: 1}, (["ann"], {})),
        (
            {"set": "x", "set_once": 5, "unset": {"a": 1}},
            {Refusal.NO_PROPERTIES: 2, Refusal.NO_NAMES: 1},
            (["ann"], {}),
        ),
        ({"unset": [1]}, {Refusal.NO_NAMES: 1}, (["ann"], {})),
        ({"set": {"a": "x" * 1_000_000, "b": 1}}, {Refusal.LONG_PROPERTY: 1}, (["ann"], {"b": 1})),
        ({"set": {LONG: 1, "b": 1}}, {Refusal.LONG_PROPERTY: 1}, (["ann"], {"b": 1})),
        ({"alias": "ann"}, {Refusal.ITSELF: 1}, (["ann"], {})),
        ({"alias": LONG}, {Refusal.LONG_ID: 1}, (["ann"], {})),
        ({"alias": "guest"}, {Refusal.NO_OTHER: 1}, (["ann"], {})),
        ({"alias": ["x"]}, {Refusal.NO_OTHER: 1}, (["ann"], {})),
        ({"alias": "a\0b"}, {Refusal.NO_OTHER: 1}, (["ann"], {})),
        ({}, {Refusal.NO_OTHER: 1}, (["ann"], {})),
        ({"alias": 7}, {}, (["7", "ann"], {})),
    ],
)
def test_what_cannot_be_kept_is_counted_and_the_rest_is_kept(
    browser: Browser, bad: dict[str, Any], expected: dict[str, int], person: tuple[list[str], dict[str, Any]]
) -> None:
    name = "$create_alias" if "alias" in bad or not bad else "$set"
    browser.send(event(POINT), said(name, **bad), said("click", "bob"))
    assert refusals() == expected
    ids, properties = person
    assert kept() == told() == [(ids, False, properties)]
    assert len(stored()) == 1
    assert len(stored_events()) == 2


@pytest.mark.parametrize(
    ("distinct_id", "reason"), [(LONG, Refusal.LONG_ID), ("guest", Refusal.NO_ID), ("a\0b", Refusal.NO_ID)]
)
def test_an_id_that_is_no_persons_makes_none_and_costs_no_points(
    browser: Browser, distinct_id: str, reason: Refusal
) -> None:
    browser.send(said("$identify", distinct_id, set={"a": 1}), event(POINT))
    assert refusals() == {reason: 1}
    assert kept() == []
    assert len(stored()) == len(stored_events()) == 1


def test_ten_thousand_properties_are_cut(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    many = {str(number): number for number in range(10_000)}
    browser.send(said("$set", set=many, at=5))
    [(_, _, properties)] = told()
    assert len(properties) == changes.MAX_PROPERTIES
    assert refusals() == {Refusal.MANY_PROPERTIES: 9_000}
    browser.send(said("$set", set={"0": "new", "more": 1}))
    [(_, _, properties)] = kept()
    assert (properties["0"], "more" in properties) == ("new", False)
    assert refusals() == {Refusal.MANY_PROPERTIES: 9_001}


def test_all_properties_together_have_a_limit_and_changing_them_does_not_wear_it_out(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MAX_BYTES", 1_000)
    for number in range(20):
        browser.send(*(said("$set", set={"a": str(number) * 100}) for _ in range(5)))
    assert refusals() == {}
    browser.send(said("$set", set={"b": "x" * 900, "c": 1}))
    assert refusals() == {Refusal.MANY_BYTES: 1}
    [(_, _, properties)] = kept()
    assert set(properties) == {"a", "c"}


def test_a_person_has_so_many_ids_and_no_more(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MAX_IDS", 3)
    browser.send(*(said("$create_alias", "ann", alias=f"a{number}") for number in range(5)))
    browser.send(said("$create_alias", "bob", alias="b1"), said("$create_alias", "bob", alias="ann"))
    assert kept() == [(["a0", "a1", "ann"], False, {}), (["b1", "bob"], False, {})]
    assert refusals() == {Refusal.MANY_IDS: 4}


def test_what_is_nested_too_deeply_is_left_out(browser: Browser) -> None:
    """What can be read may go deeper than what can be written."""
    names = ["DEEPEST", "DEEP", "FINE"]
    events = [
        said("$set", set=dict.fromkeys(names, "X")),
        said("click", **{"$session_id": "DEEPEST", **dict.fromkeys(names, "X")}),
    ]
    text = orjson.dumps({"api_key": browser.token, "batch": events})
    for name, depth in zip(names, (500, 252, 200), strict=True):
        nested = b"[" * depth + b"]" * depth
        text = text.replace(f'"{name}":"X"'.encode(), f'"{name}":'.encode() + nested)
        text = text.replace(f':"{name}"'.encode(), b":" + nested)
    assert browser.ask("POST", "/e/", text).status_code == 200
    [(_, _, properties)] = told()
    assert list(properties) == ["FINE"]
    assert refusals() == {Refusal.LONG_PROPERTY: 2}
    assert skipped() == {Skip.TOO_DEEP: 3}
    assert [orjson.loads(row["properties"]).keys() for row in stored_events("properties")] == [{"DEEP", "FINE"}, set()]


def test_ids_of_persons_and_points_of_nobody_are_counted_once_though_sent_again(browser: Browser) -> None:
    post = browser.zipped(said("$create_alias", "ann", alias="ann"))
    for _ in range(3):
        assert browser.ask("POST", "/e/", post).status_code == 200
    assert refusals() == {Refusal.ITSELF: 1}
    assert PersonDistinctId.objects.count() == 1


# --- What the filters make of it -------------------------------------------------------------------------------------


def test_staff_can_be_left_out_by_their_e_mail_also_for_what_they_did_before(
    browser: Browser, api: Api, project: Project
) -> None:
    project.test_account_filters = [
        {"key": "email", "operator": "not_icontains", "value": "@ours.example", "type": "person"}
    ]
    project.save()
    before = {"$session_id": "s1", "$heatmap_data": ...}
    browser.send(
        event(POINT, distinct_id="0-1", properties={"$session_id": "s1"}),
        event(event="$pageview", distinct_id="0-1", properties=before),
        event(POINT, distinct_id="visitor", properties={"$session_id": "s2"}),
        event(event="$pageview", distinct_id="visitor", properties={**before, "$session_id": "s2"}),
    )

    def counted(**parameters: Any) -> int:
        return sum(point["count"] for point in api.points(date_from="2026-03-30", **parameters))

    assert counted(filter_test_accounts=True) == 2
    browser.send(said("$identify", "ann", anon_distinct_id="0-1", set={"email": "Ann@ours.example"}))
    told()
    assert (counted(), counted(filter_test_accounts=True)) == (2, 1)
    # Another browser of hers, and what she does there, is hers as well.
    browser.send(
        event(POINT, distinct_id="0-2", properties={"$session_id": "s3"}),
        said("$identify", "ann", anon_distinct_id="0-2"),
    )
    told()
    assert counted(aggregation="unique_visitors") == 3
    assert counted(aggregation="unique_persons") == 2
