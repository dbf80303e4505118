"""Parameters that nobody read are named in a header, and change nothing else of a reply."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatmaps.api.ignored import ignored_parameters
from tests.conftest import Api, Interactions, body

HEATMAPS = "/api/projects/1/heatmaps/"


@pytest.mark.parametrize(
    ("given_names", "told"),
    [
        ([], ""),
        (["type", "limit"], ""),
        (["personal_api_key", "token", "api_key", "format"], ""),
        (["date_form"], "date_form"),
        (["Type", "type", "date_form"], "Type, date_form"),
        (["a", "b", "a"], "a, b"),
        ([""], ""),
        (["a,b", "é", "x y", "\r\nSet-Cookie: a=b"], "a%2Cb, %C3%A9, x%20y, %0D%0ASet-Cookie%3A%20a%3Db"),
        ([f"p{number}" for number in range(12)], "p0, p1, p2, p3, p4, p5, p6, p7, p8, p9"),
        (["a" * 200], "a" * 200),
        # Whole names only: what has no room is left out, what comes behind may have.
        (["a" * 201, "b"], "b"),
        (["a" * 199, "b"], "a" * 199),
        (["a" * 190, "b" * 9, "c" * 8], f"{'a' * 190}, {'c' * 8}"),
    ],
)
def test_which_names_are_told(given_names: list[str], told: str) -> None:
    assert ignored_parameters(given_names, {"type", "limit"}) == told


@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), max_size=30))
def test_the_header_is_short_plain_and_true(names: list[str]) -> None:
    told = ignored_parameters(names, {"type"})
    assert told.isascii()
    assert told.isprintable()
    assert len(told) <= 200
    read_back = [unquote(name) for name in told.split(", ")] if told else []
    assert len(read_back) <= 10
    assert len(set(read_back)) == len(read_back)
    assert set(read_back) <= set(names) - {"type", ""}


@pytest.mark.parametrize("path", ["", "events/", "pages/"])
def test_a_misspelt_parameter_is_told_and_nothing_else_changes(api: Api, interactions: Interactions, path: str) -> None:
    interactions.add()
    asked = {"points": '[{"x": 0.06, "y": 16}]'} if path == "events/" else {}
    plain = api.get(HEATMAPS + path, asked)
    told = api.get(HEATMAPS + path, asked | {"date_form": "-1d", "é": ""})
    assert told["Heatmaps-Ignored"] == "date_form, %C3%A9"
    assert not plain.has_header("Heatmaps-Ignored")
    assert (plain.status_code, body(plain)) == (told.status_code, body(told)) == (200, body(plain))
    changing = {"X-Request-ID", "RateLimit-Remaining", "RateLimit-Reset"}
    assert {name for name in told.headers if told[name] != plain.get(name)} - changing == {"Heatmaps-Ignored"}


def test_a_refusal_tells_it_too(api: Api) -> None:
    refused = api.list(limit="x", offest="1")
    assert (refused.status_code, refused["Heatmaps-Ignored"]) == (400, "offest")


def test_what_reads_no_form_tells_nothing(api: Api, anonymous: Api) -> None:
    asked = {"date_form": "-1d"}
    for response in (
        api.get("/api/projects/", asked),
        api.get("/api/projects/1/cohorts/", asked),
        api.get("/api/projects/9/heatmaps/", asked),
        anonymous.get(HEATMAPS, asked),
        api.ask("POST", HEATMAPS, asked),
        api.get(HEATMAPS, asked, accept="text/html"),
    ):
        assert not response.has_header("Heatmaps-Ignored")


def test_keys_and_tokens_in_the_query_are_no_unknown_parameters(anonymous: Api, key: tuple[object, str]) -> None:
    asked = {"personal_api_key": key[1], "token": "phc_x", "api_key": "phc_x", "format": "json"}
    response = anonymous.get(HEATMAPS, asked)
    assert (response.status_code, response.has_header("Heatmaps-Ignored")) == (200, False)
