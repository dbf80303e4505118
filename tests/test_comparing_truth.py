"""Comparisons of sides that do or do not differ, and how often they say so. docs/comparing.md has the table."""

from collections.abc import Iterator
from typing import Any

import pytest

from bench import behaviour
from bench.behaviour import Behaviour
from heatmaps import engine
from tests.conftest import Api, Interactions, document

pytestmark = pytest.mark.slow

SEED = 20_261_128


@pytest.fixture
def pages(interactions: Interactions, session: Api) -> Any:
    def made(made_up: Behaviour, pages: int) -> Iterator[dict[str, Any]]:
        """A comparison of each page."""
        interactions.are_there = True
        with engine.writer() as client:
            client.command(behaviour.INSERT, parameters=made_up.rows(pages=pages, seed=SEED, team_id=1))
        for page in range(pages):
            response = session.get("/api/projects/1/heatmaps/compare/", behaviour.question(page))
            assert response.status_code == 200
            yield document(response)

    return made


SAME = [
    pytest.param(Behaviour(visitors_a=300, visitors_b=400), 200, id="plain"),
    pytest.param(Behaviour(visitors_a=300, visitors_b=400, heavy=0.02), 100, id="heavy visitors"),
    pytest.param(Behaviour(visitors_a=60, visitors_b=640), 100, id="unequal sides"),
    pytest.param(Behaviour(visitors_a=300, visitors_b=400, both=200), 100, id="the same people"),
    pytest.param(Behaviour(visitors_a=300, visitors_b=400, both=200, is_new=False), 100, id="who do the same"),
]


@pytest.mark.parametrize(("made_up", "number"), SAME)
def test_sides_that_do_not_differ_are_seldom_said_to(pages: Any, made_up: Behaviour, number: int) -> None:
    answers = list(pages(made_up, number))
    assert {answer["overlap"]["visitors"] for answer in answers} == {made_up.both}
    assert all(answer["tested"] > 0 for answer in answers)
    assert sum(map(behaviour.is_different, answers)) <= number * 0.05
    # Clicks, tested as if they were visitors, differ nearly always.
    assert sum(behaviour.naive_difference(answer)[0] for answer in answers) > number * 0.8


def test_a_button_that_moved_is_found(pages: Any) -> None:
    made_up = Behaviour(visitors_a=300, visitors_b=400, button_a=0.12, button_b=0.12, is_moved=True)
    answers = list(pages(made_up, 100))
    assert all(behaviour.finds_the_button(answer, is_moved=True) for answer in answers)
    wrong, all_found = map(sum, zip(*map(behaviour.false_alarms_elsewhere, answers), strict=True))
    assert wrong <= all_found * 0.05


def test_a_button_that_is_used_more_is_found(pages: Any) -> None:
    made_up = Behaviour(visitors_a=300, visitors_b=400, button_a=0.05, button_b=0.2)
    answers = list(pages(made_up, 100))
    found = sum(behaviour.finds_the_button(answer, is_moved=False) for answer in answers)
    assert found >= 90
