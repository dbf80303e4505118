"""Patterns of URLs: what each stands for, by a slow reading of the contract, character by character."""

import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heatmaps.population import regexes
from heatmaps.population.urls import regular_expression
from tests.reference import LIKE_THE_ENGINE, url_expression

OPTIONS = re2.Options()
OPTIONS.log_errors = False
PIECES = [
    *("*", "*", "*", "*", "a", "b", "/", ".", "^", "$", "|", "(", ")", "[", "]", "{", "}", "?", "+", "\\", "-", "&"),
    *(r"\.", r"\*", r"\$", r"\\", r"\d", r"\pL", r"\p{Lu}", r"\x41", r"\x{e9}", r"\012", r"\Q", r"\E", r"\b", r"\q"),
    *("(a|b)", "(?:", "(?i)", "(?m)", "(?P<n>", "[ab]", "[^*]", "[*]", "[]*]", "[[:alpha:]*]", "{2}", "{1,}", "ß"),
]
patterns = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join)
urls = st.text("ab/*.$|ABé\n\\]}1", max_size=8)


def fits(expression: str, url: str) -> bool:
    return re2.search(expression, url, options=LIKE_THE_ENGINE) is not None


@settings(max_examples=1500, deadline=None)
@given(pattern=patterns, some=st.lists(urls, min_size=5, max_size=5))
@example(pattern="^?a", some=["a"])
@example(pattern="^(?i)?a", some=["a"])
@example(pattern="a)|(b", some=["a"])
@example(pattern="^$", some=["", "\n"])
@example(pattern="[*", some=["*"])
@example(pattern="[a\\", some=["*"])
def test_a_pattern_means_what_a_slow_reading_says(pattern: str, some: list[str]) -> None:
    found, wanted = regular_expression(pattern), url_expression(pattern)
    if wanted is None:
        assert regexes.fault(found)
    else:
        assert regexes.fault(found) is None, found
        assert [fits(found, url) for url in some] == [fits(wanted, url) for url in some], (found, wanted)


@settings(max_examples=1500, deadline=None)
@given(pattern=patterns)
def test_an_expression_that_is_one_stays_one(pattern: str) -> None:
    if regexes.fault(pattern) is None:
        assert regexes.fault(regular_expression(pattern)) is None, regular_expression(pattern)


@pytest.mark.parametrize(
    "piece", ["[", "[^", r"\Q", "(", "*", "[[:a", "[[:a:]", "\\", "(?i", "{1", r"\p{", r"\Q\E", "]"]
)
def test_a_long_pattern_takes_no_time(piece: str) -> None:
    regular_expression(piece * (60_000 // len(piece)))


@pytest.mark.parametrize(
    ("pattern", "expression"),
    [
        ("https://x.example/a|https://x.example/b", "^(?:https://x.example/a|https://x.example/b)$"),
        ("^a|b$", "^(?:a|b)$"),
        (r"a\$", r"^a\$$"),
        (r"a\\$", r"^a\\$"),
        ("a$$", "^a$$"),
        (r"\Qa$", r"^\Qa$\E$"),
        (r"\Qa*\E*", r"^\Qa*\E*$"),
        ("[0-9]*", "^[0-9]*$"),
        ("[*]*", "^[*]*$"),
        ("[^*]*b", "^[^*]*b$"),
        ("(a|b)*", "^(?:(a|b)*)$"),
        (r"a{2}*\d*\p{Lu}*\x41*", r"^a{2}.+\d*\p{Lu}*\x41*$"),
        ("/users/{id}*", "^/users/{id}*$"),
        ("(?i)*a", "^(?:(?i).+a)$"),
        (".*a**", "^.*a.+.+$"),
        ("(*|^*)", "^(?:(.+|^.+))$"),
        ("^", "^$"),
        ("$", "^$"),
        ("^*", "^.+$"),
        (r"a\$*", r"^a\$*$"),
    ],
)
def test_the_expression_of_a_pattern(pattern: str, expression: str) -> None:
    assert regular_expression(pattern) == expression
