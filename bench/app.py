"""The service, and beside it what it is compared with, in one process: the embedded engine lives in one only.

`/bench/engine` asks the engine our SQL with nothing around it, `/bench/upstream` answers upstream's way, `/bench/read`
tells how much is read, `/bench/memory` the process's memory, `/bench/grown` what a larger table costs, and with
`/bench/rollups` maps are counted from rollups or no more. All others take the parameters of the API.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django
import orjson

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heatmaps_service.settings")
django.setup()

from django.http import QueryDict  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from bench import upstream  # noqa: E402
from bench.data import BUSY_PROJECT, WIDE_PROJECT  # noqa: E402
from bench.reading import STILL_PROJECT  # noqa: E402
from heatmaps import engine  # noqa: E402
from heatmaps.engine import Query  # noqa: E402
from heatmaps.models import Project  # noqa: E402
from heatmaps.population.filters import Aggregation  # noqa: E402
from heatmaps.population.layout import PLAIN, current_layout  # noqa: E402
from heatmaps.questions.heatmap import queries, rollups  # noqa: E402
from heatmaps.questions.heatmap.form import HeatmapForm  # noqa: E402
from heatmaps.questions.heatmap.question import PointsQuestion  # noqa: E402
from heatmaps.questions.interactions.answer import interactions  # noqa: E402
from heatmaps.questions.interactions.form import InteractionsForm  # noqa: E402
from heatmaps.questions.interactions.question import InteractionsQuestion  # noqa: E402
from heatmaps.questions.pages.form import PagesForm  # noqa: E402
from heatmaps.questions.pages.queries import pages  # noqa: E402
from heatmaps_service.wsgi import application as service  # noqa: E402

WORTH_ROLLUPS = rollups.LEAST_ROWS
PROJECTS = {"busy": BUSY_PROJECT, "still": STILL_PROJECT, "wide": WIDE_PROJECT}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if not path.startswith("/bench/"):
        return service(environ, start_response)
    parameters = {name: str(value) for name, value in QueryDict(environ["QUERY_STRING"]).items()}
    answer = {
        "engine": _engine,
        "upstream": _upstream,
        "read": _read,
        "forget": _forget,
        "memory": _memory,
        "together": _together,
        "pages": _pages,
        "grown": _grown,
        "rollups": _rollups,
    }[path.removeprefix("/bench/")](parameters)
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _engine(parameters: dict[str, str]) -> dict[str, Any]:
    """Seconds of our SQL: with the driver's blocks thrown away, or, with `as=json`, with the engine's own JSON."""
    asked = _queries(_question(parameters))
    began = time.perf_counter()
    for query in asked:
        if parameters.get("as") == "json":
            with engine.writer() as client:
                client.raw_query(query.sql, parameters=dict(query.parameters), fmt="JSONEachRow")
        else:
            for _ in engine.blocks(query):
                pass
    return {"seconds": time.perf_counter() - began}


def _forget(parameters: dict[str, str]) -> dict[str, Any]:
    """Empties the engine's cache of conditions. Asked the same question again it skips what it read in vain, which is
    no way to tell how fast the first one is answered."""
    with engine.writer() as client:
        client.command("SYSTEM CLEAR QUERY CONDITION CACHE")
    return {}


def _upstream(parameters: dict[str, str]) -> bytes:
    return upstream.answer(_question(parameters))


def _together(parameters: dict[str, str]) -> dict[str, Any]:
    """Seconds that so many threads need for so many queries, each the same."""
    asked = _queries(_question(parameters))
    times, threads = int(parameters["times"]), int(parameters["threads"])

    def ask(_: int) -> None:
        for query in asked:
            for _block in engine.blocks(query):
                pass

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, range(threads)))
        began = time.perf_counter()
        list(pool.map(ask, range(times)))
        return {"seconds": time.perf_counter() - began}


def _read(parameters: dict[str, str]) -> dict[str, Any]:
    """What the key leaves to be read, by EXPLAIN ESTIMATE: rows, granules and parts, of both ways."""
    question = _question(parameters)
    return {"ours": _estimate(_queries(question)), "upstream": _estimate(upstream.queries(question))}


def _pages(parameters: dict[str, str]) -> dict[str, Any]:
    """Seconds of the list of pages: as it is asked, or, with `as=plain`, from the interactions' plain columns."""
    project = Project.objects.get(pk=BUSY_PROJECT)
    serializer = PagesForm(data=parameters, context={"project": project, "now": now()})
    serializer.is_valid(raise_exception=True)
    query = pages(serializer.question(), PLAIN if parameters.get("as") == "plain" else current_layout())
    began = time.perf_counter()
    engine.rows(query)
    return {"seconds": time.perf_counter() - began}


def _grown(parameters: dict[str, str]) -> dict[str, Any]:
    """Seconds of a question about a project that stays as it is, in the table and in one with a tenth of the others."""
    (query,) = _queries(_question(parameters))
    small = Query(re.sub(r"\bFROM heatmaps\b", "FROM small_heatmaps", query.sql), query.parameters)
    seconds = {}
    for name, asked in (("small", small), ("large", query)):
        began = time.perf_counter()
        cells = sum(len(block["count"]) for block in engine.blocks(asked))
        seconds[name] = time.perf_counter() - began
    return {**seconds, "cells": cells}


def _rollups(parameters: dict[str, str]) -> dict[str, Any]:
    """With `used=0` no page is busy enough for rollups."""
    rollups.LEAST_ROWS = WORTH_ROLLUPS if parameters["used"] == "1" else sys.maxsize
    return {}


def _estimate(asked: list[Query]) -> dict[str, int]:
    found = {"rows": 0, "granules": 0, "parts": 0}
    for query in asked:
        for row in engine.rows(Query(f"EXPLAIN ESTIMATE {query.sql}", query.parameters)):
            found["parts"] += row[2]
            found["rows"] += row[3]
            found["granules"] += row[4]
    return found


def _memory(parameters: dict[str, str]) -> dict[str, int]:
    """Highest and present resident memory in bytes, the highest since the last time; CPU time since the beginning."""
    status = Path("/proc/self/status").read_text()
    values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("Vm")}
    Path("/proc/self/clear_refs").write_text("5")
    return {
        "peak": values["VmHWM"],
        "now": values["VmRSS"],
        "cpu_microseconds": time.process_time_ns() // 1000,
    }


def _question(parameters: dict[str, str]) -> Any:
    project = Project.objects.get(pk=PROJECTS[parameters.get("project", "busy")])
    form = InteractionsForm if "points" in parameters else HeatmapForm
    serializer = form(data=parameters, context={"project": project, "now": now()})
    serializer.is_valid(raise_exception=True)
    return serializer.question()


def _queries(question: Any) -> list[Query]:
    layout = current_layout()
    if isinstance(question, InteractionsQuestion):
        return [interactions(question, layout)]
    if isinstance(question, PointsQuestion):
        if question.aggregation is Aggregation.UNIQUE_VISITORS:
            return [queries.screens(question, layout), queries.cells(question, layout)]
        weeks = rollups.weeks_of(question)
        return [queries.points_by_week(question, weeks, layout) if weeks else queries.points(question, layout)]
    if question.aggregation is Aggregation.UNIQUE_VISITORS:
        return [queries.bands(question, layout)]
    return [queries.scroll_depth(question, layout)]
