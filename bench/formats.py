"""How large answers come in each format: a map of a million points as JSON, Arrow and Parquet, in turn, from one service.

    python -m bench.formats [--runs N] [--output FILE]

Everything runs on loopback against a server of its own, with temporary databases, and stops by itself.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.reading import WEEK, Server
from bench.service import environment, write_into

FORMATS = {"json": "JSON", "csv": "CSV", "ndjson": "NDJSON", "arrow": "Arrow", "parquet": "Parquet"}
# What is aimed at beside JSON.
AIMS = {"arrow": "faster, ≤ ½", "parquet": "faster, ≤ ½"}
PARAMETERS = {"limit": "0", "project": "wide"} | WEEK
PATH = "/api/projects/9/heatmaps/"


@dataclass
class Measured:
    """What one format took, run by run."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    size: int = 0
    compressed_size: int = 0

    @property
    def peak(self) -> float:
        return statistics.median(self.peaks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="of which the median counts (%(default)s)")
    parser.add_argument("--output", type=Path, help="a page with the marks of a table, to write this one into")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heatmaps-bench-") as directory:
        settings = os.environ | environment(directory, RATE_LIMIT_ENABLED="false", RETENTION_DAYS="0")
        # The project whose map has a million cells is always made.
        command = [sys.executable, "-m", "bench.data", "0"]
        made = subprocess.run(command, env=settings, stdout=subprocess.PIPE, check=True, text=True).stdout
        server = Server(settings, made.split()[0])
        try:
            table = "".join(f"{line}\n" for line in _lines(server, arguments.runs))
        finally:
            server.stop()
    sys.stdout.write(table)
    if arguments.output:
        write_into(arguments.output, "bench of formats", table)


def _lines(server: Server, runs: int) -> Iterator[str]:
    measured = {name: Measured() for name in ("engine", *FORMATS)}
    # The first ones open caches and pools.
    for counts in [False] + [True] * runs:
        for name, found in measured.items():
            before = server.memory()
            began = time.perf_counter()
            if name == "engine":
                server.get("/bench/engine", PARAMETERS)
            else:
                found.size = len(server.get(PATH, PARAMETERS | {"format": name}))
            seconds = time.perf_counter() - began
            after = server.memory()
            if counts:
                found.seconds.append(seconds)
                found.cpu_seconds.append((after["cpu_microseconds"] - before["cpu_microseconds"]) / 1e6)
                found.peaks.append(after["peak"])
    engine, json = measured.pop("engine"), measured["json"]
    for name, found in measured.items():
        found.compressed_size = len(server.get(PATH, PARAMETERS | {"format": name}, encoding="zstd"))
    yield f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, 1,000,000 points, medians of {runs} runs."
    yield ""
    yield (
        "| format | ms | CPU ms | MB | MB, sent with zstd | beside JSON: time / CPU time / bytes | aim"
        " | highest memory of the process, ours / bare engine |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    yield (
        f"| bare engine, blocks thrown away | {_ms(engine.seconds):.0f} | {_ms(engine.cpu_seconds):.0f} | – | – | – | –"
        f" | {engine.peak / 1e6:.0f} MB |"
    )
    for name, found in measured.items():
        ratios = (
            f"{_ms(found.seconds) / _ms(json.seconds):.2f} / {_ms(found.cpu_seconds) / _ms(json.cpu_seconds):.2f}"
            f" / {found.size / json.size:.2f}"
        )
        yield (
            f"| {FORMATS[name]} | {_ms(found.seconds):.0f} | {_ms(found.cpu_seconds):.0f} | {found.size / 1e6:.1f}"
            f" | {found.compressed_size / 1e6:.1f} | {ratios} | {AIMS.get(name, '–')}"
            f" | {found.peak / 1e6:.0f} / {engine.peak / 1e6:.0f} MB = {found.peak / engine.peak:.2f} |"
        )


def _ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


if __name__ == "__main__":
    main()
