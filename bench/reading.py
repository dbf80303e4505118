"""How fast the reading API is: beside the bare engine, and beside upstream's way, side by side in one run.

    python -m bench.reading [--rows N] [--runs N] [--output FILE]

Everything runs on loopback against a server of its own, with temporary databases, and stops by itself.
"""

import argparse
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from bench.service import environment, free_port, manage, write_into

DAYS = 60
TODAY = "2026-11-22"
SITE = "https://shop.example.com"
HOME = f"{SITE}/"
STILL_PROJECT = 8

WEEK = {"date_from": (date.fromisoformat(TODAY) - timedelta(days=6)).isoformat(), "date_to": TODAY}
MONTH = {"date_from": (date.fromisoformat(TODAY) - timedelta(days=29)).isoformat(), "date_to": TODAY}
TWO_WEEKS = {"date_from": (date.fromisoformat(TODAY) - timedelta(days=13)).isoformat(), "date_to": TODAY}
FOUR_WEEKS = {"date_from": (date.fromisoformat(TODAY) - timedelta(days=27)).isoformat(), "date_to": TODAY}
ALL = {"date_from": "all", "date_to": "all"}
MEDIAN_PAGE = {"url_exact": f"{SITE}/blog/page-1000"}
BUSY_PAGE = {"type": "mousemove", "url_exact": HOME}
A_CELL = {"points": '[{"x":0.5,"y":1600}]'}


SERVE = """
import sys, django
django.setup()
from heatmaps.server import serve
serve(host="127.0.0.1", port=int(sys.argv[1]), workers=1, threads=20, application="bench.app:application")
"""


@dataclass(frozen=True)
class Row:
    """A question, and what is aimed at beside upstream's way: so many times faster."""

    name: str
    parameters: dict[str, str]
    aim: str
    path: str = "heatmaps"
    again: bool = False


ROWS = [
    Row("page map, busiest page, 7 days", BUSY_PAGE | WEEK, "≥ 2.5 ×"),
    Row("the same, asked again", BUSY_PAGE | WEEK, "–", again=True),
    Row("page map, busiest page, 30 days", BUSY_PAGE | MONTH, "≥ 3 ×"),
    Row("page map, a median page, 7 days", {"type": "mousemove"} | MEDIAN_PAGE | WEEK, "≥ 2 ×"),
    Row("page map, `…/blog/*`, 30 days", {"type": "mousemove", "url_pattern": f"{SITE}/blog/*"} | MONTH, "≥ 2 ×"),
    Row("unique visitors, busiest page, 30 days", BUSY_PAGE | MONTH | {"aggregation": "unique_visitors"}, "≥ 2 ×"),
    Row("whole project, 7 days", {"type": "mousemove"} | WEEK, "≥ 1 ×"),
    Row("scroll depth, busiest page, 30 days", {"type": "scrolldepth", "url_exact": HOME} | MONTH, "≥ 2 ×"),
    Row("drill-down, a cell of the busiest page, 7 days", BUSY_PAGE | WEEK | A_CELL, "≥ 3 ×", "heatmaps/events"),
    Row("the same, asked again", BUSY_PAGE | WEEK | A_CELL, "–", "heatmaps/events", again=True),
    # What is left where nothing is read: planning, HTTP, Python.
    Row(
        "drill-down, a page that nobody visited, 7 days",
        BUSY_PAGE | WEEK | A_CELL | {"url_exact": f"{SITE}/nobody"},
        "–",
        "heatmaps/events",
    ),
    Row("full overlay, `limit=0`, busiest page, 30 days", BUSY_PAGE | MONTH | {"limit": "0"}, "≥ 8 ×"),
    Row("full overlay, `limit=0`, whole project, 60 days", {"type": "mousemove", "limit": "0"} | ALL, "≥ 5 ×"),
]
FILTERS = [
    ("test accounts", {"filter_test_accounts": "true"}),
    ("a cohort", {"cohort_ids": "[{cohort}]"}),
    ("an event", {"events": '[{"id":"purchase"}]'}),
]
OWN_STAFF = [{"key": "email", "operator": "not_icontains", "value": "@shop.example.com", "type": "person"}]


# What says whether a map can be trusted, each beside the map: (what, path, parameters, those of the map, aim).
_PROJECT = {"type": "mousemove"} | ALL
TRUST = [
    ("explain, whole project, 60 days", "heatmaps/explain", _PROJECT, _PROJECT | {"limit": "0"}, "≤ 2 ×"),
    (
        "explain, the same with a page, widths and an event",
        "heatmaps/explain",
        _PROJECT | {"url_exact": HOME, "viewport_width_min": "480", "events": '[{"id":"purchase"}]'},
        _PROJECT | {"limit": "0"},
        "–",
    ),
    (
        "explain, a URL that nobody visited",
        "heatmaps/explain",
        _PROJECT | {"url_exact": f"{SITE}/Blog/page-1"},
        _PROJECT | {"limit": "0"},
        "–",
    ),
    ("coverage, whole project, 60 days", "heatmaps", _PROJECT | {"include": "coverage"}, _PROJECT, "≤ 1.3 ×"),
    (
        "coverage, whole project, 7 days",
        "heatmaps",
        {"type": "mousemove", "include": "coverage"} | WEEK,
        {"type": "mousemove"} | WEEK,
        "≤ 1.3 ×",
    ),
    (
        "coverage, busiest page, 30 days",
        "heatmaps",
        BUSY_PAGE | MONTH | {"include": "coverage"},
        BUSY_PAGE | MONTH,
        "≤ 1.3 ×",
    ),
    (
        "`url_page`, busiest page, 30 days",
        "heatmaps",
        {"type": "mousemove", "url_page": HOME} | MONTH,
        BUSY_PAGE | MONTH,
        "–",
    ),
    (
        "`first_in_session`, busiest page, 30 days",
        "heatmaps",
        BUSY_PAGE | MONTH | {"first_in_session": "true"},
        BUSY_PAGE | MONTH,
        "–",
    ),
]


class Server:
    """The service and what it is compared with, in a process of its own."""

    def __init__(self, settings: dict[str, str], key: str) -> None:
        self.port = free_port()
        self._headers = {"Authorization": f"Bearer {key}"}
        self._process = subprocess.Popen([sys.executable, "-c", SERVE, str(self.port)], env=settings)
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                self.get("/_readyz", {})
            except OSError:
                self._connection.close()
                time.sleep(0.2)
            else:
                return
        raise SystemExit("The server did not start.")

    def get(
        self,
        path: str,
        parameters: dict[str, str],
        connection: http.client.HTTPConnection | None = None,
        encoding: str = "identity",
    ) -> bytes:
        connection = connection or self._connection
        headers = self._headers | {"Accept-Encoding": encoding}
        connection.request("GET", f"{path}?{urlencode(parameters)}", headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"{path} answered {response.status}: {body[:300]!r}")
        return body

    def seconds(self, path: str, parameters: dict[str, str], *, again: bool = False) -> float:
        """Of a question that is asked for the first time, unless it is asked `again`."""
        if not again:
            self.get("/bench/forget", {})
        began = time.perf_counter()
        self.get(path, parameters)
        return time.perf_counter() - began

    def engine_seconds(self, parameters: dict[str, str], *, again: bool = False) -> float:
        if not again:
            self.get("/bench/forget", {})
        return float(json.loads(self.get("/bench/engine", parameters))["seconds"])

    def memory(self) -> dict[str, int]:
        return dict(json.loads(self.get("/bench/memory", {})))

    def together(self, path: str, parameters: dict[str, str], *, clients: int, times: int) -> float:
        """Seconds that so many clients need for so many requests."""

        def ask(times: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
            for _ in range(times):
                self.get(path, parameters, connection)
            connection.close()

        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(ask, [1] * clients))
            began = time.perf_counter()
            list(pool.map(ask, [times // clients] * clients))
            return time.perf_counter() - began

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--rows", type=int, default=int(os.environ.get("ROWS", "20000000")), help="interactions (%(default)s)"
    )
    parser.add_argument(
        "--runs", type=int, default=9, help="runs of each question, of which the median counts (%(default)s)"
    )
    parser.add_argument("--output", type=Path, help="a page with the marks of a table, to write this one into")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heatmaps-bench-") as directory:
        settings = os.environ | environment(directory, RATE_LIMIT_ENABLED="false", RETENTION_DAYS="0")
        _say(f"Making {arguments.rows:,} interactions twice, in our layout and in upstream's …")
        command = [sys.executable, "-m", "bench.data", str(arguments.rows)]
        made = subprocess.run(command, env=settings, stdout=subprocess.PIPE, check=True, text=True).stdout
        key, cohort = made.split()
        server = Server(settings, key)
        try:
            table = _tables(server, settings, arguments.runs, cohort, arguments.rows)
        finally:
            server.stop()
    print(table)
    if arguments.output:
        write_into(arguments.output, "bench", table)


def _tables(server: Server, settings: dict[str, str], runs: int, cohort: str, rows: int) -> str:
    lines = [
        (
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {rows:,} interactions of {DAYS} days,"
            f" medians of {runs} runs."
        ),
        "",
        (
            "| question | ours ms | bare engine ms | upstream's way ms | times faster | aim"
            " | rows read, ours / upstream's | granules a part |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_against_upstream(server, row, runs) for row in ROWS]
    lines += ["", "| what HTTP and Python add | ms over the engine | ratio | aim |", "|---|---|---|---|"]
    lines += _overheads(server, runs)
    lines += [
        "",
        "| page map of the whole project with a filter, 7 days | ms | ratio to none | aim |",
        "|---|---|---|---|",
    ]
    lines += _filters(server, runs, cohort)
    lines += _own_staff(server, settings, runs)
    lines += ["", "| can it be trusted? | ms | the map, ms | ratio | aim |", "|---|---|---|---|---|"]
    lines += _trust(server, runs)
    lines += ["", "| the list of pages | ms | from plain columns, ms | times faster |", "|---|---|---|---|"]
    lines += _pages(server, runs)
    lines += ["", "| two sides, and parts of a page | ms | ratio | aim |", "|---|---|---|---|", *_sides(server, runs)]
    lines += ["", "| at once | |", "|---|---|", *_crowd(server), *_million(server), *_grown(server, runs, rows)]
    return "\n".join(lines) + "\n"


def _against_upstream(server: Server, row: Row, runs: int) -> str:
    _say(f"{row.name} …")
    path = f"/api/projects/1/{row.path}/"
    server.get(path, row.parameters), server.get("/bench/upstream", row.parameters)
    ours, engine, theirs = [], [], []
    # Side by side, so that a slow moment of the machine is everybody's.
    for _ in range(runs):
        ours.append(server.seconds(path, row.parameters, again=row.again))
        engine.append(server.engine_seconds(row.parameters, again=row.again))
        theirs.append(server.seconds("/bench/upstream", row.parameters, again=row.again))
    read = json.loads(server.get("/bench/read", row.parameters))
    granules = f"{read['ours']['granules'] / read['ours']['parts']:.1f}" if read["ours"]["parts"] else "–"
    return (
        f"| {row.name} | {_ms(ours)} | {_ms(engine)} | {_ms(theirs)}"
        f" | {statistics.median(theirs) / statistics.median(ours):.1f} | {row.aim}"
        f" | {read['ours']['rows']:,} / {read['upstream']['rows']:,} | {granules} |"
    )


def _overheads(server: Server, runs: int) -> list[str]:
    lines = []
    questions: list[tuple[str, dict[str, str], str]] = [
        ("default request, 500 cells of the busiest page, 7 days", BUSY_PAGE | WEEK, "≤ 4 ms"),
        ("full overlay, whole project, 60 days", {"type": "mousemove", "limit": "0"} | ALL, "≤ 2 ×"),
        (
            "the same, beside the engine writing JSON",
            {"type": "mousemove", "limit": "0", "as": "json"} | ALL,
            "≤ 1.2 ×",
        ),
    ]
    for name, parameters, aim in questions:
        ours, engine = [], []
        for _ in range(runs * 2):
            ours.append(server.seconds("/api/projects/1/heatmaps/", parameters))
            engine.append(server.engine_seconds(parameters))
        over = (statistics.median(ours) - statistics.median(engine)) * 1000
        ratio = statistics.median(ours) / statistics.median(engine)
        cells = len(json.loads(server.get("/api/projects/1/heatmaps/", parameters))["results"])
        lines.append(f"| {name} ({cells:,} cells) | {over:.1f} | {ratio:.2f} | {aim} |")
    return lines


def _filters(server: Server, runs: int, cohort: str) -> list[str]:
    base = {"type": "mousemove"} | WEEK
    asked = [("none", base)] + [
        (name, base | {key: value.replace("{cohort}", cohort) for key, value in more.items()}) for name, more in FILTERS
    ]
    asked.append(
        ("all three", base | {k: v.replace("{cohort}", cohort) for _, more in FILTERS for k, v in more.items()})
    )
    seconds: dict[str, list[float]] = {name: [] for name, _ in asked}
    for _ in range(runs):
        for name, parameters in asked:
            seconds[name].append(server.seconds("/api/projects/1/heatmaps/", parameters))
    return [_beside_none(name, times, seconds["none"]) for name, times in seconds.items()]


def _own_staff(server: Server, settings: dict[str, str], runs: int) -> list[str]:
    """The project leaves its own people out by their address, which it has of a million persons."""
    manage(settings, "set_project", "1", "--test-account-filters", json.dumps(OWN_STAFF))
    base = {"type": "mousemove"} | WEEK
    without, filtered = [], []
    for _ in range(runs):
        without.append(server.seconds("/api/projects/1/heatmaps/", base))
        filtered.append(server.seconds("/api/projects/1/heatmaps/", base | {"filter_test_accounts": "true"}))
    return [_beside_none("the e-mail of a million persons", filtered, without)]


def _beside_none(name: str, times: list[float], none: list[float]) -> str:
    ratio = statistics.median(times) / statistics.median(none)
    return f"| {name} | {_ms(times)} | {ratio:.2f} | {'' if name == 'none' else '≤ 3 ×'} |"


def _trust(server: Server, runs: int) -> list[str]:
    lines = []
    for name, path, parameters, of_map, aim in TRUST:
        _say(f"{name} …")
        ours, maps = [], []
        for _ in range(runs):
            ours.append(server.seconds(f"/api/projects/1/{path}/", parameters))
            maps.append(server.seconds("/api/projects/1/heatmaps/", of_map))
        ratio = statistics.median(ours) / statistics.median(maps)
        lines.append(f"| {name} | {_ms(ours)} | {_ms(maps)} | {ratio:.2f} | {aim} |")
    return lines


def _pages(server: Server, runs: int) -> list[str]:
    lines = []
    for name, window in (("7 days", WEEK), ("30 days", MONTH)):
        seconds: dict[str, list[float]] = {"": [], "plain": []}
        for _ in range(runs):
            for way, times in seconds.items():
                times.append(json.loads(server.get("/bench/pages", window | {"as": way}))["seconds"])
        ours, plain = seconds.values()
        lines.append(
            f"| {name} | {_ms(ours)} | {_ms(plain)} | {statistics.median(plain) / statistics.median(ours):.1f} |"
        )
    return lines


def _sides(server: Server, runs: int) -> list[str]:
    """Comparisons beside the map of the same days, and many areas beside one."""
    areas = [
        {
            "name": str(number),
            "x": [number % 10 / 10, number % 10 / 10 + 0.08],
            "y": [number // 10 * 800, number // 10 * 800 + 700],
        }
        for number in range(100)
    ]
    polygons = [{"name": area["name"], "polygon": [[x, y] for x in area["x"] for y in area["y"]]} for area in areas]
    asked = {
        "page map, busiest page, 28 days": ("heatmaps", BUSY_PAGE | FOUR_WEEKS),
        "page map, busiest page, 14 days": ("heatmaps", BUSY_PAGE | TWO_WEEKS),
        "these 14 days against the 14 before": ("heatmaps/compare", BUSY_PAGE | TWO_WEEKS | {"against": "previous"}),
        "one area, busiest page, 14 days": ("heatmaps/areas", BUSY_PAGE | TWO_WEEKS | {"areas": json.dumps(areas[:1])}),
        "100 areas": ("heatmaps/areas", BUSY_PAGE | TWO_WEEKS | {"areas": json.dumps(areas)}),
        "100 polygons": ("heatmaps/areas", BUSY_PAGE | TWO_WEEKS | {"areas": json.dumps(polygons)}),
    }
    seconds: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(runs * 2):
        for name, (path, parameters) in asked.items():
            seconds[name].append(server.seconds(f"/api/projects/1/{path}/", parameters))
    beside = {
        "these 14 days against the 14 before": ("page map, busiest page, 28 days", "≤ 2.5 ×"),
        "100 areas": ("one area, busiest page, 14 days", "≤ 1.5 ×"),
        "100 polygons": ("one area, busiest page, 14 days", "–"),
    }
    lines = []
    for name, times in seconds.items():
        other, aim = beside.get(name, (name, ""))
        ratio = statistics.median(times) / statistics.median(seconds[other])
        lines.append(f"| {name} | {_ms(times)} | {ratio:.2f} | {aim} |")
    return lines


def _crowd(server: Server, clients: int = 16, times: int = 320) -> list[str]:
    parameters = BUSY_PAGE | WEEK
    asked = parameters | {"times": str(times), "threads": str(clients)}
    ours, engine = [], []
    # In turn, as everything here, because one run may be a quarter off.
    for _ in range(5):
        ours.append(times / server.together("/api/projects/1/heatmaps/", parameters, clients=clients, times=times))
        engine.append(times / float(json.loads(server.get("/bench/together", asked))["seconds"]))
    rates = statistics.median(ours), statistics.median(engine)
    return [
        f"| {clients} clients, default requests: answers a second, ours / bare engine with {clients} threads"
        f" (aim ≥ 0.7 ×) | {rates[0]:.0f} / {rates[1]:.0f} = {rates[0] / rates[1]:.2f} |"
    ]


def _million(server: Server) -> list[str]:
    parameters = {"limit": "0", "project": "wide"} | WEEK
    server.memory()
    before = server.memory()["now"]
    server.get("/bench/engine", parameters)
    engine = server.memory()["peak"]
    server.memory()
    body = server.get("/api/projects/9/heatmaps/", parameters)
    ours = server.memory()["peak"]
    return [
        f"| a reply of {len(json.loads(body)['results']):,} cells: highest memory of the process, ours / bare engine"
        f" (aim ≤ 1.2 ×); {before / 1e6:.0f} MB before | {ours / 1e6:.0f} / {engine / 1e6:.0f} MB = {ours / engine:.2f} |"
    ]


def _grown(server: Server, runs: int, rows: int) -> list[str]:
    parameters = BUSY_PAGE | WEEK | {"project": "still"}
    found = [json.loads(server.get("/bench/grown", parameters)) for _ in range(runs * 4)][runs:]
    small, large = ([one[name] for one in found] for name in ("small", "large"))
    return [
        f"| a page map of one project, {found[0]['cells']:,} cells, while the others grow from {rows // 10:,} to"
        f" {rows:,} interactions (aim ≤ 1.3 ×) | {_ms(small)} → {_ms(large)} ms ="
        f" {statistics.median(large) / statistics.median(small):.2f} |"
    ]


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.1f}"


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
