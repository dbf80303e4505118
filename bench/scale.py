"""What ten times the data costs: maps of long windows, counted from the rollups of whole weeks and row by row.

    python -m bench.scale [--rows N] [--runs N] [--output FILE]

Half of all interactions are of one page. Asked over HTTP, of two services of their own: one has a tenth of the rows.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.reading import DAYS, HOME, TODAY, Server
from bench.service import environment, write_into

WINDOW = {"date_from": (date.fromisoformat(TODAY) - timedelta(days=DAYS - 1)).isoformat(), "date_to": TODAY}
MONTH = {"date_from": (date.fromisoformat(TODAY) - timedelta(days=29)).isoformat(), "date_to": TODAY}
DEFAULT = {"date_from": (date.fromisoformat(TODAY) - timedelta(days=6)).isoformat(), "date_to": TODAY}
BAND = {"viewport_width_min": "1200", "viewport_width_max": "1599"}
PAGE = {"url_exact": HOME}
CLICKS, RESTS = {"type": "click"}, {"type": "mousemove"}
COVERED = {"include": "coverage"}
SMALL = {"url_exact": f"{HOME}blog/page-1000"}
# (what, parameters, aim in ms at the median)
QUESTIONS = [
    ("busy page, clicks", CLICKS | PAGE | WINDOW, "≤ 60"),
    ("busy page, pointer rests", RESTS | PAGE | WINDOW, "≤ 60"),
    ("busy page, clicks within a band of widths", CLICKS | PAGE | BAND | WINDOW, "≤ 90"),
    ("busy page, pointer rests within a band of widths", RESTS | PAGE | BAND | WINDOW, "≤ 90"),
    ("whole project, clicks", CLICKS | WINDOW, "≤ 120"),
    ("whole project, pointer rests", RESTS | WINDOW, "≤ 120"),
    ("busy page, pointer rests, with coverage", RESTS | PAGE | COVERED | WINDOW, "–"),
    ("busy page, pointer rests, 30 days", RESTS | PAGE | MONTH, "–"),
    ("busy page, pointer rests, 7 days", RESTS | PAGE | DEFAULT, "as before"),
    ("a median page, pointer rests", RESTS | SMALL | WINDOW, "as before"),
]
GROWTH = "≤ 1.6 ×"
INSERTS, ROWS_OF_AN_INSERT = 400, 500
HEATMAPS = "/api/projects/1/heatmaps/"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    rows = int(os.environ.get("ROWS", "20000000"))
    parser.add_argument("--rows", type=int, default=rows, help="interactions (%(default)s)")
    parser.add_argument("--runs", type=int, default=50, help="of each question (%(default)s)")
    parser.add_argument("--output", type=Path, help="a page with the marks of a table, to write this one into")
    arguments = parser.parse_args()
    table = _measured(arguments.rows, arguments.runs)
    sys.stdout.write(table)
    if arguments.output:
        write_into(arguments.output, "bench of scale", table)


def _measured(rows: int, runs: int) -> str:
    with (
        tempfile.TemporaryDirectory(prefix="heatmaps-bench-") as small,
        tempfile.TemporaryDirectory(prefix="heatmaps-bench-") as large,
    ):
        made = [_made(small, rows // 10), _made(large, rows)]
        _, told = made[1]
        servers = []
        try:
            servers += [Server(settings, site["key"]) for settings, site in made]
            lines = [_line(*question, *servers, runs=runs) for question in QUESTIONS]
        finally:
            for server in servers:
                server.stop()
    return (
        f"{datetime.now(UTC).date()}, {os.cpu_count()} cores, {rows:,} interactions of {DAYS} days beside"
        f" {rows // 10:,}, half of them of one page; {runs} runs over HTTP, row by row {max(5, runs // 5)}.\n\n"
        f"| map of {DAYS} days, 500 cells | ms | p99 | aim | row by row, ms | of a tenth of the rows, ms | growth (aim"
        f" {GROWTH}) |\n|---|---|---|---|---|---|---|\n{''.join(lines)}\n"
        f"The rollups take {told['rollups'] / told['bytes']:.1%} of the table's {told['bytes'] / 1e9:.1f} GB, which makes"
        f" {told['bytes'] / (told['bytes'] - told['rollups']):.2f} × of what it was (aim ≤ 1.2 ×). {INSERTS} inserts of"
        f" {ROWS_OF_AN_INSERT} rows and the merges behind them take {told['insert']:.1f} ms of CPU time each,"
        f" {told['insert'] / told['before']:.2f} × what they take with every projection made at once and no rollups"
        f" (aim ≤ 1.3 ×).\n"
    )


def _made(directory: str, rows: int) -> tuple[dict[str, str], dict[str, Any]]:
    """The settings of a service with so many rows, and what is told of it."""
    sys.stderr.write(f"Making {rows:,} interactions …\n")
    settings = os.environ | environment(directory, RATE_LIMIT_ENABLED="false", RETENTION_DAYS="0")
    command = [sys.executable, "-m", "bench.scale_data", str(rows), str(INSERTS), str(ROWS_OF_AN_INSERT)]
    printed = subprocess.run(command, env=settings, stdout=subprocess.PIPE, check=True, text=True).stdout
    return settings, json.loads(printed.splitlines()[-1])


def _line(name: str, parameters: dict[str, str], aim: str, small: Server, large: Server, *, runs: int) -> str:
    sys.stderr.write(f"{name} …\n")
    times: dict[str, list[float]] = {"small": [], "large": [], "rows": []}
    for server in (small, large):
        server.get("/bench/rollups", {"used": "1"})
        # The first answer tells how busy the page is, and the second estimates.
        for _ in range(3):
            server.get(HEATMAPS, parameters)
    for number in range(runs):
        times["small"].append(small.seconds(HEATMAPS, parameters, again=True))
        times["large"].append(large.seconds(HEATMAPS, parameters, again=True))
        if number % 5 == 0:
            large.get("/bench/rollups", {"used": "0"})
            times["rows"].append(large.seconds(HEATMAPS, parameters, again=True))
            large.get("/bench/rollups", {"used": "1"})
    growth = statistics.median(times["large"]) / statistics.median(times["small"])
    p99 = sorted(times["large"])[min(runs - 1, round(runs * 0.99))] * 1000
    return (
        f"| {name} | {_ms(times['large'])} | {p99:.0f} | {aim} | {_ms(times['rows'])} | {_ms(times['small'])} |"
        f" {growth:.1f} |\n"
    )


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f}"


if __name__ == "__main__":
    main()
