"""Maps counted from the rollups of whole weeks: the same answers as row by row, whatever happens to the table."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from hypothesis import given, settings

from heatmaps import engine, schema
from heatmaps.engine import Query
from heatmaps.loading.columns import EVENTS, INTERACTIONS
from heatmaps.loading.load import finish
from heatmaps.models import Organization, Project
from heatmaps.population.dates import window
from heatmaps.population.filters import Aggregation, Filters, Window
from heatmaps.population.grid import Grid
from heatmaps.population.layout import current_layout
from heatmaps.population.weeks import Weeks, weeks_within
from heatmaps.questions.heatmap import queries, rollups
from heatmaps.questions.heatmap.question import PointsQuestion
from tests import test_reference as random_rows
from tests.commands import Commands
from tests.conftest import INTERACTION, Api, Interactions, body
from tests.reference import Asked, Row, points
from tests.rollups import KEYS, counted
from tests.seeds import SEEDED, SEEDS

# Two Mondays, between which there are three whole weeks, and days before and after them.
MONDAY, LAST_MONDAY = date(2026, 3, 2), date(2026, 3, 23)
DAYS = [date(2026, 2, 25), date(2026, 3, 1), MONDAY, date(2026, 3, 3), date(2026, 3, 16)]
LAST_DAYS = [date(2026, 3, 15), date(2026, 3, 22), LAST_MONDAY, date(2026, 3, 30)]
# The first moments of weeks, those beside them, and some that are no quarters of an hour.
EDGES = [
    datetime(2026, 3, day, tzinfo=UTC) + timedelta(microseconds=microseconds)
    for day in (2, 5, 23, 26)
    for microseconds in (-1, 1)
]


@pytest.fixture
def by_week(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever can be counted from rollups is, be it worth while or not."""
    monkeypatch.setattr(rollups, "weeks_of", rollups.possible_weeks)


def asked(
    first: date = MONDAY, last: date = date(2026, 3, 25), zone: str = "UTC", *, grid: Grid | None = None, **filters: Any
) -> PointsQuestion:
    given: dict[str, Any] = {"team_id": 1, "types": ("click",)} | filters
    return PointsQuestion(
        filters=Filters(window=window(first, last, ZoneInfo(zone)), **given),
        aggregation=Aggregation.TOTAL_COUNT,
        limit=500,
        offset=0,
        grid=grid,
    )


def plan(question: PointsQuestion) -> list[str]:
    """What is read, each part of the table or rollup by its name."""
    weeks = rollups.possible_weeks(question)
    assert weeks
    query = queries.points_by_week(question, weeks, current_layout())
    lines = [line for (line,) in engine.rows(Query(f"EXPLAIN {query.sql}", query.parameters))]
    return [
        line.partition("(")[2].rpartition(")")[0].rpartition(".")[2] for line in lines if "ReadFromMergeTree" in line
    ]


def in_weeks(random: Random) -> Row:
    moment = datetime(2026, 2, 25, tzinfo=UTC) + timedelta(hours=random.randrange(34 * 24))
    edge = random.choice(EDGES) + timedelta(microseconds=random.choice([-1, 0, 1]))
    return random_rows.random_row(random) | {"timestamp": random.choice([moment, moment, edge])}


def a_question(random: Random) -> Asked:
    return replace(
        random_rows.random_question(random),
        type=random.choice(["click", "mousemove"]),
        date_from=random.choice(DAYS),
        date_to=random.choice(LAST_DAYS),
        time_from=random.choice([None, None, *EDGES[:4]]),
        time_to=random.choice([None, None, *EDGES[4:]]),
        first_in_session=False,
        unique_visitors=False,
        min_visitors=1,
    )


def change(random: Random, interactions: Interactions, commands: Commands, rows: list[Row]) -> list[Row]:
    """Does something to the table, and tells which rows are there now."""
    kind = random.choice(["add", "add", "merge", "finish", "erase", "remove"])
    if kind == "add":
        added = [in_weeks(random) for _ in range(random.randrange(1, 80))]
        interactions.add_all(added)
        return rows + added
    if kind == "merge":
        interactions.merge()
    elif kind == "finish":
        finish(INTERACTIONS)
    elif kind == "erase":
        visitor = random.choice(["ann", "bob", "Zoë"])
        commands.run("erase_visitor", "--project", "1", visitor)
        return [row for row in rows if (row["team_id"], row["distinct_id"]) != (1, visitor)]
    else:
        with engine.writer() as client:
            client.command("DELETE FROM heatmaps WHERE x = 1 SETTINGS lightweight_deletes_sync = 2")
        return [row for row in rows if row["x"] != 1]
    return rows


@pytest.mark.slow
@pytest.mark.usefixtures("other_project", "by_week")
@settings(SEEDED, max_examples=5)
@given(seed=SEEDS)
def test_every_answer_is_the_references_after_every_change(
    session: Api, interactions: Interactions, commands: Commands, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 -- a test's, and no secret
    Project.objects.update(organization=Organization.objects.get(name="Acme"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "WORTH_PROJECTIONS", 0)
        interactions.clear()
        rows: list[Row] = [INTERACTION | {"timestamp": datetime(2026, 3, 5, tzinfo=UTC)}]
        interactions.add_all(rows)
        for _ in range(6):
            rows = change(random, interactions, commands, rows)
            assert engine.rows(Query(counted(from_rollups=True), {})) == engine.rows(
                Query(counted(from_rollups=False), {})
            )
            for _ in range(3):
                question = a_question(random)
                Project.objects.update(timezone=question.zone.key)
                limit, offset = random.choice(random_rows.PAGES)
                answer = session.answer(
                    **random_rows.parameters(question), **random_rows.of_a_list(question), limit=limit, offset=offset
                )
                assert answer == points(rows, question, limit=limit, offset=offset)


def some(number: int, **columns: Any) -> list[dict[str, Any]]:
    """Rows from Sunday, 1 March on, one every third hour."""
    beginning = datetime(2026, 3, 1, tzinfo=UTC)
    return [
        {"timestamp": beginning + timedelta(hours=3 * hour), "x": 1 + hour % 5, "distinct_id": f"visitor-{hour % 7}"}
        | columns
        for hour in range(number)
    ]


@pytest.mark.parametrize(
    ("question", "read"),
    [
        (asked(url_exact="https://example.com"), ["page_cells", "page_screens", "heatmaps"]),
        (asked(url_page="https://example.com/"), ["page_cells", "page_screens", "heatmaps"]),
        (asked(url_pattern="^https://example.*"), ["page_cells", "page_screens", "heatmaps"]),
        (asked(url_exact="https://example.com", grid=Grid(2, 32)), ["page_cells", "page_screens", "heatmaps"]),
        (asked(), ["project_cells", "project_screens", "heatmaps"]),
        (asked(types=()), ["project_cells", "project_screens", "heatmaps"]),
        (asked(types=("click", "mousemove")), ["project_cells", "project_screens", "heatmaps"]),
        (asked(hide_zero_coordinates=False), ["project_cells", "project_screens", "heatmaps"]),
        (
            asked(url_exact="https://example.com", viewport_width_min=480, viewport_width_max=2000),
            ["page_cells_by_width", "page_screens", "heatmaps"],
        ),
        (asked(types=("click",), viewport_width_max=2000), ["page_cells_by_width", "page_screens", "heatmaps"]),
        # Nothing beside whole weeks.
        (asked(MONDAY, date(2026, 3, 22)), ["project_cells", "project_screens"]),
    ],
)
def test_each_question_is_answered_from_a_rollup(
    interactions: Interactions, question: PointsQuestion, read: list[str]
) -> None:
    for kind in ("click", "mousemove"):
        interactions.add_all(some(200, type=kind))
        interactions.add_all(some(200, type=kind, current_url="https://example.com/b", viewport_width=100))
    interactions.merge()
    assert plan(question) == read


def test_the_migration_makes_them_of_the_rows_that_are_there(interactions: Interactions) -> None:
    interactions.add_all(some(200))
    with engine.writer() as client:
        for name in KEYS:
            client.command(f"ALTER TABLE heatmaps DROP PROJECTION {name} SETTINGS mutations_sync = 2")
        assert plan(asked()) == ["heatmaps"] * 3
        client.command("ALTER TABLE heatmaps_migrations DELETE WHERE name = '009_rollups' SETTINGS mutations_sync = 2")
        call_command("migrate_clickhouse")
    assert plan(asked()) == ["project_cells", "project_screens", "heatmaps"]


def test_a_load_makes_them_though_its_parts_may_never_be_merged(
    interactions: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    interactions.add_all(some(200))
    finish(INTERACTIONS)
    assert plan(asked()) == ["heatmaps"] * 3
    monkeypatch.setattr(schema, "WORTH_PROJECTIONS", 20)
    told: list[tuple[int, int]] = []
    finish(INTERACTIONS, lambda done, weeks: told.append((done, weeks)))
    # Five weeks have rows, of which the first is a day.
    assert told == [(done, 4) for done in range(4)]
    assert plan(asked()) == ["project_cells", "project_screens", "heatmaps"]
    # Beside those of a week that have them others get them, too.
    interactions.add_all(some(200))
    assert plan(asked()).count("heatmaps") > 1
    finish(INTERACTIONS, lambda done, steps: told.append((done, steps)))
    assert told[4:] == [(0, 1)]
    assert plan(asked()) == ["project_cells", "project_screens", "heatmaps"]
    interactions.add_all(some(200))
    finish(EVENTS)
    assert plan(asked())[-1] == "heatmaps"
    assert "heatmaps" in plan(asked())[:-1]


def test_rows_are_loaded_though_their_projections_cannot_be_made(
    commands: Commands,
    project: Project,
    interactions: Interactions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    interactions.are_there = True
    monkeypatch.setattr(schema, "making_projections", lambda _: ["OPTIMIZE TABLE nowhere"])
    file = tmp_path / "rows.jsonl"
    file.write_text(
        '{"distinct_id":"a","timestamp":"2026-03-05T00:00:00Z","current_url":"https://e.com/","x":1,"y":1,'
        '"viewport_width":64,"viewport_height":48,"type":"click","session_id":"s"}\n'
    )
    assert commands.run("load_interactions", str(file), "--project", "1")["added"] == 1
    assert "The rows were loaded, but not counted by weeks" in caplog.text
    assert engine.rows(Query("SELECT count() FROM heatmaps", {})) == [(1,)]


def test_what_is_too_old_goes_from_the_rollups_too(
    api: Api, interactions: Interactions, by_week: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention takes away a part of a week."""
    now = datetime.now(UTC)
    interactions.add_all([{"timestamp": now - timedelta(hours=hours)} for hours in range(0, 24 * 40, 5)])
    interactions.merge()
    monkeypatch.setattr("heatmaps.requests.reading.now", lambda: now)
    assert api.answer(date_from="all")["fold"]["total_count"] == 24 * 40 // 5
    try:
        with engine.writer() as client:
            client.command(
                "ALTER TABLE heatmaps MODIFY TTL timestamp + toIntervalDay(17)"
                " SETTINGS materialize_ttl_after_modify = 0"
            )
        interactions.merge()
        found = api.answer(date_from="all")
        monkeypatch.setattr(rollups, "weeks_of", lambda _: None)
        assert found == api.answer(date_from="all")
        assert found["fold"]["total_count"] == -(-24 * 17 // 5)
        read = plan(asked(date(2026, 1, 1), now.date() + timedelta(days=400)))
        assert read[:2] == ["project_cells", "project_screens"]
    finally:
        with engine.writer() as client:
            client.command("ALTER TABLE heatmaps REMOVE TTL")


def march(day: int, hour: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, 0, 0, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "end", "now", "weeks", "added", "taken"),
    [
        # One week, and nothing beside it.
        (march(2), march(9), march(30), 1, [], []),
        # A little before or after it is added, a little of it is taken away.
        (march(1, 23), march(9, 1), march(30), 1, [(march(1, 23), march(2)), (march(9), march(9, 1))], []),
        (march(2, 1), march(8, 23), march(30), 1, [], [(march(2), march(2, 1)), (march(8, 23), march(9))]),
        (march(3), march(16, 1), march(30), 2, [(march(16), march(16, 1))], [(march(2), march(3))]),
        (march(2, 0, 1), march(9), march(30), 1, [], [(march(2), march(2, 0, 1))]),
        # Of three days of a week four would have to be taken away; unless they are still to come.
        (march(2), march(5), march(30), 0, [], []),
        (march(2), march(5), march(5), 1, [], [(march(5), march(9))]),
        (march(2), march(5), march(4), 1, [], [(march(5), march(9))]),
        (march(9), march(2), march(30), 0, [], []),
        (march(9), march(9), march(30), 0, [], []),
    ],
)
def test_a_window_is_made_up_of_weeks_of_utc(
    first: datetime, end: datetime, now: datetime, weeks: int, added: list[Any], taken: list[Any]
) -> None:
    found = weeks_within(Window(start=first, end=end), now)
    if not weeks:
        assert found is None
        return
    assert found
    assert found.end - found.first == weeks
    assert [(one.start, one.end) for one in found.added] == added
    assert [(one.start, one.end) for one in found.taken] == taken


class TestChoice:
    """Whether it is worth while is estimated, and only of pages that are busy."""

    @pytest.fixture
    def estimates(self, monkeypatch: pytest.MonkeyPatch) -> list[Query]:
        """The queries that were estimated."""
        read, found = rollups._rows_read, list[Query]()

        def noted(query: Query) -> int:
            found.append(query)
            return read(query)

        monkeypatch.setattr(rollups, "_rows_read", noted)
        return found

    def filled(self, interactions: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
        interactions.add_all(some(200))
        interactions.merge()
        monkeypatch.setattr(rollups, "LEAST_ROWS", 100)

    def test_the_second_answer_is_from_rollups_where_they_have_a_third_of_the_rows(
        self, api: Api, interactions: Interactions, estimates: list[Query], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.filled(interactions, monkeypatch)
        question = asked(date(2026, 3, 2), date(2026, 3, 22))
        assert rollups.weeks_of(question) is None
        given = {"date_from": "2026-03-02", "date_to": "2026-03-22"}
        first = body(api.list(**given))
        assert estimates == []
        assert isinstance(rollups.weeks_of(question), Weeks)
        assert len(estimates) == 2
        assert body(api.list(**given)) == first
        # It holds.
        assert rollups.weeks_of(question)
        assert len(estimates) == 2
        # Other widths, and other kinds, are another question.
        assert rollups.weeks_of(asked(date(2026, 3, 2), date(2026, 3, 22), viewport_width_min=1)) is None
        assert rollups.weeks_of(asked(date(2026, 3, 2), date(2026, 3, 22), types=("mousemove",))) is None

    def test_an_estimate_does_not_hold_for_ever(
        self, api: Api, interactions: Interactions, estimates: list[Query], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.filled(interactions, monkeypatch)
        question = asked(date(2026, 3, 2), date(2026, 3, 22))
        api.list(date_from="2026-03-02", date_to="2026-03-22")
        assert rollups.weeks_of(question)
        monkeypatch.setattr(rollups, "ESTIMATE_SECONDS", -1)
        monkeypatch.setattr(rollups, "ROWS_FOR_ONE", 1000)
        assert rollups.weeks_of(question) is None
        assert len(estimates) == 4

    def test_of_a_quiet_page_nothing_is_estimated(
        self, api: Api, interactions: Interactions, estimates: list[Query]
    ) -> None:
        interactions.add_all(some(200))
        for _ in range(2):
            api.list(date_from="2026-03-02", date_to="2026-03-22")
        assert estimates == []

    @pytest.mark.parametrize("asked_for", [{"cohorts": (1,)}, {"events": (1,)}, {"test_accounts": ()}])
    def test_what_needs_rows_is_counted_from_rows(self, asked_for: dict[str, Any]) -> None:
        assert rollups.possible_weeks(asked())
        assert rollups.possible_weeks(asked(**asked_for)) is None
        assert rollups.possible_weeks(asked(first_in_session=True)) is None

    def test_only_so_many_pages_are_remembered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rollups, "MOST_PAGES", 3)
        for number in range(5):
            rollups.learn(asked(url_exact=f"https://e.com/{number}"), 1)
        kept = [asked(url_exact=f"https://e.com/{number}").filters for number in (2, 3, 4)]
        assert list(rollups._known) == [rollups._key(filters) for filters in kept]
