"""The demo: there once, the same for everyone, and showing what its requests say."""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from heatmaps import engine
from heatmaps.demo import filling, site, visitors
from heatmaps.demo.pages import Box, Element
from heatmaps.models import Cohort, PersonalAPIKey, Project
from tests.conftest import NOW, Api, body

TABLES = ("heatmaps", "events", "person_distinct_id2", "person_static_cohort")


@dataclass(frozen=True)
class Demo:
    """What a run of the command printed, and the API as its key opens it."""

    project_id: int
    api_key: str
    project_token: str
    urls: list[str]
    sign_in_url: str

    @property
    def api(self) -> Api:
        return Api(self.api_key)

    def points(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        asked = {"date_from": "-30d", "url_exact": site.url(path), **parameters}
        found: list[dict[str, Any]] = self.api.answer(project=self.project_id, **asked)["results"]
        return found

    def areas(self, path: str, *names: str, **parameters: Any) -> list[dict[str, Any]]:
        """The places of elements, as desktops show them."""
        boxes = [(name, *desktop_box(path, name)) for name in names]
        across = site.DESKTOP_WIDTH
        areas = [
            {"name": name, "x": [x / across, (x + width) / across], "y": [y, y + height]}
            for name, x, y, width, height in boxes
        ]
        asked = {"url_exact": site.url(path), "viewport_width_min": 1000, "areas": orjson.dumps(areas).decode()}
        reply = self.api.get(f"/api/projects/{self.project_id}/heatmaps/areas/", asked | parameters)
        assert reply.status_code == 200, body(reply)
        found: list[dict[str, Any]] = orjson.loads(body(reply))["results"]
        return found

    def status(self, url: str) -> int:
        parts = urlsplit(url)
        return self.api.get(parts.path, dict(parse_qsl(parts.query))).status_code


Run = Callable[..., Demo]


@pytest.fixture
def at_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def set_clock(moment: datetime) -> None:
        for module in ("heatmaps.management.commands.demo", "heatmaps.demo.account", "heatmaps.requests.reading"):
            monkeypatch.setattr(f"{module}.now", lambda: moment)

    return set_clock


@pytest.fixture
def run(
    transactional_db: None, at_clock: Callable[[datetime], None], capfd: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    at_clock(NOW)

    def run_command(*, rows: int = 20_000, **options: Any) -> Demo:
        call_command("demo", rows=rows, no_serve=True, json=True, **options)
        return Demo(**orjson.loads(capfd.readouterr().out))

    yield run_command
    with engine.writer() as client:
        for table in TABLES:
            client.command(f"TRUNCATE TABLE {table}")


def contents() -> list[Any]:
    """Every table's number of rows and a sum over all that is in them."""
    columns = {
        "heatmaps": "* EXCEPT _timestamp",
        "events": "* EXCEPT created_at",
        # When it was told, of each.
        "person_distinct_id2": "* EXCEPT version",
    }
    with engine.writer() as client:
        return [
            client.query(
                # As it is when all is merged, which may come at any time.
                f"SELECT count(), sum(cityHash64({columns.get(table, '*')})) FROM {table} SETTINGS final = 1"
            ).result_rows
            for table in TABLES
        ]


def remove(table: str, condition: str) -> None:
    with engine.writer() as client:
        client.command(f"ALTER TABLE {table} DELETE WHERE {condition} SETTINGS mutations_sync = 2")


def interactions_stored() -> int:
    with engine.writer() as client:
        return int(client.query("SELECT count() FROM heatmaps").result_rows[0][0])


def is_in(point: dict[str, Any], box: Box, width: int) -> bool:
    """Whether a point is in a box that is drawn for windows of so many CSS px, give or take the width of a cell."""
    left, top, across, down = box
    x, y = float(point["pointer_relative_x"]) * width, float(point["pointer_y"])
    return left - 16 <= x <= left + across + 16 and top - 16 <= y <= top + down + 16


def element(path: str, name: str) -> Element:
    page = next(page for page in site.PAGES if page.path == path)
    return next(element for element in page.elements if element.name == name)


def desktop_box(path: str, name: str) -> Box:
    box = element(path, name).desktop
    assert box
    return box


def test_a_second_run_adds_nothing_and_prints_a_fresh_key(run: Run) -> None:
    first = run()
    before = contents()
    second = run()
    assert before[0][0][0] == 20_000
    assert contents() == before
    assert (second.project_id, second.project_token) == (first.project_id, first.project_token)
    assert second.api_key != first.api_key
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/demo/sign-in/[\w-]+/", second.sign_in_url)
    assert first.status(first.urls[0]) == 401
    assert PersonalAPIKey.objects.count() == 1


def test_every_printed_request_shows_something(run: Run) -> None:
    demo = run()
    assert len(demo.urls) == 11
    for url in demo.urls:
        assert url.startswith("http://127.0.0.1:8000/api/projects/")
        parts = urlsplit(url)
        response = demo.api.get(parts.path, dict(parse_qsl(parts.query)))
        assert response.status_code == 200, (url, body(response))
        assert orjson.loads(body(response))["results"], url


def test_people_read_requests_to_paste(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    run()
    call_command("demo", no_serve=True, port=8123)
    lines = capfd.readouterr().out.splitlines()
    requests = [line for line in lines if line.startswith("curl ")]
    assert lines[0].startswith("Run `DEMO=true .venv/bin/python manage.py serve --port 8123`, then open the map")
    assert re.fullmatch(r"http://127\.0\.0\.1:8123/demo/sign-in/[\w-]+/", lines[2])
    assert "http://127.0.0.1:8123/demo/ " in lines[4]
    assert len(requests) == 11
    assert all("Authorization: Bearer phx_" in line and "'http://127.0.0.1:8123/api/" in line for line in requests)
    assert all(lines[lines.index(line) - 1].endswith(".") for line in requests)


def test_the_hottest_spot_of_the_home_page_is_its_call_to_action(run: Run) -> None:
    hottest = run().points("/", viewport_width_min=1000)[0]
    assert is_in(hottest, desktop_box("/", "Shop now"), site.DESKTOP_WIDTH)


def test_phones_show_another_picture(run: Run) -> None:
    demo = run()
    phones, desktops = demo.points("/", viewport_width_max=480), demo.points("/", viewport_width_min=1000)
    box = element("/", "Shop now").mobile
    assert box
    assert is_in(phones[0], box, site.MOBILE_WIDTH)
    assert not is_in(phones[0], desktop_box("/", "Shop now"), site.DESKTOP_WIDTH)
    assert sum(point["count"] for point in phones) > 100
    assert sum(point["count"] for point in desktops) > 100


def test_navigation_is_fixed(run: Run) -> None:
    fixed = [point for point in run().points("/", viewport_width_min=1000) if point["pointer_target_fixed"]]
    assert any(is_in(point, desktop_box("/", "Coffee"), site.DESKTOP_WIDTH) for point in fixed)


def test_rage_clicks_gather_at_the_broken_button(run: Run) -> None:
    points = run().points("/checkout", type="rageclick", viewport_width_min=1000)
    assert points
    assert all(is_in(point, desktop_box("/checkout", "Redeem voucher"), site.DESKTOP_WIDTH) for point in points)


def test_dead_clicks_gather_on_the_picture(run: Run) -> None:
    points = run().points("/coffee/ethiopia-yirgacheffe", type="deadclick", viewport_width_min=1000)
    assert points
    assert all(
        is_in(point, desktop_box("/coffee/ethiopia-yirgacheffe", "picture"), site.DESKTOP_WIDTH) for point in points
    )


def test_few_scroll_to_the_end_of_a_long_post(run: Run) -> None:
    buckets = run(rows=visitors.BLOCK_ROWS).points("/blog/brewing-guide", type="scrolldepth")
    began = buckets[0]["cumulative_count"]
    half = next(b["cumulative_count"] for b in buckets if b["scroll_depth_bucket"] >= 4600)
    end = next((b["cumulative_count"] for b in buckets if b["scroll_depth_bucket"] >= 9000), 0)
    assert began > 2 * half > 4 * end


def test_places_are_named_by_what_is_clicked_there(run: Run) -> None:
    (shop_now,) = run().areas("/", "Shop now", date_from="-30d", include="elements")
    found = shop_now["elements"][0]
    assert (found["tag_name"], found["text"], found["href"]) == ("a", "Shop now", "/coffee")
    assert found["share"] > 0.9


def test_what_people_click_changed_with_the_shop(run: Run) -> None:
    weeks = {"date_from": "-7d", "against": '{"date_from":"-14d","date_to":"-8d"}'}
    (found,) = run(rows=visitors.BLOCK_ROWS).areas("/", "Try the subscription", **weeks)
    assert (found["verdict"], found["ratio_low"] > 1) == ("more", True)


def test_events_tell_what_was_clicked(run: Run) -> None:
    run()
    with engine.writer() as client:
        events = client.query(
            "SELECT event, count(), groupUniqArray(notEmpty(elements_chain)) FROM events GROUP BY 1 ORDER BY 1"
        ).result_rows
        kinds: Any = client.query("SELECT type, count() FROM heatmaps GROUP BY 1").result_rows
    counts, (clicks, rages, deads) = dict(kinds), (events[0], events[3], events[1])
    assert [name for name, *_ in events] == ["$autocapture", "$dead_click", "$pageview", "$rageclick", "purchase"]
    assert [has_chain for *_, has_chain in events] == [[1], [1], [0], [1], [0]]
    assert (rages[1], deads[1]) == (counts["rageclick"], counts["deadclick"])
    # A few clicks go nowhere.
    assert 0.9 * counts["click"] < clicks[1] < counts["click"]


def test_moves_outnumber_clicks_and_so_on(run: Run) -> None:
    run()
    with engine.writer() as client:
        kinds = client.query("SELECT type FROM heatmaps GROUP BY type ORDER BY count() DESC").result_columns[0]
    assert list(kinds) == ["mousemove", "click", "scrolldepth", "deadclick", "rageclick"]


def test_it_happened_on_the_thirty_days_before_today(run: Run) -> None:
    run()
    with engine.writer() as client:
        first, last, days = client.query(
            "SELECT toString(min(toDate(timestamp))), toString(max(toDate(timestamp))), uniqExact(toDate(timestamp)) "
            "FROM heatmaps"
        ).result_rows[0]
    assert (first, last, days) == ("2026-03-01", "2026-03-30", 30)


def test_positions_are_on_their_pages(run: Run) -> None:
    run()
    tallest = max(max(page.heights) for page in site.PAGES)
    with engine.writer() as client:
        astray = client.query(
            "SELECT count() FROM heatmaps WHERE x < 0 OR x > viewport_width OR y < 0 OR y * 16 > {tallest:Int64} "
            "OR (pointer_target_fixed AND y > viewport_height)",
            parameters={"tallest": tallest},
        ).result_rows
    assert astray == [(0,)]


def test_without_the_staff_the_list_of_coffees_is_another_picture(run: Run) -> None:
    demo = run()
    edit = desktop_box("/coffee", "Edit")
    assert is_in(demo.points("/coffee")[0], edit, site.DESKTOP_WIDTH)
    others = demo.points("/coffee", filter_test_accounts="true", viewport_width_min=1000)
    assert others
    assert not is_in(others[0], edit, site.DESKTOP_WIDTH)


def test_customers_are_persons_who_bought_something_and_are_no_staff(run: Run) -> None:
    run()
    with engine.writer() as client:
        members = client.query("SELECT person_id FROM person_static_cohort").result_columns[0]
        buyers = client.query(
            "SELECT DISTINCT person_id FROM person_distinct_id2 WHERE distinct_id IN "
            "(SELECT distinct_id FROM events WHERE event = 'purchase' AND JSONExtractFloat(properties, 'amount') > 0"
            " AND JSONExtractString(properties, '$host') = 'demo.example.com')"
        ).result_columns[0]
    assert len(members) > 5
    assert sorted(members) == sorted(buyers)
    assert Cohort.objects.get().name == "customers"


@pytest.mark.parametrize("table", ["heatmaps", "events"])
def test_a_block_that_was_stored_in_part_is_completed(run: Run, table: str) -> None:
    run()
    whole = contents()
    # A killed insert may have stored one month and not the other; the key is only made afterwards.
    remove(table, "toMonth(timestamp) = 3 AND toDayOfMonth(timestamp) > 12")
    remove("heatmaps", "_offset % 7 = 3")
    PersonalAPIKey.objects.all().delete()
    assert contents() != whole
    run()
    assert contents() == whole


def test_a_killed_filling_is_completed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = visitors.BLOCK_ROWS + 1000
    store = filling._add_interactions

    def store_one_block(*arguments: Any) -> int:
        if interactions_stored():
            raise KeyboardInterrupt
        return store(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(filling, "_add_interactions", store_one_block)
        with pytest.raises(CommandError, match=r"Stopped\."):
            run(rows=rows)
    assert interactions_stored() == visitors.BLOCK_ROWS
    assert not PersonalAPIKey.objects.exists()
    run(rows=rows)
    interrupted = contents()
    remove("heatmaps", "1")
    for table in TABLES[1:]:
        remove(table, "1")
    run(rows=rows)
    assert interrupted[0][0][0] == rows
    assert contents() == interrupted


def test_the_next_day_continues_what_was_begun(run: Run, at_clock: Callable[[datetime], None]) -> None:
    run()
    whole = contents()
    remove("heatmaps", "_offset > 500")
    PersonalAPIKey.objects.all().delete()
    at_clock(NOW + timedelta(days=1))
    run()
    assert contents() == whole


def test_who_was_erased_does_not_come_back(run: Run) -> None:
    run()
    remove("heatmaps", "distinct_id = (SELECT min(distinct_id) FROM heatmaps)")
    left = contents()
    run()
    assert contents() == left


def test_what_retention_would_take_is_not_put_in(run: Run, settings: Any, at_clock: Callable[[datetime], None]) -> None:
    # The engine removes by its own clock.
    at_clock(now())
    settings.RETENTION_DAYS = 10
    try:
        run()
        with engine.writer() as client:
            ages = client.query(
                "SELECT dateDiff('day', min(timestamp), now()), dateDiff('day', max(timestamp), now()) FROM heatmaps"
            ).result_rows
        assert ages in ([(9, 0)], [(9, 1)], [(10, 0)], [(10, 1)])
    finally:
        settings.RETENTION_DAYS = 0
        call_command("migrate_clickhouse")


def test_an_old_demo_says_so_and_how_to_start_afresh(
    run: Run, at_clock: Callable[[datetime], None], capfd: pytest.CaptureFixture[str]
) -> None:
    old = run(rows=2000)
    at_clock(NOW + timedelta(days=20))
    call_command("demo", rows=2000, no_serve=True, json=True)
    told = capfd.readouterr().err
    assert "This demo's data ends on 2026-03-30; `.venv/bin/python manage.py demo --fresh` begins a new one" in told

    fresh = run(rows=2000, fresh=True)
    assert fresh.project_id != old.project_id
    assert interactions_stored() == 4000
    assert sorted(Project.objects.values_list("name", flat=True)) == ["Demo site", "Demo site until 2026-04-20 02:30"]
    assert "date_from=-30d" in fresh.urls[0]
    assert fresh.points("/")


def test_a_taken_port_is_told_before_anything_is_done(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"listen on 127\.0\.0\.1:{port}: .* type `make demo PORT=8010`\."):
            call_command("demo", port=port)
    assert not Project.objects.exists()
    assert interactions_stored() == 0


@pytest.mark.parametrize("rows", ["0", "-1", "1e3", "many", "10000001"])
def test_a_number_of_rows_is_a_whole_number(run: Run, rows: str) -> None:
    with pytest.raises(CommandError, match="type a whole number from 1 to 10000000"):
        call_command("demo", "--rows", rows, "--no-serve")


def test_every_block_has_enough_people() -> None:
    """A block is cut to its size, so none may come out smaller."""
    day = NOW.date()
    for number in (0, 1, 7, 40, 199):
        block = visitors.block(number, day=day)
        assert len(block.interactions.number) == visitors.BLOCK_ROWS
        assert len(block.events.number) < visitors.BLOCK_ROWS
