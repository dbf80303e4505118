"""Every parameter of the heatmap, as a caller may write it."""

from typing import Any

import pytest

from heatmaps.capture.points import cell
from heatmaps.models import Cohort, Project
from tests.capture import POINT, Browser, event
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.conftest import Api, Interactions, document

HEATMAPS = "/api/projects/1/heatmaps/"
POINTS = '[{"x":0.06,"y":16}]'
NOT_AN_INTEGER = "A valid integer is required."
NOT_A_BOOLEAN = "Must be a valid boolean."
BLANK = "This field may not be blank."

INTEGERS = ["viewport_width_min", "viewport_width_max", "limit", "offset"]
TEXTS = ["type", "date_from", "date_to", "url_exact", "url_pattern", "cohort_ids", "events"]
BOOLEANS = ["filter_test_accounts", "hide_zero_coordinates"]
# In the order in which they are checked.
EVERY_PARAMETER = {
    "viewport_width_min": "x",
    "viewport_width_max": "x",
    "type": "\0",
    "date_from": "x",
    "date_to": "x",
    "url_exact": "\0",
    "url_pattern": "(",
    "aggregation": "x",
    "filter_test_accounts": "x",
    "hide_zero_coordinates": "x",
    "cohort_ids": "x",
    "events": "x",
    "limit": "x",
    "offset": "x",
}


def invalid(attr: str, detail: str, code: str = "invalid_input") -> dict[str, str]:
    return {"type": "validation_error", "code": code, "detail": detail, "attr": attr}


def shown(api: Api, **parameters: Any) -> list[float]:
    """The viewport widths by which a test tells its rows apart: x is always 1 in them, y the answer."""
    return [point["pointer_y"] / 16 for point in api.points(**parameters)]


def urls(api: Api, **parameters: Any) -> set[str]:
    points = [{"x": 0.06, "y": 16}]
    return {one["current_url"] for one in api.interactions(points=points, limit=100, **parameters)["results"]}


def test_the_defaults(api: Api) -> None:
    written_out = {
        "type": "click",
        "date_from": "-7d",
        "date_to": "2026-03-31",
        "aggregation": "total_count",
        "filter_test_accounts": "null",
        "hide_zero_coordinates": "true",
        "cohort_ids": "null",
        "events": "null",
        "limit": "500",
        "offset": "0",
    }
    assert api.answer(**written_out) == api.answer()


@pytest.mark.parametrize("name", EVERY_PARAMETER)
def test_an_empty_parameter_is_absent(api: Api, interactions: Interactions, name: str) -> None:
    interactions.add()
    answer = api.answer()
    assert len(answer["results"]) == 1
    assert api.answer(**{name: ""}) == answer


@pytest.mark.parametrize("name", EVERY_PARAMETER)
def test_the_last_of_a_repeated_parameter_wins(api: Api, name: str) -> None:
    bad = EVERY_PARAMETER[name]
    assert [api.get(HEATMAPS, {name: values}).status_code for values in (["", bad], [bad, ""])] == [400, 200]


def test_the_last_value_counts(api: Api, interactions: Interactions) -> None:
    interactions.add(type="rageclick")
    assert api.points(type=["click", "rageclick"])
    assert not api.points(type=["rageclick", "click"])


def test_unknown_parameters_are_ignored(api: Api) -> None:
    unknown = {"nothing": "x", "team_id": "2", "": "x", "limit[]": "x", "Limit": "x", "date": "\0"}
    response = api.get(HEATMAPS, unknown)
    assert (response.status_code, document(response)) == (200, api.answer())


@pytest.mark.parametrize("space", [" ", "\t\n ", "\u00a0"])
def test_whitespace_alone_is_refused(api: Api, space: str) -> None:
    for name in TEXTS:
        assert api.error(**{name: space}) == invalid(name, BLANK, "blank")
    for name in INTEGERS:
        assert api.error(**{name: space}) == invalid(name, NOT_AN_INTEGER)
    for name in BOOLEANS:
        assert api.error(**{name: space}) == invalid(name, NOT_A_BOOLEAN)
    assert api.error(aggregation=space)["code"] == "invalid_choice"


def test_text_is_trimmed(api: Api, interactions: Interactions) -> None:
    interactions.add(type="rageclick", current_url="https://example.com/a")
    assert api.points(
        type=" rageclick\t",
        date_from=" -1d ",
        date_to=" dStart\n",
        url_exact=" https://example.com/a ",
        cohort_ids=" [] ",
        events=" null ",
    )
    assert api.points(type="rageclick", url_pattern=" https://example.com/* ")
    assert "fold" not in api.answer(type=" scrolldepth ")


def test_a_nul_is_refused(session: Api) -> None:
    for name in EVERY_PARAMETER:
        for value in ("\0", "a\0", "1\0", "[\0]"):
            assert session.error(**{name: value})["attr"] == name
    assert session.error(cohort_ids='["\\u0000"]')["attr"] == "cohort_ids"
    assert session.error(events='[{"id":"\\u0000"}]')["attr"] == "events"


@pytest.mark.parametrize("name", ["type", "url_exact", "url_pattern"])
def test_a_nul_has_a_code_of_its_own(api: Api, name: str) -> None:
    assert api.error(**{name: "a\0b"}) == invalid(
        name, "Null characters are not allowed.", "null_characters_not_allowed"
    )


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_are_read_as_the_framework_does(api: Api, name: str) -> None:
    for good in ("1", "1.0", "1.000", "0", "-0", "+1", " 1 ", "007"):
        assert api.list(**{name: good}).status_code == 200, good
    for bad in ("1.5", "1e3", "x", "0x1", "1,000", "½", "NaN", "Infinity", "None", "null", "true", "[1]", "1 2"):
        assert api.error(**{name: bad}) == invalid(name, NOT_AN_INTEGER), bad
    too_long = api.error(**{name: "9" * 1001})
    assert (too_long["attr"], too_long["code"]) == (name, "max_string_length")


@pytest.mark.parametrize(("name", "largest"), [("limit", 1_000_000), ("offset", 1_000_000)])
def test_limit_and_offset_have_bounds(api: Api, name: str, largest: int) -> None:
    assert api.list(**{name: largest}).status_code == 200
    assert api.error(**{name: largest + 1}) == invalid(
        name, f"Ensure this value is less than or equal to {largest}.", "max_value"
    )
    assert api.error(**{name: -1}) == invalid(name, "Ensure this value is greater than or equal to 0.", "min_value")
    assert api.error(**{name: "9" * 1000})["code"] == "max_value"
    # They mean nothing for scroll depth, and are checked all the same.
    assert api.error(type="scrolldepth", **{name: -1})["code"] == "min_value"


TRUE = ["t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "tRuE", "on", "On", "ON", "oN", "1"]
FALSE = ["f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "fAlSe", "off", "Off", "OFF", "oFF", "0"]


def test_booleans_in_every_spelling(api: Api, interactions: Interactions) -> None:
    interactions.add(x=0, y=0)
    for value in TRUE:
        assert api.points(hide_zero_coordinates=value) == [], value
        assert api.list(filter_test_accounts=value).status_code == 200, value
    for value in FALSE:
        assert len(api.points(hide_zero_coordinates=value)) == 1, value
        assert len(api.points(hide_zero_coordinates=False, filter_test_accounts=value)) == 1, value


@pytest.mark.parametrize("name", BOOLEANS)
def test_what_is_no_boolean(api: Api, name: str) -> None:
    for value in ("None", "none", "2", "-1", "1.0", "[]", "{}", '"true"', "truex", "ye", "tr ue"):
        assert api.error(**{name: value}) == invalid(name, NOT_A_BOOLEAN), value


def test_null_is_only_for_the_test_accounts(api: Api) -> None:
    for value in ("null", "NULL", "Null"):
        assert api.list(filter_test_accounts=value).status_code == 200
        assert api.error(hide_zero_coordinates=value) == invalid("hide_zero_coordinates", NOT_A_BOOLEAN)


def test_the_first_failing_parameter_is_told(api: Api) -> None:
    names = list(EVERY_PARAMETER)
    for first in range(len(names)):
        # Asked for in the opposite order, which does not matter.
        bad = {name: EVERY_PARAMETER[name] for name in reversed(names[first:])}
        assert api.error(**bad)["attr"] == names[first]
        response = api.events(points="x", **bad)
        assert (response.status_code, document(response)["attr"]) == (400, names[first])
    assert document(api.events(points="x"))["attr"] == "points"


def test_bounds_of_widths_are_rounded_half_up(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"x": 1, "y": width, "viewport_width": width} for width in (-1, 9, 10, 11, 12, 13)])
    for px, at_least in {168: 11, 167: 10, 169: 11, 184: 12, 183: 11, 200: 13, 199: 12, 176: 11}.items():
        every = {-1, 9, 10, 11, 12, 13}
        assert set(shown(api, viewport_width_min=px)) == {width for width in every if width >= at_least}, px
        assert set(shown(api, viewport_width_max=px)) == {width for width in every if width <= at_least}, px
    assert set(shown(api, viewport_width_min=168, viewport_width_max=183)) == {11}
    assert shown(api, viewport_width_min=-24, viewport_width_max=-9) == [-1]
    assert shown(api, viewport_width_min=-8, viewport_width_max=8) == []


def test_every_captured_width_lies_within_its_own_bounds(api: Api, interactions: Interactions) -> None:
    widths = [*range(312, 448), 767, 768, 1080, 1280, 1432, 1440, 3832]
    rows = [{"x": 0, "y": 1, "current_url": f"{px}", "viewport_width": cell(px)} for px in widths]
    interactions.add_all(rows)
    for px in widths:
        within = {"url_exact": f"{px}", "viewport_width_min": px, "viewport_width_max": px}
        assert len(api.points(**within)) == 1, px


def test_a_phone_is_found_by_its_own_width(api: Api, browser: Browser) -> None:
    browser.send(event(POINT, properties={"$viewport_width": 360}))
    found = {
        (name, px): len(api.points(**{name: px}))
        for name in ("viewport_width_min", "viewport_width_max")
        for px in (343, 360, 376)
    }
    assert found == {
        ("viewport_width_min", 343): 1,
        ("viewport_width_min", 360): 1,
        ("viewport_width_min", 376): 0,
        ("viewport_width_max", 343): 0,
        ("viewport_width_max", 360): 1,
        ("viewport_width_max", 376): 1,
    }


def test_widths_are_compared_in_the_scale_of_each_row(api: Api, interactions: Interactions) -> None:
    scales = [(1, 1280), (16, 80), (100, 13), (32767, 1), (1, 1279), (16, 79), (1, 32767), (32767, 32767)]
    interactions.add_all(
        [
            {"x": 0, "y": 1, "current_url": f"{scale} {width}", "scale_factor": scale, "viewport_width": width}
            for scale, width in scales
        ]
    )

    def found(**bounds: int) -> set[tuple[int, int]]:
        answered = [tuple(map(int, page["current_url"].split())) for page in behind(api, scales, **bounds)]
        return {(scale, width) for scale, width in answered}

    assert found(viewport_width_min=1280) == {scale for scale in scales if scale not in [(1, 1279), (16, 79)]}
    assert found(viewport_width_max=1280) == {(1, 1280), (16, 80), (100, 13), (1, 1279), (16, 79)}
    assert found(viewport_width_max=1400) == found(viewport_width_max=1280)
    assert found(viewport_width_min=20_000) == {(32767, 1), (1, 32767), (32767, 32767)}
    assert found(viewport_width_min=2**40) == found(viewport_width_max=-(2**40)) == set()
    assert found(viewport_width_min=32767**2, viewport_width_max=32767**2) == {(32767, 32767)}


def behind(api: Api, scales: list[tuple[int, int]], **parameters: Any) -> list[dict[str, Any]]:
    points = [{"x": 0, "y": scale} for scale, _ in scales]
    found: list[dict[str, Any]] = api.interactions(points=points, limit=100, **parameters)["results"]
    return found


@pytest.mark.parametrize("scale", [0, -1, -16, -32768])
def test_a_row_without_a_scale_lies_within_no_bounds(api: Api, interactions: Interactions, scale: int) -> None:
    interactions.add(scale_factor=scale)
    assert len(api.points()) == 1
    for bounds in ({"viewport_width_min": -99_999}, {"viewport_width_max": 99_999}, {"viewport_width_min": 0}):
        assert api.points(**bounds) == []
        assert api.answer(type="scrolldepth", **bounds) == {"results": []}


def test_any_integer_is_a_viewport_width(api: Api, interactions: Interactions) -> None:
    interactions.add()
    for low, high, found in (
        (0, 0, 0),
        (-5, 99_999, 1),
        (99_999, -5, 0),
        (-(10**30), 10**30, 1),
        (10**999, 1, 0),
        (2**63, 2**64, 0),
        (-(2**63) - 1, 2**63, 1),
    ):
        assert len(api.points(viewport_width_min=low, viewport_width_max=high)) == found


@pytest.mark.parametrize(
    "kind", ["click", "rageclick", "deadclick", "mousemove", "tap", "ScrollDepth", "Ünï'\\\n\t\"`"]
)
def test_a_type_is_any_text(api: Api, interactions: Interactions, kind: str) -> None:
    interactions.add_all([{"type": kind}, {"type": "another"}])
    assert [point["count"] for point in api.points(type=kind)] == [1]


def test_an_unknown_type_is_empty(api: Api, interactions: Interactions) -> None:
    interactions.add()
    assert api.points(type="CLICK") == []
    assert api.points(type="x" * 10_000) == []


def test_an_exact_url_ignores_trailing_slashes_and_nothing_else(api: Api, interactions: Interactions) -> None:
    same = ["https://e.com/a", "https://e.com/a/", "https://e.com/a///"]
    others = [
        "https://e.com/a/b",
        "https://e.com/A",
        "https://e.com/a?",
        "https://e.com/a/#",
        "http://e.com/a",
        " https://e.com/a",
    ]
    interactions.add_all([{"current_url": url} for url in (*same, *others)])
    for asked in same:
        assert urls(api, url_exact=asked) == set(same)
    for other in others[:-1]:
        assert urls(api, url_exact=other) == {other}


def test_an_exact_url_of_slashes_alone_is_the_empty_one(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"current_url": url} for url in ("", "/", "//", "a")])
    assert urls(api, url_exact="///") == {"", "/", "//"}


@pytest.mark.parametrize(
    "url",
    [
        "https://e.com/?q=a b&c=%20+",
        "https://e.com/'\"\\`",
        "x\ny",
        "x\ty",
        "x\\ny",
        "{url:String}",
        "%s %(a)s",
        "NULL",
        "ü😀",
        "\\N",
        "a\x01b\r\nc",
        "[1]",
        "'",
        "\\'",
        "\\",
    ],
)
def test_any_text_is_an_exact_url(api: Api, interactions: Interactions, url: str) -> None:
    interactions.add_all([{"current_url": url}, {"current_url": "https://e.com/"}])
    assert urls(api, url_exact=url) == {url}


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ("https://e.com/a", {"https://e.com/a", "https://e-com/a"}),
        ("https://e\\.com/a", {"https://e.com/a"}),
        ("^https://e.com/a", {"https://e.com/a", "https://e-com/a"}),
        ("https://e.com/a$", {"https://e.com/a", "https://e-com/a"}),
        ("https://e\\.com/*", {"https://e.com/a", "https://e.com/a/b", "https://e.com/a/b/c", "https://e.com/a*"}),
        ("https://e\\.com/.*", {"https://e.com/", "https://e.com/a", "https://e.com/a/b", "https://e.com/a/b/c", "https://e.com/a*"}),
        ("https://e\\.com/a/*/c", {"https://e.com/a/b/c"}),
        ("*/a", {"https://e.com/a", "https://e-com/a"}),
        ("^*/a", {"https://e.com/a", "https://e-com/a"}),
        ("*", {"https://e.com/", "https://e.com/a", "https://e.com/a/b", "https://e.com/a/b/c", "https://e.com/a*", "https://e-com/a"}),
        (".*b", {"https://e.com/a/b"}),
        ("https://e\\.com/a**", {"https://e.com/a/b", "https://e.com/a/b/c"}),
        ("https://e\\.com/(a|a/b)", {"https://e.com/a", "https://e.com/a/b"}),
        ("https://e\\.com/a\\x2a", {"https://e.com/a*"}),
        ("(?i)HTTPS://E\\.COM/A", {"https://e.com/a"}),
        ("e.com", set()),
        ("https://e\\.com/a|https://e\\.com/a/b", {"https://e.com/a", "https://e.com/a/b"}),
        ("^https://e\\.com/a|https://e\\.com/a/b$", {"https://e.com/a", "https://e.com/a/b"}),
        ("https://e\\.com/[a-z]*", {"https://e.com/", "https://e.com/a"}),
        ("https://e\\.com/(a|/|b)*", {"https://e.com/", "https://e.com/a", "https://e.com/a/b"}),
        ("https://e\\.com/a[*]", {"https://e.com/a*"}),
        ("\\Qhttps://e.com/a*", {"https://e.com/a*"}),
        ("https://e\\.com/a\\*", {"https://e.com/a*"}),
        ("https://e\\.com/\\w*", {"https://e.com/", "https://e.com/a"}),
        ("https://e\\.com/a\\$", set()),
        ("^", {""}),
        ("$", {""}),
        ("^$", {""}),
    ],
)  # fmt: skip
def test_a_url_pattern(api: Api, interactions: Interactions, pattern: str, matching: set[str]) -> None:
    paths = ("", "a", "a/b", "a/b/c", "a*")
    every = ["", *(f"https://e.com/{path}" for path in paths), "https://e-com/a"]
    interactions.add_all([{"current_url": url} for url in every])
    assert urls(api, url_pattern=pattern) == matching


def test_a_dollar_of_a_url_is_written_with_a_backslash(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"current_url": url} for url in ("e.com/a$", "e.com/a$b", "e.com/a", "e.com/a\\")])
    assert urls(api, url_pattern=r"e\.com/a\$") == {"e.com/a$"}
    assert urls(api, url_pattern=r"e\.com/a\$$") == {"e.com/a$"}
    assert urls(api, url_pattern=r"e\.com/a\\$") == {"e.com/a\\"}


def test_a_pattern_takes_newlines_as_any_other_character(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"current_url": url} for url in ("e.com/a\nb", "e.com/a\n", "e.com/\na", "e.com/a")])
    assert urls(api, url_pattern="e.com/*b") == {"e.com/a\nb"}
    assert urls(api, url_pattern="(?m)e.com/a") == urls(api, url_pattern="e.com/a") == {"e.com/a"}
    assert urls(api, url_pattern="e.com/*") == {"e.com/a\nb", "e.com/a\n", "e.com/\na", "e.com/a"}


@pytest.mark.parametrize(
    "pattern", ["(", "[", "a)", "(?P<", "a{1001}", "(?=a)", "(a)\\1", "\\q", "(?<!x)y", "(a|b", "\\", "a)|(b"]
)
def test_a_pattern_that_is_no_expression_is_refused_also_when_there_are_no_rows(api: Api, pattern: str) -> None:
    for parameters in ({}, {"type": "scrolldepth"}, {"date_from": "2020-01-02", "date_to": "2020-01-01"}):
        error = api.error(url_pattern=pattern, **parameters)
        assert (error["type"], error["code"], error["attr"]) == ("validation_error", "invalid_input", "url_pattern")
        assert error["detail"].startswith("url_pattern is not a valid regular expression: ")
    response = api.events(points=POINTS, url_pattern=pattern)
    assert (response.status_code, document(response)["attr"]) == (400, "url_pattern")


def test_a_pattern_wins_over_an_exact_url_unless_they_are_equal(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"current_url": url} for url in ("https://e.com/a", "https://e.com/a/", "https://e-com/a")])
    assert urls(api, url_exact="https://e.com/a", url_pattern="https://e-.*") == {"https://e-com/a"}
    equal = "https://e.com/a"
    assert urls(api, url_exact=equal, url_pattern=f" {equal} ") == {"https://e.com/a", "https://e.com/a/"}
    # What is not used as an expression need not be one.
    assert urls(api, url_exact="https://e.com/?(", url_pattern="https://e.com/?(") == set()
    assert urls(api, url_exact=equal, url_pattern="") == {"https://e.com/a", "https://e.com/a/"}


def test_aggregation_is_one_of_two(api: Api) -> None:
    for bad in ("TOTAL_COUNT", "sum", "total_count,unique_visitors", "null"):
        assert api.error(aggregation=bad) == invalid("aggregation", f'"{bad}" is not a valid choice.', "invalid_choice")
        assert document(api.events(points=POINTS, aggregation=bad))["code"] == "invalid_choice"


def test_zero_coordinates_are_hidden_unless_asked_for(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"x": 0, "y": 0}, {"x": 0, "y": 1}, {"x": 1, "y": 0}])
    assert api.answer()["fold"]["total_count"] == 2
    assert len(api.points()) == 2
    assert api.answer(hide_zero_coordinates="false")["fold"]["total_count"] == 3
    nil = [{"x": 0, "y": 0}]
    assert api.interactions(points=nil)["total_count"] == 0
    assert api.interactions(points=nil, hide_zero_coordinates="0")["total_count"] == 1


def test_zero_coordinates_count_for_scroll_depth(api: Api, interactions: Interactions) -> None:
    interactions.add(type="scrolldepth", x=0, y=0)
    assert len(api.points(type="scrolldepth")) == 1
    assert api.interactions(type="scrolldepth", points=[{"x": 0, "y": 0}])["total_count"] == 1


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ("x", "cohort_ids must be valid JSON"),
        ("[1", "cohort_ids must be valid JSON"),
        ("[NaN]", "cohort_ids must be valid JSON"),
        ("[" * 5000, "cohort_ids must be valid JSON"),
        ("{}", "cohort_ids must be a JSON array of integers"),
        ("1", "cohort_ids must be a JSON array of integers"),
        ('"1"', "cohort_ids must be a JSON array of integers"),
        ("true", "cohort_ids must be a JSON array of integers"),
        ("0", "cohort_ids must be a JSON array of integers"),
        ('["1"]', "cohort_ids must be a JSON array of integers"),
        ("[1.0]", "cohort_ids must be a JSON array of integers"),
        ("[true]", "cohort_ids must be a JSON array of integers"),
        ("[null]", "cohort_ids must be a JSON array of integers"),
        ("[[1]]", "cohort_ids must be a JSON array of integers"),
        ("[9]", "Cohort(s) not found or deleted: [9]"),
        ("[9,8,9]", "Cohort(s) not found or deleted: [9, 8]"),
        ("[0]", "Cohort(s) not found or deleted: [0]"),
        ("[-1]", "Cohort(s) not found or deleted: [-1]"),
        ("[9223372036854775808]", "Cohort(s) not found or deleted: [9223372036854775808]"),
    ],
)
def test_cohorts_that_cannot_be_read_or_found(api: Api, value: str, detail: str) -> None:
    assert api.error(cohort_ids=value) == invalid("cohort_ids", detail)


def test_deleted_cohorts_and_those_of_other_projects_are_not_found(
    api: Api, project: Project, other_project: Project
) -> None:
    known = Cohort.objects.create(project=project, name="known")
    gone = Cohort.objects.create(project=project, name="gone", deleted=True)
    foreign = Cohort.objects.create(project=other_project, name="foreign")
    detail = f"Cohort(s) not found or deleted: [{gone.pk}, {foreign.pk}]"
    assert api.error(cohort_ids=f"[{known.pk},{gone.pk},{foreign.pk}]") == invalid("cohort_ids", detail)
    assert api.list(cohort_ids=f"[{known.pk}]").status_code == 200


@pytest.mark.parametrize("value", ["null", "[]", " [] "])
@pytest.mark.parametrize("name", ["cohort_ids", "events"])
def test_an_empty_list_and_null_filter_nothing(api: Api, interactions: Interactions, name: str, value: str) -> None:
    interactions.add()
    assert len(api.points(**{name: value})) == 1


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ("x", "events must be valid JSON"),
        ("[" * 5000, "events must be valid JSON"),
        ("{}", "events must be a JSON array of event objects"),
        ("false", "events must be a JSON array of event objects"),
        ('["purchase"]', "events must be a JSON array of event objects"),
        ("[null]", "events must be a JSON array of event objects"),
        ("[{}]", "each event must have a string 'id'"),
        ('[{"id":1}]', "each event must have a string 'id'"),
        ('[{"id":null}]', "each event must have a string 'id'"),
        ('[{"id":"a"},{"name":"b"}]', "each event must have a string 'id'"),
    ],
)
def test_events_that_cannot_be_read(api: Api, value: str, detail: str) -> None:
    assert api.error(events=value) == invalid("events", detail)


def test_events_have_bounds(api: Api) -> None:
    one = '{"key":"plan","value":"pro","operator":"exact","type":"event"}'

    def events(count: int, filters: int) -> str:
        properties = ",".join([one] * filters)
        return "[" + ",".join([f'{{"id":"purchase","properties":[{properties}]}}'] * count) + "]"

    assert api.list(events=events(10, 20)).status_code == 200
    assert api.error(events=events(11, 0))["attr"] == "events"
    assert api.error(events=events(1, 21))["attr"] == "events"


@pytest.mark.parametrize(
    "kind", ["person", "cohort", "static-cohort", "event_metadata", "feature", "session", "hogql", "x"]
)
def test_event_filters_look_at_events_and_elements_only(api: Api, kind: str) -> None:
    events = f'[{{"id":"purchase","properties":[{{"key":"a","value":"1","operator":"exact","type":"{kind}"}}]}}]'
    assert api.error(events=events)["attr"] == "events"
