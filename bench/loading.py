"""How fast files are loaded, beside the engine's own INSERT … SELECT of the same file into the same table, in turn and in
one process.

    python -m bench.loading [--rows N] [--runs N] [--output FILE]

Everything is temporary. The engine's way checks nothing, knows no row again, and keeps the part of a broken file that it
has read; it is what the table itself costs.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from datetime import UTC, datetime
from pathlib import Path

from bench.service import environment, write_into

PROJECT = 1
# What is aimed at, as a part of the engine's own rows a second.
AIMS = {"parquet": 0.6, "jsonl": 0.4, "csv": 0.4}
FORMATS = {"parquet": "Parquet", "jsonl": "JSONEachRow", "csv": "CSVWithNames"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of a file (%(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of which the median counts (%(default)s)")
    parser.add_argument("--format", choices=AIMS, action="append", help="only this one")
    parser.add_argument("--output", type=Path, help="a page with the marks of a table, to write this one into")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heatmaps-bench-") as directory:
        os.environ |= environment(directory, RETENTION_DAYS="0")
        table = measure(Path(directory), arguments.rows, arguments.runs, arguments.format or list(AIMS))
    sys.stdout.write(table)
    if arguments.output:
        write_into(arguments.output, "bench of loading", table)


def measure(directory: Path, rows: int, runs: int, formats: list[str]) -> str:
    prepare()
    lines = []
    for name in formats:
        path = make(directory / f"rows.{name}", rows)
        ours, engines, again = [], [], []
        for _ in range(runs):
            engines.append(timed(by_engine, path, rows))
            ours.append(timed(load, path, rows))
            again.append(timed(load, path, rows, empties=False))
        (a, a_cpu), (b, b_cpu), (c, _) = (
            map(statistics.median, zip(*of, strict=True)) for of in (ours, engines, again)
        )
        lines.append(
            f"| {FORMATS[name]} | {rows / a:,.0f} | {rows / b:,.0f} | {b / a:.2f} | ≥ {AIMS[name]} |"
            f" {b_cpu / a_cpu:.2f} | {rows / c:,.0f} |\n"
        )
        path.unlink()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{datetime.now(UTC).date()}, {os.cpu_count()} cores, files of {rows:,} rows, medians of {runs} runs;"
        f" at most {megabytes:,.0f} MB, the embedded engine's included.\n\n"
        "| file | rows a second | by the engine's INSERT … SELECT | ratio | aim | ratio in CPU time"
        " | the same file again, rows a second |\n"
        "|---|---|---|---|---|---|---|\n" + "".join(lines)
    )


def prepare() -> None:
    """An empty database with the service's tables, and the bench's rows."""
    import django

    django.setup()
    from django.core.management import call_command

    from heatmaps.models import Organization, Project

    call_command("migrate", verbosity=0)
    call_command("migrate_clickhouse", verbosity=0)
    Project.objects.create(pk=PROJECT, name="Bench", organization=Organization.objects.create(name="Bench"))


def make(path: Path, rows: int) -> Path:
    """An export: the bench's rows in the order of time."""
    from bench import data

    columns = data.COLUMNS.replace("team_id, ", "")
    selected = data.INTERACTIONS.partition("SELECT")[2].rpartition("SETTINGS")[0]
    command(
        f"INSERT INTO FUNCTION file('{path}', '{FORMATS[path.suffix[1:]]}')"
        f" SELECT {columns} FROM (SELECT {named(selected)}) ORDER BY timestamp"
        " SETTINGS output_format_parquet_string_as_string = 1, max_memory_usage = 0",
        first=0,
        rows=rows,
    )
    return path


def named(selected: str) -> str:
    """The columns of the bench's rows with their names, which an INSERT takes by their places."""
    from bench import data

    return f"* FROM (SELECT {selected}) AS made ({data.COLUMNS})"


def command(sql: str, **parameters: object) -> None:
    from heatmaps import engine

    with engine.writer() as client:
        client.command(sql, parameters=parameters)


# Of the whole process: where there is other work on the machine, the time on the clock also tells of that.
def timed(work: Callable[[Path], None], path: Path, rows: int, *, empties: bool = True) -> tuple[float, float]:
    from heatmaps import engine

    if empties:
        command("TRUNCATE TABLE heatmaps")
    began, cpu = time.perf_counter(), time.process_time()
    work(path)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    with engine.writer() as client:
        if client.query("SELECT count() FROM heatmaps").result_rows != [(rows,)]:
            raise RuntimeError("Not every row was loaded once.")
    return seconds, cpu


def by_engine(path: Path) -> None:
    """With its projections, as a load leaves the table."""
    from bench import data
    from heatmaps.loading.columns import INTERACTIONS
    from heatmaps.loading.load import finish

    columns = data.COLUMNS.replace("team_id, ", "")
    command(
        f"INSERT INTO heatmaps (team_id, {columns}) SELECT {PROJECT}, {columns}"
        f" FROM file('{path}', '{FORMATS[path.suffix[1:]]}')"
        " SETTINGS max_partitions_per_insert_block = 0"
    )
    finish(INTERACTIONS)


def load(path: Path) -> None:
    from django.core.management import call_command

    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        call_command("load_interactions", str(path), project=PROJECT)


if __name__ == "__main__":
    main()
