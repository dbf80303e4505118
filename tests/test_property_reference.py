"""Filters and properties of all kinds: the engine and a slow reading of the same words agree."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import Events
from tests.property_reference import passes
from tests.test_properties import truths

Row = dict[str, Any]

WORDS = ["a", "A", "ab", "Ab%", "_b", "É", "é", "ß", "ΑΣ", "ας", "я", "", "\\", '"', "a.b", "x\ny", "🙂"]
NUMBERS = [
    "0",
    "1",
    "-1",
    "+1",
    "1.0",
    "1.5",
    ".5",
    "1e1",
    "-2.5E-1",
    "1e400",
    "01",
    "1_0",
    " 1",
    "1 ",
    "\u0661",
    "0x1",
]
VERSIONS = [
    "0",
    "0.0.3",
    "0.2",
    "0.2.3",
    "1",
    "v1.2.3",
    "1.2.3-rc.1",
    "1.2.4+x",
    "1.10",
    "1.2.3.4",
    "2.0.0-",
    "1.",
    "1.x",
]
DATES = [
    "2026-03-28",
    "2026-03-29",
    "2026-03-30",
    "2026-03-29T00:30:00",
    "2026-03-29 23:59:59",
    "2026-03-29T22:00:00Z",
    "2026-03-29T23:30:00.123456+02:00",
    "2026-03-28T15:00:00Z",
    "2026-03-28 15:00:00 +00",
    "2026-03-29t22z",
    "2026-03-29T23:30:00,123456+02:00",
    "1774742400",
    "1774828800.123456",
    "1774828800123",
    "1774742400000.5",
    "1899-12-31",
    "1066-10-14T12:00:00Z",
    "2026-13-01",
    "2026-00-01",
    "2026-02-29",
    "2026-03-29T24:00:00",
    "2026-03-29T12:00:60",
    "17747424000",
]
GIVEN_DATES = [*DATES[:13], 1774742400, 1774828800.123456, 1774828800123]
texts = st.sampled_from(WORDS + NUMBERS + VERSIONS + DATES) | st.text("aAbBéÉ.%_1-", max_size=4)
numbers = st.integers(-(2**63), 2**64 - 1) | st.sampled_from(
    [0.5, 1.5, -2.25, 12, 1774742400, 1774828800, 1774828800.5, 1774742400000]
)
values = st.none() | texts | numbers | st.booleans() | st.lists(texts | numbers, max_size=2)
properties = st.dictionaries(st.sampled_from(["p", "$host"]), values, max_size=2)

tags, classes = st.sampled_from(["a", "div", "span"]), st.sampled_from(["x", "y", "x-y"])
attribute_values = st.sampled_from(["a", "Ab", "x;y", ';a.x:href="a"', 'say "a"', "a]", ""])


def _escaped(text: str) -> str:
    return text.replace('"', '\\"')


@st.composite
def chains(draw: st.DrawFn) -> str:
    elements = []
    for _ in range(draw(st.integers(0, 4))):
        names = draw(st.lists(st.sampled_from(["attr__href", "attr_id", "href", "text"]), unique=True))
        attributes = [f'{name}="{_escaped(draw(attribute_values))}"' for name in names]
        elements.append(".".join([draw(tags), *draw(st.lists(classes, unique=True))]) + ":" + "".join(attributes))
    return ";".join(elements)


selector_parts = st.builds(
    lambda tag, pieces: tag + "".join(pieces) or "*",
    st.sampled_from(["", "a", "div", "*"]),
    st.lists(st.sampled_from([".x", ".y", ".x-y", "#a", '[href="a"]', '[text="x;y"]']), max_size=2, unique=True),
)
selectors = st.lists(selector_parts, min_size=1, max_size=3).flatmap(
    lambda parts: st.lists(st.sampled_from([" ", " > "]), min_size=len(parts) - 1, max_size=len(parts) - 1).map(
        lambda between: "".join(a + b for a, b in zip(parts, [*between, ""], strict=True))
    )
)


def some(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return one | st.lists(one, max_size=3)


expressions = st.sampled_from(["a", "^a", "b$", "a.b", "x.y", "(?i)É", r"\Qa.", r"^\d+$", "", "a|ß", "[^a]", r"^-?1\b"])
given_numbers = st.sampled_from(["0", "1", " 1.5", "-1e0", "+1"]) | st.integers(-3, 3) | st.floats(-3, 3)
OPERATORS: list[tuple[list[str], st.SearchStrategy[Any]]] = [
    (["exact", "is_not", "icontains", "not_icontains"], some(texts | numbers | st.booleans())),
    (["regex", "not_regex"], some(expressions)),
    (["in", "not_in"], st.lists(texts | numbers, max_size=3)),
    (["is_set", "is_not_set"], st.none()),
    (["gt", "gte", "lt", "lte"], given_numbers),
    (
        ["between", "not_between"],
        st.lists(given_numbers, min_size=2, max_size=2).map(lambda pair: sorted(pair, key=float)),
    ),
    (["is_date_before", "is_date_after"], st.sampled_from(GIVEN_DATES)),
    (["is_date_exact"], some(st.sampled_from(GIVEN_DATES))),
    (
        [f"semver_{name}" for name in ("eq", "neq", "gt", "gte", "lt", "lte", "tilde", "caret")],
        st.sampled_from(VERSIONS[:10]),
    ),
    (["semver_wildcard"], st.sampled_from(["*", "0.*", "0.2.*", "1.2.*", "v1.2.3.*"])),
]


@st.composite
def filters(draw: st.DrawFn) -> Row:
    operators, values_of = draw(st.sampled_from(OPERATORS))
    kind = draw(st.sampled_from(["event", "feature", "person", "event_metadata"]))
    key = draw(st.sampled_from(["event", "distinct_id"] if kind == "event_metadata" else ["p", "$host", "absent"]))
    return {"type": kind, "key": key, "operator": draw(st.sampled_from(operators)), "value": draw(values_of)}


@st.composite
def element_filters(draw: st.DrawFn) -> Row:
    key = draw(st.sampled_from(["selector", "tag_name", "href", "text"]))
    if key in {"selector", "tag_name"}:
        operators, values_of = ["exact", "is_not"], some(selectors if key == "selector" else tags)
    else:
        operators, values_of = draw(st.sampled_from(OPERATORS[:4]))
    return {"type": "element", "key": key, "operator": draw(st.sampled_from(operators)), "value": draw(values_of)}


some_events = st.lists(
    st.fixed_dictionaries(
        {
            "event": texts,
            "distinct_id": texts,
            "properties": properties,
            "person_properties": properties,
            "elements_chain": chains(),
        }
    ),
    min_size=10,
    max_size=40,
)

# A failure names one filter and one event; smaller examples of all the others would take minutes to find.
WITHOUT_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]


@pytest.mark.slow
@settings(max_examples=60, deadline=None, phases=WITHOUT_SHRINKING, suppress_health_check=list(HealthCheck))
@given(
    rows=some_events,
    asked=st.lists(filters() | element_filters(), min_size=5, max_size=20),
    timezone=st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"]),
)
def test_the_engine_and_the_reference_agree(events: Events, rows: list[Row], asked: list[Row], timezone: str) -> None:
    found = truths(events, asked, rows, timezone)
    for one, is_true in zip(asked, found, strict=True):
        for row, answer in zip(rows, is_true, strict=True):
            assert answer == passes(one, row, timezone), (one, row)
