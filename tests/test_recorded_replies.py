"""The wire is what it was: replies to requests of every kind, compared with recordings of them.

`RECORD=1 pytest tests/test_recorded_replies.py` records them anew, after a reply has changed on purpose: the diff of
tests/recorded/ then shows what callers will see. tests/recording.py says what is compared and what is not.
"""

import base64
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson
import pytest
from pytest_django import Settings

from heatmaps.models import Membership, Organization, PersonalAPIKey, Project, User
from tests import recording
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.conftest import Api, Cohorts, Events, Interactions, Persons
from tests.recording import STATUS_AND_HEADERS, Asked, check

Groups = dict[str, Callable[[], list[Asked]]]

LIST = "/api/projects/1/heatmaps/"
DRILL_DOWN = f"{LIST}events/"
PAGES = f"{LIST}pages/"
OF_TOKYO = "/api/projects/2/heatmaps/"
ACME, GLOBEX = UUID(int=0xAC), UUID(int=0x61)
TOKENS = {1: "phc_shop", 2: "phc_secrets", 3: "phc_quiet"}
SHOP = "https://shop.example"
ORIGIN = "https://dashboard.example"
ROUTES = [
    LIST,
    DRILL_DOWN,
    PAGES,
    "/api/environments/1/heatmaps/",
    "/api/environments/1/heatmaps/events/",
    "/api/environments/1/heatmaps/pages/",
    "/api/heatmap/",
    "/api/heatmap/events/",
    "/api/projects/1/cohorts/",
    "/api/projects/",
]
POINTS = '[{"x":0.25,"y":48}]'
TEST_ACCOUNTS: list[dict[str, Any]] = [
    {"key": "$host", "operator": "not_regex", "value": "^localhost", "type": "event"},
    {"key": "email", "operator": "not_icontains", "value": "@shop.example", "type": "person"},
]


# --- What there is -------------------------------------------------------------------------------------------------


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(pk=ACME, name="Acme")


@pytest.fixture
def project(organization: Organization) -> Project:
    return Project.objects.create(
        pk=1, name="Shop", organization=organization, token=TOKENS[1], test_account_filters=TEST_ACCOUNTS
    )


@pytest.fixture
def tokyo(project: Project) -> Project:
    """Project 2, whose days are those of Tokyo, and whose test-account filters name a cohort that is gone."""
    return Project.objects.create(
        pk=2,
        name="Geheimnisse, größere",
        organization=Organization.objects.create(pk=GLOBEX, name="Globex"),
        timezone="Asia/Tokyo",
        token=TOKENS[2],
        test_account_filters=[{"key": "id", "type": "cohort", "value": 22}],
    )


@pytest.fixture
def callers(user: User, tokyo: Project, session: Api) -> dict[str, Api]:
    """Ann is in Acme, Bea in both organizations, Eve in none, and Tim was."""
    people = {
        "ann": user,
        "bea": User.objects.create_user("bea@example.com", current_project=tokyo),
        "eve": User.objects.create_user("eve@example.com"),
        "tim": User.objects.create_user("tim@example.com", current_project_id=1, is_active=False),
    }
    for name, organizations in {"bea": (ACME, GLOBEX), "tim": (ACME,)}.items():
        for one in organizations:
            Membership.objects.create(user=people[name], organization_id=one)
    limited: dict[str, dict[str, Any]] = {
        "ann, to write": {"scopes": ["heatmap:write"]},
        "ann, for all": {"scopes": ["*"]},
        "ann, for nothing": {"scopes": []},
        "ann, for insights": {"scopes": ["insight:read"]},
        "ann, of project 2": {"scoped_teams": [2]},
        "ann, of Globex": {"scoped_organizations": [str(GLOBEX)]},
        "bea, of project 1": {"scoped_teams": [1]},
        "bea, of project 2": {"scoped_teams": [2]},
        "bea, of Globex": {"scoped_organizations": [str(GLOBEX)]},
        "bea, of project 2 of Acme": {"scoped_teams": [2], "scoped_organizations": [str(ACME)]},
    }
    keys: dict[str, dict[str, Any]] = {name: {} for name in people} | limited
    apis = {name: Api(PersonalAPIKey.make(people[name[:3]], name, **fields)[1]) for name, fields in keys.items()}
    return apis | {"session of ann": session, "nobody": Api(None)}


@pytest.fixture
def rows(
    project: Project, tokyo: Project, interactions: Interactions, events: Events, persons: Persons, cohorts: Cohorts
) -> None:
    """The same rows always. Of most things there are few, so that replies are short enough to be read."""
    interactions.add_all([*_interactions(), *_at_edges()])
    events.add_all(list(_events()))
    persons.add_all(
        [
            *({"distinct_id": f"v{number}", "person_id": UUID(int=1 + number // 2)} for number in range(8)),
            {"distinct_id": "v2", "person_id": UUID(int=5), "version": 2},
            {"distinct_id": "v3", "person_id": UUID(int=2), "version": 3, "is_deleted": 1},
            {"distinct_id": "v1", "person_id": UUID(int=3), "team_id": 2},
        ]
    )
    cohorts.static(1, 2, 4, pk=11)
    cohorts.static(pk=12)
    cohorts.static(1, pk=13, deleted=True)
    cohorts.dynamic((1, 1, 1), (3, 1, 2), (4, 1, 2), (4, -1, 2), pk=14)
    cohorts.dynamic((1, 1, 1), (3, 1, 2), pk=15, version=1)
    cohorts.static(3, pk=21, project=2)


def _interactions() -> Iterator[dict[str, Any]]:
    choose = random.Random(20260331).choices  # noqa: S311 -- no secrets
    paths = {"": 4, "/": 2, "/a": 3, "/a/": 2, "/a?tab=2": 1, "/ab": 1, "/b/c": 1, "/b/stra%C3%9Fe": 1}
    kinds = {"click": 12, "rageclick": 2, "deadclick": 1, "mousemove": 2, "scrolldepth": 5, "tap": 1}
    start = datetime(2026, 3, 20, 23, 30, tzinfo=UTC)
    for number in range(320):
        kind = choose(list(kinds), list(kinds.values()))[0]
        width = choose([64, 23, 80, 0], [6, 3, 2, 1])[0]
        visitor = choose(range(9))[0]
        yield {
            "team_id": choose([1, 2], [5, 1])[0],
            "session_id": choose([f"s{visitor}", ""], [9, 1])[0],
            "distinct_id": f"v{visitor}",
            "timestamp": start + timedelta(minutes=47 * number, microseconds=number % 3 * 1500),
            "x": 0 if kind == "scrolldepth" else choose([0, 16, 23, 64], [2, 5, 2, 1])[0],
            "y": choose([0, 3, 60, -2], [3, 5, 2, 1])[0],
            "viewport_width": width,
            "viewport_height": choose([48, 30], [3, 1])[0],
            "pointer_target_fixed": kind == "click" and choose([False, True], [5, 1])[0],
            "current_url": SHOP + choose(list(paths), list(paths.values()))[0],
            "type": kind,
        }


def _at_edges() -> Iterator[dict[str, Any]]:
    """What chance does not bring: the ends of days in two time zones, years far away, extreme numbers, other scales."""
    for team in (1, 2):
        for moment in (
            datetime(2026, 3, 23, 23, 59, 59, 999999, tzinfo=UTC),
            datetime(2026, 3, 24, tzinfo=UTC),
            datetime(2026, 3, 30, 14, 59, 59, 999999, tzinfo=UTC),
            datetime(2026, 3, 30, 15, tzinfo=UTC),
            datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC),
            datetime(2026, 4, 1, tzinfo=UTC),
            datetime(2025, 12, 31, 12, tzinfo=UTC),
            datetime(1970, 1, 1, tzinfo=UTC),
            datetime(2149, 6, 6, tzinfo=UTC),
        ):
            yield {"team_id": team, "timestamp": moment, "current_url": f"{SHOP}/edge", "type": "edge"}
    for x, y, width in ((32767, 32767, 1), (-32768, -32768, 1), (1, 1, 32767), (-1, -1, 64), (1, 1, -64)):
        yield {"x": x, "y": y, "viewport_width": width, "current_url": f"{SHOP}/extreme", "type": "extreme"}
    for scale in (1, 8, 16, 32):
        yield {"scale_factor": scale, "current_url": f"{SHOP}/scaled", "type": "scaled"}
        yield {"scale_factor": scale, "current_url": f"{SHOP}/scaled", "type": "scrolldepth", "x": 0, "y": 25}
    yield {"distinct_id": "Zoë", "session_id": "", "current_url": f"{SHOP}/größe/", "type": "tap"}
    yield {"distinct_id": "", "current_url": f"{SHOP}//", "type": "tap"}


def _events() -> Iterator[dict[str, Any]]:
    chain = 'button.buy.big:nth-child="1"attr__id="pay"text="Buy";a.card:href="/cart";main:'
    for number in range(9):
        host = "localhost:3000" if number == 4 else "shop.example"
        email = f"v{number}@{'shop' if number == 5 else 'mail'}.example"
        base = {"session_id": f"s{number}", "distinct_id": f"v{number}", "person_properties": {"email": email}}
        properties = {
            "$host": host,
            "price": number * 10,
            "version": f"1.{number}.0",
            "plan": ["free", "pro"][number % 2],
        }
        yield base | {"event": "pageview", "properties": properties}
        if number % 3 == 0:
            properties |= {"coupon": None if number else "SPRING", "due": f"2026-03-2{number}T23:30:00Z"}
            yield base | {"event": "purchase", "properties": properties, "elements_chain": chain}
    yield {"event": "pageview", "session_id": "s1", "team_id": 2, "properties": {"$host": "shop.example"}}


# --- What is asked -------------------------------------------------------------------------------------------------


def get(path: str, by: str = "ann", headers: dict[str, str] | None = None, /, **parameters: Any) -> Asked:
    # Such as people type it; what would be read otherwise is escaped.
    query = urlencode(parameters, doseq=True, quote_via=quote, safe="""/:[]{}(),"*@$^?.!~|'""")
    return Asked(by=by, method="GET", target=f"{path}?{query}" if query else path, headers=headers or {})


def ask(
    method: str,
    target: str,
    by: str = "ann",
    content: bytes | str = b"",
    *,
    packed: str = "",
    compared: str = "",
    **headers: str,
) -> Asked:
    content = content.encode() if isinstance(content, str) else content
    return Asked(
        by=by, method=method, target=target, headers=headers, content=content, packed=packed, compared=compared
    )


def each(path: str, name: str, values: list[Any], by: str = "ann", **others: Any) -> list[Asked]:
    return [get(path, by, **{name: value}, **others) for value in values]


def heatmaps() -> list[Asked]:
    visitors = {"aggregation": "unique_visitors"}
    return [
        get(LIST),
        get(LIST, **visitors),
        get(LIST, aggregation="total_count"),
        *each(LIST, "limit", [0, 1, 3, 1_000_000]),
        *each(LIST, "limit", ["+2", " 2 ", "002", "2.0"]),
        *each(LIST, "offset", [1, 5, 1_000_000], limit=2),
        *each(LIST, "offset", [5, 30], **visitors, limit=2),
        get(LIST, limit=0, offset=7),
        *each(LIST, "type", ["rageclick", "deadclick", "mousemove", "tap", "nothing", "Click", "extreme", "scaled"]),
        *each(LIST, "type", ["tap", "extreme", "scaled"], **visitors),
        *each(LIST, "hide_zero_coordinates", ["t", "True", "yes", "ON", "1"], limit=2),
        *each(LIST, "hide_zero_coordinates", ["f", "False", "no", "OFF", "0"], limit=2),
        get(LIST, hide_zero_coordinates="false"),
        get(LIST, hide_zero_coordinates="false", **visitors, limit=4),
        *each(LIST, "viewport_width_min", [0, 360, 376, 1024, 1032, 1033, 1280, 20_000, -5, 10**30], limit=3),
        *each(LIST, "viewport_width_max", [0, 360, 368, 376, 1024, 1280, 10**30, -(10**30)], limit=3),
        get(LIST, viewport_width_min=1000, viewport_width_max=1100, limit=3),
        get(LIST, viewport_width_min=1100, viewport_width_max=1000),
        *each(LIST, "viewport_width_max", [1400, 64], type="scaled"),
        get(LIST, nothing="x", format="csv", team_id=2, limit=1),
        get(LIST, limit=[1, 2], type=["tap", "click"]),
        get(LIST, type="", limit="", date_from="", url_exact="", cohort_ids="", events="", aggregation=""),
        get(LIST, url_exact=SHOP, viewport_width_min=1000, **visitors, date_from="-3d", limit=2, offset=1),
        get(OF_TOKYO, "bea"),
        get(OF_TOKYO, "bea", **visitors),
        get(OF_TOKYO, "bea", type="edge", date_from="2026-03-24", date_to="2026-03-31"),
    ]


def dates() -> list[Asked]:
    relative = [
        "-7d",
        "7d",
        "-0d",
        "-24h",
        "-3h",
        "-1w",
        "-1m",
        "-3m",
        "-1q",
        "-1y",
        "-90M",
        "-90s",
        "d",
        "-d",
        "dStart",
    ]
    snapped = [
        "-1dStart",
        "-1dEnd",
        "-1wStart",
        "-1wEnd",
        "mStart",
        "-1mEnd",
        "-1qStart",
        "-1yStart",
        "yEnd",
        "-1hStart",
    ]
    absolute = [
        "2026-03-24",
        "2026-3-24",
        "20260324",
        "2026-03",
        "2026",
        "2026-W13-2",
        "2026W132",
        "2026-083",
        "2026-03-24T00:00:00Z",
        "2026-03-24T23:59:59.999999+00:00",
        "2026-03-24 12:00",
        "2026-03-23T20:00:00-05:00",
        "2026-03-24t10",
        "1970-01-01",
        " 2026-03-24 ",
    ]
    refused = [
        "x",
        "2026-13-01",
        "2026-02-30",
        "1969-12-31",
        "2150-01-01",
        "-7",
        "-7D",
        "--7d",
        "2026-W54",
        "-99999999d",
    ]
    return [
        *each(LIST, "date_from", [*relative, *snapped, *absolute, "all"], type="edge", limit=5),
        *each(LIST, "date_to", ["all", "2026-04-01", "2026-03-30T23:00:00-05:00", "-1d", "-1wEnd"], type="edge"),
        *each(LIST, "date_from", refused),
        *each(LIST, "date_to", ["yesterday", "2150-01-01", "ALL"]),
        *each(OF_TOKYO, "date_from", ["-1d", "2026-03-31", "2026-03-30T15:00:00Z", "-3h", "all"], "bea", type="edge"),
        get(LIST, type="edge", date_from="all", date_to="all"),
        get(LIST, type="edge", date_from="2026-03-31", date_to="2026-03-24"),
        get(LIST, type="edge", date_from="2149-12-31", date_to="2149-12-31"),
    ]


def urls() -> list[Asked]:
    exact = ["", "/", "//", "/a", "/a/", "/a?tab=2", "/A", "/größe", "/b/stra%C3%9Fe", "/nothing"]
    patterns = [
        f"{SHOP}/*",
        f"{SHOP}/a*",
        f"{SHOP}/a",
        f"^{SHOP}/a/?$",
        "*/a*",
        f"{SHOP}/(a|ab)",
        f"{SHOP}/a|{SHOP}/b",
        f"{SHOP}/[a-b]*",
        "(?i)HTTPS://SHOP.EXAMPLE/A",
        "https://shop\\.example/b/.*",
        f"{SHOP}/.{{1,2}}",
        "a",
        "^",
        "$",
        "*",
    ]
    small: dict[str, Any] = {"limit": 3, "date_from": "all"}
    return [
        *[get(LIST, url_exact=SHOP + path, **small) for path in exact],
        *each(LIST, "url_exact", ["/", "https://shop.example:443/", " https://shop.example/a ", "'", "\\"], **small),
        *each(LIST, "url_pattern", patterns, **small),
        *each(LIST, "url_pattern", [f"{SHOP}/a*", "*"], **small, aggregation="unique_visitors"),
        get(LIST, url_pattern=f"{SHOP}/ab", url_exact=f"{SHOP}/a", **small),
        get(LIST, url_pattern=f"{SHOP}/a", url_exact=f"{SHOP}/a", **small),
        get(LIST, url_pattern=f" {SHOP}/a?( ", url_exact=f"{SHOP}/a?(", **small),
        *each(LIST, "url_pattern", ["(", "[", "a{1001}", "(?=a)", "(a)\\1", "a**b++", " ", "a\0"]),
        *each(LIST, "url_exact", [" ", "a\0b"]),
    ]


def _sessions_with(*properties: dict[str, Any], event: str = "pageview") -> str:
    return orjson.dumps([{"id": event, "properties": list(properties)}]).decode()


def population() -> list[Asked]:
    base: dict[str, Any] = {"limit": 2}
    filters: list[dict[str, Any]] = [
        {"key": "plan", "value": "pro"},
        {"key": "plan", "value": ["pro", "free"]},
        {"key": "plan", "operator": "is_not", "value": "pro"},
        {"key": "plan", "operator": "icontains", "value": "PR"},
        {"key": "plan", "operator": "not_icontains", "value": "PR"},
        {"key": "plan", "operator": "regex", "value": "^p.o$"},
        {"key": "plan", "operator": "not_in", "value": ["pro"]},
        {"key": "coupon", "operator": "is_set"},
        {"key": "coupon", "operator": "is_not_set"},
        {"key": "price", "operator": "gt", "value": 40},
        {"key": "price", "operator": "max", "value": "40"},
        {"key": "price", "operator": "between", "value": [20, 50]},
        {"key": "version", "operator": "semver_caret", "value": "1.2.0"},
        {"key": "version", "operator": "semver_tilde", "value": "1.2"},
        {"key": "version", "operator": "semver_wildcard", "value": "1.3.*"},
        {"key": "version", "operator": "semver_lt", "value": "1.3.0"},
    ]
    of_purchases: list[dict[str, Any]] = [
        {"key": "due", "operator": "is_date_after", "value": "2026-03-23"},
        {"key": "due", "operator": "is_date_before", "value": "2026-03-24T00:00:00Z"},
        {"key": "due", "operator": "is_date_exact", "value": "2026-03-23T23:30:00Z"},
        {"key": "selector", "type": "element", "value": "main > a.card button#pay.buy"},
        {"key": "selector", "type": "element", "operator": "is_not", "value": ".big"},
        {"key": "tag_name", "type": "element", "value": "button"},
        {"key": "text", "type": "element", "operator": "icontains", "value": "buy"},
        {"key": "href", "type": "element", "operator": "is_set"},
    ]
    return [
        *each(
            LIST, "cohort_ids", ["[11]", "[12]", "[14]", "[15]", "[11,15]", "[11,11]", "[]", "null", " [11] "], **base
        ),
        get(LIST, cohort_ids="[11]", aggregation="unique_visitors", **base),
        get(LIST, cohort_ids="[11]", type="scrolldepth"),
        get(OF_TOKYO, "bea", cohort_ids="[21]", **base),
        *each(LIST, "filter_test_accounts", ["true", "1", "Yes", "false", "null", "NULL", "off"], **base),
        get(LIST, filter_test_accounts="true", type="scrolldepth"),
        get(LIST, filter_test_accounts="true", aggregation="unique_visitors", **base),
        get(OF_TOKYO, "bea", filter_test_accounts="true"),
        get(OF_TOKYO, "bea", filter_test_accounts="false", **base),
        *each(LIST, "events", ['[{"id":"purchase"}]', '[{"id":"pageview"},{"id":"purchase"}]', "[]", "null"], **base),
        *each(LIST, "events", ['[{"id":"refund"}]', '[{"id":"purchase","properties":null}]', '[{"id":""}]'], **base),
        *[get(LIST, events=_sessions_with(one), **base) for one in filters],
        *[get(LIST, events=_sessions_with(one, event="purchase"), **base) for one in of_purchases],
        get(LIST, events=_sessions_with(filters[0], filters[9]), **base),
        get(LIST, events=_sessions_with(filters[0]), cohort_ids="[11]", filter_test_accounts="true", **base),
        get(OF_TOKYO, "bea", events='[{"id":"pageview"}]', **base),
    ]


def scroll_depth() -> list[Asked]:
    base: dict[str, Any] = {"type": "scrolldepth"}
    return [
        get(LIST, **base),
        get(LIST, **base, aggregation="unique_visitors"),
        get(LIST, **base, hide_zero_coordinates="false"),
        get(LIST, **base, limit=1, offset=2),
        get(LIST, **base, limit=-1),
        get(LIST, **base, url_exact=f"{SHOP}/a"),
        get(LIST, **base, url_exact=f"{SHOP}/scaled"),
        get(LIST, **base, url_pattern=f"{SHOP}/*"),
        get(LIST, **base, viewport_width_min=1000),
        get(LIST, **base, viewport_width_max=400),
        get(LIST, **base, date_from="-2d"),
        get(LIST, **base, date_from="2020-01-01", date_to="2020-01-02"),
        get(OF_TOKYO, "bea", **base),
        get("/api/heatmap", **base),
        get(LIST, type=" scrolldepth "),
        get(LIST, type="ScrollDepth"),
    ]


def interactions_behind() -> list[Asked]:
    small: dict[str, Any] = {"points": POINTS, "limit": 2}
    points = [
        '[{"x":"0.25","y":"48"}]',
        '[{"x":0.254,"y":48.0,"target_fixed":false}]',
        '[{"x":0.25,"y":48,"target_fixed":true}]',
        '[{"x":0.25,"y":48},{"x":0.25,"y":960},{"x":0.25,"y":48}]',
        '[{"x":0,"y":-32}]',
        '[{"x":0.25,"y":48.5}]',
        '[{"x":1e9,"y":-1e9,"other":[]}]',
        '[{"x":0.25,"y":1000000000}]',
        ' [{"y":48,"x":25e-2}] ',
    ]
    refused = [
        "",
        " ",
        "x",
        "{",
        "null",
        "{}",
        "[]",
        '"x"',
        "[1]",
        "[null]",
        '[{"x":1}]',
        '[{"y":1}]',
        '[{"x":"a","y":1}]',
        '[{"x":null,"y":1}]',
        '[{"x":true,"y":1}]',
        '[{"x":1e10,"y":1}]',
        '[{"x":"nan","y":1}]',
        '[{"x":"inf","y":1}]',
        '[{"x":1,"y":1,"target_fixed":1}]',
        '[{"x":1,"y":1,"target_fixed":null}]',
        f"[{'{},' * 500}{{}}]",
        "[NaN]",
        "a\0",
    ]
    return [
        get(DRILL_DOWN, points=POINTS),
        *each(DRILL_DOWN, "points", points, limit=3, date_from="all", hide_zero_coordinates="false"),
        *each(DRILL_DOWN, "offset", [1, 5, 1000, 10**30], **small),
        *each(DRILL_DOWN, "type", ["rageclick", "tap", "nothing", "scrolldepth"], **small),
        *each(DRILL_DOWN, "cohort_ids", ["[11]", "[12]"], **small),
        *each(DRILL_DOWN, "events", ['[{"id":"purchase"}]'], **small),
        get(DRILL_DOWN, filter_test_accounts="true", **small),
        get(DRILL_DOWN, url_exact=f"{SHOP}/a", **small),
        get(DRILL_DOWN, url_pattern=f"{SHOP}/a*", **small),
        get(DRILL_DOWN, viewport_width_min=1200, **small),
        get(DRILL_DOWN, aggregation="unique_visitors", **small),
        get(DRILL_DOWN, date_from="-1d", **small),
        get(DRILL_DOWN, points='[{"x":0.06,"y":16}]', type="tap", date_from="all"),
        get(DRILL_DOWN, points='[{"x":0.06,"y":16}]', type="edge", date_from="all", date_to="all"),
        get("/api/projects/2/heatmaps/events/", "bea", **small),
        get(DRILL_DOWN),
        *each(DRILL_DOWN, "points", refused),
        *each(DRILL_DOWN, "limit", [0, 101, -1, "x", 100.5], points=POINTS),
        *each(DRILL_DOWN, "offset", [-1, "x"], points=POINTS),
        *each(DRILL_DOWN, "date_from", ["x"], points=POINTS),
        get(DRILL_DOWN, points="x", limit="x", aggregation="x"),
    ]


def pages() -> list[Asked]:
    return [
        get(PAGES),
        *each(PAGES, "limit", [1, 2, 1000]),
        *each(PAGES, "offset", [1, 3, 1000, 1_000_000], limit=1),
        *each(PAGES, "type", ["click", "scrolldepth", "tap", "nothing", ""], limit=2),
        *each(PAGES, "search", ["/a", "SHOP.example/A", "/a/", "stra%C3%9Fe", "straße", "größe", "*", "%", "", "x"]),
        *each(PAGES, "date_from", ["-1d", "2020-01-01", "all"], limit=1),
        get(PAGES, date_from="all", date_to="all", search="edge"),
        get(PAGES, search="/a", type="click", date_from="-3d", limit=1, offset=1),
        get("/api/projects/2/heatmaps/pages/", "bea", limit=2),
        get(PAGES, aggregation="x", url_pattern="(", events="x", limit=1),
        *each(PAGES, "limit", [0, 1001, -1, "x"]),
        *each(PAGES, "offset", [-1, 1_000_001, "x"]),
        *each(PAGES, "date_from", ["x"]),
        *each(PAGES, "date_to", ["x", " "]),
        *each(PAGES, "search", [" ", "a\0"]),
        *each(PAGES, "type", [" ", "a\0"]),
        get(PAGES, date_from="x", date_to="x", limit="x"),
    ]


def routes() -> list[Asked]:
    small = {"points": POINTS, "limit": 1}
    here = [route.rstrip("/") + slash for route in ROUTES for slash in ("/", "")]
    ids = ["@current", "2", "9", "0", "-1", "abc", "01", "1.0", "@CURRENT", "%D9%A3", "%00", str(2**63), "1" * 30]
    unknown = ["/api", "/api/", "/api/x", "/api//", "/api/projects/1", "/api/heatmaps/", f"{LIST}x/", f"{LIST}/"]
    return [
        *[get(route, **small) for route in here if "projects/" not in route[-9:]],
        *[get(route, by) for by in ("bea", "eve", "session of ann") for route in ("/api/projects/", "/api/projects")],
        get("/api/projects/"),
        get("/api/projects"),
        *[get(f"/api/projects/{text}/heatmaps/", limit=1) for text in ids],
        *[get(f"/api/environments/{text}/heatmaps/events", **small) for text in ids[:4]],
        *[get(f"/api/projects/{text}/cohorts") for text in ids[:4]],
        *[get("/api/projects/@current/heatmaps/", by, limit=1) for by in ("bea", "eve", "session of ann")],
        *[
            get(path, by, limit=1)
            for path in ("/api/heatmap/", "/api/heatmap/pages/")
            for by in ("bea", "eve", "nobody")
        ],
        get("/api/projects/2/cohorts/", "bea"),
        *[ask(method, path) for method in ("GET", "POST") for path in unknown],
    ]


def methods() -> list[Asked]:
    changing = ("POST", "PUT", "PATCH", "DELETE")
    return [
        *[ask("HEAD", f"{route}?points={POINTS}") for route in ROUTES],
        ask("HEAD", f"{LIST}?limit=x"),
        ask("HEAD", LIST, "nobody"),
        *[ask("OPTIONS", route) for route in ROUTES],
        *[ask("OPTIONS", LIST, by) for by in ("session of ann", "nobody", "ann, for nothing", "ann, to write")],
        *[ask(method, route) for method in changing for route in (LIST, DRILL_DOWN, PAGES, "/api/projects/")],
        *[ask(method, LIST, by) for method in changing for by in ("ann, for all", "nobody")],
        *[ask(method, LIST, "session of ann") for method in ("POST", "PUT", "PATCH")],
        *[ask("PATCH", route, "ann, to write") for route in ROUTES],
        *[ask("DELETE", route, "session of ann") for route in ROUTES],
        ask("TRACE", LIST),
        ask("BREW", LIST, "session of ann"),
    ]


def refusals() -> list[Asked]:
    numbers = ["viewport_width_min", "viewport_width_max", "limit", "offset"]
    not_events = [
        "x",
        "{}",
        "1",
        "[1]",
        "[{}]",
        '[{"id":1}]',
        '[{"id":"a\\u0000"}]',
        orjson.dumps([{"id": "a"}] * 11).decode(),
        '[{"id":"a","properties":1}]',
        '[{"id":"a","properties":[1]}]',
        " ",
        "[NaN]",
    ]
    not_filters: list[dict[str, Any]] = [
        {},
        {"key": ""},
        {"key": 1},
        {"key": "a"},
        {"key": "a", "value": None},
        {"key": "a", "value": {"b": 1}},
        {"key": "a", "value": "a\0"},
        {"key": "a", "operator": "like", "value": 1},
        {"key": "a", "operator": 5, "value": 1},
        {"key": "a", "value": 1, "type": "person"},
        {"key": "a", "value": 1, "type": "cohort"},
        {"key": "a", "value": 1, "type": None},
        {"key": "a", "value": 1, "negation": True},
        {"key": "a", "value": 1, "negation": "x"},
        {"key": "a", "operator": "gt", "value": "x"},
        {"key": "a", "operator": "between", "value": [1]},
        {"key": "a", "operator": "between", "value": [2, 1]},
        {"key": "a", "operator": "in", "value": "x"},
        {"key": "a", "operator": "regex", "value": "("},
        {"key": "a", "operator": "is_date_after", "value": "x"},
        {"key": "a", "operator": "is_date_after", "value": "1800-01-01"},
        {"key": "a", "operator": "semver_gt", "value": "x"},
        {"key": "a", "operator": "semver_wildcard", "value": "1.2"},
        {"key": "a", "type": "element", "value": 1},
        {"key": "text", "type": "element", "operator": "gt", "value": 1},
        {"key": "tag_name", "type": "element", "operator": "icontains", "value": "a"},
        {"key": "selector", "type": "element", "value": "a:hover"},
        {"key": "selector", "type": "element", "value": ""},
        {"key": "selector", "type": "element", "value": "a +b"},
    ]
    cohort_ids = ["x", "[1", "1", "{}", '["1"]', "[1.0]", "[true]", "[9]", "[13,21,11,-1]", " ", "[NaN]", "[11]\0"]
    return [
        *[get(LIST, **{name: value}) for name in numbers for value in ("x", "1.5", " ", "null", "9" * 1001, "1\0")],
        *[get(LIST, **{name: value}) for name in ("limit", "offset") for value in (-1, 1_000_001)],
        *[
            get(LIST, **{name: value})
            for name in ("filter_test_accounts", "hide_zero_coordinates")
            for value in ("x", "2", "None", " ", "a\0")
        ],
        get(LIST, hide_zero_coordinates="null"),
        *each(LIST, "aggregation", ["x", "Total_Count", " ", "null", "a\0"]),
        *[get(LIST, **{name: value}) for name in ("type", "date_from", "date_to") for value in (" ", "a\0")],
        *each(LIST, "cohort_ids", cohort_ids),
        *each(LIST, "events", not_events),
        *[get(LIST, events=_sessions_with(one)) for one in not_filters],
        get(LIST, events=_sessions_with(*([{"key": "a", "value": 1}] * 21))),
        get(LIST, limit="x", type=" ", viewport_width_max="x"),
        get(LIST, limit="x", events="x", aggregation="x", cohort_ids="x"),
        get(LIST, limit=["x", "1"]),
        get(LIST, limit=["1", "x"]),
    ]


def credentials() -> list[Asked]:
    small = f"{LIST}?limit=1"
    headers = [
        "Bearer phx_wrong",
        "Bearer",
        "Bearer ",
        "bearer {key of ann}",
        "BEARER   {key of ann} ",
        "Token {key of ann}",
        "{key of ann}",
        "Basic YTpi",
        "Bearer {key of ann}x",
        "Bearer é",
        "Bearer a b",
        "Bearer {key of tim}",
    ]
    limited = ["ann, for all", "ann, to write", "ann, for nothing", "ann, for insights", "ann, of project 2"]
    limited += ["ann, of Globex", "bea", "bea, of project 1", "bea, of project 2", "bea, of Globex"]
    limited += ["bea, of project 2 of Acme", "eve", "tim", "session of ann", "nobody"]
    form = "application/x-www-form-urlencoded"
    return [
        *[ask("GET", small, "nobody", authorization=header) for header in headers],
        *[ask("GET", f"{path}?limit=1", by) for path in (LIST, OF_TOKYO, "/api/projects") for by in limited],
        *[ask("GET", "/api/projects/9/heatmaps/", by) for by in limited],
        *[ask(method, OF_TOKYO, "ann, of project 2") for method in ("HEAD", "POST", "PATCH", "OPTIONS")],
        *[ask("GET", "/api/projects/1/cohorts/", by) for by in limited[:5]],
        ask("GET", f"{small}&personal_api_key={{key of ann}}", "nobody"),
        ask("GET", f"{small}&personal_api_key=phx_wrong", "nobody"),
        ask("GET", f"{small}&personal_api_key=", "nobody"),
        ask("GET", f"{small}&personal_api_key=phx_wrong", "session of ann"),
        ask("GET", f"{small}&personal_api_key={{key of ann}}", "nobody", authorization="Bearer phx_wrong"),
        ask("GET", f"{small}&personal_api_key={{key of ann}}", "nobody", authorization="Basic YTpi"),
        ask("GET", small, "nobody", '{"personal_api_key":"{key of ann}"}'),
        ask("GET", small, "nobody", '{"personal_api_key":"phx_wrong"}'),
        ask("GET", small, "nobody", '{"personal_api_key":5}'),
        ask("GET", small, "nobody", "personal_api_key={key of ann}", content_type=form),
        ask("GET", small, "nobody", "personal_api_key=phx_wrong", content_type=form),
        ask("POST", LIST, "nobody", '{"personal_api_key":"{key of ann}"}'),
        ask("GET", small, "session of ann", authorization="Bearer phx_wrong"),
        ask("GET", small, "session of ann", authorization="Basic YTpi"),
        ask("GET", small, "nobody", cookie="sessionid=x"),
    ]


def negotiation() -> list[Asked]:
    small = f"{LIST}?limit=1"
    accepts = ["*/*", "application/json", "text/html", "text/csv", "text/html, */*;q=0.1", "application/*", "", "x"]
    accepts += [
        "application/json; indent=2",
        "application/json;charset=utf-8",
        "application/json;q=0",
        "application/xml",
    ]
    encodings = ["gzip", "zstd", "gzip, zstd", "br", "identity", "*", "gzip;q=0", "gzip;q=0, *", "zstd;q=x, GZIP;q=0.5"]
    preflight = {"access_control_request_method": "GET", "access_control_request_headers": "authorization"}
    bodies: dict[str, list[bytes | str]] = {
        "text/plain": ["x"],
        "application/xml": ["<a/>"],
        "application/json": ["{", "[1]", "null", '"x"', "\ud800".encode("utf-8", "surrogatepass"), b"\xff", "[" * 2000],
        "application/x-www-form-urlencoded": ["a=b", "%"],
        "multipart/form-data": ["x"],
        "multipart/form-data; boundary=b": [
            "x",
            '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n',
        ],
        "application/json; charset=latin1": ["{}"],
        "x": ["{}"],
    }
    return [
        *[ask("GET", small, accept=one) for one in accepts],
        *[ask("GET", route, "nobody", accept="text/csv") for route in ROUTES],
        *[ask("GET", f"{route}?points={POINTS}", accept_encoding="gzip, zstd") for route in ROUTES],
        *[ask("GET", f"{LIST}?limit=12", accept_encoding=one) for one in encodings],
        *[ask("GET", f"{LIST}?type=scrolldepth", accept_encoding=one) for one in encodings[:2]],
        ask("HEAD", LIST, accept_encoding="gzip"),
        ask("GET", small, x_request_id="0123456789abcdef"),
        ask("GET", f"{LIST}?limit=x", accept_encoding="gzip"),
        *[
            ask("GET", small, by, content, content_type=kind)
            for kind, contents in bodies.items()
            for content in contents
            for by in ("nobody", "ann", "session of ann")
        ],
        *[ask("POST", LIST, by, "{", content_type="application/json") for by in ("nobody", "ann", "session of ann")],
        ask("POST", LIST, "nobody", b"x" * (2 * 1024**2 + 1), content_type="application/json"),
        *[ask("OPTIONS", route, "nobody", origin=ORIGIN, **preflight) for route in ROUTES],
        ask("OPTIONS", LIST, "nobody", origin="https://evil.example", **preflight),
        ask("OPTIONS", "/_health", "nobody", origin=ORIGIN, **preflight),
        *[ask("GET", small, origin=one) for one in (ORIGIN, "https://evil.example", "null", "x")],
        ask("GET", f"{LIST}?limit=x", origin=ORIGIN),
        ask("GET", small, "nobody", origin=ORIGIN),
        ask("GET", "/api/x", "nobody", origin=ORIGIN),
        ask("GET", f"{LIST}?type={'x' * (60_000 - len(LIST) - 6)}"),
        ask("GET", f"{LIST}?type={'x' * (60_000 - len(LIST) - 5)}"),
        ask("GET", f"/{'x' * 60_000}", "nobody"),
        *[ask("GET", small, host=one) for one in ("localhost", "127.0.0.1:8000", "elsewhere.example", "a b")],
        ask("GET", f"{LIST}?limit=1&type=%ff%fe&=&&a=%zz"),
        ask("GET", f"{LIST}?type=%ED%A0%80"),
        ask("GET", f"{LIST}?limit=1;offset=2"),
    ]


def other_routes() -> list[Asked]:
    probes = ["/_health", "/_health/", "/_readyz", "/_readyz/", "/metrics", "/_health/x"]
    documents = [f"/api/schema{rest}{slash}" for rest in ("", "/swagger-ui", "/redoc") for slash in ("/", "")]
    others = ["/", "/x", "/x/y/", "/admin", "/admin/", "/admin/login/", "/demo", "/demo/", "/viewer", "/viewer/"]
    others += ["/static/nothing.js", "/static/array.js", "/favicon.ico", "/robots.txt", "/%00", "//", "/.env"]
    compared = STATUS_AND_HEADERS
    return [
        *[ask(method, path, "nobody") for method in ("GET", "HEAD", "POST") for path in probes],
        ask("GET", "/_health", "nobody", host="10.0.0.7:8000"),
        ask("GET", "/metrics", "nobody", authorization="Bearer x"),
        *[
            ask(method, path, "nobody", compared=compared)
            for method in ("GET", "HEAD", "POST")
            for path in (*documents, *others)
        ],
        *[
            ask("GET", "/api/schema/", "nobody", accept=one, compared=compared)
            for one in ("application/json", "text/csv")
        ],
        ask("GET", "/api/schema/?format=json", "nobody", compared=compared),
        ask("GET", "/admin/", "session of ann", compared=compared),
        ask("GET", "/x", "nobody", host="elsewhere.example", compared=compared),
    ]


def what_browsers_ask() -> list[Asked]:
    """None of these stores anything: the project of the one token has opted out, the other one sends no points."""
    quiet: dict[str, Any] = {"token": TOKENS[3], "event": "$$heatmap", "distinct_id": "v", "properties": {}}
    text = orjson.dumps(quiet)
    form = "application/x-www-form-urlencoded"
    paths = ["/e/", "/e", "/i/v0/e/", "/capture", "/track/", "/batch/", "/s/", "/flags/?v=2", "/decide/?v=3"]
    configurations = [
        f"/array/{token}/config{end}" for token in (TOKENS[1], TOKENS[3], "x") for end in ("", "/", ".js")
    ]
    batches: list[Any] = [[], [1], {}, [{}]]
    refused: list[Any] = [{}, [], 1, None, "x", [1], {"batch": 1}, {"event": "x"}, {"token": 5}, {"token": "phc_no"}]
    events: list[Any] = [
        {"event": ""},
        {"event": 5},
        {"distinct_id": ""},
        {"distinct_id": None},
        {"distinct_id": 5},
        {"distinct_id": "x" * 300},
        {"properties": 1},
        {"properties": {"$heatmap_data": 1}},
        {"properties": {"token": TOKENS[1]}, "token": None},
        {"uuid": "x"},
        {"timestamp": "x"},
    ]
    return [
        *[ask("POST", path, "nobody", text, content_type="text/plain") for path in paths],
        *[ask("POST", path, "nobody", text, content_type="text/plain", origin=SHOP) for path in paths],
        *[ask("OPTIONS", path, "nobody", origin=SHOP, access_control_request_headers="x-a") for path in paths],
        *[ask("OPTIONS", path, "nobody") for path in paths[:2]],
        *[ask("GET", path, "nobody") for path in (*paths, *configurations)],
        *[ask("GET", path, "nobody", origin=SHOP) for path in configurations],
        *[
            ask(method, "/e/", "nobody", text, content_type="text/plain")
            for method in ("PUT", "PATCH", "DELETE", "HEAD")
        ],
        ask("POST", "/e/?beacon=1", "nobody", text, content_type="text/plain"),
        ask("POST", "/e/", "nobody", text, packed="gzip", content_type="text/plain"),
        ask("POST", "/e/?compression=gzip-js", "nobody", text, packed="gzip, cut off", content_type="text/plain"),
        ask("POST", "/e/", "nobody", base64.b64encode(text), content_type="text/plain"),
        ask("POST", "/e/", "nobody", b"data=" + base64.b64encode(text), content_type=form),
        ask("POST", "/e/", "nobody", b"data=" + quote(text).encode(), content_type=form),
        ask("GET", f"/e/?data={quote(base64.b64encode(text))}", "nobody"),
        ask("POST", "/e/", "nobody", text, content_type="application/json", host="elsewhere.example"),
        ask("POST", "/e/", "nobody", b" " * (2 * 1024**2 + 1), content_type="text/plain"),
        *[
            ask("POST", "/e/", "nobody", one, content_type="text/plain")
            for one in (b"", b"{", b"x", b"\xff\xfe", b"!!")
        ],
        *[ask("POST", "/e/", "nobody", orjson.dumps(one), content_type="application/json") for one in refused],
        *[ask("POST", "/batch/", "nobody", orjson.dumps({"api_key": TOKENS[3], "batch": one})) for one in batches],
        *[ask("POST", "/i/v0/e/", "nobody", orjson.dumps(quiet | one)) for one in events],
        *[ask("POST", "/capture/", "nobody", orjson.dumps(quiet | {"token": TOKENS[1]} | one)) for one in events],
        *[ask("POST", "/flags/?config=true", "nobody", orjson.dumps(one)) for one in (quiet, [1], {}, {"token": "x"})],
        *[ask("POST", "/decide/", "nobody", orjson.dumps(one)) for one in (quiet, [1], {}, {"token": "x"})],
        *[ask("POST", path, "nobody", b"{}") for path in ("/i", "/i/v0", "/array", "/array/x", "/batches", "/e/x")],
    ]


def what_is_stored() -> list[Asked]:
    """Posts that are stored, and then what the API says of them."""
    point = {"x": 1020, "y": 363, "target_fixed": False, "type": "click"}
    page, other = f"{SHOP}/", f"{SHOP}/b/stra%C3%9Fe/"

    def event(number: int, properties: dict[str, Any], **members: Any) -> dict[str, Any]:
        common = {"$viewport_width": 1071, "$viewport_height": 1328, "$session_id": f"s{number % 3}"}
        return {
            "event": "$$heatmap",
            "uuid": str(UUID(int=number)),
            "distinct_id": f"v{number % 2}",
            "timestamp": f"2026-03-30T12:00:{number:02}.5Z",
            "properties": common | properties,
        } | members

    scrolled = {"$prev_pageview_pathname": "/a", "$prev_pageview_max_scroll": 900, "$current_url": f"{SHOP}/b?tab=2"}
    events = [
        event(1, {"$heatmap_data": {page: [point, point | {"x": 8, "target_fixed": True}]}}),
        event(2, {"$heatmap_data": {page: [point | {"type": "rageclick"}], other: [point, {"x": 1}, 5]}}),
        event(3, {"$viewport_width": 360, "$heatmap_data": {page: [point | {"x": 180.5, "y": -3}]}}),
        event(4, scrolled, event="$pageview"),
        event(5, {"$current_url": page, "plan": "pro"}, event="purchase"),
        event(6, {"$viewport_width": "x", "$heatmap_data": {page: [point]}}),
        event(7, {"$heatmap_data": {page: [point]}}, timestamp="2027-01-01T00:00:00Z"),
    ]
    batch = orjson.dumps({"api_key": TOKENS[1], "batch": events})
    alone = orjson.dumps(event(8, {"$heatmap_data": {other: [point]}, "token": TOKENS[1]}))
    plain = "text/plain"
    return [
        ask("POST", "/batch/", "nobody", batch, content_type=plain),
        # Again, in other ways: each event is stored once.
        ask("POST", "/e/?compression=gzip-js", "nobody", batch, packed="gzip", content_type=plain),
        ask("POST", "/i/v0/e/?beacon=1", "nobody", b"data=" + base64.b64encode(batch), content_type=plain),
        ask("POST", "/capture", "nobody", alone, content_type=plain, origin=SHOP),
        ask("GET", f"/track/?data={quote(base64.b64encode(alone))}", "nobody"),
        *each(LIST, "type", ["click", "rageclick", "scrolldepth"]),
        get(LIST, aggregation="unique_visitors"),
        get(LIST, viewport_width_max=360),
        get(LIST, events='[{"id":"purchase","properties":[{"key":"plan","value":"pro"}]}]'),
        get(DRILL_DOWN, points='[{"x":0.96,"y":368}]'),
        get(PAGES),
        get("/api/projects/2/heatmaps/pages/", "bea"),
    ]


def many_points() -> list[Asked]:
    """Replies that are sent in pieces."""
    return [
        get(LIST, limit=0),
        *[get(LIST, "ann", {"accept_encoding": one}, limit=0) for one in ("gzip", "zstd")],
        get(LIST, limit=0, aggregation="unique_visitors"),
        get(LIST, limit=66_000, offset=2),
        get(LIST, limit=2, offset=65_998),
        get(LIST, limit=2, offset=67_999),
        ask("HEAD", f"{LIST}?limit=0"),
    ]


def beyond_limits() -> list[Asked]:
    return [
        get(LIST),
        get("/api/projects/"),
        ask("HEAD", LIST),
        *[ask(method, LIST) for method in ("OPTIONS", "POST")],
        get("/api/projects/9/heatmaps/"),
        get(LIST, limit="x"),
        ask("GET", LIST, accept="text/csv"),
        ask("GET", LIST, origin=ORIGIN),
        *[get("/api/projects/", by) for by in ("ann, for all", "session of ann")],
        ask("GET", LIST, "nobody", authorization="Bearer phx_wrong"),
        ask("GET", LIST, "nobody", authorization="Bearer phx_wrong as well"),
        ask("GET", f"{LIST}?personal_api_key=phx_wrong", "nobody"),
        # From an address that was wrong too often: a key that was right from there before, and another one.
        *[get(PAGES, by) for by in ("ann, for all", "bea")],
    ]


OF_THE_ROWS: Groups = {
    "heatmaps": heatmaps,
    "dates": dates,
    "urls": urls,
    "population": population,
    "scroll_depth": scroll_depth,
    "interactions": interactions_behind,
    "pages": pages,
    "routes": routes,
    "methods": methods,
    "refusals": refusals,
    "credentials": credentials,
    "negotiation": negotiation,
}


@pytest.mark.parametrize("group", OF_THE_ROWS)
@pytest.mark.usefixtures("rows")
def test_replies_are_as_recorded(group: str, callers: dict[str, Api]) -> None:
    check(group, OF_THE_ROWS[group](), callers)


def test_replies_of_other_routes_are_as_recorded(callers: dict[str, Api]) -> None:
    check("other_routes", other_routes(), callers)


@pytest.mark.usefixtures("browser")
def test_replies_to_browsers_are_as_recorded(callers: dict[str, Api]) -> None:
    organization = Organization.objects.get(pk=ACME)
    Project.objects.create(pk=3, name="Quiet", organization=organization, token=TOKENS[3], heatmaps_opt_in=False)
    check("browsers", what_browsers_ask(), callers)
    check("stored", what_is_stored(), callers)


def test_long_replies_are_as_recorded(callers: dict[str, Api], interactions: Interactions) -> None:
    interactions.add_all([{"x": number % 100, "y": number // 100, "viewport_width": 100} for number in range(68_001)])
    check("many_points", many_points(), callers)


def test_replies_beyond_the_limits_are_as_recorded(callers: dict[str, Api], settings: Settings) -> None:
    settings.RATE_LIMIT_BAD_KEYS = "1/day"
    for _ in range(240):
        assert callers["ann"].list(limit="x").status_code == 400
    check("limits", beyond_limits(), callers, is_budget_whole=False)


def test_a_reply_that_is_not_as_recorded_is_told(
    callers: dict[str, Api], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [get("/api/projects/"), get(LIST, limit="x"), get(LIST, "nobody"), get("/api/x")]
    monkeypatch.setattr(recording, "DIRECTORY", tmp_path)
    monkeypatch.setattr(recording, "IS_RECORDING", True)
    check("few", asked, callers)
    monkeypatch.setattr(recording, "IS_RECORDING", False)
    check("few", asked, callers)
    file = tmp_path / "few.jsonl"
    projects, refused, unauthenticated, _ = file.read_text().splitlines()
    changed = [
        projects.replace('"name":"Shop"', '"name":"Shed"'),
        refused.replace('"status":400', '"status":422'),
        unauthenticated.replace('"www-authenticate":"Bearer"', '"www-authenticate":"Basic"'),
    ]
    file.write_text("\n".join([*changed, ""]))
    with pytest.raises(pytest.fail.Exception) as failure:
        check("few", asked, callers)
    told = str(failure.value)
    assert told.startswith("4 of 4 replies are not as recorded in few.jsonl.")
    for sentence in (
        "recorded 422\n    today    400",
        '  header www-authenticate:\n    recorded "Basic"\n    today    "Bearer"',
        '"ask":"GET /api/x"}\n  was not recorded',
    ):
        assert sentence in told
    assert told.count('"name":"Shed"') == told.count('"name":"Shop"') == 1
