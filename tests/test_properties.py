"""The property language: what each operator is true of, written out by hand, and what is refused."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.models import Project
from heatmaps.population.binding import Binder
from heatmaps.population.conditions import ELEMENTS, condition
from heatmaps.population.layout import current_layout
from heatmaps.population.property_filters import Operator
from heatmaps.population.property_parsing import parse_filters
from tests.conftest import Api, Cohorts, Events, Interactions, Persons

Row = dict[str, Any]


def truths(events: Events, filters: list[Row], rows: list[Row], timezone: str = "UTC") -> list[list[bool]]:
    """For each filter, whether each event passes: all of them in one question to the engine."""
    events.add_all([row | {"uuid": UUID(int=number)} for number, row in enumerate(rows)])
    binder = Binder()
    layout = current_layout()
    texts = [f"toBool({condition(one, binder, timezone, layout)})" for one in parse_filters(filters)]
    sql = f"WITH {ELEMENTS} AS elements SELECT [{', '.join(texts)}] FROM events ORDER BY uuid"
    answers = [answer for (answer,) in engine.rows(Query(sql, binder.parameters | {"team_id": 1}))]
    events.clear()
    return [list(column) for column in zip(*answers, strict=True)]


def passing(
    events: Events, filters: list[Row], named: dict[str, Any], column: str = "properties", timezone: str = "UTC"
) -> list[str]:
    """For each filter, the names of the values of its property, `p` unless it says another, that pass it."""
    keys = {one.get("key", "p") for one in filters}
    rows = [{column: {} if value is MISSING else dict.fromkeys(keys, value)} for value in named.values()]
    return [
        " ".join(name for name, is_true in zip(named, column_of_truths, strict=True) if is_true)
        for column_of_truths in truths(events, [{"key": "p"} | one for one in filters], rows, timezone)
    ]


MISSING = object()
KINDS: dict[str, Any] = {
    "text": "Chrome",
    "missing": MISSING,
    "null": None,
    "empty": "",
    "number": 12,
    "boolean": True,
    "list": ["Chrome", 12],
    "object": {"a": 1},
}
ALL = "text missing null empty number boolean list object"
# Operator, value, and of which of KINDS it is true.
OPERATORS: list[tuple[str, Any, str]] = [
    ("exact", "Chrome", "text"),
    ("exact", "chrome", ""),
    ("exact", "Chrom", ""),
    ("exact", "", "empty"),
    ("exact", "12", "number"),
    ("exact", 12, "number"),
    ("exact", 12.0, "number"),
    ("exact", "true", "boolean"),
    ("exact", True, "boolean"),
    ("exact", False, ""),
    ("exact", "null", ""),
    ("exact", '["Chrome",12]', "list"),
    ("exact", '{"a":1}', "object"),
    ("exact", ["Chrome", 12, "other"], "text number"),
    ("exact", [], ALL),
    ("is_date_exact", "2026-03-30", ""),
    ("is_date_exact", [], ALL),
    ("is_not", "Chrome", "missing null empty number boolean list object"),
    ("is_not", "", "text missing null number boolean list object"),
    ("is_not", 12, "text missing null empty boolean list object"),
    ("is_not", ["Chrome", 12, "other"], "missing null empty boolean list object"),
    ("is_not", [], ALL),
    ("icontains", "HROM", "text list"),
    ("icontains", "", "text empty number boolean list object"),
    ("icontains", 2, "number list"),
    ("icontains", "RU", "boolean"),
    ("icontains", ["xyz", "RU", "rome"], "text boolean list"),
    ("icontains", ["xyz"], ""),
    ("icontains", [*(f"none {number}" for number in range(300)), "HROM"], "text list"),
    ("icontains", [], ALL),
    ("not_icontains", "HROM", "missing null empty number boolean object"),
    ("not_icontains", "", "missing null"),
    ("not_icontains", ["xyz", "RU", "rome"], "missing null empty number object"),
    ("not_icontains", [], ALL),
    ("regex", "^C.+e$", "text"),
    ("regex", "hrom", "text list"),
    ("regex", "^chrome$", ""),
    ("regex", "^$", "empty"),
    ("regex", "", "text empty number boolean list object"),
    ("regex", r"^\d+$", "number"),
    ("regex", 12, "number list"),
    ("regex", ["^Chr", r"^\d+$"], "text number"),
    ("regex", [], ALL),
    ("not_regex", "^C.+e$", "missing null empty number boolean list object"),
    ("not_regex", "^$", "text missing null number boolean list object"),
    ("not_regex", ["^Chr", r"^\d+$"], "missing null empty boolean list object"),
    ("not_regex", [], ALL),
    ("is_set", "is_set", "text empty number boolean list object"),
    ("is_not_set", "is_not_set", "missing null"),
    ("gt", 11, "number"),
    ("gt", 12, ""),
    ("gte", 12, "number"),
    ("gte", 12.5, ""),
    ("min", 12, "number"),
    ("min", 12.5, ""),
    ("lt", 12, ""),
    ("lt", "12.5", "number"),
    ("lte", 12, "number"),
    ("lte", 11, ""),
    ("max", 12, "number"),
    ("max", 11, ""),
    ("between", [12, 13], "number"),
    ("between", [11, 12], "number"),
    ("between", [12, 12], "number"),
    ("between", [12.5, 13], ""),
    ("not_between", [12, 13], ""),
    ("not_between", [11, 12], ""),
    ("not_between", [12.5, 13], "number"),
    ("not_between", ["0", "11.5"], "number"),
    ("in", ["Chrome", True], "text boolean"),
    ("in", ["chrome"], ""),
    ("in", [], ALL),
    ("not_in", ["Chrome", True], "missing null empty number list object"),
    ("not_in", ["chrome"], ALL),
    ("not_in", [], ALL),
    ("is_date_before", "2299-12-31", ""),
    ("is_date_after", "1900-01-01", ""),
    ("semver_eq", "12", "number"),
    ("semver_eq", "11", ""),
    ("semver_neq", "12", ""),
    ("semver_neq", "11", "number"),
    ("semver_gt", "11", "number"),
    ("semver_gt", "12", ""),
    ("semver_gte", 12, "number"),
    ("semver_gte", "12.0.1", ""),
    ("semver_lt", "13", "number"),
    ("semver_lt", "12", ""),
    ("semver_lte", "12", "number"),
    ("semver_lte", "11.9", ""),
    ("semver_tilde", "12", "number"),
    ("semver_tilde", "11.9", ""),
    ("semver_caret", "12", "number"),
    ("semver_caret", "11", ""),
    ("semver_wildcard", "12.*", "number"),
    ("semver_wildcard", "11.*", ""),
]


def test_what_each_operator_is_true_of(events: Events) -> None:
    filters = [{"operator": operator, "value": value} for operator, value, _ in OPERATORS]
    found = passing(events, filters, KINDS)
    assert [(*row[:2], names) for row, names in zip(OPERATORS, found, strict=True)] == OPERATORS


def test_the_table_has_every_operator() -> None:
    assert {operator for operator, _, _ in OPERATORS} == {*Operator, "min", "max"}


def test_a_property_with_a_column_of_its_own_is_no_different(events: Events) -> None:
    assert current_layout().event_properties.keys() == {"$host"}
    filters = [{"key": "$host", "operator": operator, "value": value} for operator, value, _ in OPERATORS]
    assert passing(events, filters, KINDS) == [names for _, _, names in OPERATORS]


@pytest.mark.parametrize(
    ("kind", "column"), [("feature", "properties"), ("event", "properties"), ("person", "person_properties")]
)
def test_the_same_operators_for_each_type_with_a_key(events: Events, kind: str, column: str) -> None:
    filters: list[Row] = [{"type": kind, "operator": operator, "value": value} for operator, value, _ in OPERATORS]
    found = passing(events, filters, KINDS, column)
    assert found == [names for _, _, names in OPERATORS]


def test_a_property_of_a_person_is_none_of_the_event(events: Events) -> None:
    row = {"properties": {"p": "event"}, "person_properties": {"p": "person"}}
    filters = [{"key": "p", "type": kind, "value": value} for kind in ("event", "person") for value in (kind, "event")]
    assert truths(events, filters, [row]) == [[True], [True], [True], [False]]


def test_exact_and_an_event_property_are_meant_when_nothing_is_said(events: Events) -> None:
    assert passing(events, [{"value": "Chrome"}, {"value": "Chrome", "operator": None}], KINDS) == ["text", "text"]


def test_a_key_is_a_name_not_a_path(events: Events) -> None:
    row: Row = {"properties": {"a.b": "dot", "a": {"b": "path"}, "ключ": "name", 'q"': "quote", "1": "one"}}
    keys = ["a.b", "ключ", 'q"', "1"]
    filters = [{"key": key, "value": row["properties"][key]} for key in keys]
    assert truths(events, filters, [row]) == [[True]] * 4


def test_columns_of_the_event_are_never_missing(events: Events) -> None:
    rows = [{"event": "purchase", "distinct_id": "ann"}, {"event": "", "distinct_id": "bob"}]
    filters: list[Row] = [
        {"type": "event_metadata", "key": "event", "value": "purchase"},
        {"type": "event_metadata", "key": "event", "operator": "is_not", "value": "purchase"},
        {"type": "event_metadata", "key": "event", "operator": "is_set"},
        {"type": "event_metadata", "key": "event", "operator": "is_not_set"},
        {"type": "event_metadata", "key": "distinct_id", "operator": "icontains", "value": "B"},
        {"type": "event_metadata", "key": "distinct_id", "operator": "in", "value": ["ann"]},
    ]
    assert truths(events, filters, rows) == [
        [True, False],
        [False, True],
        [True, True],
        [False, False],
        [False, True],
        [True, False],
    ]


def test_numbers_compare_by_their_text(events: Events) -> None:
    numbers = [0, -1, 0.5, 1e20, 1e21, -2.5e-7, 0.000001, 123456789.125, 1.5e300, 2**53 + 1, 2**64 - 1, -(2**63)]
    filters = [{"value": value} for value in numbers]
    named = {str(place): value for place, value in enumerate(numbers)}
    assert passing(events, filters, named) == list(named)


def test_whole_numbers_of_any_size_compare_by_their_text(events: Events, project: Project) -> None:
    events_of = [{"properties": f'{{"p":{number}}}'} for number in (123456789012345678901, 123456789012345678902)]
    filters: list[Row] = [{"key": "p", "value": 123456789012345678901}, {"key": "p", "value": "123456789012345678902"}]
    assert truths(events, filters, events_of) == [[True, False], [False, True]]


def test_texts_that_are_numbers_are_read_as_numbers(events: Events) -> None:
    named = {
        "plain": "12",
        "signed": "+12.0",
        "exponent": "1.2e1",
        "no_zero": ".5",
        "negative": "-3",
        "huge": "1e999",
        "blank": " 12",
        "unit": "12px",
        "hex": "0xC",
        "nan": "nan",
        "inf": "inf",
        "line": "12\n",
    }
    assert passing(
        events,
        [
            {"operator": "gte", "value": 12},
            {"operator": "lte", "value": "12"},
            {"operator": "between", "value": ["+12", 12]},
            {"operator": "not_between", "value": [0, 11.99]},
            {"operator": "gt", "value": "-.5e1"},
            {"operator": "lt", "value": " 0 "},
        ],
        named,
    ) == [
        "plain signed exponent huge",
        "plain signed exponent no_zero negative",
        "plain signed exponent",
        "plain signed exponent negative huge",
        "plain signed exponent no_zero negative huge",
        "negative",
    ]


def test_icontains_takes_its_text_literally_and_in_any_case(events: Events) -> None:
    named = {
        "percent": "100% sure",
        "underscore": "snake_case",
        "plain": "100 sure snakecase",
        "german": "Große Straße",
        "greek": "ΟΔΟΣΑ",
        "greek_end": "οδος",
        "russian": "ПРИВЕТ",
        "backslash": r"C:\temp",
        "emoji": "a🙂b",
        "long_s": "Wa\u017f\u017fer",
    }
    values = ["wasser", "0% S", "E_C", "%", "_", "STRASSE", "GROẞE", "οδοσ", "Σ", "привет", r"c:\TEMP", "A🙂", ".*"]
    assert passing(events, [{"operator": "icontains", "value": value} for value in values], named) == [
        "long_s",
        "percent",
        "underscore",
        "percent",
        "underscore",
        "german",
        "german",
        "greek greek_end",
        "greek greek_end",
        "russian",
        "backslash",
        "emoji",
        "",
    ]


def test_regular_expressions_search_as_re2_does(events: Events) -> None:
    named = {"word": "Chrome", "lines": "a\nb", "quote": "a)b", "unicode": "naïve", "number": 12.5}
    filters = [
        {"operator": "regex", "value": value}
        for value in [
            "(?i)CHROME",
            "a.b",
            "^b",
            "(?m)^b",
            r"\Qa)b",
            [r"\Qa)b", "^Chr"],
            [r"\Qa)b\E", r"\\Q", "ome$"],
            "na.ve",
            r"\pL{5}",
            r"^12\.5$",
            "zzz|rome",
            [f"x{number}" for number in range(2000)] + ["rome"],
        ]
    ]
    assert passing(events, filters, named) == [
        "word",
        "lines quote",
        "",
        "lines",
        "quote",
        "word quote",
        "word quote",
        "unicode",
        "word unicode",
        "number",
        "word",
        "word",
    ]


DAYS: dict[str, Any] = {
    "day_before": "2026-03-29",
    "day": "2026-03-30",
    "noon": "2026-03-30T12:00:00",
    "noon_utc": "2026-03-30T12:00:00Z",
    "evening_utc": "2026-03-30T15:00:00.000Z",
    "offset": "2026-03-30 23:30:00-0500",
    "day_after": "2026-03-31",
    "seconds": 1774915200,  # 2026-03-31T00:00:00Z
    "seconds_text": "1774872000",  # 2026-03-30T12:00:00Z
    "seconds_fraction": 1774872000.25,
    "milliseconds": 1774872000000,
    "milliseconds_text": "1774915200000",
    "small": "2026-03-30t12z",
    "postgres": "2026-03-30 12:00:00 +00",
    "comma": "2026-03-30T12:00:00,25Z",
    "ancient": "1066-10-14",
    "impossible": "2026-02-30",
    "hour_25": "2026-03-30T25:00:00",
    "text": "yesterday",
    "month_0": "2026-00-30",
    "eleven": "17748720000",
    "short": "2026-03",
    "empty": "",
    "missing": MISSING,
    "boolean": True,
}


SIDES = ("before", "exact", "after")
NOON = "seconds_text milliseconds small postgres"
PAST_NOON = "seconds_fraction comma"
LATER = "seconds milliseconds_text"


def on_each_side(events: Events, value: Any, timezone: str = "UTC", named: dict[str, Any] = DAYS) -> list[set[str]]:
    filters = [{"operator": f"is_date_{side}", "value": value} for side in SIDES]
    return [set(names.split()) for names in passing(events, filters, named, timezone=timezone)]


def test_days_are_compared_with_days_in_the_projects_time_zone(events: Events) -> None:
    on_the_day = f"day noon noon_utc evening_utc {NOON} {PAST_NOON}"
    assert on_each_side(events, "2026-03-30") == [
        {"day_before", "ancient"},
        set(on_the_day.split()),
        {"offset", "day_after", *LATER.split()},
    ]
    # In Tokyo 15:00 UTC is the next day.
    assert on_each_side(events, "2026-03-30", "Asia/Tokyo") == [
        {"day_before", "ancient"},
        set(on_the_day.split()) - {"evening_utc"},
        {"evening_utc", "offset", "day_after", *LATER.split()},
    ]


@pytest.mark.parametrize(
    "value",
    [
        *("2026-03-30T12:00:00", "2026-03-30 12:00:00Z", "2026-03-30T21:00:00+09:00", "2026-03-30t12:00z"),
        *("2026-03-30 12:00:00 +0000", 1774872000, "1774872000", 1774872000000, "1774872000000", "1774872000000.0"),
    ],
)
def test_moments_are_compared_with_moments(events: Events, value: Any) -> None:
    assert on_each_side(events, value) == [
        {"day_before", "day", "ancient"},
        {"noon", "noon_utc", *NOON.split()},
        {"evening_utc", "offset", "day_after", *PAST_NOON.split(), *LATER.split()},
    ]


def test_moments_without_an_offset_are_in_the_projects_time_zone(events: Events) -> None:
    # Noon in Tokyo is 03:00 UTC; a day begins at 15:00 UTC of the day before.
    assert on_each_side(events, "2026-03-30T12:00:00", "Asia/Tokyo") == [
        {"day_before", "day", "ancient"},
        {"noon"},
        {"noon_utc", "evening_utc", "offset", "day_after", *NOON.split(), *PAST_NOON.split(), *LATER.split()},
    ]
    assert on_each_side(events, "2026-03-30T12:00:00Z", "Asia/Tokyo")[1] == {"noon_utc", *NOON.split()}


def test_one_of_several_dates_is_enough(events: Events) -> None:
    filters = [
        {"operator": "is_date_exact", "value": ["2026-03-29", "2026-03-30T12:00:00Z", "2026-03-31T00:00:00", 1]}
        | {"value": value}
        for value in (["2026-03-29", 1774872000], ["2026-03-30T15:00:00", "2026-03-31", "2026-03-29T00:00:00Z"])
    ]
    assert [set(names.split()) for names in passing(events, filters, DAYS)] == [
        {"day_before", "noon", "noon_utc", *NOON.split()},
        {"day_before", "evening_utc", "offset", "day_after", *LATER.split()},
    ]
    many = [f"{year}-01-01" for year in range(1900, 2300)] * 20
    assert passing(events, [{"operator": "is_date_exact", "value": [*many, "2026-03-29"]}], DAYS) == ["day_before"]


def test_a_day_without_a_midnight_is_that_day(events: Events) -> None:
    """In São Paulo clocks went from 23:59 on 3 November 2018 to 01:00 on the 4th."""
    named = {"day": "2018-11-04", "late": "2018-11-04T23:30:00", "eve": "2018-11-04T02:59:59Z", "first": 1541300400}
    assert on_each_side(events, "2018-11-04", "America/Sao_Paulo", named) == [{"eve"}, {"day", "late", "first"}, set()]


def test_far_years_are_on_their_side_of_every_date(events: Events) -> None:
    named = {"first": "1900-01-01", "ancient": "1066-10-14T00:00:00Z", "far": "9999-12-31", "last": "2299-12-31"}
    assert on_each_side(events, "1900-01-01", named=named) == [{"ancient"}, {"first"}, {"far", "last"}]
    assert on_each_side(events, "2299-12-31", named=named) == [{"ancient", "first"}, {"last"}, {"far"}]


def test_dates_may_be_as_far_away_as_every_engine_can_hold(events: Events) -> None:
    filters = [
        {"operator": "is_date_after", "value": "1900-01-01T00:00:00+14:00"},
        {"operator": "is_date_before", "value": "2299-12-31T23:59:59-12:00"},
    ]
    assert passing(events, filters, {"day": "2026-03-30"}) == ["day", "day"]


VERSIONS: dict[str, Any] = {
    "0": 0,
    "0.0.3": "0.0.3",
    "0.2.3": "0.2.3",
    "0.2.9": "0.2.9",
    "0.3": 0.3,
    "1": 1,
    "1.2": 1.2,
    "v1.2.3-beta.1": "v1.2.3-beta.1",
    "1.2.3+build": "1.2.3+build",
    "1.2.3.1": "1.2.3.1",
    "1.2.10": "1.2.10",
    "1.3.0": "1.3.0",
    "2.0.0-rc.1": "2.0.0-rc.1",
    "10.0": "10.0",
    "text": "newest",
    "trailing": "1.2.",
    "glued": "1.2.3beta",
    "empty": "",
    "missing": MISSING,
    "boolean": True,
}
SEMVER: list[tuple[str, Any, str]] = [
    ("semver_eq", "1.2.3", "v1.2.3-beta.1 1.2.3+build"),
    ("semver_eq", "v1.2.3-rc", "v1.2.3-beta.1 1.2.3+build"),
    ("semver_eq", "1", "1"),
    ("semver_eq", "1.2.0.0", "1.2"),
    ("semver_neq", "1.2.3", "0 0.0.3 0.2.3 0.2.9 0.3 1 1.2 1.2.3.1 1.2.10 1.3.0 2.0.0-rc.1 10.0"),
    ("semver_gt", "1.2.3", "1.2.3.1 1.2.10 1.3.0 2.0.0-rc.1 10.0"),
    ("semver_gte", "1.2.3", "v1.2.3-beta.1 1.2.3+build 1.2.3.1 1.2.10 1.3.0 2.0.0-rc.1 10.0"),
    ("semver_gte", "2", "2.0.0-rc.1 10.0"),
    ("semver_lt", "1.2.3", "0 0.0.3 0.2.3 0.2.9 0.3 1 1.2"),
    ("semver_lt", "0.0.0", ""),
    ("semver_lte", "1.2.3", "0 0.0.3 0.2.3 0.2.9 0.3 1 1.2 v1.2.3-beta.1 1.2.3+build"),
    ("semver_lte", "0", "0"),
    ("semver_tilde", "1.2.3", "v1.2.3-beta.1 1.2.3+build 1.2.3.1 1.2.10"),
    ("semver_tilde", "1.2", "1.2 v1.2.3-beta.1 1.2.3+build 1.2.3.1 1.2.10"),
    ("semver_tilde", "1", "1 1.2 v1.2.3-beta.1 1.2.3+build 1.2.3.1 1.2.10 1.3.0"),
    ("semver_caret", "1.2.3", "v1.2.3-beta.1 1.2.3+build 1.2.3.1 1.2.10 1.3.0"),
    ("semver_caret", "0.2.3", "0.2.3 0.2.9"),
    ("semver_caret", "0.0.3", "0.0.3"),
    ("semver_caret", "0.0", "0 0.0.3"),
    ("semver_caret", "0", "0 0.0.3 0.2.3 0.2.9 0.3"),
    ("semver_wildcard", "1.2.*", "1.2 v1.2.3-beta.1 1.2.3+build 1.2.3.1 1.2.10"),
    ("semver_wildcard", "v1.*", "1 1.2 v1.2.3-beta.1 1.2.3+build 1.2.3.1 1.2.10 1.3.0"),
    (
        "semver_wildcard",
        "*",
        " ".join(name for name in VERSIONS if name[-1].isdigit() or name.endswith(("1", "build"))),
    ),
]


def test_versions_are_compared_part_by_part(events: Events) -> None:
    filters = [{"operator": operator, "value": value} for operator, value, _ in SEMVER]
    found = passing(events, filters, VERSIONS)
    assert [(*row[:2], names) for row, names in zip(SEMVER, found, strict=True)] == SEMVER


CHAINS = {
    "link": 'a.btn.btn-primary:attr__class="btn btn-primary"attr__href="/buy"attr_id="buy"href="/buy"nth-child="1"'
    'text="Buy now";div.card:nth-child="2";main:attr_id="content";body:',
    "nested": 'span:text="Buy";button.btn:attr__data-attr="pay";form.card:attr_id="pay";div.wide.card:;body:',
    "quotes": r'a:attr__href="/q?a=1;b=2"href="/q?a=1;b=2"'
    r'text="Say \"hi\"; a.btn:href=\"/buy\" now";section:text="; \""',
    "colons": 'use.md:flex.w-1.5:attr__xlink:href="/buy"nth-child="1";svg:;'
    'a.lg:btn:href="/x"text=":href="nth-child="3"',
    "unicode": 'button.größe:attr_id="größe"text="Größe";p:',
    "escapes": 'path:attr__title="1“x";svg.2xl:p-1/2:attr__viewBox="0 0 1 1"attr_id="123"nth-child="1";',
    "none": "",
}
ELEMENT_FILTERS: list[tuple[str, str, Any, str]] = [
    ("tag_name", "exact", "a", "link quotes colons"),
    ("tag_name", "exact", ["span", "use"], "nested colons"),
    ("tag_name", "exact", "btn", ""),
    ("tag_name", "exact", "", ""),
    ("tag_name", "exact", [], "link nested quotes colons unicode escapes none"),
    ("tag_name", "is_not", "a", "nested unicode escapes none"),
    ("tag_name", "is_not", ["a", "p"], "nested escapes none"),
    ("href", "exact", "/buy", "link"),
    ("href", "exact", "/q?a=1;b=2", "quotes"),
    ("href", "is_not", "/buy", "nested quotes colons unicode escapes none"),
    ("href", "icontains", "/B", "link"),
    ("href", "icontains", "nth", ""),
    ("href", "not_icontains", ["/B", "/x"], "nested quotes unicode escapes none"),
    ("href", "regex", "^/[bx]", "link colons"),
    ("href", "not_regex", "^/b", "nested quotes colons unicode escapes none"),
    ("href", "is_set", None, "link quotes colons"),
    ("href", "is_not_set", None, "nested unicode escapes none"),
    ("href", "in", ["/x", "/buy"], "link colons"),
    ("href", "not_in", ["/x", "/buy"], "nested quotes unicode escapes none"),
    ("text", "exact", "Buy", "nested"),
    ("text", "exact", 'Say "hi"; a.btn:href="/buy" now', "quotes"),
    ("text", "exact", '; "', "quotes"),
    ("text", "exact", ":href=", "colons"),
    ("text", "icontains", "BUY", "link nested quotes"),
    ("text", "icontains", "GRÖSSE", "unicode"),
    ("text", "icontains", "GRÖẞE", "unicode"),
    ("text", "icontains", "GROSSE", ""),
    ("text", "regex", "^Buy", "link nested"),
    ("text", "is_set", None, "link nested quotes colons unicode"),
    ("text", "is_not_set", None, "escapes none"),
    ("selector", "exact", "a", "link quotes colons"),
    ("selector", "exact", "A", "link quotes colons"),
    ("selector", "exact", "*", "link nested quotes colons unicode escapes"),
    ("selector", "exact", ".btn", "link nested"),
    ("selector", "exact", ".btn-primary", "link"),
    ("selector", "exact", ".primary", ""),
    ("selector", "exact", ".BTN", ""),
    ("selector", "exact", "a.btn.btn-primary", "link"),
    ("selector", "exact", "button.btn.btn-primary", ""),
    ("selector", "exact", "#buy", "link"),
    ("selector", "exact", "a#buy.btn", "link"),
    ("selector", "exact", "#pay", "nested"),
    ("selector", "exact", '[href="/buy"]', "link"),
    ("selector", "exact", "a[href='/q?a=1;b=2']", "quotes"),
    ("selector", "exact", "[data-attr=pay]", "nested"),
    ("selector", "exact", '[DATA-ATTR = "pay"]', "nested"),
    ("selector", "exact", r'[text="Say \"hi\"; a.btn:href=\"/buy\" now"]', "quotes"),
    ("selector", "exact", r".md\:flex", "colons"),
    ("selector", "exact", r".w-1\.5", "colons"),
    ("selector", "exact", r".lg\:btn", "colons"),
    ("selector", "exact", ".größe#größe", "unicode"),
    ("selector", "exact", r"#\31 23", "escapes"),
    ("selector", "exact", r".\32xl\:p-1\/2", "escapes"),
    ("selector", "exact", r'[title="\31 \201c x"]', "escapes"),
    ("selector", "exact", '[viewBox="0 0 1 1"]', "escapes"),
    ("selector", "exact", "svg > *", "colons escapes"),
    ("selector", "exact", "div a", "link"),
    ("selector", "exact", "body a", "link"),
    ("selector", "exact", "a div", ""),
    ("selector", "exact", "div > a", "link"),
    ("selector", "exact", "main>a", ""),
    ("selector", "exact", "main > div > a", "link"),
    ("selector", "exact", "body > div a", ""),
    ("selector", "exact", "body > main a.btn", "link"),
    ("selector", "exact", ".card .card span", "nested"),
    ("selector", "exact", ".card > .card > button > span", "nested"),
    ("selector", "exact", ".card .card .card", ""),
    ("selector", "exact", ".card > span", ""),
    ("selector", "exact", "div.card span", "nested"),
    ("selector", "exact", "  body   span  ", "nested"),
    ("selector", "exact", ["div > a", "p > button"], "link unicode"),
    ("selector", "exact", ["p > a", "svg > a"], ""),
    ("selector", "exact", [], "link nested quotes colons unicode escapes none"),
    ("selector", "is_not", ".card", "quotes colons unicode escapes none"),
    ("selector", "is_not", ["div > a", "p > button"], "nested quotes colons escapes none"),
    ("selector", "is_not", [], "link nested quotes colons unicode escapes none"),
]


def test_elements_are_found_where_a_chain_has_them(events: Events) -> None:
    filters = [
        {"type": "element", "key": key, "operator": operator, "value": value}
        for key, operator, value, _ in ELEMENT_FILTERS
    ]
    rows = [{"elements_chain": chain} for chain in CHAINS.values()]
    found = [
        (*row[:3], " ".join(name for name, is_true in zip(CHAINS, column, strict=True) if is_true))
        for row, column in zip(ELEMENT_FILTERS, truths(events, filters, rows), strict=True)
    ]
    assert found == ELEMENT_FILTERS


def members_who_pass(api: Api, project: Project, filters: list[Row]) -> list[str]:
    """The visitors that remain with these test-account filters."""
    project.test_account_filters = filters
    project.full_clean()
    project.save()
    points = [{"x": 0.06, "y": 16}]
    answer = api.interactions(points=points, filter_test_accounts="true")
    return sorted(row["distinct_id"] for row in answer["results"])


def test_cohorts_are_asked_for_and_turned_round(
    api: Api, project: Project, interactions: Interactions, events: Events, persons: Persons, cohorts: Cohorts
) -> None:
    for number, name in enumerate(["ann", "bob", "eve"], start=1):
        interactions.add(distinct_id=name, session_id=name)
        events.add(distinct_id=name, session_id=name)
        if name != "eve":
            persons.add(name, number)
    first, calculated = cohorts.static(1), cohorts.dynamic((2, 1, 3), version=3)
    inside: list[Row] = [{"type": "cohort", "key": "id"}, {"type": "static-cohort"}]
    also_inside: list[Row] = [{}, {"operator": "in"}, {"operator": "exact", "negation": False}, {"negation": None}]
    outside: list[Row] = [{"negation": True}, {"operator": "not_in"}, {"operator": "not_in", "negation": True}]
    for one in inside:
        for also in also_inside:
            assert members_who_pass(api, project, [one | also | {"value": first}]) == ["ann"]
            assert members_who_pass(api, project, [one | also | {"value": str(calculated)}]) == ["bob"]
        for also in outside:
            assert members_who_pass(api, project, [one | also | {"value": first}]) == ["bob", "eve"]
            assert members_who_pass(api, project, [one | also | {"value": calculated}]) == ["ann", "eve"]
    both = [{"type": "cohort", "value": first}, {"type": "cohort", "value": calculated, "negation": True}]
    assert members_who_pass(api, project, both) == ["ann"]


TYPES = "there are event, feature, event_metadata, person, cohort, static-cohort, element."
OPERATOR_NAMES = ", ".join(Operator)
NEEDS_VALUE = "A property filter needs a value: a text, a number, a boolean, or a list of them."
NOT_A_VERSION = "The value of semver_gt must be a version such as 1.2.3."
NOT_A_DATE = "The value of {} must be a date such as 2026-11-23, with or without a time, or a Unix time."
SELECTOR_HELP = '; there are tag, .class, #id, [attribute="value"], descendants and >.'
# A filter, and why it is refused.
REFUSED: list[tuple[Any, str]] = [
    ("text", 'A property filter must be an object such as {"key":"$host","value":"example.com"}.'),
    (None, 'A property filter must be an object such as {"key":"$host","value":"example.com"}.'),
    ({"key": "p", "value": 1, "type": "session"}, f"Property type 'session' is not offered here; {TYPES}"),
    ({"key": "p", "value": 1, "type": "group"}, f"Property type 'group' is not offered here; {TYPES}"),
    ({"key": "p", "value": 1, "type": "hogql"}, f"Property type 'hogql' is not offered here; {TYPES}"),
    ({"key": "p", "value": 1, "type": "Event"}, f"Property type 'Event' is not offered here; {TYPES}"),
    ({"key": "p", "value": 1, "type": None}, f"Property type null is not offered here; {TYPES}"),
    ({"key": "p", "value": 1, "type": 7}, f"Property type 7 is not offered here; {TYPES}"),
    ({"key": "p", "value": 1, "type": ["event"]}, f"Property type […] is not offered here; {TYPES}"),
    ({"key": "p", "value": 1, "operator": "like"}, f"Operator 'like' is not known; there are {OPERATOR_NAMES}."),
    ({"key": "p", "value": 1, "operator": "EXACT"}, f"Operator 'EXACT' is not known; there are {OPERATOR_NAMES}."),
    ({"key": "p", "value": 1, "operator": {"a": 1}}, f"Operator {{…}} is not known; there are {OPERATOR_NAMES}."),
    (
        {"key": "p", "value": 1, "operator": "x" * 500},
        f"Operator '{'x' * 100}…' is not known; there are {OPERATOR_NAMES}.",
    ),
    ({"value": 1}, "A property filter must have a key."),
    ({"key": "", "value": 1}, "A property filter must have a key."),
    ({"key": 7, "value": 1}, "A property filter must have a key."),
    ({"key": "a\0b", "value": 1}, "Null characters are not allowed."),
    ({"key": "p", "value": "a\0b"}, "Null characters are not allowed."),
    ({"key": "p", "value": 1, "negation": True}, "negation is for cohorts only; use the opposite of exact."),
    ({"key": "p", "value": 1, "negation": "true"}, "negation must be true or false."),
    ({"key": "p"}, NEEDS_VALUE),
    ({"key": "p", "value": None}, NEEDS_VALUE),
    ({"key": "p", "value": {"a": 1}}, NEEDS_VALUE),
    ({"key": "p", "value": ["a", None]}, NEEDS_VALUE),
    ({"key": "p", "value": [["a"]]}, NEEDS_VALUE),
    ({"key": "p", "operator": "icontains"}, NEEDS_VALUE),
    ({"key": "p", "operator": "regex"}, NEEDS_VALUE),
    (
        {"key": "p", "operator": "regex", "value": "("},
        "'(' is not a valid regular expression: missing ): (",
    ),
    (
        {"key": "p", "operator": "not_regex", "value": ["a", "a(?=b)"]},
        "'a(?=b)' is not a valid regular expression: invalid perl operator: (?=",
    ),
    (
        {"key": "p", "operator": "regex", "value": r"(a)\1"},
        r"'(a)\\1' is not a valid regular expression: invalid escape sequence: \1",
    ),
    (
        {"key": "p", "operator": "regex", "value": "a{2000}"},
        "'a{2000}' is not a valid regular expression: invalid repetition size: {2000}",
    ),
    (
        {"key": "p", "operator": "regex", "value": [str(number) + r"\pL{60}" for number in range(10)]},
        "The regular expressions cannot be used together: pattern too large - compile failed",
    ),
    *(
        ({"key": "p", "operator": operator, "value": value}, f"The value of {operator} must be a number.")
        for operator in ("gt", "gte", "lt", "lte")
        for value in ("many", "", "1,5", "0x1F", "nan", "inf", "1_000", True, None, [1])
    ),
    ({"key": "p", "operator": "min", "value": "a"}, "The value of gte must be a number."),
    ({"key": "p", "operator": "max"}, "The value of lte must be a number."),
    ({"key": "p", "operator": "between", "value": [1]}, "The value of between must be a list of two numbers."),
    ({"key": "p", "operator": "between", "value": 1}, "The value of between must be a list of two numbers."),
    ({"key": "p", "operator": "between", "value": []}, "The value of between must be a list of two numbers."),
    (
        {"key": "p", "operator": "not_between", "value": [1, 2, 3]},
        "The value of not_between must be a list of two numbers.",
    ),
    ({"key": "p", "operator": "between", "value": [1, "b"]}, "The value of between must be a number."),
    ({"key": "p", "operator": "between", "value": [2, 1]}, "The value of between must begin with the smaller number."),
    (
        {"key": "p", "operator": "not_between", "value": ["10", "9"]},
        "The value of not_between must begin with the smaller number.",
    ),
    ({"key": "p", "operator": "in", "value": "a"}, "The value of in must be a list."),
    ({"key": "p", "operator": "in"}, "The value of in must be a list."),
    ({"key": "p", "operator": "not_in", "value": {"a": 1}}, "The value of not_in must be a list."),
    *(
        (
            {"key": "p", "operator": operator, "value": value},
            NOT_A_DATE.format(operator),
        )
        for operator in ("is_date_before", "is_date_after", "is_date_exact")
        for value in ("soon", "", "2026-02-30", "2026-03-30T25:00", 177491520, 17749152000, True, None, {"a": 1})
    ),
    *(
        (
            {"key": "p", "operator": operator, "value": value},
            NOT_A_DATE.format(operator),
        )
        for operator, value in [
            ("is_date_before", ["2026-03-30"]),
            ("is_date_after", []),
            ("is_date_exact", ["2026-03-30", "Chrome"]),
        ]
    ),
    (
        {"key": "p", "operator": "is_date_before", "value": "0001-01-01"},
        "The value of is_date_before must be a date from 1900 to 2299.",
    ),
    (
        {"key": "p", "operator": "is_date_after", "value": "9999-12-31T23:59:59-01:00"},
        "The value of is_date_after must be a date from 1900 to 2299.",
    ),
    *(
        ({"key": "p", "operator": "semver_gt", "value": value}, NOT_A_VERSION)
        for value in ("newest", "", "1.2.", ".1", "1..2", "1.2.3beta", "1.2.*", "1" * 19, "1.1.1.1.1.1.1.1.1", True)
    ),
    ({"key": "p", "operator": "semver_gt"}, NEEDS_VALUE),
    ({"key": "p", "operator": "semver_gt", "value": ["1.2.3"]}, NEEDS_VALUE),
    *(
        (
            {"key": "p", "operator": "semver_wildcard", "value": value},
            "The value of semver_wildcard must be a version that ends in *, such as 1.2.*.",
        )
        for value in ("1.2.3", "1.*.3", "1*", "", "**")
    ),
    (
        {"key": "$session_id", "value": 1, "type": "event_metadata"},
        "'$session_id' is no column of events that can be filtered; there are event and distinct_id.",
    ),
    (
        {"key": "class", "value": 1, "type": "element"},
        "'class' is no property of elements; there are selector, tag_name, href and text.",
    ),
    *(
        (
            {"key": key, "operator": operator, "value": "a", "type": "element"},
            f"{key} can be compared with exact and is_not only.",
        )
        for key in ("selector", "tag_name")
        for operator in ("icontains", "is_set", "in")
    ),
    ({"key": "text", "operator": "gt", "value": 1, "type": "element"}, "Operator gt is not for elements."),
    ({"key": "text", "value": None, "type": "element"}, NEEDS_VALUE),
    *(
        (
            {"key": "selector", "value": value, "type": "element"},
            f"The selector is not understood at {place}{SELECTOR_HELP}",
        )
        for value, place in [
            ("", "''"),
            ("a > ", "''"),
            ("> a", "'> a'"),
            ("a >> b", "'> b'"),
            ("a..b", "'.b'"),
            ("a.", "''"),
            ('[a="b', "'\"b'"),
            ("a b]", "']'"),
            ("a\\", "'\\\\'"),
            (r"\61 b.\63 !d", "'!d'"),
        ]
    ),
    *(
        (
            {"key": "selector", "value": value, "type": "element"},
            f"The selector has {name!r}, which is not offered here{SELECTOR_HELP}",
        )
        for value, name in [
            ("a:hover", ":hover"),
            ("a:nth-child(2)", ":nth-child()"),
            ("a:not(.b)", ":not()"),
            ("a:is(.b, .c)", ":is()"),
            ("a:where(.b)", ":where()"),
            ("a:has(> b)", ":has()"),
            ("a::before", "::before"),
            ("a:first-line", "::first-line"),
            ("a::part(b)", "::part"),
            ("a, b", ","),
            ("a + b", "+"),
            ("a ~ b > c", "~"),
            ("[href]", "[href]"),
            ('[href^="/x"]', "[href^=…]"),
            (r'a[\31 x*="/x"] b', "[1x*=…]"),
            ('[href="/x" i]', "[href=… i]"),
            ("svg|a", "svg|a"),
            ("[xlink|href=a]", "[xlink|href=…]"),
        ]
    ),
    ({"key": "selector", "value": "a" * 1001, "type": "element"}, "A selector may have at most 1,000 characters."),
    *(
        ({"type": "cohort", "value": value}, "The value of a cohort filter must be a cohort's id.")
        for value in (None, "a", "", "²", -1, 0, 1.5, True, [1], 2**63, "9" * 5000)
    ),
    ({"type": "cohort", "value": 1, "operator": "gt"}, "Operator gt is not for cohorts; there are in and not_in."),
    (
        {"type": "static-cohort", "value": 1, "operator": "is_not"},
        "Operator is_not is not for cohorts; there are in and not_in.",
    ),
]


def refusal_when_saved(project: Project, filters: Any) -> dict[str, list[str]]:
    project.test_account_filters = filters
    with pytest.raises(ValidationError) as error:
        project.full_clean()
    return error.value.message_dict


@pytest.mark.parametrize(("one", "sentence"), REFUSED)
def test_a_filter_that_is_not_understood_is_refused_when_it_is_saved(project: Project, one: Any, sentence: str) -> None:
    refusal = f"The test-account filters cannot be used: {sentence}"
    assert refusal_when_saved(project, [one]) == {"test_account_filters": [refusal]}
    with pytest.raises(CommandError) as error:
        call_command("set_project", "1", "--test-account-filters", orjson.dumps([one]).decode())
    assert str(error.value) == f"test_account_filters: {refusal}"
    project.refresh_from_db()
    assert [one["key"] for one in project.test_account_filters] == ["$host"]


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (one, sentence)
        for one, sentence in REFUSED
        if TYPES not in sentence and (not isinstance(one, dict) or one.get("type", "event") in {"event", "element"})
    ],
)
def test_a_filter_that_is_not_understood_is_refused_in_a_request(api: Api, one: Any, sentence: str) -> None:
    asked = orjson.dumps([{"id": "purchase", "properties": [{"key": "p", "value": 1}, one]}]).decode()
    assert api.error(events=asked) == {
        "type": "validation_error",
        "code": "invalid_input",
        "detail": sentence,
        "attr": "events",
    }


@pytest.mark.parametrize(
    "kind", ["feature", "event_metadata", "person", "cohort", "static-cohort", "session", "group", "hogql"]
)
def test_events_of_a_request_have_properties_of_their_own_only(api: Api, kind: str) -> None:
    asked = orjson.dumps([{"id": "purchase", "properties": [{"type": kind, "key": "p", "value": 1}]}]).decode()
    assert api.error(events=asked) == {
        "type": "validation_error",
        "code": "invalid_input",
        "detail": f"Property type '{kind}' is not offered here; there are event, element.",
        "attr": "events",
    }


@pytest.mark.parametrize("filters", [None, {}, "", {"key": "p"}, "text", 7])
def test_filters_that_are_no_list_are_refused(project: Project, filters: Any) -> None:
    sentence = "The test-account filters cannot be used: Property filters must be a list."
    assert refusal_when_saved(project, filters) == {"test_account_filters": [sentence]}


def test_no_filters_are_fine(project: Project) -> None:
    project.test_account_filters = []
    project.full_clean()


@pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(project: Project, value: Any) -> None:
    sentence = (
        "A text has half of a character: a surrogate without the other one." if isinstance(value, str) else NEEDS_VALUE
    )
    assert refusal_when_saved(project, [{"key": "p", "value": value}]) == {
        "test_account_filters": [f"The test-account filters cannot be used: {sentence}"]
    }


def test_cohorts_that_the_project_does_not_have_are_refused(
    project: Project, other_project: Project, cohorts: Cohorts
) -> None:
    own, deleted, foreign = cohorts.static(), cohorts.static(deleted=True), cohorts.static(project=2)
    wanted = [own, deleted, foreign, 2**63 - 1]
    filters = [{"type": "cohort", "value": cohort_id} for cohort_id in wanted]
    assert refusal_when_saved(project, filters) == {
        "test_account_filters": [f"Cohort(s) not found or deleted: {[deleted, foreign, 2**63 - 1]}"]
    }
    with pytest.raises(CommandError) as error:
        call_command("set_project", "1", "--test-account-filters", orjson.dumps(filters).decode())
    assert str(error.value) == (
        f"test_account_filters: Cohort(s) not found or deleted: {[deleted, foreign, 2**63 - 1]}"
    )


def test_filters_that_no_longer_hold_are_refused_when_they_are_asked_for(
    api: Api, project: Project, cohorts: Cohorts
) -> None:
    gone = cohorts.static(deleted=True)
    for filters, reason in [
        ([{"type": "cohort", "value": gone}] * 2, f"Cohort(s) not found or deleted: [{gone}]"),
        ([{"type": "group", "value": 1}], f"Property type 'group' is not offered here; {TYPES}"),
        ({}, "Property filters must be a list."),
    ]:
        Project.objects.filter(pk=1).update(test_account_filters=filters)
        assert api.error(filter_test_accounts="true") == {
            "type": "validation_error",
            "code": "invalid_input",
            "detail": f"The project's test-account filters cannot be used: {reason}",
            "attr": "filter_test_accounts",
        }
        assert api.points(filter_test_accounts="false") == []


def test_the_filters_of_a_new_project_leave_out_its_developers(
    api: Api, project: Project, interactions: Interactions, events: Events
) -> None:
    hosts = [
        "shop.example",
        "localhost",
        "localhost:8000",
        "127.0.0.1",
        "127.0.0.1:80",
        "localhost.example",
        "127x0x0x1",
    ]
    for host in hosts:
        interactions.add(session_id=host, distinct_id=host)
        events.add(session_id=host, properties={"$host": host})
    interactions.add(session_id="no host", distinct_id="no host")
    events.add(session_id="no host", timestamp=datetime(2026, 3, 31, tzinfo=UTC))
    assert members_who_pass(api, project, project.test_account_filters) == [
        "127x0x0x1",
        "localhost.example",
        "no host",
        "shop.example",
    ]
