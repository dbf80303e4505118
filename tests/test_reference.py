"""The product's answers against the slow reference's, over random rows and random filters."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from heatmaps.models import Organization, Project
from tests import reference
from tests.conftest import INTERACTION, Api, Interactions
from tests.explain_reference import explain
from tests.reference import Asked, Row
from tests.seeds import SEEDED, SEEDS

T = TypeVar("T")

# Berlin's day of the 29th has 23 hours, and Los Angeles ends its days in the morning of ours.
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/Los_Angeles")]
DAYS = [date(2026, 3, day) for day in (27, 28, 29, 30, 31)]
MOMENTS = [
    datetime(2026, 3, day, hour, tzinfo=UTC) + timedelta(microseconds=microseconds)
    for day in (28, 29, 30)
    for hour in (0, 7, 12, 22, 23)
    for microseconds in (-1, 0, 123_000)
]
URLS = [
    f"https://e.com/{path}" for path in ("", "a", "a/", "a//", "ab", "a/b", "a*", "A", "ü?x=1#y/", "stra%C3%9Fe%2F/")
]
URLS.append("https://xn--bcher-kva.e.com/%FF%2541")
# Other ways to write some of these pages, and what only looks like one.
SPELLINGS = [
    *(
        "HTTPS://E.com:443/a?utm=1",
        "http://e.com/a",
        "https://e.com:80/a/",
        "https://e.com/%61/?",
        "https://e.com/%C3%BC",
    ),
    *("https://e.com/a#part", "https://e.com/#/a", "https://e.com/#!/a/?x", "https://e.com/#/", "https://e.com/a%2Fb"),
]
# Few values of each column, so that rows collide in all ways, and the ends of Int16 among them.
COLUMNS: dict[str, list[Any]] = {
    "team_id": [1, 1, 1, 2],
    "session_id": ["", "s", "t"],
    "distinct_id": ["ann", "bob", "Zoë"],
    "timestamp": MOMENTS,
    "x": [0, 0, 0, 1, -1, 31, 57, -31, 32767, -32768],
    "y": [0, 0, 0, 1, 48, 49, -1, -49, 32767, -32768],
    "scale_factor": [16, 16, 16, 16, 16, 16, 1, 100, 0, -16],
    "viewport_width": [64, 64, 67, 200, 200, 10, 11, 12, 0, -200, 32767, -32768],
    "viewport_height": [48, 48, 47, 1, 0, -48, 32767, -32768],
    "pointer_target_fixed": [False, False, True],
    "current_url": [*URLS, *URLS, *SPELLINGS, "", "/", 'it\'s \\ "q" \n'],
    "type": ["click", "click", "click", "scrolldepth", "scrolldepth", "mousemove"],
}
PATTERNS = [
    *("https://e.com/*", "^https://e\\.com/.*", "*", "*/a$", "https://e.com/a**", "https://e.com/a", "e.com", "^$"),
    *("https://e.com/(a|ab)", "https://e.com/[^*]*b", "(?i)https://E.com/a", "https://e.com/ü*"),
    *("https://e.com/a|https://e.com/a/b", "https://e\\.com/[a-z]*", "https://e.com/(a|b|/)*", r"https://e\.com/a[*]"),
]
SEARCHES = ["e.com", "/A", "a/", "a*", "Ü?X", "//", '\\ "Q"', "%", "nowhere", "straße", "A%c3%9fE/"]
SEARCHES += ["https://BÜCHER.e", "xn--bcher-kva", "bücher", "e.com/%2541", "%41", "%ff", "%C3"]
WIDTHS = [168, 184, 200, 192, 176, 152, 1024, 67, 6750, 0, -3200, 10**30, -(10**30)]
GRID = ("cell_width", "cell_height")
PAGES = [(500, 0), (0, 0), (1, 0), (3, 0), (3, 2), (1, 4), (0, 3), (500, 1_000_000), (1_000_000, 1)]


def random_row(random: Random) -> Row:
    return INTERACTION | {name: random.choice(values) for name, values in COLUMNS.items()}


def random_question(random: Random) -> Asked:
    def sometimes(values: list[T]) -> T | None:
        """With every filter at once nothing would be left to compare."""
        return random.choice(values) if random.random() < 0.25 else None

    return Asked(
        team_id=random.choice([1, 1, 2]),
        zone=random.choice(ZONES),
        type=random.choice(["click", "click", "scrolldepth", "mousemove"]),
        date_from=random.choice([*DAYS, DAYS[0], DAYS[0]]),
        date_to=random.choice([*DAYS, DAYS[-1], DAYS[-2]]),
        viewport_width_min=sometimes(WIDTHS),
        viewport_width_max=sometimes(WIDTHS),
        url_exact=sometimes([*URLS, "/", "https://e.com"]),
        url_page=sometimes([*URLS, *SPELLINGS, "e.com/a"]),
        url_pattern=sometimes([*PATTERNS, *URLS[:3]]),
        time_from=sometimes(MOMENTS),
        time_to=sometimes([*MOMENTS, MOMENTS[-1] + timedelta(microseconds=1)]),
        first_in_session=random.random() < 0.25,
        cell_width=sometimes([1, 2, 7, 50, 100]),
        cell_height=sometimes([16, 48, 1024]),
        min_visitors=sometimes([2, 3, 1000]) or 1,
        include_coverage=random.random() < 0.5,
        unique_visitors=random.random() < 0.5,
        hide_zero_coordinates=random.random() < 0.5,
    )


def parameters(asked: Asked) -> dict[str, Any]:
    """The request as a caller writes it."""
    given: dict[str, Any] = {
        "project": asked.team_id,
        "type": asked.type,
        "date_from": asked.date_from.isoformat(),
        "date_to": asked.date_to.isoformat(),
        "aggregation": "unique_visitors" if asked.unique_visitors else "total_count",
        "hide_zero_coordinates": asked.hide_zero_coordinates,
    }
    for name in (*("viewport_width_min", "viewport_width_max", "url_exact", "url_page", "url_pattern"), *GRID):
        if (value := getattr(asked, name)) is not None:
            given[name] = value
    for name in ("time_from", "time_to"):
        if (moment := getattr(asked, name)) is not None:
            given[name] = moment.astimezone(asked.zone).isoformat()
    # Where it says nothing, the request names nothing of ours.
    return given | ({"first_in_session": True} if asked.first_in_session else {})


def of_a_list(asked: Asked) -> dict[str, Any]:
    """What only the list takes."""
    given: dict[str, Any] = {"min_visitors": asked.min_visitors} if asked.min_visitors > 1 else {}
    return given | ({"include": "coverage"} if asked.include_coverage else {})


@pytest.mark.slow
@pytest.mark.usefixtures("other_project")
@settings(SEEDED, max_examples=25)
@given(seed=SEEDS)
def test_every_answer_is_the_references(session: Api, interactions: Interactions, seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- a test's, and no secret
    Project.objects.update(organization=Organization.objects.get(name="Acme"))
    rows = [random_row(random) for _ in range(random.randrange(200))]
    interactions.clear()
    interactions.add_all(rows or [INTERACTION | {"team_id": 3}])
    for _ in range(6):
        asked = random_question(random)
        Project.objects.update(timezone=asked.zone.key)
        compare_list(session, rows, asked, *random.choice(PAGES))
        compare_explanation(session, rows, asked)
        compare_pages(session, rows, asked, random)
        compare_interactions(session, rows, asked, limit=random.choice([1, 3, 100]), offset=random.choice([0, 0, 2]))


def compare_list(session: Api, rows: list[Row], asked: Asked, limit: int, offset: int) -> None:
    answer = session.answer(**parameters(asked), **of_a_list(asked), limit=limit, offset=offset)
    if asked.type == "scrolldepth":
        assert answer == reference.scroll_depth(rows, asked)
    else:
        assert answer == reference.points(rows, asked, limit=limit, offset=offset)


def compare_explanation(session: Api, rows: list[Row], asked: Asked) -> None:
    answer = session.explanation(**parameters(asked))
    assert answer.pop("message")
    assert answer == explain(rows, asked)
    listed = session.answer(**parameters(replace(asked, unique_visitors=False)), limit=0)["results"]
    assert answer["matched"] == sum(one["bucket_count" if asked.type == "scrolldepth" else "count"] for one in listed)


def compare_pages(session: Api, rows: list[Row], asked: Asked, random: Random) -> None:
    kind = random.choice([None, None, "click", "scrolldepth"])
    search = random.choice([None, None, *SEARCHES])
    limit, offset = random.choice([1, 3, 1000]), random.choice([0, 0, 2])
    given = {"type": kind, "search": search, "limit": limit, "offset": offset}
    given |= {"date_from": asked.date_from.isoformat(), "date_to": asked.date_to.isoformat()}
    answer = session.pages(project=asked.team_id, **{name: value for name, value in given.items() if value is not None})
    maps = Asked(team_id=asked.team_id, zone=asked.zone, type="", date_from=asked.date_from, date_to=asked.date_to)
    kinds = {kind} if kind else set(COLUMNS["type"])
    assert answer == reference.pages(rows, maps, kinds=kinds, search=search or "", limit=limit, offset=offset)


def compare_interactions(session: Api, rows: list[Row], asked: Asked, *, limit: int, offset: int) -> None:
    every_point = replace(asked, unique_visitors=False, min_visitors=1)
    points = reference.points(rows, every_point, limit=500, offset=0)["results"]
    cells = [(point["pointer_target_fixed"], point["pointer_y"], point["pointer_relative_x"]) for point in points]
    # All of them; and every second one, with one that is not there.
    for chosen in (cells, [*cells[::2], (True, 7, 0.12)]):
        if chosen:
            page = [{"x": x, "y": y, "target_fixed": fixed} for fixed, y, x in chosen]
            answer = session.interactions(**parameters(asked), points=page, limit=limit, offset=offset)
            assert answer == reference.interactions(rows, asked, chosen, limit=limit, offset=offset)
            if chosen is cells:
                assert answer["total_count"] == sum(point["count"] for point in points)
