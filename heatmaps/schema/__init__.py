"""The tables in ClickHouse: numbered files of SQL that are only ever added to, and a table that says which have run.

A statement may run again after a kill between it and its entry in the book, so each is safe to repeat. Retention
follows the setting at every run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heatmaps.clickhouse import Client

BOOK = """\
CREATE TABLE IF NOT EXISTS heatmaps_migrations
(
    name String,
    applied_at DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY name"""
# The tables whose rows grow old, each with its column of time.
TIMED_TABLES = {"heatmaps": "timestamp", "events": "timestamp"}


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done: its name in the book (empty for what is no migration), and its statements."""

    name: str
    statements: tuple[str, ...]


def pending(client: Client | None, *, retention_days: int) -> list[Step]:
    """What stands between the database (None: one that is not there yet) and this version of the service, in order.
    Changes nothing."""
    applied = set[str]()
    steps = []
    if client and client.query("EXISTS TABLE heatmaps_migrations").result_rows[0][0]:
        applied = {name for (name,) in client.query("SELECT name FROM heatmaps_migrations").result_rows}
    else:
        steps.append(Step("", (BOOK,)))
    steps += [Step(file.stem, _statements(file)) for file in _files() if file.stem not in applied]
    retention = tuple(
        statement
        for table, column in TIMED_TABLES.items()
        for statement in _retention(client, table, column, retention_days)
    )
    return [*steps, Step("", retention)] if retention else steps


def apply(client: Client, step: Step) -> None:
    for statement in step.statements:
        client.command(statement)
    if step.name:
        client.insert("heatmaps_migrations", [[step.name]], column_names=["name"])


def is_current(client: Client) -> bool:
    """Whether every migration has run, or the tables are somebody else's, whose book is not ours."""
    if not client.query("EXISTS TABLE heatmaps_migrations").result_rows[0][0]:
        return bool(client.query("EXISTS TABLE heatmaps").result_rows[0][0])
    applied = {name for (name,) in client.query("SELECT name FROM heatmaps_migrations").result_rows}
    return all(file.stem in applied for file in _files())


def _files() -> list[Path]:
    return sorted(Path(__file__).parent.glob("[0-9]*.sql"))


def _statements(file: Path) -> tuple[str, ...]:
    return tuple(text.strip() for text in file.read_text().split(";\n") if text.strip())


def _retention(client: Client | None, table: str, column: str, days: int) -> Iterator[str]:
    current = _engine(client, table) if client else ""
    rule = f"TTL {column} + toIntervalDay({days})"
    if days and f"{rule} " not in f"{current} ":
        yield f"ALTER TABLE {table} MODIFY {rule}"
    if not days and "TTL" in current:
        yield f"ALTER TABLE {table} REMOVE TTL"


def _engine(client: Client, table: str) -> str:
    """The table's engine and all that belongs to it; empty when there is no table."""
    rows = client.query(
        "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
        parameters={"table": table},
    ).result_rows
    return str(rows[0][0]) if rows else ""
