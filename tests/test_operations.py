"""The operator's page: what it says to type works, and the numbers it explains are those there are."""

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from heatmaps import engine, metrics
from heatmaps.access import failed_attempts, throttling
from heatmaps.engine import Query
from heatmaps.serving.connections import Phase, Reason
from tests.processes import INHERITED, ROOT, Service, ask, served
from tests.test_docs import blocks, examples, names, read, section, setting_rows, table

PAGE = "docs/operations.md"
ASKED = [
    "/api/projects/1/heatmaps/",
    "/api/projects/1/heatmaps/?type=scrolldepth",
    "/api/projects/1/heatmaps/events/?" + urlencode({"points": '[{"x":0.25,"y":240},{"x":0.5,"y":960}]'}),
    "/api/projects/1/heatmaps/?" + urlencode({"events": '[{"id":"purchase"}]'}),
    "/api/projects/1/heatmaps/?" + urlencode({"cohort_ids": "[1]"}),
]


def answers(service: Service, key: str) -> list[tuple[int, bytes]]:
    week = "date_from=2026-11-16&date_to=2026-11-22"
    with served(service) as port:
        return [
            ask(port, f"{path}{'&' if '?' in path else '?'}{week}", Authorization=f"Bearer {key}") for path in ASKED
        ]


@pytest.mark.slow
def test_a_backup_of_the_embedded_engine_restores_elsewhere_and_answers_the_same(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "var").mkdir(parents=True)
    second.mkdir()
    keep = {"RETENTION_DAYS": "0"}
    service = Service(directory=first / "var", environment=keep)
    example = ROOT / "docs" / "example"
    service.migrate()
    key = service.make_project(timezone="Europe/Berlin").key
    for command, file in (
        ("load_interactions", "interactions"),
        ("load_events", "events"),
        ("load_persons", "persons"),
    ):
        service.result(command, str(example / f"{file}.jsonl"), "--project", "1")
    service.result("create_cohort", "customers", str(example / "customers.txt"), "--project", "1")
    before = answers(service, key)
    assert [status for status, _ in before] == [200] * len(ASKED)
    assert all(len(orjson.loads(body)["results"]) > 0 for _, body in before)

    backup, restore = (one.command for one in examples(section(PAGE, "### The embedded engine")))
    subprocess.run(backup, shell=True, cwd=first, env=INHERITED, check=True)  # noqa: S602 -- as it is printed
    shutil.move(first / "heatmaps-backup.tar.gz", second)
    shutil.rmtree(first)
    subprocess.run(restore, shell=True, cwd=second, env=INHERITED, check=True)  # noqa: S602 -- as it is printed
    assert answers(Service(directory=second / "var", environment=keep), key) == before


@pytest.mark.parametrize("sql", blocks(read(PAGE), "sql"))
def test_the_engine_can_read_every_statement(sql: str) -> None:
    assert engine.rows(Query("SELECT formatQuery({sql:String})", {"sql": sql}))


def test_what_a_row_takes_can_be_asked() -> None:
    (sql,) = blocks(section(PAGE, "## Sizing"), "sql")
    engine.rows(Query(sql, {}))


def test_every_metric_is_explained_and_no_other(settings: Settings) -> None:
    settings.METRICS_TOKEN = "of-a-test-long-enough"
    metrics.forget()
    try:
        text, _ = metrics.text(1, {name: {} for name in metrics.IN_FRONT}) or (b"", "")
    finally:
        metrics.forget()
    there = {family.name for family in text_string_to_metric_families(text.decode())}
    explained = {row[0].strip("`") for row in table(section(PAGE, "## Metrics"))}
    assert {name.removesuffix("_total") for name in explained} == {
        name for name in there if name.startswith("heatmaps_")
    }
    used = set(re.findall(r"heatmaps_[a-z_]+(?=[\[{ ])", "".join(blocks(read(PAGE), "text"))))
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in used} <= explained


def test_every_reason_to_cut_callers_off_is_explained() -> None:
    (row,) = [row for row in table(section(PAGE, "## Metrics")) if row[0] == "`heatmaps_cut_off_total`"]
    assert set(names(row[1])) - {"reason", "CLICKHOUSE_QUEUE_SECONDS"} == set(Reason)
    (row,) = [row for row in table(section(PAGE, "## Metrics")) if row[0] == "`heatmaps_connections`"]
    assert set(names(row[1])) - {"phase"} == {phase.value for phase in Phase}


def test_every_limit_that_is_counted_is_named() -> None:
    (row,) = [row for row in table(section(PAGE, "## Metrics")) if row[0] == "`heatmaps_throttled_total`"]
    # What only others are made of has no scope.
    limits = {scope for one in vars(throttling).values() if isinstance(one, type) and (scope := vars(one).get("scope"))}
    limits |= {one.kind for one in (failed_attempts.BAD_KEYS, failed_attempts.BAD_PASSWORDS)}
    assert set(names(row[1])) - {"limit"} == limits


def test_every_setting_that_the_page_names_exists() -> None:
    named = {name for name in names(read(PAGE)) if re.fullmatch("[A-Z]+(?:_[A-Z]+)+", name)}
    assert named <= {*setting_rows(), *(f"{name}_FILE" for name in setting_rows())}


def test_the_numbers_of_the_sizing_table_follow_from_the_bytes_of_a_row() -> None:
    page = section(PAGE, "## Sizing")
    (bytes_a_row,) = re.findall(r"takes (\d+) bytes on disk", page)
    rows = [row for row in table(page) if len(row) == 4]
    assert len(rows) == 3
    for a_day, kept, on_disk, with_room in rows:
        interactions = int(a_day.replace(",", "")) * 90
        assert kept == f"{interactions // 1_000_000} million"
        gigabytes = interactions * int(bytes_a_row) / 1e9
        assert float(on_disk.removesuffix(" GB")) == pytest.approx(gigabytes, rel=0.03)
        assert float(with_room.removesuffix(" GB")) == pytest.approx(2 * gigabytes, rel=0.03)
