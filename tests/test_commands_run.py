"""The commands as processes: what a script and an operator see of them, and what they do to databases of their own."""

import re
from pathlib import Path

import orjson
import pytest

from tests.processes import Service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(directory=tmp_path)


def test_migrations_run_once_and_a_plan_changes_nothing(service: Service) -> None:
    plan = orjson.loads(service.result("migrate_clickhouse", "--plan", "--json"))["plan"]
    assert service.result("migrate_clickhouse", "--plan") == "\n\n".join(plan) + "\n"
    assert [" ".join(sql.split()[:6]) for sql in plan if "CREATE TABLE IF NOT EXISTS heatmaps\n" in sql] != []
    assert all(sql.endswith(";") for sql in plan)
    assert service.select("SHOW TABLES") == []
    first = orjson.loads(service.result("migrate_clickhouse", "--json"))["applied"]
    assert first == sorted(path.stem for path in (service.root / "heatmaps/schema").glob("0*.sql"))
    assert service.result("migrate_clickhouse", "--json") == '{"applied":[]}\n'
    assert service.result("migrate_clickhouse", "--plan", "--json") == '{"plan":[]}\n'


# --- As a script meets them ----------------------------------------------------------------------------------------


def test_results_go_to_standard_output_and_words_to_standard_error(service: Service) -> None:
    service.result("migrate", "-v0")
    made = service.run("create_project", "Shop", "--json")
    assert (made.returncode, made.stderr) == (0, "Made project 1 of Default.\n")
    assert re.fullmatch(r'\{"id":1,"name":"Shop","token":"phc_[^"]+","organization_id":"[^"]+"\}\n', made.stdout)
    failed = service.run("set_project", "9", "--json")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "CommandError: There is no project 9. There are: 1.\n"


def test_a_metadata_database_without_tables_is_a_sentence(service: Service) -> None:
    failed = service.run("list_api_keys")
    sentence = (
        "CommandError: The metadata database cannot be used (no such table: heatmaps_personalapikey). "
        "Check DATABASE_URL, and run `manage.py migrate` once.\n"
    )
    assert (failed.returncode, failed.stdout, failed.stderr) == (1, "", sentence)
