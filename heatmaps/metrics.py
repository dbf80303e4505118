"""What Prometheus is told about the service, when METRICS_TOKEN is set. Otherwise nothing is counted.

The library decides at its import whether processes share their counts, which is known only once workers are started; so
it is imported with the first count.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram
    from prometheus_client.core import Metric

SHARED = "PROMETHEUS_MULTIPROC_DIR"
_ROWS_READ = ("heatmaps_engine_rows_read", "Rows that ClickHouse read to answer.")
# What the process that talks to callers tells in the environment of a request for the metrics: by name, by label. No
# header of a caller becomes such a name.
FIGURES = "heatmaps.figures"
IN_FRONT = {
    "connections": ("phase", "Connections of callers."),
    "held_bytes": ("what", "Bytes of bodies that were received, and of replies that were not read yet."),
    "waiting_requests": ("kind", "Requests that wait for a thread."),
    "running_requests": ("kind", "Requests that threads work on."),
    "cut_off": ("reason", "Connections that were closed, and requests that were refused, by the process in front."),
}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


@dataclass(frozen=True, kw_only=True)
class _Metrics:
    registry: "CollectorRegistry"
    requests: "Counter"
    request_seconds: "Histogram"
    engine_seconds: "Histogram"
    rows_read: "Counter | None"
    cells: "Counter"
    throttled: "Counter"
    captured: "Counter"
    skipped: "Counter"
    refused: "Counter"
    persons_made: "Counter"
    persons_tied: "Counter"
    persons_refused: "Counter"


@cache
def _metrics() -> _Metrics | None:
    if not settings.METRICS_TOKEN:
        return None
    from prometheus_client import (  # noqa: PLC0415 -- see above
        CollectorRegistry,
        Counter,
        Histogram,
        ProcessCollector,
        disable_created_metrics,
    )

    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    if SHARED not in os.environ:
        ProcessCollector(registry=registry)
    is_embedded = settings.CLICKHOUSE_URL.startswith("chdb:")
    return _Metrics(
        registry=registry,
        requests=Counter("heatmaps_requests", "Requests answered.", ["route", "status"], registry=registry),
        request_seconds=Histogram(
            "heatmaps_request_seconds",
            "Seconds until a reply began.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        ),
        engine_seconds=Histogram(
            "heatmaps_engine_seconds",
            "Seconds that questions of the API waited for ClickHouse.",
            buckets=_SECONDS,
            registry=registry,
        ),
        rows_read=None if is_embedded else Counter(*_ROWS_READ, registry=registry),
        cells=Counter(
            "heatmaps_cells_returned", "Points, buckets, interactions and pages in replies.", registry=registry
        ),
        throttled=Counter("heatmaps_throttled", "Requests refused with 429.", ["limit"], registry=registry),
        captured=Counter(
            "heatmaps_captured_points", "Points that browsers sent and that were stored.", registry=registry
        ),
        skipped=Counter(
            "heatmaps_skipped_points",
            "Points that browsers sent and that were not kept.",
            ["reason"],
            registry=registry,
        ),
        refused=Counter(
            "heatmaps_refused_posts", "Requests of browsers that were refused.", ["reason"], registry=registry
        ),
        persons_made=Counter("heatmaps_persons_made", "Persons that browsers' events made.", registry=registry),
        persons_tied=Counter(
            "heatmaps_persons_tied", "Ids of visitors that became another person's.", registry=registry
        ),
        persons_refused=Counter(
            "heatmaps_persons_refused",
            "What browsers sent of persons and was not kept.",
            ["reason"],
            registry=registry,
        ),
    )


def answered(route: str, status: int, seconds: float) -> None:
    if metrics := _metrics():
        metrics.requests.labels(route, status).inc()
        metrics.request_seconds.labels(route).observe(seconds)


def asked(seconds: float, rows_read: int) -> None:
    if metrics := _metrics():
        metrics.engine_seconds.observe(seconds)
        if metrics.rows_read:
            metrics.rows_read.inc(rows_read)


def returned(cells: int) -> None:
    if metrics := _metrics():
        metrics.cells.inc(cells)


def throttled(limit: str) -> None:
    if metrics := _metrics():
        metrics.throttled.labels(limit).inc()


def captured(points: int) -> None:
    if metrics := _metrics():
        metrics.captured.inc(points)


def skipped(reason: str, points: int) -> None:
    if metrics := _metrics():
        metrics.skipped.labels(reason).inc(points)


def refused(reason: str) -> None:
    if metrics := _metrics():
        metrics.refused.labels(reason).inc()


def persons(made: int, tied: int) -> None:
    if metrics := _metrics():
        metrics.persons_made.inc(made)
        metrics.persons_tied.inc(tied)


def refused_of_persons(reason: str, number: int) -> None:
    if metrics := _metrics():
        metrics.persons_refused.labels(reason).inc(number)


def forget() -> None:
    """Counts begin anew with the next one, if there is a token then."""
    _metrics.cache_clear()


@contextmanager
def directory(prefix: str, place: str | None = None) -> Iterator[str]:
    """A temporary directory that goes with this process, and not already with a child of it that ends."""
    made = mkdtemp(prefix=prefix, dir=place)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


# Whether only one of the processes that share their counts answers.
_answers_alone = False


@contextmanager
def shared_by(workers: int) -> Iterator[None]:
    """Meanwhile, processes that are started add up what they count: so many that answer, and the one in front."""
    global _answers_alone  # noqa: PLW0603 -- processes that are started inherit it
    if not settings.METRICS_TOKEN:
        yield
        return
    _answers_alone = workers == 1
    with directory("heatmaps-metrics-") as shared:
        os.environ[SHARED] = shared
        try:
            yield
        finally:
            del os.environ[SHARED]


def text(
    rows_read_by_engine: int | None, figures: Mapping[str, Mapping[str, int]] | None = None
) -> tuple[bytes, str] | None:
    """Everything that was counted, and the type of that text; None where nothing is.

    The embedded engine counts itself what it reads, and that number is given; a server tells with each answer. Figures
    are those of the process in front, where there is one.
    """
    metrics = _metrics()
    if metrics is None:
        return None
    from prometheus_client import (  # noqa: PLC0415 -- see above
        CONTENT_TYPE_LATEST,
        CollectorRegistry,
        ProcessCollector,
        generate_latest,
    )
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 -- see above

    registry = metrics.registry
    if SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    beside = CollectorRegistry()
    if SHARED in os.environ and _answers_alone:
        ProcessCollector(registry=beside)
    beside.register(_AtTheMoment(rows_read_by_engine, figures))
    return generate_latest(registry) + generate_latest(beside), CONTENT_TYPE_LATEST


class _AtTheMoment:
    """Numbers that nobody counts up here, for the library to write."""

    def __init__(self, rows_read: int | None, figures: Mapping[str, Mapping[str, int]] | None) -> None:
        self._rows_read = rows_read
        self._figures = figures

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 -- see above

        if self._rows_read is not None:
            yield CounterMetricFamily(*_ROWS_READ, value=self._rows_read)
        if self._figures is None:
            return
        for name, (label, description) in IN_FRONT.items():
            kind = CounterMetricFamily if name == "cut_off" else GaugeMetricFamily
            family = kind(f"heatmaps_{name}", description, labels=[label])
            for of, number in self._figures[name].items():
                family.add_metric([of], number)
            yield family
