"""Whose interactions: test accounts, cohorts, and sessions in which something happened."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from heatmaps.models import Project
from heatmaps.population.layout import PLAIN, Layout, current_layout
from tests.conftest import Api, Cohorts, Events, Interactions, Persons, body, document

Row = dict[str, Any]
POINT = [{"x": 0.06, "y": 16}]


def visitors(api: Api, **parameters: Any) -> str:
    """Who remains: the visitors behind the one point that all of them touched."""
    answer = api.interactions(points=POINT, limit=100, **parameters)
    return " ".join(sorted(row["distinct_id"] for row in answer["results"]))


def refusal(attr: str, detail: str, code: str = "invalid_input") -> Row:
    return {"type": "validation_error", "code": code, "detail": detail, "attr": attr}


def set_filters(project: Project, *filters: Row) -> None:
    project.test_account_filters = list(filters)
    project.save()


@pytest.fixture
def people(interactions: Interactions) -> None:
    """Ann, Bob and Eve, each with one click in a session of their own name."""
    interactions.add_all([{"distinct_id": name, "session_id": name} for name in ("ann", "bob", "eve")])


# Test accounts


@pytest.mark.usefixtures("people")
def test_sessions_without_an_event_that_passes_drop_out(api: Api, project: Project, events: Events) -> None:
    set_filters(project, {"key": "$host", "value": "shop"}, {"key": "plan", "operator": "is_set"})
    events.add(session_id="ann", properties={"$host": "shop", "plan": 1})
    events.add(session_id="ann", properties={"$host": "localhost"})
    # Two halves are not one event.
    events.add(session_id="bob", properties={"$host": "shop"})
    events.add(session_id="bob", properties={"plan": 1})
    assert visitors(api, filter_test_accounts="true") == "ann"
    for off in ("false", "null", ""):
        assert visitors(api, filter_test_accounts=off) == "ann bob eve"


@pytest.mark.usefixtures("people")
def test_without_any_filter_sessions_with_no_event_still_drop_out(api: Api, project: Project, events: Events) -> None:
    set_filters(project)
    events.add(session_id="bob")
    assert visitors(api, filter_test_accounts="true") == "bob"


def test_interactions_without_a_session_drop_out(api: Api, interactions: Interactions, events: Events) -> None:
    interactions.add(session_id="", distinct_id="ann")
    events.add(session_id="", distinct_id="ann")
    assert visitors(api, filter_test_accounts="true") == ""
    assert visitors(api, events='[{"id":"pageview"}]') == ""
    assert visitors(api) == "ann"


def test_the_session_of_an_event_is_read_from_its_properties_when_it_has_no_column(
    api: Api, people: None, events: Events
) -> None:
    events.add(session_id="eve", properties={"$session_id": "ann"})
    assert visitors(api, filter_test_accounts="true") == "eve"


@pytest.mark.usefixtures("people")
def test_events_of_another_project_never_count(
    api: Api, project: Project, other_project: Project, events: Events
) -> None:
    set_filters(project)
    events.add(session_id="ann", team_id=2)
    events.add(session_id="bob")
    assert visitors(api, filter_test_accounts="true") == "bob"
    assert visitors(api, events='[{"id":"pageview"}]') == "bob"


@pytest.mark.parametrize(
    ("timezone", "start", "end"),
    [
        ("UTC", datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)),
        # Clocks go forward on 29 March: that day has 23 hours.
        ("Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 30, 22, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 3, 28, 15, tzinfo=UTC), datetime(2026, 3, 30, 15, tzinfo=UTC)),
    ],
)
@pytest.mark.usefixtures("project")
def test_events_count_in_the_window_of_the_interactions(
    api: Api, interactions: Interactions, events: Events, timezone: str, start: datetime, end: datetime
) -> None:
    Project.objects.update(timezone=timezone, test_account_filters=[])
    noon = datetime(2026, 3, 29, 12, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    for name, at in {"before": start - moment, "first": start, "last": end - moment, "after": end}.items():
        interactions.add(distinct_id=name, session_id=name, timestamp=noon)
        events.add(session_id=name, timestamp=at)
    window = {"date_from": "2026-03-29", "date_to": "2026-03-30"}
    assert visitors(api, **window, filter_test_accounts="true") == "first last"
    assert visitors(api, **window, events='[{"id":"pageview"}]') == "first last"
    assert visitors(api, **window) == "after before first last"


def test_a_single_day_is_a_window_too(api: Api, project: Project, interactions: Interactions, events: Events) -> None:
    set_filters(project)
    for name, day in [("ann", 29), ("bob", 30), ("eve", 31)]:
        interactions.add(distinct_id=name, session_id=name, timestamp=datetime(2026, 3, 30, 9, tzinfo=UTC))
        events.add(session_id=name, timestamp=datetime(2026, 3, day, 23, tzinfo=UTC))
    assert visitors(api, date_from="2026-03-30", date_to="2026-03-30", filter_test_accounts="true") == "bob"


def test_dates_in_filters_are_in_the_projects_time_zone(
    api: Api, project: Project, people: None, events: Events
) -> None:
    project.timezone = "Asia/Tokyo"
    set_filters(project, {"key": "due", "operator": "is_date_after", "value": "2026-03-30"})
    events.add(session_id="ann", properties={"due": "2026-03-30T15:00:00Z"})
    events.add(session_id="bob", properties={"due": "2026-03-30T14:59:59Z"})
    assert visitors(api, filter_test_accounts="true") == "ann"
    given = [{"id": "pageview", "properties": [{"key": "due", "operator": "is_date_before", "value": "2026-03-31"}]}]
    assert visitors(api, events=json.dumps(given)) == "bob"


# Cohorts


@pytest.fixture
def known(people: None, persons: Persons) -> None:
    """Ann and Bob are persons 1 and 2; Eve is nobody."""
    persons.add("ann", 1)
    persons.add("bob", 2)


@pytest.mark.usefixtures("known")
def test_a_visitor_must_be_in_every_cohort(api: Api, cohorts: Cohorts) -> None:
    both, first, second = cohorts.static(1, 2), cohorts.static(1), cohorts.dynamic((2, 1, 1), version=1)
    answers = {
        str(ids): visitors(api, cohort_ids=json.dumps(ids))
        for ids in ([both], [first], [second], [both, first], [both, second], [first, second], [first, first])
    }
    assert list(answers.values()) == ["ann bob", "ann", "bob", "ann", "bob", "", "ann"]


@pytest.mark.usefixtures("known")
def test_an_empty_cohort_has_no_visitors_and_no_cohorts_are_no_filter(api: Api, cohorts: Cohorts) -> None:
    assert visitors(api, cohort_ids=json.dumps([cohorts.static()])) == ""
    for nothing in ("[]", "null", " [ ] ", ""):
        assert visitors(api, cohort_ids=nothing) == "ann bob eve"


@pytest.mark.usefixtures("known")
def test_members_of_a_calculated_cohort_are_those_of_its_version(api: Api, cohorts: Cohorts) -> None:
    members = [(1, 1, 1), (2, 1, 2), (1, 1, 2), (1, -1, 2)]
    answers = {
        version: visitors(api, cohort_ids=json.dumps([cohorts.dynamic(*members, version=version)]))
        for version in (1, 2, 3, None)
    }
    # Without a version it is the newest; who was taken out again is not in it.
    assert answers == {1: "ann", 2: "bob", 3: "", None: "bob"}


@pytest.mark.usefixtures("known")
def test_members_elsewhere_are_not_members_here(api: Api, cohorts: Cohorts, other_project: Project) -> None:
    static, calculated = cohorts.static(), cohorts.dynamic(version=1)
    # The same numbers in another project, and in the other kind of table.
    cohorts._insert(
        "person_static_cohort",
        [[UUID(int=1), UUID(int=1), static, 2], [UUID(int=2), UUID(int=2), calculated, 1]],
        ["id", "person_id", "cohort_id", "team_id"],
    )
    cohorts._insert(
        "cohortpeople",
        [[UUID(int=1), calculated, 2, 1, 1], [UUID(int=2), static, 1, 1, 1]],
        ["person_id", "cohort_id", "team_id", "sign", "version"],
    )
    assert visitors(api, cohort_ids=f"[{static}]") == ""
    assert visitors(api, cohort_ids=f"[{calculated}]") == ""


def test_a_visitor_is_the_person_of_the_highest_version(
    api: Api, people: None, persons: Persons, cohorts: Cohorts
) -> None:
    cohort = cohorts.static(1)
    persons.add("ann", 1, version=2)
    persons.add("ann", 2, version=1)
    persons.add("bob", 1, version=1)
    persons.add("bob", 2, version=2)
    persons.add("eve", 1, version=3)
    assert visitors(api, cohort_ids=f"[{cohort}]") == "ann eve"
    persons.add("eve", 1, version=4, is_deleted=1)
    assert visitors(api, cohort_ids=f"[{cohort}]") == "ann"
    persons.add("eve", 1, version=5)
    assert visitors(api, cohort_ids=f"[{cohort}]") == "ann eve"


def test_persons_of_another_project_never_count(
    api: Api, people: None, persons: Persons, cohorts: Cohorts, other_project: Project
) -> None:
    cohort = cohorts.static(1)
    persons.add("ann", 1, team_id=2)
    persons.add("bob", 2, team_id=2, version=9)
    persons.add("bob", 1)
    assert visitors(api, cohort_ids=f"[{cohort}]") == "bob"


def test_cohorts_that_are_not_the_projects_are_not_found(api: Api, cohorts: Cohorts, other_project: Project) -> None:
    own, deleted, foreign = cohorts.static(), cohorts.static(deleted=True), cohorts.static(project=2)
    missing = [deleted, foreign, 0, -1, 99999999999999999999, 2**63]
    given = json.dumps([own, *missing, deleted])
    assert api.error(cohort_ids=given) == refusal("cohort_ids", f"Cohort(s) not found or deleted: {missing}")


@pytest.mark.parametrize(
    ("given", "detail", "code"),
    [
        ("1,2", "cohort_ids must be valid JSON", "invalid_input"),
        ("[1", "cohort_ids must be valid JSON", "invalid_input"),
        ("[NaN]", "cohort_ids must be valid JSON", "invalid_input"),
        (f"[{'9' * 5000}]", "cohort_ids must be valid JSON", "invalid_input"),
        ("[" * 5000 + "]" * 5000, "cohort_ids must be valid JSON", "invalid_input"),
        ("1", "cohort_ids must be a JSON array of integers", "invalid_input"),
        ('{"1":2}', "cohort_ids must be a JSON array of integers", "invalid_input"),
        ('"1"', "cohort_ids must be a JSON array of integers", "invalid_input"),
        ('["1"]', "cohort_ids must be a JSON array of integers", "invalid_input"),
        ("[1.0]", "cohort_ids must be a JSON array of integers", "invalid_input"),
        ("[true]", "cohort_ids must be a JSON array of integers", "invalid_input"),
        ("[null]", "cohort_ids must be a JSON array of integers", "invalid_input"),
        ("[[1]]", "cohort_ids must be a JSON array of integers", "invalid_input"),
        ("[9]", "Cohort(s) not found or deleted: [9]", "invalid_input"),
        (" ", "This field may not be blank.", "blank"),
        ("[1]\0", "cohort_ids must be valid JSON", "invalid_input"),
    ],
)
def test_cohort_ids_that_are_refused(api: Api, given: str, detail: str, code: str) -> None:
    assert api.error(cohort_ids=given) == refusal("cohort_ids", detail, code)


def test_thousands_of_cohorts_are_looked_up_like_one(api: Api) -> None:
    ids = list(range(1, 5001))
    assert api.error(cohort_ids=json.dumps(ids)) == refusal("cohort_ids", f"Cohort(s) not found or deleted: {ids}")


@pytest.mark.usefixtures("known")
def test_many_cohorts_at_once(api: Api, cohorts: Cohorts) -> None:
    ids = [cohorts.static(1) for _ in range(30)]
    assert visitors(api, cohort_ids=json.dumps(ids)) == "ann"


# Events


@pytest.mark.usefixtures("people")
def test_a_session_must_contain_every_event(api: Api, events: Events) -> None:
    events.add("view", session_id="ann")
    events.add("purchase", session_id="ann")
    events.add("purchase", session_id="bob")
    for ids, names in [
        (["view"], "ann"),
        (["purchase"], "ann bob"),
        (["view", "purchase"], "ann"),
        (["view", "view"], "ann"),
        (["refund"], ""),
        (["view", "refund"], ""),
        (["Purchase"], ""),
        ([""], ""),
        ([], "ann bob eve"),
    ]:
        assert visitors(api, events=json.dumps([{"id": name} for name in ids])) == names, ids
    for nothing in ("null", ""):
        assert visitors(api, events=nothing) == "ann bob eve"


@pytest.mark.usefixtures("people")
def test_one_event_must_have_all_properties_of_an_entry(api: Api, events: Events) -> None:
    chain = 'button.buy:text="Buy";main:'
    events.add("click", session_id="ann", properties={"plan": "pro", "seats": 3}, elements_chain=chain)
    events.add("click", session_id="bob", properties={"plan": "pro"})
    events.add("click", session_id="bob", properties={"seats": 3}, elements_chain=chain)
    plan, seats = {"key": "plan", "value": "pro"}, {"key": "seats", "operator": "gt", "value": 2, "type": "event"}
    button = {"key": "selector", "value": "main .buy", "type": "element"}
    table: list[tuple[list[Any], str]] = [
        ([[plan]], "ann bob"),
        ([[plan, seats]], "ann"),
        ([[plan], [seats]], "ann bob"),
        ([[seats, button]], "ann bob"),
        ([[plan, button]], "ann"),
        ([[plan, seats, button]] * 2, "ann"),
        ([[]], "ann bob"),
        ([None], "ann bob"),
    ]
    for entries, names in table:
        given = [{"id": "click", "properties": entry, "name": "Click"} for entry in entries]
        assert visitors(api, events=json.dumps(given)) == names, entries


def test_the_largest_question_is_answered(api: Api, people: None, events: Events) -> None:
    events.add("click", session_id="ann", properties={"p": "1.2.3"}, elements_chain='a.b:attr__href="/";div:')
    filters: list[Row] = [
        {"type": "element", "key": "selector", "operator": "is_not", "value": "div > p"},
        {"key": "p", "operator": "semver_neq", "value": "9"},
        {"key": "p", "operator": "not_icontains", "value": "x"},
        {"key": "q", "operator": "not_regex", "value": ["a", "b"]},
    ]
    given = json.dumps([{"id": "click", "properties": filters * 5}] * 10)
    assert [point["count"] for point in api.points(events=given, aggregation="unique_visitors")] == [1]


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ("[", "events must be valid JSON"),
        ("purchase", "events must be valid JSON"),
        ("[" * 5000 + "]" * 5000, "events must be valid JSON"),
        ('[{"id":"\\ud800"}]', "events must be valid JSON"),
        ('[{"id":"a","properties":[{"key":"p","value":1e400}]}]', "events must be valid JSON"),
        (f'[{{"id":"a","properties":[{{"key":"p","value":{"9" * 5000}}}]}}]', "events must be valid JSON"),
        ("{}", "events must be a JSON array of event objects"),
        ('"a"', "events must be a JSON array of event objects"),
        ("1", "events must be a JSON array of event objects"),
        ('["a"]', "events must be a JSON array of event objects"),
        ('[{"id":"a"},null]', "events must be a JSON array of event objects"),
        ("[[]]", "events must be a JSON array of event objects"),
        ("[{}]", "each event must have a string 'id'"),
        ('[{"id":"a"},{"id":1}]', "each event must have a string 'id'"),
        ('[{"id":null}]', "each event must have a string 'id'"),
        ('[{"id":"a\\u0000"}]', "Null characters are not allowed."),
        (json.dumps([{"id": "a"}] * 11), "events must have at most 10 entries"),
        (
            json.dumps([{"id": "a", "properties": [{"key": "p", "value": 1}] * 21}]),
            "each event must have at most 20 property filters",
        ),
        ('[{"id":"a","properties":{}}]', "Property filters must be a list."),
        ('[{"id":"a","properties":"p"}]', "Property filters must be a list."),
        (
            '[{"id":"a","properties":[{"key":"p","type":' + "[" * 200 + "]" * 200 + "}]}]",
            "Property type […] is not offered here; there are event, element.",
        ),
        (
            '[{"id":"a","properties":[{"key":"p","value":' + "[" * 200 + "]" * 200 + "}]}]",
            "A property filter needs a value: a text, a number, a boolean, or a list of them.",
        ),
    ],
)
def test_events_that_are_refused(api: Api, given: str, detail: str) -> None:
    assert api.error(events=given) == refusal("events", detail)
    points = json.dumps(POINT)
    assert document(api.events(events=given, points=points)) == refusal("events", detail)


def test_ten_events_of_twenty_filters_are_allowed(api: Api) -> None:
    given = [{"id": "a", "properties": [{"key": "p", "value": 1}] * 20}] * 10
    assert api.points(events=json.dumps(given)) == []


@pytest.mark.parametrize("name", ["p", "text", "tag_name", "selector"])
def test_long_values_are_answered_or_refused(api: Api, people: None, events: Events, name: str) -> None:
    events.add("a", session_id="ann", elements_chain="a:;b:")
    values: list[Any] = [["a"] * 8000, "9" * 20_000, ["é"] * 4000, list(range(7000))]
    for value in values:
        kind = "event" if name == "p" else "element"
        given = [{"id": "a", "properties": [{"type": kind, "key": name, "operator": "is_not", "value": value}]}]
        response = api.list(events=json.dumps(given, ensure_ascii=False, separators=(",", ":")))
        assert response.status_code in {200, 400, 414}, body(response)


# The order of errors


def test_the_first_parameter_that_is_refused_is_told(api: Api, project: Project) -> None:
    Project.objects.filter(pk=1).update(test_account_filters=[{"type": "cohort", "value": 9}])
    parameters = {
        "filter_test_accounts": "true",
        "hide_zero_coordinates": "perhaps",
        "cohort_ids": "[9]",
        "events": "[1]",
        "limit": "-1",
    }
    told = []
    for name in list(parameters):
        told.append(api.error(**parameters)["attr"])
        del parameters[name]
    assert told == ["filter_test_accounts", "hide_zero_coordinates", "cohort_ids", "events", "limit"]


# One population


@pytest.fixture
def everything(
    interactions: Interactions, events: Events, persons: Persons, cohorts: Cohorts, project: Project
) -> dict[str, str]:
    """A day at the shop, of which the three filters leave Ann's sessions; and those filters."""
    set_filters(project, {"key": "staff", "operator": "is_not", "value": True})
    for number, name in enumerate(["ann", "ben", "eve", "dan"], start=1):
        persons.add(name, number)
        rows = [
            {"distinct_id": name, "session_id": f"{name}-{session}", "x": 4 * cell, "y": 10 * cell + 30, "type": kind}
            for session in range(2)
            for cell in range(1, 4)
            for kind in ("click", "scrolldepth")
        ]
        interactions.add_all(rows)
        events.add_all(
            [
                {"event": event, "session_id": f"{name}-{session}", "properties": {"staff": name == "ben"}}
                for session in range(2)
                for event in (["pageview"] if name == "eve" else ["pageview", "purchase"])
            ]
        )
    # Ann's second session has no purchase in the window.
    events.add_all([{"event": "other", "session_id": "ann-0"}])
    cohort = cohorts.static(1, 2, 3)
    return {
        "filter_test_accounts": "true",
        "cohort_ids": f"[{cohort}]",
        "events": '[{"id":"purchase"}]',
    }


@pytest.mark.parametrize("layout", [None, Layout(has_keys=True), PLAIN], ids=["ours", "events not", "PostHog's"])
def test_points_fold_scroll_depth_and_drill_down_describe_the_same_people(
    api: Api, everything: dict[str, str], layout: Layout | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the columns that the tables have for it, and by those alone that PostHog's have, too."""
    if layout is None:
        assert current_layout().event_session == "session"
    else:
        monkeypatch.setattr("heatmaps.population.layout._layout", lambda *_, **__: layout)
    of_ann = {
        "results": [
            {"count": 2, "pointer_y": y, "pointer_relative_x": x, "pointer_target_fixed": False}
            for y, x in [(640, 0.06), (800, 0.12), (960, 0.19)]
        ],
        "fold": {"total_count": 6, "below_fold_count": 4, "pct_below_fold": 66.7, "median_viewport_height": 768},
        "has_more": False,
    }
    assert api.answer(**everything) == of_ann
    alone = [{**point, "count": 1} for point in of_ann["results"]]  # type: ignore[attr-defined]
    assert api.answer(**everything, aggregation="unique_visitors") == {**of_ann, "results": alone}
    assert api.answer(**everything, type="scrolldepth") == {
        "results": [
            {"cumulative_count": 6, "bucket_count": 2, "scroll_depth_bucket": 1400},
            {"cumulative_count": 4, "bucket_count": 2, "scroll_depth_bucket": 1500},
            {"cumulative_count": 2, "bucket_count": 2, "scroll_depth_bucket": 1700},
        ]
    }
    assert {row["distinct_id"] for row in _behind(api, everything)["results"]} == {"ann"}


def _behind(api: Api, parameters: dict[str, str]) -> Any:
    points = [
        {"x": point["pointer_relative_x"], "y": point["pointer_y"], "target_fixed": point["pointer_target_fixed"]}
        for point in api.points(**parameters)
    ]
    return api.interactions(points=points, **parameters) if points else {"results": [], "total_count": 0}


KEPT = {
    "filter_test_accounts": {"ann", "eve", "dan"},
    "cohort_ids": {"ann", "ben", "eve"},
    "events": {"ann", "ben", "dan"},
}


@pytest.mark.parametrize("chosen", [[], *([name] for name in KEPT), *combinations(KEPT, 2), list(KEPT)], ids=str)
def test_every_combination_of_the_three_is_one_population(
    api: Api, everything: dict[str, str], chosen: Iterable[str]
) -> None:
    parameters = {name: everything[name] for name in chosen}
    people = {"ann", "ben", "eve", "dan"}.intersection(*(KEPT[name] for name in chosen))
    behind = _behind(api, parameters)
    assert {row["distinct_id"] for row in behind["results"]} == people
    answer = api.answer(**parameters)
    counts = [sum(point["count"] for point in answer["results"]), answer["fold"]["total_count"], behind["total_count"]]
    assert counts == [6 * len(people)] * 3
    by_visitor = api.answer(**parameters, aggregation="unique_visitors")
    assert [point["count"] for point in by_visitor["results"]] == [len(people)] * 3
    assert by_visitor["fold"] == answer["fold"]
    buckets = api.points(**parameters, type="scrolldepth")
    assert [bucket["bucket_count"] for bucket in buckets] == [2 * len(people)] * 3


@pytest.mark.parametrize(
    ("also", "expected"),
    [
        ({"url_exact": "https://example.com"}, 6),
        ({"url_exact": "https://example.com/other"}, 0),
        ({"url_pattern": "https://*"}, 6),
        ({"url_pattern": "https://other*"}, 0),
        ({"viewport_width_min": "1024", "viewport_width_max": "1024"}, 6),
        ({"viewport_width_min": "1040"}, 0),
        ({"hide_zero_coordinates": "false"}, 6),
        ({"date_from": "2026-03-30", "date_to": "2026-03-30"}, 6),
        ({"date_from": "2026-03-31"}, 0),
        ({"type": "mousemove"}, 0),
    ],
)
def test_the_three_combine_with_every_other_parameter(
    api: Api, everything: dict[str, str], also: dict[str, str], expected: int
) -> None:
    parameters = everything | also
    assert sum(point["count"] for point in api.points(**parameters)) == expected
    assert sum(point["count"] for point in api.points(**parameters, aggregation="unique_visitors")) == expected / 2
    assert api.interactions(points=[{"x": 0.12, "y": 800}], **parameters)["total_count"] == expected / 3
    if "type" not in also:
        buckets = api.points(**parameters, type="scrolldepth")
        assert sum(bucket["bucket_count"] for bucket in buckets) == expected


# What it costs in metadata


def test_a_request_asks_the_metadata_as_little_as_it_can(
    api: Api,
    everything: dict[str, str],
    project: Project,
    cohorts: Cohorts,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    api.points()  # Notes when the key was used, which is done once an hour.
    without = {name: value for name, value in everything.items() if name != "cohort_ids"}
    with django_assert_max_num_queries(2):
        assert len(api.points(**without)) == 3
    with django_assert_max_num_queries(2):
        api.interactions(points=POINT, **without)
    set_filters(project, {"type": "cohort", "value": cohorts.static(4), "negation": True})
    with django_assert_max_num_queries(3):
        assert len(api.points(**everything)) == 3
    with django_assert_max_num_queries(3):
        api.interactions(points=POINT, **everything)
