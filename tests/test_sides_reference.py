"""Comparisons and areas against the slow reference's answers, over random rows, filters and areas, on both layouts."""

import importlib
import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from heatmaps.models import Organization, Project
from heatmaps.population.layout import PLAIN
from tests import reference, sides_reference
from tests.conftest import INTERACTION, Api, Interactions, document
from tests.reference import Asked, Row
from tests.seeds import SEEDED, SEEDS
from tests.sides_reference import Compared
from tests.test_reference import DAYS, PAGES, SPELLINGS, URLS, WIDTHS, parameters, random_question, random_row

# So many that some places are tested, and few places.
VISITORS = [f"visitor {number}" for number in range(16)]
OFTEN: dict[str, list[Any]] = {
    "team_id": [1],
    "x": [1, 2, 31, -31],
    "y": [1, 3, 48],
    "viewport_width": [64, 67],
    "scale_factor": [16],
    "current_url": ["https://e.com/a", "https://e.com/b"],
    "type": ["click", "click", "scrolldepth"],
}
RECTANGLES = [([0, 1], [0, 1e9]), ([-1e9, 1e9], [-1e9, 1e9]), ([0.02, 0.05], [16, 48]), ([0.48, 0.48], [-16, 760.5])]

each_layout = pytest.mark.parametrize("is_ours", [True, False], ids=["our table", "plain columns"])


@pytest.fixture
def layout(is_ours: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_ours:
        for module in ("areas", "compare", "interactions"):
            # The package has a function of the module's name.
            monkeypatch.setattr(
                importlib.import_module(f"heatmaps.questions.{module}.answer"), "current_layout", lambda: PLAIN
            )


def many_rows(random: Random) -> list[Row]:
    rows = [random_row(random) for _ in range(random.randrange(80))]
    rows += [
        random_row(random) | {name: random.choice(values) for name, values in OFTEN.items()}
        for _ in range(random.randrange(200))
    ]
    return [row | {"distinct_id": random.choice(VISITORS)} for row in rows]


def other_side(random: Random, a: Asked) -> tuple[Asked, str]:
    """Some side b, and how it is asked for."""
    differing: dict[str, Any] = {}
    for name, values in (
        ("url_exact", [*URLS, None]),
        ("url_page", [*SPELLINGS, None]),
        ("viewport_width_min", WIDTHS),
        ("first_in_session", [True, False]),
        ("hide_zero_coordinates", [True, False]),
        ("date_from", DAYS),
        ("date_to", DAYS),
    ):
        if random.random() < 0.3:
            differing[name] = random.choice(values)
    differing = differing or {"first_in_session": not a.first_in_session}
    b = a
    if any(differing.get(name) for name in ("url_exact", "url_page")):
        b = replace(b, url_exact=None, url_page=None, url_pattern=None)
    b = replace(b, **differing)
    if "date_from" in differing:
        b = replace(b, time_from=None)
    if "date_to" in differing:
        b = replace(b, time_to=None)
    return b, json.dumps(differing, default=str)


def previous(a: Asked) -> Asked:
    start, end = sides_reference.bounds(a)
    if a.time_from or a.time_to:
        return replace(a, time_from=start - (end - start), time_to=start)
    days = a.date_to - a.date_from + timedelta(days=1)
    return replace(a, date_from=a.date_from - days, date_to=a.date_from - timedelta(days=1))


def drawn_areas(random: Random) -> list[dict[str, Any]]:
    areas: list[dict[str, Any]] = []
    for number in range(random.choice([1, 2, 5, 70])):
        area: dict[str, Any] = {"name": f"area {number}"}
        if random.random() < 0.6:
            area["x"], area["y"] = random.choice(RECTANGLES)
        else:
            # Not on the grid, so that nothing lies on an edge.
            area["polygon"] = [
                [random.uniform(-0.6, 1.1), random.uniform(-900, 1_200)] for _ in range(random.choice([3, 4, 9]))
            ]
        if random.random() < 0.3:
            area["target_fixed"] = True
        areas.append(area)
    return areas


@pytest.mark.slow
@each_layout
@pytest.mark.usefixtures("other_project", "layout")
@settings(SEEDED, max_examples=3)
@given(seed=SEEDS)
def test_comparisons_and_areas_are_the_references(session: Api, interactions: Interactions, seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- a test's, and no secret
    Project.objects.update(organization=Organization.objects.get(name="Acme"))
    rows = many_rows(random)
    interactions.clear()
    interactions.add_all(rows or [INTERACTION | {"team_id": 3}])
    for _ in range(5):
        asked = random_question(random)
        Project.objects.update(timezone=asked.zone.key)
        compare_sides(session, rows, asked, random)
        compare_areas(session, rows, asked, random)


def compare_sides(session: Api, rows: list[Row], a: Asked, random: Random) -> None:
    b, against = (previous(a), "previous") if random.random() < 0.3 else other_side(random, a)
    limit, offset = random.choice(PAGES)
    compared = Compared(
        order=random.choice(["surprise", "difference", "count"]),
        fdr=random.choice([0.05, 0.5]),
        min_visitors=a.min_visitors,
        in_visitors=a.unique_visitors,
        limit=limit,
        offset=offset,
    )
    given = {"order": compared.order, "fdr": compared.fdr, "min_visitors": compared.min_visitors}
    given |= {"limit": limit, "offset": offset, "against": against}
    answer = ask(session, "compare", parameters(a) | given)
    assert answer == sides_reference.compare(rows, a, b, compared)


def compare_areas(session: Api, rows: list[Row], asked: Asked, random: Random) -> None:
    drawn = drawn_areas(random)
    b, against = other_side(random, asked) if random.random() < 0.5 else (None, "")
    given = {**parameters(asked), "areas": orjson.dumps(drawn).decode(), "min_visitors": asked.min_visitors, "fdr": 0.5}
    answer = ask(session, "areas", given | {"against": against})
    assert answer == sides_reference.areas(rows, asked, drawn, b=b, min_visitors=asked.min_visitors, fdr=0.5)
    more = ask(session, "areas", given | {"include": "types", "by": "day"})
    _, end = sides_reference.bounds(asked)
    first = asked.time_from.astimezone(asked.zone).date() if asked.time_from else asked.date_from
    last = (end - timedelta.resolution).astimezone(asked.zone).date()
    kinds = sorted({row["type"] for row in rows})
    for area, result in zip(drawn, more["results"], strict=True):
        # Of an area with too few visitors nothing is told.
        least = 10**9 if result["count"] is None else asked.min_visitors
        expected = [] if result["count"] is None else sides_reference.types(rows, asked, area, kinds, least)
        assert result["types"] == expected
        days = sides_reference.days(rows, asked, area, first, last, least)
        assert result["days"] == (
            [day | {"count": None, "visitors": None} for day in days] if result["count"] is None else days
        )
    total_behind_areas_is_their_count(session, rows, asked, drawn, random)


def total_behind_areas_is_their_count(
    session: Api, rows: list[Row], asked: Asked, drawn: list[dict[str, Any]], random: Random
) -> None:
    some = random.sample(drawn, random.choice([1, len(drawn)]))
    answer = session.interactions(**parameters(asked), areas=orjson.dumps(some).decode(), limit=100)
    inside = [row for row in reference.matching(rows, asked) if any(sides_reference.is_in(row, area) for area in some)]
    cells = {reference.cell(row, asked) for row in inside}
    assert answer["total_count"] == len(inside)
    if not (asked.cell_width or asked.cell_height):
        assert answer == reference.interactions(rows, replace(asked), cells, limit=100, offset=0)
    if len(some) == 1:
        (counted,) = ask(session, "areas", parameters(asked) | {"areas": orjson.dumps(some).decode()})["results"]
        assert answer["total_count"] == counted["count"]


def ask(session: Api, question: str, given: dict[str, Any]) -> Any:
    project = given.pop("project")
    response = session.get(f"/api/projects/{project}/heatmaps/{question}/", given)
    answer = document(response)
    assert response.status_code == 200, answer
    return answer
