"""From the engine's blocks to one JSON document on the socket. Nothing on this way holds the whole answer."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from typing import Any

import numpy as np
import orjson
import structlog
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from numpy.typing import NDArray

from heatmaps import engine, metrics, queries
from heatmaps.engine import Block
from heatmaps.fold import fold_summary
from heatmaps.models import Cohort, Project
from heatmaps.population.cells import places
from heatmaps.population.filters import (
    Aggregation,
    InteractionsQuestion,
    PagesQuestion,
    PointsQuestion,
    ScrollDepthQuestion,
)
from heatmaps.population.layout import current_layout

logger = structlog.get_logger(__name__)

JSON = "application/json"
MAY_BE_KEPT = "private, max-age=30"
# So many buckets of scroll depth become JSON together; a page has a hundred of them.
BUCKETS_AT_ONCE = 50_000
# The driver hands over the UTC of the column without saying so.
_TIMESTAMPS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def heatmap(question: PointsQuestion | ScrollDepthQuestion) -> HttpResponseBase:
    if isinstance(question, ScrollDepthQuestion):
        chunks = _scroll_depth(question)
    elif question.aggregation is Aggregation.UNIQUE_VISITORS:
        chunks = _visitors(question)
    else:
        chunks = _points(question)
    response = _streamed(chunks)
    response["Cache-Control"] = MAY_BE_KEPT
    return response


def interactions(question: InteractionsQuestion) -> HttpResponse:
    page = engine.rows(queries.interactions(question, current_layout()))
    # Behind the last page there is no row to say how many there are.
    told = page or (_first_of(question) if question.offset else [])
    total = told[0][-1] if told else 0
    metrics.returned(len(page))
    ys, xs, _ = places([row[3] for row in page])
    return HttpResponse(
        orjson.dumps(
            {
                "results": [
                    {
                        "session_id": session_id or None,
                        "distinct_id": distinct_id,
                        "timestamp": timestamp,
                        "pointer_relative_x": x,
                        "pointer_y": y,
                        "current_url": current_url,
                        "type": kind,
                    }
                    for (session_id, distinct_id, timestamp, _, current_url, kind, _), x, y in zip(
                        page, xs.tolist(), ys.tolist(), strict=True
                    )
                ],
                "total_count": total,
                "has_more": total > question.offset + question.limit,
            },
            option=_TIMESTAMPS,
        ),
        content_type=JSON,
    )


def _first_of(question: InteractionsQuestion) -> list[tuple[Any, ...]]:
    """The newest interaction as a row, or none."""
    return engine.rows(queries.interactions(replace(question, offset=0, limit=1), current_layout()))


def pages(question: PagesQuestion) -> HttpResponse:
    layout = current_layout()
    found = engine.rows(queries.pages(question, layout))
    pages_found = [row for row in found if row[0]]
    listed = pages_found[: question.limit]
    # Only of those that are told: telling visitors apart costs more than all the rest.
    visitors = dict(engine.rows(queries.page_visitors(question, [row[1] for row in listed], layout))) if listed else {}
    metrics.returned(len(listed))
    document = {
        "results": [
            {
                "url": url,
                "total_count": total,
                "visitors": visitors.get(queries.page_key(url, layout), 0),
                "first_seen": first,
                "last_seen": last,
                "types": [_type(*one) for one in types],
            }
            for _, url, _, total, first, last, types in listed
        ],
        "types": [_type(kind, total, last) for is_page, _, kind, total, _, last, _ in found if not is_page],
        "has_more": len(pages_found) > question.limit,
    }
    return _kept(document)


def projects(readable: list[Project]) -> HttpResponse:
    return _kept(
        _all_of(
            [
                {
                    "id": project.pk,
                    "organization": project.organization_id,
                    "name": project.name,
                    "timezone": project.timezone,
                    "is_current": project.is_current,  # type: ignore[attr-defined]
                }
                for project in readable
            ]
        )
    )


def cohorts(project: Project) -> HttpResponse:
    there = Cohort.objects.filter(project=project, deleted=False)
    # Sorted here, because databases differ in how they sort texts.
    by_name = sorted(there, key=lambda cohort: (cohort.name, cohort.pk))
    return _kept(_all_of([{"id": cohort.pk, "name": cohort.name, "is_static": cohort.is_static} for cohort in by_name]))


def _all_of(results: list[dict[str, Any]]) -> dict[str, Any]:
    """A list that has no pages, in the shape of those that have."""
    return {"count": len(results), "next": None, "previous": None, "results": results}


def _kept(document: dict[str, Any]) -> HttpResponse:
    body = orjson.dumps(document, option=_TIMESTAMPS)
    return HttpResponse(body, headers={"Cache-Control": MAY_BE_KEPT}, content_type=JSON)


def _type(kind: str, count: int, last_seen: datetime) -> dict[str, Any]:
    return {"type": kind, "count": count, "last_seen": last_seen}


def _points(question: PointsQuestion) -> Iterator[bytes]:
    """Screens and cells come from one reading, screens first."""
    # The first guess stays within what the engine may answer.
    room = max(1, settings.CLICKHOUSE_MAX_RESULT_ROWS - question.offset - question.limit - 1)
    for most in (min(queries.SCREENS, room), queries.MANY_SCREENS, queries.ALL_SCREENS):
        with closing(engine.blocks(queries.points(question, current_layout(), screens=most))) as blocks:  # type: ignore[type-var]
            counts, screens, cells = _screens(blocks)
            if len(screens) <= most:
                yield from _points_document(chain([cells], blocks), fold_summary(counts, screens), question)
                return


def _screens(blocks: Iterator[Block]) -> tuple[list[int], list[int], Block]:
    """How many rows there are of each screen, which, and the first block that has cells, without what comes before."""
    counts: list[int] = []
    screens: list[int] = []
    for some_counts, cells, some_screens in blocks:
        found = sum(map(bool, some_screens))
        counts += some_counts[:found]
        screens += some_screens[:found]
        if found < len(cells):
            return counts, screens, (some_counts[found:], cells[found:])
    return counts, screens, ((), ())


def _visitors(question: PointsQuestion) -> Iterator[bytes]:
    found = engine.rows(queries.screens(question, current_layout()))
    fold = fold_summary([count for count, _ in found], [screen for _, screen in found])
    with closing(engine.blocks(queries.visitors(question, current_layout()))) as blocks:  # type: ignore[type-var]
        yield from _points_document(blocks, fold, question)


def _points_document(blocks: Iterable[Block], fold: Mapping[str, Any], question: PointsQuestion) -> Iterator[bytes]:
    """The document, from blocks of (how much is in each cell, its number)."""
    to_skip, left = question.offset, question.limit
    has_more = False
    opening = b'{"results":['
    for counts, cells, *_ in blocks:
        skipped = min(to_skip, len(counts))
        to_skip -= skipped
        shown = slice(skipped, skipped + left)
        some_counts, some_cells = counts[shown], cells[shown]
        has_more = has_more or len(counts) > shown.stop
        left -= len(some_counts)
        metrics.returned(len(some_counts))
        if some_counts:
            yield opening + _points_json(some_counts, some_cells)
            opening = b","
    if opening != b",":
        yield opening
    yield b'],"fold":%b,"has_more":%b}' % (orjson.dumps(fold), orjson.dumps(has_more))


def _points_json(counts: Sequence[int], cells: Sequence[int]) -> bytes:
    """The points, with commas between them. Few values make up many points, so each is written once and its text taken
    wherever it stands, which takes less than half of the time that a dict for each point does."""
    ys, xs, are_fixed = places(cells)
    columns = (
        _texts(b'{"count":%b', np.asarray(counts)),
        _texts(b',"pointer_y":%b', ys),
        _texts(b',"pointer_relative_x":%b', xs),
        _texts(b',"pointer_target_fixed":%b},', are_fixed),
    )
    return b"".join(np.stack(columns, axis=1).ravel().tolist())[:-1]


def _texts(form: bytes, column: NDArray[Any]) -> NDArray[np.object_]:
    values, numbers = np.unique(column, return_inverse=True)
    texts = np.empty(len(values), dtype=object)
    texts[:] = [form % orjson.dumps(value) for value in values.tolist()]
    return texts[numbers]


def _scroll_depth(question: ScrollDepthQuestion) -> Iterator[bytes]:
    """How many came at least that far is known when all are counted, so the counts are held until then."""
    counts, depths = array("Q"), array("q")
    with closing(engine.blocks(queries.scroll_depth(question, current_layout()))) as blocks:  # type: ignore[type-var]
        for some_counts, some_depths in blocks:
            counts.extend(some_counts)
            depths.extend(some_depths)
    deeper = sum(counts)
    opening = b'{"results":['
    for start in range(0, len(counts), BUCKETS_AT_ONCE):
        buckets = []
        for count, depth in zip(counts[start : start + BUCKETS_AT_ONCE], depths[start:], strict=False):
            buckets.append({"cumulative_count": deeper, "bucket_count": count, "scroll_depth_bucket": depth})
            deeper -= count
        metrics.returned(len(buckets))
        yield opening + orjson.dumps(buckets)[1:-1]
        opening = b","
    yield b"]}" if opening == b"," else opening + b"]}"


class _Stream:
    """Chunks of a body whose first ones were made before the status line; closing it lets go of the engine."""

    def __init__(self, head: list[bytes], rest: Iterator[bytes]) -> None:
        self._head = head
        self._rest = rest

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._head:
            return self._head.pop(0)
        try:
            return next(self._rest)
        except engine.EngineError as error:
            # The status is long gone. The body ends here, and what has arrived is no JSON document.
            logger.error("A reply broke off", cause=" ".join(str(error).split())[:500])  # noqa: TRY400 -- one line
            raise

    def close(self) -> None:
        self._rest.close()  # type: ignore[attr-defined]


def _streamed(chunks: Iterator[bytes]) -> HttpResponseBase:
    """Asks the engine now, so that its refusal can still be an error reply; short answers are sent as one piece."""
    head = list(islice(chunks, 3))
    if len(head) < 3:
        return HttpResponse(b"".join(head), content_type=JSON)
    return StreamingHttpResponse(_Stream(head, chunks), content_type=JSON)
