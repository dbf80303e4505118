"""The tables in ClickHouse: numbered files of SQL that are only ever added to, and a table that says which have run.

A statement may run again after a kill between it and its entry in the book, so each is safe to repeat. Retention
follows the setting at every run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from heatmaps.engine import Client
from heatmaps.schema.cluster import Cluster

BOOK = """\
CREATE TABLE IF NOT EXISTS heatmaps_migrations
(
    name String,
    applied_at DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY name"""
# Projections are made when parts are merged. With every insert they would take longer than the insert itself, and most
# of its parts are merged within seconds. Until then their rows are read.
LATE_PROJECTIONS = {"materialize_projections_on_insert": 0, "materialize_projections_on_merge": 1}
# Fewer rows of a week are read nearly as fast without.
WORTH_PROJECTIONS = 100_000
_WITHOUT_PROJECTIONS = """
SELECT partition_id, countIf(has_projections) AS others
FROM (
    SELECT partition_id, rows, name IN (
        SELECT parent_name FROM system.projection_parts
        WHERE active AND database = currentDatabase() AND table = 'heatmaps'
    ) AS has_projections
    FROM system.parts
    WHERE active AND database = currentDatabase() AND table = 'heatmaps'
)
GROUP BY partition_id
HAVING sumIf(rows, NOT has_projections) >= {rows:UInt64}
ORDER BY partition_id
"""
# The tables whose rows grow old, each with its column of time.
TIMED_TABLES = {"heatmaps": "timestamp", "events": "timestamp"}


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done: its name in the book (empty for what is no migration), and its statements."""

    name: str
    statements: tuple[str, ...]


class OtherTables(Exception):
    """The tables that are there were not made for what the settings name."""


def cluster() -> Cluster | None:
    """The cluster that CLICKHOUSE_CLUSTER names."""
    if not settings.CLICKHOUSE_CLUSTER:
        return None
    return Cluster(settings.CLICKHOUSE_CLUSTER, urlsplit(settings.CLICKHOUSE_URL).path.strip("/") or "default")


def pending(client: Client | None, *, retention_days: int, cluster: Cluster | None = None) -> list[Step]:
    """What stands between the database (None: one that is not there yet) and this version of the service, in order.
    Changes nothing."""
    if client:
        _refuse_other_tables(client, cluster)
    applied = set[str]()
    steps = []
    if client and is_ours(client):
        applied = {name for (name,) in client.query("SELECT name FROM heatmaps_migrations").result_rows}
    else:
        steps.append(Step("", (BOOK,)))
    steps += [Step(file.stem, _statements(file)) for file in _files() if file.stem not in applied]
    retention = tuple(
        statement
        for table, column in TIMED_TABLES.items()
        for statement in _retention(client, table, column, retention_days, cluster)
    )
    steps += [Step("", retention)] if retention else []
    late = tuple(_late_projections(client, cluster)) if client else ()
    steps += [Step("", late)] if late else []
    if cluster is None:
        return steps
    return [
        Step(step.name, tuple(made for statement in step.statements for made in cluster.statements(statement)))
        for step in steps
    ]


def apply(client: Client, step: Step) -> None:
    for statement in step.statements:
        client.command(statement)
    if step.name:
        client.insert("heatmaps_migrations", [[step.name]], column_names=["name"])


def delete_rows(client: Client, table: str, condition: str, values: Mapping[str, object]) -> None:
    """Removes the rows that meet a condition, on every replica before this returns. ClickHouse writes what is left
    anew, projections too."""
    there = cluster()
    stored = there.stored(table) if there else table
    client.command(
        f"ALTER TABLE {stored} DELETE WHERE {condition}", parameters=dict(values), settings={"mutations_sync": 2}
    )


def making_projections(client: Client) -> Iterator[str]:
    """The statements that make the projections of weeks in which many rows have none, as they may never be merged. On a
    cluster they wait to be merged all the same."""
    if cluster() or not is_ours(client):
        return
    found = client.query(_WITHOUT_PROJECTIONS, parameters={"rows": WORTH_PROJECTIONS}).result_rows
    # A week at a time leaves room for questions meanwhile.
    yield from (f"OPTIMIZE TABLE heatmaps PARTITION ID '{week}' FINAL" for week, others in found if not others)
    # Parts with projections and parts without are not merged with each other.
    if mixed := [week for week, others in found if others]:
        names = client.query(
            "SELECT name FROM system.projections WHERE database = currentDatabase() AND table = 'heatmaps'"
        ).result_rows
        made = (f"MATERIALIZE PROJECTION {name} IN PARTITION ID '{week}'" for week in mixed for (name,) in names)
        yield f"ALTER TABLE heatmaps {', '.join(made)} SETTINGS mutations_sync = 2"


def is_ours(client: Client) -> bool:
    """Whether the tables were made by the migrations; else they are PostHog's, or of somebody else."""
    return bool(client.query("EXISTS TABLE heatmaps_migrations").result_rows[0][0])


def is_current(client: Client) -> bool:
    """Whether every migration has run, or the tables are somebody else's, whose book is not ours."""
    if not is_ours(client):
        return bool(client.query("EXISTS TABLE heatmaps").result_rows[0][0])
    applied = {name for (name,) in client.query("SELECT name FROM heatmaps_migrations").result_rows}
    return all(file.stem in applied for file in _files())


def _files() -> list[Path]:
    return sorted(Path(__file__).parent.glob("[0-9]*.sql"))


def _statements(file: Path) -> tuple[str, ...]:
    return tuple(text.strip() for text in file.read_text().split(";\n") if text.strip())


def _refuse_other_tables(client: Client, cluster: Cluster | None) -> None:
    engine = _engine(client, "heatmaps")
    if engine and engine.startswith("Distributed") is not (cluster is not None):
        raise OtherTables(
            "The tables here were made for one server, not for a cluster. Name another database in CLICKHOUSE_URL."
            if cluster
            else "The tables here were made for a cluster. Set CLICKHOUSE_CLUSTER to its name."
        )


def _retention(client: Client | None, table: str, column: str, days: int, cluster: Cluster | None) -> Iterator[str]:
    current = _engine(client, f"sharded_{table}" if cluster else table) if client else ""
    rule = f"TTL {column} + toIntervalDay({days})"
    if days and f"{rule} " not in f"{current} ":
        yield f"ALTER TABLE {table} MODIFY {rule}"
    if not days and "TTL" in current:
        yield f"ALTER TABLE {table} REMOVE TTL"


def _late_projections(client: Client, cluster: Cluster | None) -> Iterator[str]:
    """Servers before 26.5 do not know the second setting, and go on to make projections with every insert."""
    current = _engine(client, "sharded_heatmaps" if cluster else "heatmaps")
    known = client.query(
        "SELECT count() FROM system.merge_tree_settings WHERE name IN {names:Array(String)}",
        parameters={"names": list(LATE_PROJECTIONS)},
    ).result_rows
    wanted = ", ".join(f"{name} = {value}" for name, value in LATE_PROJECTIONS.items())
    if current and known == [(len(LATE_PROJECTIONS),)] and wanted not in current:
        yield f"ALTER TABLE heatmaps MODIFY SETTING {wanted}"


def _engine(client: Client, table: str) -> str:
    """The table's engine and all that belongs to it; empty when there is no table."""
    rows = client.query(
        "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
        parameters={"table": table},
    ).result_rows
    return str(rows[0][0]) if rows else ""
