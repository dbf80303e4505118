"""kill -9 at any moment: the data directory opens again, and the same command finishes the work."""

import random
import time
from pathlib import Path
from subprocess import Popen

import pytest

from tests.processes import Service, stopped_afterwards
from tests.rollups import counted

ROWS = 60_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("files") / "rows.csv"
    with path.open("w") as lines:
        lines.write("distinct_id,timestamp,x,y,viewport_width,viewport_height,current_url,type\n")
        for row in range(ROWS):
            day = f"2026-{1 + row % 3:02}-{1 + row % 20:02} 10:00:00"
            lines.write(f"v{row},{day},{row % 100},{row % 1000},64,48,https://example.com/{row % 50},click\n")
    return str(path)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(directory=tmp_path, environment={"RETENTION_DAYS": "0"})


def parts(service: Service) -> int:
    """How many pieces of tables are stored."""
    return sum(1 for _ in service.directory.glob("clickhouse/store/*/*/[0-9]*_*_*_*"))


def wait(process: "Popen[str]", service: Service, moment: float | int) -> None:
    """Waits for so many seconds, or, for a whole number, until so many more pieces are stored."""
    before = parts(service)
    while process.poll() is None and isinstance(moment, int) and parts(service) < before + moment:
        time.sleep(0.002)
    if isinstance(moment, float):
        time.sleep(moment)


@pytest.mark.slow
def test_a_load_that_is_killed_again_and_again_ends_with_every_row_once(service: Service, file: str) -> None:
    service.migrate()
    service.make_project()
    load = ("load_interactions", file, "--project", "1")
    kills = [random.uniform(0.1, 0.6), random.uniform(0.6, 2), 1, 3, random.uniform(1, 3)]  # noqa: S311 -- no secret
    stored = []
    for moment in kills:
        with stopped_afterwards(service.start(*load)) as process:
            wait(process, service, moment)
            process.kill()
        [[rows, different]] = service.select("SELECT count(), uniqExact(distinct_id) FROM heatmaps")
        assert rows == different, kills
        stored.append(rows)
    assert stored == sorted(stored), kills
    service.result(*load)
    assert service.select("SELECT count(), uniqExact(distinct_id), sum(x), sum(y) FROM heatmaps") == [
        [ROWS, ROWS, 99 * ROWS // 2, 999 * ROWS // 2]
    ], kills
    assert service.select(counted(from_rollups=True)) == service.select(counted(from_rollups=False))


def test_a_first_migration_that_is_killed_is_finished_by_the_next(service: Service) -> None:
    for delay in (0.25, 0.4, 0.5, 0.6):
        with stopped_afterwards(service.start("migrate_clickhouse")) as process:
            time.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311 -- no secret
            process.kill()
    service.result("migrate_clickhouse")
    assert service.result("migrate_clickhouse", "--json") == '{"applied":[]}\n'
    assert service.select("SELECT name, count() FROM heatmaps_migrations GROUP BY name HAVING count() > 1") == []


FILL = """
INSERT INTO heatmaps (team_id, distinct_id, timestamp, current_url, type)
SELECT 1, toString(number), '2026-03-01', concat('https://example.com/', toString(number % 99)), 'click'
FROM numbers(100000)
"""
FORGET = "ALTER TABLE heatmaps_migrations DELETE WHERE name != '001_heatmaps' SETTINGS mutations_sync = 1"
COUNT = "SELECT count(), uniqExact(distinct_id) FROM heatmaps"


@pytest.mark.slow
def test_a_later_migration_that_is_killed_keeps_every_row(service: Service) -> None:
    service.result("migrate_clickhouse")
    service.select(FILL)
    service.select(FORGET)
    for moment in (1, 2, 0.6):
        with stopped_afterwards(service.start("migrate_clickhouse")) as process:
            wait(process, service, moment)
            process.kill()
        assert service.select(COUNT) == [[100_000, 100_000]], moment
    service.result("migrate_clickhouse")
    assert service.result("migrate_clickhouse", "--json") == '{"applied":[]}\n'
    assert service.select(COUNT) == [[100_000, 100_000]]
    assert service.select(counted(from_rollups=True)) == service.select(counted(from_rollups=False))


HOLD = "import time; from heatmaps import engine\nwith engine.writer(): print('open', flush=True); time.sleep(60)"


def test_a_second_process_on_the_same_directory_is_told_so(service: Service) -> None:
    with stopped_afterwards(service.start("shell", "-v0", "-c", HOLD)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        second = service.run("migrate_clickhouse")
    sentence = (
        f"CommandError: The data directory {service.directory}/clickhouse is in use by another process. "
        "Stop that one first, or set CLICKHOUSE_URL to another directory or to a server.\n"
    )
    assert (second.returncode, second.stdout, second.stderr) == (1, "", sentence)
    service.result("migrate_clickhouse")
