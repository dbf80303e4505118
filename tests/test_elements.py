"""What is under the pointer: chains of elements and how often, and the values of their attributes."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heatmaps import engine
from heatmaps.capture.elements import chain as chain_of
from heatmaps.engine import Query
from heatmaps.models import PersonalAPIKey, Project
from heatmaps.population import wildcards
from heatmaps.population.chains import ChainReader
from heatmaps.population.layout import PLAIN
from tests import elements_reference as reference
from tests.conftest import Api, Cohorts, Events, Persons, body, document

STATS = "/api/projects/1/elements/stats/"
VALUES = "/api/projects/1/elements/values/"
CLICK, RAGE, DEAD = "$autocapture", "$rageclick", "$dead_click"
BUTTON = 'button.big:attr__class="big"attr__data-attr="buy"attr_id="b"nth-child="2"nth-of-type="1"text="Buy"'
LINK = 'a:attr__href="/x"href="/x"nth-child="1"nth-of-type="1"text="More";div.menu:attr__class="menu"nth-child="3"'
SHOP = "https://shop.example/"
# What the SDK wrote of some elements: `getElementsChainString` of posthog-js 1.449.2.
WRITTEN = [
    orjson.loads(line) for line in (Path(__file__).parent / "recorded" / "chains.jsonl").read_bytes().splitlines()
]


def read(chain: str) -> list[dict[str, Any]]:
    return ChainReader().elements(chain)


def stats(api: Api, **parameters: Any) -> Any:
    response = api.get(STATS, parameters)
    assert response.status_code == 200, body(response)
    return document(response)


def counted(api: Api, **parameters: Any) -> list[tuple[int, str, str | None]]:
    """How often, what happened, and the text of the innermost element."""
    return [(one["count"], one["type"], one["elements"][0]["text"]) for one in stats(api, **parameters)["results"]]


def values(api: Api, **parameters: Any) -> list[str]:
    response = api.get(VALUES, parameters)
    assert response.status_code == 200, body(response)
    return [one["name"] for one in document(response)]


@cache
def hash_of(chain: str) -> str:
    ((number,),) = engine.rows(Query("SELECT cityHash64({chain:String})", {"chain": chain}))
    return f"{number:x}"


@pytest.fixture
def clicks(events: Events) -> None:
    events.add_all(
        [
            *[{"event": CLICK, "elements_chain": BUTTON, "properties": {"$current_url": SHOP}}] * 3,
            *[{"event": CLICK, "elements_chain": LINK, "properties": {"$current_url": f"{SHOP}cart/?step=2"}}] * 2,
            {"event": RAGE, "elements_chain": BUTTON, "properties": {"$current_url": SHOP}},
            {"event": DEAD, "elements_chain": LINK},
            {"event": "$pageview", "elements_chain": BUTTON},
            {"event": CLICK, "elements_chain": ""},
            {"event": CLICK, "elements_chain": BUTTON, "timestamp": datetime(2026, 3, 23, 23, 59, tzinfo=UTC)},
            {"event": CLICK, "elements_chain": BUTTON, "team_id": 2},
        ]
    )


# --- Chains --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", WRITTEN, ids=lambda one: one["elements"][0]["tag_name"])
def test_chains_of_the_sdk_are_read_as_the_elements_that_it_saw(one: dict[str, Any]) -> None:
    assert read(one["chain"]) == reference.of_browser(one["elements"]) == reference.elements(one["chain"])


@pytest.mark.parametrize("one", WRITTEN[:-1], ids=lambda one: one["elements"][0]["tag_name"])
def test_elements_that_come_as_a_list_are_read_as_those_of_a_chain(one: dict[str, Any]) -> None:
    """Of SDKs that send no chain; they send whole texts, and every number."""
    listed = [element | {"$el_text": element.get("$el_text", "")[:400]} for element in one["elements"]]
    made = chain_of({"$elements": listed})
    empty = {name: value for name, value in listed[0].items() if value == "" and name.startswith("attr__")}
    found = read(made)
    # An attribute without a value is left out there.
    found[0]["attributes"] |= empty
    assert found == reference.of_browser(one["elements"])


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NAMES = st.from_regex(r"[a-z][a-z0-9:@_-]{0,8}", fullmatch=True)
ELEMENTS = st.fixed_dictionaries(
    {"tag_name": st.sampled_from(["a", "button", "my-widget"]), "nth_child": st.integers(0, 99)},
    optional={
        "$el_text": TEXT,
        "attr__id": TEXT,
        "attr__href": TEXT,
        "attr__class": st.lists(st.sampled_from(["big", "md:w-1/2", "p-2.5", "[a:b=c]"]), unique=True).map(" ".join),
        "attr__x": TEXT,
    },
)


@given(st.lists(ELEMENTS, min_size=1, max_size=4), st.dictionaries(NAMES, TEXT, max_size=3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_read(seen: list[dict[str, Any]], more: dict[str, str]) -> None:
    seen[0] |= {f"attr__{name}": value for name, value in more.items()}
    # A backslash before a quote, or at the end, cannot be told from one that stands for a quote.
    cleaned = [
        {name: value.replace("\\", "/") if isinstance(value, str) else value for name, value in one.items()}
        for one in seen
    ]
    expected = reference.of_browser(cleaned)
    for one in expected:
        one["attributes"] = {name: value for name, value in one["attributes"].items() if value}
        # The list has no number where the chain of an SDK has a 0.
        one["nth_of_type"] = None
    assert read(chain_of({"$elements": cleaned})) == expected


PIECES = st.sampled_from(
    ['"', "\\", ";", ":", '="', "attr_", "attr__x", ".", "=", "a", " ", "\n", "é", "nth-child", "text"]
)


@given(st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=400, deadline=None)
@example('a"b;c"')
@example('a:text="x')
@example('a.b:text="\\"";')
@example('a:nth-child="' + "9" * 5000 + '"')
def test_any_text_is_read_as_by_the_slow_reader(chain: str) -> None:
    assert read(chain) == reference.elements(chain)


def test_no_text_takes_long_to_read() -> None:
    """Whoever goes back over the text for each piece of it does not come to an end."""
    for piece in ('"', '\\"', "a;", '="', ":attr_", "\\", "a", 'x="', '"\\', 'x="";'):
        assert read(piece * 50_000)


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ((), ""),
        (("a",), "a"),
        (("*",), "a ab abc ba b aa"),
        (("a*",), "a ab abc aa"),
        (("*a",), "a ba aa"),
        (("a*a",), "aa"),
        (("*b*", "aa"), "ab abc ba b aa"),
        (("a*b*c", "b"), "abc b"),
        (("a**",), "a ab abc aa"),
    ],
)
def test_wildcards_stand_for_any_characters_or_none(patterns: tuple[str, ...], found: str) -> None:
    fits = wildcards.any_of(patterns)
    assert " ".join(filter(fits, ["a", "ab", "abc", "ba", "b", "aa"])) == found


@given(st.text("ab*", max_size=6), st.text("ab\n", max_size=8))
def test_wildcards_are_those_of_expressions(pattern: str, text: str) -> None:
    expression = "".join(".*" if letter == "*" else re.escape(letter) for letter in pattern)
    assert wildcards.any_of((pattern,))(text) is bool(re.fullmatch(expression, text, re.DOTALL))


# --- Stats ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("clicks")
@pytest.mark.parametrize("path", [STATS, "/api/environments/1/elements/stats", "/api/element/stats/"])
def test_the_whole_answer(api: Api, path: str) -> None:
    button = {
        "text": "Buy",
        "tag_name": "button",
        "attr_class": ["big"],
        "href": None,
        "attr_id": "b",
        "nth_child": 2,
        "nth_of_type": 1,
        "attributes": {"attr__class": "big", "attr__data-attr": "buy"},
        "order": 0,
    }
    link = {
        "text": "More",
        "tag_name": "a",
        "attr_class": None,
        "href": "/x",
        "attr_id": None,
        "nth_child": 1,
        "nth_of_type": 1,
        "attributes": {"attr__href": "/x"},
        "order": 0,
    }
    menu = {
        "text": None,
        "tag_name": "div",
        "attr_class": ["menu"],
        "href": None,
        "attr_id": None,
        "nth_child": 3,
        "nth_of_type": None,
        "attributes": {"attr__class": "menu"},
        "order": 1,
    }
    results = [
        {"count": 3, "hash": hash_of(BUTTON), "type": CLICK, "elements": [button]},
        {"count": 2, "hash": hash_of(LINK), "type": CLICK, "elements": [link, menu]},
        {"count": 1, "hash": hash_of(LINK), "type": DEAD, "elements": [link, menu]},
        {"count": 1, "hash": hash_of(BUTTON), "type": RAGE, "elements": [button]},
    ]
    response = api.get(path)
    assert (response.status_code, response["Cache-Control"]) == (200, "private, max-age=30")
    # Byte by byte, since the order of keys is PostHog's.
    assert body(response) == orjson.dumps({"results": results, "next": None, "previous": None})
    assert document(api.get(path, {"date_from": "2026-03-20", "include": CLICK}))["results"][0]["count"] == 4


@pytest.mark.usefixtures("clicks")
def test_events_are_named_in_any_way(api: Api) -> None:
    both = [(2, CLICK, "More"), (1, RAGE, "Buy")]
    for given_names in ([CLICK, RAGE], f'["{CLICK}", "{RAGE}"]', f"{CLICK}, {RAGE}", [f'["{CLICK}"]', RAGE]):
        assert counted(api, include=given_names, offset=1) == both
    everything = counted(api)
    assert len(everything) == 4
    for given_names in ("", "[]", ",", ["", " ,"]):
        assert counted(api, include=given_names) == everything


@pytest.mark.usefixtures("clicks")
def test_a_page_of_results_leads_to_the_others(api: Api) -> None:
    address = f"http://testserver{STATS}"
    whole = stats(api)["results"]
    first = stats(api, limit=1, include=f"{CLICK},{RAGE},{DEAD}")
    assert first["previous"] is None
    assert first["next"].startswith(f"{address}?limit=1&include=")
    found, following = first["results"], first["next"]
    while following:
        parts = urlsplit(following)
        page = document(api.get(f"{parts.path}?{parts.query}"))
        found += page["results"]
        following = page["next"]
    assert found == whole
    assert page["previous"] == f"{first['next'].partition('&offset=')[0]}&offset=2"
    second = stats(api, offset=1, limit=2)
    assert second["results"] == whole[1:3]
    assert (second["next"], second["previous"]) == (f"{address}?limit=2&offset=3", None)
    behind = stats(api, offset=2**70)
    assert (behind["results"], behind["next"]) == ([], None)
    assert stats(api, offset=4, limit=4)["previous"] == f"{address}?limit=4&offset=0"


@pytest.mark.usefixtures("clicks")
def test_elements_and_attributes_are_left_out_where_few_are_asked_for(api: Api) -> None:
    def told(**parameters: Any) -> list[list[dict[str, str]]]:
        found = stats(api, include=CLICK, **parameters)["results"]
        assert [one["hash"] for one in found] == [hash_of(BUTTON), hash_of(LINK)]
        return [[element["attributes"] for element in one["elements"]] for one in found]

    menu, data = {"attr__class": "menu"}, {"attr__data-attr": "buy"}
    assert told(data_attributes="data-*") == [[data], [{}, {}]]
    assert told(data_attributes=" data-attr , ,x") == [[data], [{}, {}]]
    assert told(data_attributes="*ass,data") == [[{"attr__class": "big"}], [{}, menu]]
    assert told(data_attributes=",") == told()
    assert [len(one) for one in told(max_element_chain_depth=1)] == [1, 1]
    assert [len(one) for one in told(max_element_chain_depth=10**12)] == [1, 2]


@pytest.mark.usefixtures("clicks")
def test_pages_are_those_of_the_events(api: Api) -> None:
    assert counted(api, url_exact="https://shop.example") == [(3, CLICK, "Buy"), (1, RAGE, "Buy")]
    assert counted(api, url_exact=f"{SHOP}cart") == []
    assert counted(api, url_page="https://SHOP.example:443/cart#x") == [(2, CLICK, "More")]
    assert counted(api, url_pattern=f"{SHOP}*") == [(2, CLICK, "More")]
    assert counted(api, url_pattern=f"{SHOP}cart/", url_exact=f"{SHOP}cart/") == []
    assert counted(api, url_pattern=f"{SHOP}.*", url_page="https://nowhere.example", limit=1) == [(3, CLICK, "Buy")]


@pytest.mark.usefixtures("clicks")
def test_the_window_is_that_of_every_question(api: Api) -> None:
    def number(**parameters: str) -> int:
        return sum(count for count, _, _ in counted(api, **parameters))

    assert number(date_from="all") == 8
    assert number(date_from="2026-03-23", date_to="2026-03-23") == 1
    assert number(time_from="2026-03-30T12:00:00") == 7
    assert number(time_from="2026-03-30T12:00:00.000001") == 0
    assert number(time_to="2026-03-30T13:00:00+01:00") == 0


def test_properties_are_those_of_events_persons_cohorts_and_elements(
    api: Api, events: Events, persons: Persons, cohorts: Cohorts, project: Project
) -> None:
    chains = {"ann": BUTTON, "bob": LINK, "eve": LINK.replace("More", "Less")}
    events.add_all(
        [
            {
                "event": CLICK,
                "distinct_id": name,
                "elements_chain": chain,
                "properties": {"plan": f"plan of {name}"},
                "person_properties": {"email": f"{name}@example.com"},
            }
            for name, chain in chains.items()
        ]
    )
    persons.add("ann", 1)
    persons.add("bob", 2)
    listed = cohorts.static(1, 2)

    def found(*properties: dict[str, Any], **more: str) -> list[str]:
        return sorted(str(text) for _, _, text in counted(api, properties=orjson.dumps(properties).decode(), **more))

    assert found() == found({"key": "plan", "operator": "is_set"}) == ["Buy", "Less", "More"]
    assert counted(api, properties="null") == counted(api)
    assert found({"key": "plan", "value": ["plan of ann", "plan of eve"]}) == ["Buy", "Less"]
    email = {"key": "email", "value": "@EXAMPLE.com", "operator": "icontains", "type": "person"}
    assert found(email, {"key": "email", "value": "ann@example.com", "operator": "is_not", "type": "person"}) == [
        "Less",
        "More",
    ]
    assert found({"type": "cohort", "value": listed}) == ["Buy", "More"]
    assert found({"type": "static-cohort", "value": listed, "negation": True}) == ["Less"]
    assert found({"type": "element", "key": "selector", "value": "div.menu > a"}) == ["Less", "More"]
    assert found({"type": "element", "key": "text", "value": "Buy"}) == ["Buy"]
    assert found({"type": "event_metadata", "key": "distinct_id", "value": "bob"}) == ["More"]
    # The project's own filters look at each event here, and hold beside the others.
    project.test_account_filters = [
        {"key": "email", "value": "ann@example.com", "operator": "is_not", "type": "person"}
    ]
    project.save()
    assert found(filter_test_accounts="true") == ["Less", "More"]
    assert found({"type": "cohort", "value": listed}, filter_test_accounts="true") == ["More"]
    assert found(filter_test_accounts="false") == ["Buy", "Less", "More"]


def test_a_sample_is_a_share_of_the_events_scaled_up(api: Api, events: Events) -> None:
    number = 4_000
    events.add_all([{"event": CLICK, "elements_chain": BUTTON, "uuid": UUID(int=seed)} for seed in range(number)])

    def count(factor: object) -> int:
        return sum(one for one, _, _ in counted(api, sampling_factor=factor))

    assert count(1) == count("1.0") == number
    for factor in (0.5, 0.3, 0.05):
        # Which ones hangs on their ids alone, so this is the same every time: within five standard deviations.
        assert abs(count(factor) - number) < 5 * (number * (1 - factor) / factor) ** 0.5
        assert count(factor) == count(factor)
    assert count("1e-300") == 0
    # Whoever is in a smaller sample is in a larger one, too.
    assert count(0.05) * 0.05 <= count(0.3) * 0.3 + 1 <= count(0.5) * 0.5 + 2


REFUSED = [
    ({"limit": "0"}, "limit", "min_value", "limit must be between 1 and 999999"),
    ({"limit": "1000000"}, "limit", "max_value", "limit must be between 1 and 999999"),
    ({"limit": "x"}, "limit", "invalid_input", "limit must be an integer"),
    ({"limit": "1.5"}, "limit", "invalid_input", "limit must be an integer"),
    ({"limit": "9" * 5000}, "limit", "max_string_length", "limit must be an integer"),
    ({"offset": "-1"}, "offset", "min_value", "offset must be zero or greater"),
    ({"offset": "x"}, "offset", "invalid_input", "offset must be an integer"),
    *[
        ({"sampling_factor": text}, "sampling_factor", code, "sampling_factor must be greater than 0 and at most 1")
        for text, code in {"0": "invalid_input", "-1": "min_value", "1.1": "max_value"}.items()
    ],
    *[
        ({"sampling_factor": text}, "sampling_factor", "invalid_input", "sampling_factor must be a float")
        for text in ("x", "nan", "inf")
    ],
    (
        {"max_element_chain_depth": "0"},
        "max_element_chain_depth",
        "min_value",
        "max_element_chain_depth must be greater than zero",
    ),
    (
        {"max_element_chain_depth": "x"},
        "max_element_chain_depth",
        "invalid_input",
        "max_element_chain_depth must be an integer",
    ),
    *[
        ({"include": text}, "include", "invalid_input", detail)
        for text, detail in {
            "$pageview": "Only $autocapture, $rageclick, and $dead_click are supported.",
            '["$pageview"]': "Only $autocapture, $rageclick, and $dead_click are supported.",
            f"{CLICK} {RAGE}": "Only $autocapture, $rageclick, and $dead_click are supported.",
            "[": "include must be a valid JSON array when passed as one",
            "[1]": "include must be a JSON array of event names",
        }.items()
    ],
    (
        {"include": [CLICK, "x"]},
        "include",
        "invalid_input",
        "Only $autocapture, $rageclick, and $dead_click are supported.",
    ),
    ({"properties": "["}, "properties", "invalid_input", "properties must be valid JSON"),
    ({"properties": "{}"}, "properties", "invalid_input", "Property filters must be a list."),
    (
        {"properties": '[{"type":"cohort","value":9}]'},
        "properties",
        "invalid_input",
        "Cohort(s) not found or deleted: [9]",
    ),
    (
        {"data_attributes": "a," * 50 + "b"},
        "data_attributes",
        "invalid_input",
        "data_attributes must have at most 50 names",
    ),
    ({"date_from": "2024-13-45"}, "date_from", "invalid_input", "Error parsing provided date_from: 2024-13-45"),
]


@pytest.mark.parametrize(("parameters", "attr", "code", "detail"), REFUSED, ids=lambda one: str(one)[:40])
def test_what_cannot_be_understood_is_refused_by_name(
    api: Api, parameters: dict[str, Any], attr: str, code: str, detail: str
) -> None:
    response = api.get(STATS, parameters)
    told = {"type": "validation_error", "code": code, "detail": detail, "attr": attr}
    assert (response.status_code, document(response)) == (400, told)


# --- Beside a slow reference ---------------------------------------------------------------------------------------

CHAINS = [
    BUTTON,
    LINK,
    *(one["chain"] for one in WRITTEN),
    'a:text="Buy";a',
    "div",
    'b:text=""href="/x"',
]
FILTERS: list[dict[str, Any]] = [
    {"key": "plan", "value": "a"},
    {"key": "plan", "value": ["a", "b"], "operator": "is_not"},
    {"key": "n", "value": 2, "operator": "gte"},
    {"key": "email", "value": "@EXAMPLE", "operator": "icontains", "type": "person"},
    {"key": "email", "operator": "is_not_set", "type": "person"},
    {"key": "tag_name", "value": ["a", "svg"], "type": "element"},
    {"key": "text", "value": "y\\b", "operator": "not_regex", "type": "element"},
]
QUESTIONS: list[dict[str, Any]] = [
    {},
    {"include": RAGE},
    {"include": f"{CLICK},{DEAD}"},
    *({"properties": [one]} for one in FILTERS),
    {"properties": FILTERS[1:3], "include": CLICK},
    {"properties": FILTERS[3:6:2]},
]


def some_events(seed: int) -> list[dict[str, Any]]:
    choose = Random(seed).choice  # noqa: S311 -- no secrets
    return [
        {
            "uuid": UUID(int=number),
            "event": choose([CLICK, CLICK, CLICK, RAGE, DEAD, "$pageview"]),
            "elements_chain": choose([*CHAINS, *CHAINS[:4], ""]),
            "distinct_id": choose(["ann", "bob"]),
            "properties": choose([{}, {"plan": "a", "n": 1}, {"plan": "b", "n": 2.5}, {"plan": None, "n": "3"}]),
            "person_properties": choose([{}, {"email": "ann@example.com"}, {"email": "bob@acme.com"}]),
            "timestamp": datetime(2026, 3, 30, tzinfo=UTC) + timedelta(minutes=number),
        }
        for number in range(200)
    ]


@pytest.fixture(params=["ours", "theirs"])
def layout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our tables asked by what only they have, and as PostHog's are."""
    if request.param == "theirs":
        for question in ("element_stats", "element_values"):
            answer = import_module(f"heatmaps.questions.{question}.answer")
            monkeypatch.setattr(answer, "current_layout", lambda: PLAIN)


@pytest.mark.usefixtures("layout")
def test_every_answer_is_that_of_the_slow_reference(api: Api, events: Events) -> None:
    rows = some_events(20260331)
    events.add_all(rows)
    for question in QUESTIONS:
        names = question.get("include", f"{CLICK},{RAGE},{DEAD}").split(",")
        asked = question | (
            {"properties": orjson.dumps(question["properties"]).decode()} if "properties" in question else {}
        )
        expected = reference.stats(rows, names, question.get("properties", []), hash_of)
        assert expected
        assert stats(api, **asked)["results"] == expected, question
        assert stats(api, limit=3, offset=2, **asked)["results"] == expected[2:5]


@pytest.mark.usefixtures("layout")
def test_values_are_those_of_the_slow_reference(api: Api, events: Events) -> None:
    rows = some_events(20260330)
    events.add_all(rows)
    for key in ("tag_name", "text", "href", "attr_id"):
        found = reference.values(rows, key, "")
        assert len(found) > 1
        assert values(api, key=key) == found
        for part in {found[0], found[-1][:2], found[1][-1:], "B", "b", "%", ".*", "\\"}:
            if part.strip() == part:
                assert values(api, key=key, value=part) == reference.values(rows, key, part), (key, part)


# --- Values --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("clicks")
def test_values_are_told_the_most_frequent_first(api: Api) -> None:
    response = api.get(VALUES, {"key": "text"})
    assert (body(response), response["Cache-Control"]) == (b'[{"name":"Buy"},{"name":"More"}]', "private, max-age=30")
    assert document(api.get("/api/environments/1/elements/values", {"key": "tag_name"})) == [
        {"name": "button"},
        {"name": "a"},
    ]
    assert values(api, key="href") == ["/x"]
    assert values(api, key="text", value="ore") == ["More"]
    assert values(api, key="text", value="ORE") == []
    assert body(api.get(VALUES, {"key": "selector"})) == b"[]"
    for parameters in ({}, {"key": ""}, {"key": "attr_class"}, {"key": "Text"}):
        told = document(api.get(VALUES, parameters))
        assert (told["attr"], told["detail"]) == ("key", "key must be one of attr_id, href, tag_name, text")


def test_values_are_of_the_last_seven_days_and_at_most_a_hundred(api: Api, events: Events) -> None:
    events.add_all(
        [{"event": CLICK, "elements_chain": f'a:text="{number:03}"'} for number in range(120)]
        + [{"event": CLICK, "elements_chain": 'a:text="old"', "timestamp": datetime(2026, 3, 23, 23, tzinfo=UTC)}] * 9
        + [{"event": RAGE, "elements_chain": 'a:text="rage"'}] * 9
        + [{"event": CLICK, "elements_chain": 'a:text="of another"', "team_id": 2}] * 9
    )
    assert values(api, key="text") == [f"{number:03}" for number in range(100)]


# --- Who may ask ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [STATS, f"{VALUES}?key=text", "/api/element/stats/"])
def test_scopes_of_elements_and_of_heatmaps_open_it(
    api: Api, session: Api, key: tuple[PersonalAPIKey, str], path: str
) -> None:
    assert session.get(path).status_code == 200
    for scope in ("element:read", "element:write", "heatmap:read", "heatmap:write", "*"):
        PersonalAPIKey.objects.update(scopes=[scope])
        assert (api.get(path).status_code, api.ask("HEAD", path).status_code) == (200, 200)
    PersonalAPIKey.objects.update(scopes=["element:read"])
    assert document(api.list())["detail"] == "API key missing required scope 'heatmap:read'"
    assert document(api.ask("POST", path))["detail"] == "This action does not support personal API key access"
    PersonalAPIKey.objects.update(scopes=["insight:read"])
    refused = api.get(path)
    assert (refused.status_code, document(refused)["detail"]) == (403, "API key missing required scope 'element:read'")
