"""How fast the viewer shows a map of 100,000 cells, in a real browser: from the answer's last byte to the first paint,
and how long the page was busy at a stretch.

    python -m bench.viewer [--runs N] [--output FILE]

Everything runs on loopback against a service of its own, with temporary databases, and stops by itself. It needs Chromium.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from playwright.sync_api import Browser

from bench.service import environment, manage, serving, write_into
from tests import chromium

ROWS = 1_000
CELLS = 100 * ROWS
URL = "https://large.example.com/"
# How many cells are asked for, as the viewer says it: all, and what it asks by itself.
LIMITS = {"0": f"all {CELLS:,} cells", "500": "the 500 hottest, as by itself"}
PAINT_AIM_MS = 500
TASK_AIM_MS = 50

# Notes when the map is on the screen for the first time, and each task that kept the page from answering. The browser tells
# of tasks from 50 ms on.
WATCH = """
window.measured = { painted: 0, tasks: [] };
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) measured.tasks.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });
performance.setResourceTimingBufferSize(1000);
addEventListener("DOMContentLoaded", () => {
  const { port1, port2 } = new MessageChannel();
  // A message that is posted before a frame is painted arrives after it.
  port1.onmessage = () => (measured.painted ||= performance.now());
  new MutationObserver(() => requestAnimationFrame(() => port2.postMessage(null))).observe(
    document.getElementById("heat"), { attributeFilter: ["width"] },
  );
});
"""
FOUND = """() => {
  const answers = performance.getEntriesByType("resource").filter(
    ({ name }) => name.includes("/heatmaps/?") && name.includes("include=coverage"),
  );
  const { startTime, responseStart, responseEnd, decodedBodySize } = answers.at(-1);
  return { ...measured, asked: startTime, began: responseStart, answered: responseEnd, size: decodedBodySize };
}"""
# Something that takes the same work everywhere, to see how much of a core there was.
STEADY = """() => {
  const began = performance.now();
  let sum = 0;
  for (let index = 0; index < 50_000_000; index++) sum = (sum * 31 + index) | 0;
  return performance.now() - began;
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Milliseconds of one look at the map."""

    after_answer: float
    after_asking: float
    longest_task: float
    long_tasks: int
    steady: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="of which the median counts (%(default)s)")
    parser.add_argument("--output", type=Path, help="a page with the marks of a table, to write this one into")
    arguments = parser.parse_args()
    if chromium.PATH is None:
        print("The viewer was not measured: that needs Chromium. On Debian: apt-get install chromium", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="heatmaps-bench-") as directory:
        settings = environment(directory, RATE_LIMIT_ENABLED="false", RETENTION_DAYS="0")
        key = _fill(settings, Path(directory))
        with serving(settings) as (port, _), chromium.launched() as browser:
            found = {
                limit: [_look(browser, port, key, limit) for _ in range(arguments.runs + 1)][1:] for limit in LIMITS
            }
    table = "".join(f"{line}\n" for line in _lines(found, arguments.runs))
    sys.stdout.write(table)
    if arguments.output:
        write_into(arguments.output, "bench of the viewer", table)


def _fill(settings: dict[str, str], directory: Path) -> str:
    """A page 1,280 px wide and 16,000 px high where every cell has a click; the key that reads it."""
    manage(settings, "migrate")
    manage(settings, "migrate_clickhouse")
    manage(settings, "create_project", "Large")
    key: str = orjson.loads(manage(settings, "create_api_key", "--user", "ann@example.com", "--json"))["key"]
    cells = directory / "cells.jsonl"
    click = {"timestamp": f"{datetime.now(UTC):%Y-%m-%d} 00:00:00", "session_id": "s", "distinct_id": "v"}
    click |= {"type": "click", "current_url": URL}
    with cells.open("wb") as file:
        for y in range(ROWS):
            for x in range(1, 101):
                place = {"x": x, "y": y, "viewport_width": 100, "viewport_height": 50}
                file.write(orjson.dumps(click | place) + b"\n")
    manage(settings, "load_interactions", str(cells), "--project", "1")
    return key


def _look(browser: Browser, port: int, key: str, limit: str) -> Run:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/static/viewer/icon.svg")
    page.evaluate("key => sessionStorage.setItem('heatmaps.key', key)", key)
    steady: float = page.evaluate(STEADY)
    page.add_init_script(WATCH)
    state = {"url": URL, "date_from": "-7d", "widths": "any", "show": "outline", "limit": limit}
    page.goto(f"http://127.0.0.1:{port}/?{urlencode(state)}")
    # The page's policy lets nobody wait with a text of code in it.
    while not page.evaluate("() => window.measured.painted"):
        page.wait_for_timeout(100)
    page.wait_for_selector("#picture[aria-busy=false]", timeout=60_000)
    found: dict[str, Any] = page.evaluate(FOUND)
    context.close()
    # What the page did before it had asked is not about the map.
    tasks = [duration for began, duration in found["tasks"] if began >= found["asked"]]
    return Run(
        after_answer=found["painted"] - found["answered"],
        after_asking=found["painted"] - found["asked"],
        longest_task=max(tasks, default=0),
        long_tasks=len(tasks),
        steady=steady,
        megabytes=found["size"] / 1e6,
    )


def _lines(found: dict[str, list[Run]], runs: int) -> Iterator[str]:
    steady = statistics.median(run.steady for measured in found.values() for run in measured)
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {runs} runs: median, and fastest to slowest. A loop of "
        f"50,000,000 steps took the same page {steady:.0f} ms."
    )
    yield ""
    yield "| a page of 1,280 × 16,000 px | MB of JSON | ms from the answer to the first paint | ms from asking | longest task, ms | tasks over 50 ms a run |"
    yield "|---|---|---|---|---|---|"
    for limit, measured in found.items():
        after = [run.after_answer for run in measured]
        yield (
            f"| {LIMITS[limit]} | {measured[0].megabytes:.1f} | {_spread(after)} (aim: ≤ {PAINT_AIM_MS})"
            f" | {_spread([run.after_asking for run in measured])} | {_longest(measured)}"
            f" | {statistics.mean(run.long_tasks for run in measured):.1f} |"
        )


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.0f}, {min(values):.0f} to {max(values):.0f}"


def _longest(measured: list[Run]) -> str:
    longest = [run.longest_task for run in measured]
    told = "none over 50" if max(longest) < TASK_AIM_MS else _spread(longest)
    return f"{told} (aim: ≤ {TASK_AIM_MS})"


if __name__ == "__main__":
    main()
