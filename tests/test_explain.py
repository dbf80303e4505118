"""Why a map is empty, or has so little: the sentences, and the numbers behind them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heatmaps import engine
from heatmaps.models import Project
from tests.conftest import NOW, Api, Cohorts, Events, Interactions
from tests.test_layout import UPSTREAM, some_rows

CHECKOUT = "https://shop.example/checkout"


def why(api: Api, **parameters: Any) -> tuple[str | None, str]:
    answer = api.explanation(**parameters)
    return answer["reason"], answer["message"]


def test_a_whole_explanation(api: Api, interactions: Interactions) -> None:
    long_ago = datetime(2025, 1, 1, tzinfo=UTC)
    interactions.add_all(
        [
            *[{"current_url": "https://shop.example/Checkout?step=2", "timestamp": NOW - timedelta(hours=1)}] * 3,
            {"current_url": CHECKOUT, "timestamp": long_ago, "viewport_width": 20},
            {"current_url": CHECKOUT, "type": "mousemove"},
            {"current_url": CHECKOUT, "type": "scrolldepth", "x": 0, "y": 0},
            {"current_url": CHECKOUT, "viewport_width": 0},
            {"team_id": 2, "current_url": CHECKOUT},
        ]
    )
    assert api.explanation(url_exact=f"{CHECKOUT}/") == {
        "matched": 0,
        "steps": [
            {"filter": "project", "remaining": 6},
            {"filter": "dates", "remaining": 5},
            {"filter": "type", "remaining": 3},
            {"filter": "url", "remaining": 0},
            {"filter": "hide_zero_coordinates", "remaining": 0},
        ],
        "without": [
            {"filter": "url", "matched": 3},
            {"filter": "type", "matched": 2},
            {"filter": "dates", "matched": 1},
            {"filter": "hide_zero_coordinates", "matched": 0},
        ],
        "types": [
            {"type": "mousemove", "count": 1, "last_seen": "2026-03-30T12:00:00Z"},
            {"type": "scrolldepth", "count": 1, "last_seen": "2026-03-30T12:00:00Z"},
        ],
        "widths": [],
        "urls": [
            {
                "url": "https://shop.example/Checkout?step=2",
                "count": 3,
                "last_seen": "2026-03-31T01:30:00Z",
                "differs_in": ["case", "query_string"],
            }
        ],
        "dates": {"first_seen": "2025-01-01T00:00:00Z", "last_seen": "2025-01-01T00:00:00Z"},
        "capture": {"opted_in": True, "last_captured": "2026-03-31T01:30:00Z"},
        "reason": "url",
        "message": (
            "No page has this URL in these dates. The nearest is https://shop.example/Checkout?step=2, which differs in"
            " case and query string."
        ),
    }


def test_what_matches_has_no_reason(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{}, {}, {"viewport_width": 20}])
    assert why(api) == (
        None,
        "3 interactions match, and no filter but the type leaves anything out: more has to be captured first.",
    )
    assert why(api, viewport_width_max=500) == (
        None,
        "1 interaction matches: without the filter by viewport there are 3.",
    )
    assert api.explanation()["widths"] == [
        {"width": "0-479", "count": 1, "share": 0.333333},
        {"width": "1024-1199", "count": 2, "share": 0.666667},
    ]


def test_a_project_that_nothing_was_captured_for(api: Api, interactions: Interactions) -> None:
    interactions.add(viewport_width=0)
    reason, message = why(api, url_exact=CHECKOUT)
    assert reason == "never_captured"
    assert "put the SDK into its pages" in message


def test_a_project_that_takes_nothing(api: Api) -> None:
    Project.objects.update(heatmaps_opt_in=False)
    reason, message = why(api)
    assert reason == "capture_off"
    assert "manage.py set_project" in message


def test_the_reason_is_the_first_filter_after_which_nothing_remains(
    api: Api, interactions: Interactions, events: Events, cohorts: Cohorts
) -> None:
    interactions.add_all([{"x": 0, "y": 0, "session_id": "s"}, {"type": "rageclick"}])
    events.add(session_id="another", properties={"$host": "shop.example"})
    nobody = f"[{cohorts.static()}]"
    Project.objects.update(test_account_filters=[{"key": "$host", "operator": "exact", "value": "nowhere"}])
    everything = {"url_exact": CHECKOUT, "viewport_width_min": 5000, "filter_test_accounts": True, "cohort_ids": nobody}
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"date_to": "2026-03-29", **everything}, "dates", "choose longer ones, such as date_from=all."),
        ({"date_from": "2026-03-31"}, "dates", "choose longer ones"),
        (
            {"date_from": "2026-03-31", "type": "rageclick"},
            "dates",
            "is from 2026-03-30 to 2026-03-30 (UTC), so ask for these.",
        ),
        ({"type": "deadclick", **everything}, "type", "choose other dates."),
        ({"type": "deadclick"}, "type", "ask for rageclick."),
        (everything, "url", "No other page has anything under the other filters"),
        ({"url_pattern": "https://shop[.]example/.*"}, "url", "No other page"),
        (
            {"url_pattern": "https://shop[.]example/.*", "type": "rageclick"},
            "url",
            "The busiest is https://example.com: compare",
        ),
        ({"viewport_width_min": 5000}, "viewport", "No viewport has such a width: change"),
        ({"viewport_width_min": 5000, "type": "rageclick"}, "viewport", "most have 1024-1199 CSS px"),
        ({}, "hide_zero_coordinates", "hide_zero_coordinates=false"),
        ({"type": "rageclick", "filter_test_accounts": True}, "test_accounts", "ask without filter_test_accounts"),
        ({"type": "rageclick", "cohort_ids": nobody}, "cohorts", "name fewer in cohort_ids"),
        ({"type": "rageclick", "events": '[{"id":"x"}]'}, "events", "name fewer in events"),
        ({"type": "rageclick", "events": '[{"id":"x"}]', "first_in_session": True}, "events", "name fewer in events"),
    ]
    for parameters, reason, words in cases:
        found, message = why(api, **parameters)
        assert found == reason, parameters
        assert words in message, parameters


URL = "https://shop.example/straße/a"


@pytest.mark.parametrize(
    ("captured", "differs_in"),
    [
        ("http://shop.example/straße/a", ["scheme"]),
        ("https://www.shop.example/straße/a", ["www"]),
        ("https://shop.example:8443/straße/a", ["port"]),
        ("https://shop.example/Straße/a", ["case"]),
        ("https://Shop.example/straße/a", ["case"]),
        ("https://shop.example/stra%C3%9Fe/a", ["percent_encoding"]),
        ("https://shop.example/stra%C3%9Fe/A", ["case", "percent_encoding"]),
        ("https://shop.example/straße/a/?", ["trailing_slash", "query_string"]),
        ("https://shop.example/straße/a?b", ["query_string"]),
        ("https://shop.example/straße/a#b/", ["fragment"]),
        ("https://shop.example.org/straße/a", ["host"]),
        ("https://shop.example/straße/b", ["path"]),
        ("http://www.shop.example:81/STRASSE/?x#y", ["scheme", "www", "port", "query_string", "fragment", "path"]),
        ("", ["scheme", "host", "path"]),
        ("about:blank", ["scheme", "host", "path"]),
    ],
)
def test_in_what_a_url_differs(api: Api, interactions: Interactions, captured: str, differs_in: list[str]) -> None:
    interactions.add(current_url=captured)
    (url,) = api.explanation(url_exact=URL)["urls"]
    assert (url["url"], url["differs_in"]) == (captured.rstrip("/"), differs_in)


def test_the_nearest_url_comes_first_then_the_busiest_and_there_are_five(api: Api, interactions: Interactions) -> None:
    counts = {"shop.example/cart": 9, "shop.example/checkout?a": 2, "shop.example/checkout?b": 3, "e.com/checkout": 8}
    counts |= {"shop.example/check-out": 1, "shop.example/imprint": 7}
    interactions.add_all([{"current_url": f"https://{url}"} for url, times in counts.items() for _ in range(times)])
    found = [one["url"].removeprefix("https://") for one in api.explanation(url_exact=CHECKOUT)["urls"]]
    assert found[:3] == ["shop.example/checkout?b", "shop.example/checkout?a", "e.com/checkout"]
    assert found[3:] == ["shop.example/check-out", "shop.example/cart"]


def test_the_pages_near_a_page_are_pages(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"current_url": f"https://Shop.example/Cart?{n}"} for n in range(7)])
    (page,) = api.explanation(url_page="https://shop.example/cart#x")["urls"]
    assert (page["url"], page["count"], page["differs_in"]) == ("https://shop.example/Cart", 7, ["case"])
    assert api.answer(url_page=page["url"])["fold"]["total_count"] == 7


def test_of_a_project_everything_is_read_once_whatever_the_number_of_filters(
    api: Api, interactions: Interactions
) -> None:
    interactions.add_all(some_rows())
    asked: list[dict[str, Any]] = [
        {},
        {"viewport_width_min": 1, "first_in_session": True, "url_exact": "https://example.com"},
    ]
    for parameters in asked:
        api.explanation(**parameters)
        first, second = engine.rows_read(), engine.rows_read()
        assert api.explanation(**parameters)["matched"]
        # To ask how many were read reads some, too.
        assert engine.rows_read() - second - (second - first) == 150


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"type": "scrolldepth"},
        {"type": "nothing"},
        {"url_exact": "https://example.com/A/"},
        {"url_page": "https://example.com:443//?x", "viewport_width_max": 2000},
        {"url_page": "https://www.example.com/b"},
        {"url_pattern": "https://nowhere"},
        {"first_in_session": "true", "time_from": "2026-03-28T07:08:09"},
        {"first_in_session": "true", "type": "nothing", "hide_zero_coordinates": "false"},
    ],
    ids=str,
)
def test_posthogs_own_table_gives_the_same(api: Api, interactions: Interactions, parameters: dict[str, Any]) -> None:
    interactions.add_all(some_rows())
    ours = api.explanation(**parameters)
    with engine.writer() as client:
        client.command(UPSTREAM.replace("TABLE heatmaps", "TABLE heatmaps_theirs"))
        columns = "session_id, team_id, distinct_id, timestamp, x, y, scale_factor, viewport_width, viewport_height"
        columns += ", pointer_target_fixed, current_url, type"
        client.command(f"INSERT INTO heatmaps_theirs ({columns}) SELECT {columns} FROM heatmaps")
        client.command("EXCHANGE TABLES heatmaps AND heatmaps_theirs")
    engine.columns.cache_clear()
    try:
        assert api.explanation(**parameters) == ours
    finally:
        with engine.writer() as client:
            client.command("EXCHANGE TABLES heatmaps AND heatmaps_theirs")
            client.command("DROP TABLE heatmaps_theirs")
        engine.columns.cache_clear()
