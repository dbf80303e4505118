"""Which URLs are one page: by the engine, and by a slow reading of the same sentences."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.page_urls import page_of, spellings
from tests.conftest import Api, Interactions
from tests.reference import page_of as slowly

ONE_PAGE = [
    ["https://shop.example/cart", "https://shop.example/cart/", "https://shop.example/cart?utm=1#top"],
    ["HTTPS://Shop.Example:443/cart//?", "https://shop.example/c%61rt"],
    ["https://shop.example/straße", "https://shop.example/stra%C3%9Fe", "https://shop.example/stra%c3%9fe?x"],
    ["http://h.example:80", "http://h.example/", "http://H.example:80/#", "http://h.example/#/", "http://h.example#!/"],
    ["https://h.example/#/cart", "https://h.example/?x#/cart/", "https://h.example//#/cart?step=2/"],
    ["https://straße.example/a", "https://xn--strae-oqa.example/a", "https://XN--STRAE-OQA.example:443/a"],
    ["https://bücher.例え.example", "https://xn--bcher-kva.xn--r8jz45g.example", "https://bücher.xn--r8jz45g.example/"],
    ["/a", "/a/?b"],
    ["/go?https://E.example", "/go/?x"],
    ["/to:a://B", "/to:a://B/#c"],
    ["", "/", "?x"],
]
OTHER_PAGES = [
    ("https://h.example/a", "http://h.example/a"),
    ("https://h.example/a", "https://h.example/A"),
    ("https://h.example:80/a", "https://h.example/a"),
    ("http://h.example:443/a", "http://h.example/a"),
    ("https://h.example:8443/a", "https://h.example/a"),
    ("https://www.h.example/a", "https://h.example/a"),
    ("https://h.example/a%2Fb", "https://h.example/a/b"),
    ("https://h.example/a%3Fb", "https://h.example/a"),
    ("https://h.example/a%23b", "https://h.example/a"),
    ("https://h.example/a%2561", "https://h.example/aa"),
    ("https://h.example/a%2561", "https://h.example/a%61"),
    ("https://h.example/#/a", "https://h.example/#/b"),
    ("https://h.example/#/a", "https://h.example/#!/a"),
    ("https://h.example/%FF", "https://h.example/%FE"),
    ("https://h.example", "h.example"),
    ("/to:a://B", "/to:a://b"),
]
parts = st.tuples(
    st.sampled_from(["http", "https", "HTTP", "Https", "file", "x", ""]),
    st.sampled_from(["://", "://", "://", ":", ""]),
    st.lists(st.sampled_from(["e", "E", "ü", "xn--tda", "XN--TDA", "xn--", "xn--99999999", "www"]), max_size=3).map(
        ".".join
    ),
    st.sampled_from(["", "", ":80", ":443", ":8080", ":"]),
    st.text(alphabet="/aA?#!%2fF35é \n", max_size=12),
    st.lists(
        st.sampled_from(["%C3%A9", "%c3", "%2F", "%3f", "%23", "%25", "%41", "%00", "%", "/", "#/", "?"]), max_size=4
    ),
)
urls = parts.map(lambda some: "".join([*some[:5], *some[5]]))


def pages(*some: str) -> list[str]:
    """What the engine makes of URLs."""
    binder = Binder()
    columns = ", ".join(f"{page_of(binder.bind(url, 'String'))} AS page_{n}" for n, url in enumerate(some))
    ((*found,),) = engine.rows(Query(f"SELECT {columns}", binder.parameters))
    return found


def is_one_page(asked: str, stored: str) -> bool:
    page, *wanted = pages(stored, *spellings(asked))
    return page in wanted


@pytest.mark.parametrize("same", ONE_PAGE, ids=lambda same: same[0] or "empty")
def test_urls_of_one_page_are_found_by_each_other(same: list[str]) -> None:
    for asked in same:
        for stored in same:
            assert is_one_page(asked, stored), (asked, stored)
            assert slowly(asked) == slowly(stored)


@pytest.mark.parametrize(("one", "other"), OTHER_PAGES)
def test_urls_of_two_pages_are_not(one: str, other: str) -> None:
    for asked, stored in ((one, other), (other, one)):
        assert not is_one_page(asked, stored)
        assert slowly(asked) != slowly(stored)


@given(st.lists(st.one_of(urls, st.text(alphabet="ht:/.a?#ü%41 \n")), min_size=2, max_size=6))
@settings(max_examples=150, deadline=None)
def test_the_engine_and_a_slow_reading_agree_on_every_pair(some: list[str]) -> None:
    assert [is_one_page(some[0], stored) for stored in some] == [slowly(some[0]) == slowly(stored) for stored in some]


def test_a_host_with_many_parts_has_so_many_spellings_and_no_more() -> None:
    assert spellings("https://h.example/a") == ["https://h.example/a"]
    assert len(spellings(f"https://{'ü.' * 50}example/a")) == 64
    assert len(spellings(f"https://{'ü.' * 5000}example/a")) == 9
    # What is no part of a host stays as it is.
    assert spellings(f"https://{'ü' * 64}.example/a") == [f"https://{'ü' * 64}.example/a"]


def found(api: Api, **parameters: Any) -> int:
    return int(api.answer(**parameters)["fold"]["total_count"])


def test_url_page_goes_before_url_exact_and_url_pattern_before_both(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"current_url": f"https://e.com/{path}"} for path in ("a", "a?x", "a?y", "b", "b", "c")])
    assert found(api, url_page="https://e.com/a") == 3
    assert found(api, url_page="https://e.com/a", url_exact="https://e.com/b") == 3
    assert found(api, url_page="https://e.com/a", url_exact="https://e.com/b", url_pattern="https://e.com/c") == 1
    assert found(api, url_page="https://e.com/a", url_exact="https://e.com/b", url_pattern="https://e.com/b") == 3
    assert found(api, url_page="https://e.com/a", url_pattern="https://e.com/a") == 1
