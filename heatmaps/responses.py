"""From the engine's blocks to one JSON document on the socket. Nothing on this way holds the whole answer."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from heatmaps import clickhouse, metrics, queries
from heatmaps.clickhouse import Block
from heatmaps.filters import InteractionsQuestion, PagesQuestion, PointsQuestion, ScrollDepthQuestion
from heatmaps.models import Cohort, Project

logger = structlog.get_logger(__name__)

JSON = "application/json"
MAY_BE_KEPT = "private, max-age=30"
# The place of that column among those of points.
IS_SCREEN = 4
# The driver hands over the UTC of the column without saying so.
_TIMESTAMPS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def heatmap(question: PointsQuestion | ScrollDepthQuestion) -> HttpResponseBase:
    if isinstance(question, ScrollDepthQuestion):
        response = _streamed(
            _scroll_depth_document(clickhouse.blocks(queries.scroll_depth(question, clickhouse.layout())))
        )
    else:
        response = _streamed(_points_document(_points(question), question))
    response["Cache-Control"] = MAY_BE_KEPT
    return response


def interactions(question: InteractionsQuestion) -> HttpResponse:
    page = clickhouse.rows(queries.interactions(question, clickhouse.layout()))
    if len(page) < question.limit and (page or not question.offset):
        # The page is the last one, and says how many there are.
        total = question.offset + len(page)
    else:
        total = clickhouse.rows(queries.interactions_total(question, clickhouse.layout()))[0][0]
    metrics.returned(len(page))
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
                    for session_id, distinct_id, timestamp, x, y, current_url, kind in page
                ],
                "total_count": total,
                "has_more": total > question.offset + question.limit,
            },
            option=_TIMESTAMPS,
        ),
        content_type=JSON,
    )


def pages(question: PagesQuestion) -> HttpResponse:
    found = clickhouse.rows(queries.pages(question, clickhouse.layout()))
    listed = [row for row in found if row[0]]
    metrics.returned(min(len(listed), question.limit))
    document = {
        "results": [
            {
                "url": url,
                "total_count": total,
                "visitors": visitors,
                "first_seen": first,
                "last_seen": last,
                "types": [_type(*one) for one in types],
            }
            for _, url, _, total, visitors, first, last, types in listed[: question.limit]
        ],
        "types": [_type(kind, total, last) for is_page, _, kind, total, _, _, last, _ in found if not is_page],
        "has_more": len(listed) > question.limit,
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


def fold_summary(heights: Iterable[tuple[int, int, int, int]]) -> dict[str, Any]:
    """The fold, from (viewport height in CSS px, rows, rows not fixed, rows below the fold), one of each height."""
    heights = sorted(heights)
    total = sum(not_fixed for _, _, not_fixed, _ in heights)
    below = sum(below for _, _, _, below in heights)
    return {
        "total_count": total,
        "below_fold_count": below,
        "pct_below_fold": round(100 * below / total, 1) if total else 0.0,
        "median_viewport_height": _median([(height, rows) for height, rows, _, _ in heights]),
    }


def _median(counted: list[tuple[int, int]]) -> int | None:
    """The median of values that each occur so many times, half to even between two; the values ascend."""
    total = sum(times for _, times in counted)
    if not total:
        return None
    return round((_nth(counted, (total - 1) // 2) + _nth(counted, total // 2)) / 2)


def _nth(counted: list[tuple[int, int]], n: int) -> int:
    for value, times in counted:
        if n < times:
            return value
        n -= times
    raise IndexError(n)


def _points(question: PointsQuestion) -> Iterator[Block]:
    """The blocks of an answer that has every height of a screen; they are in the first one, but for curious data."""
    # The first guess stays within what the engine may answer.
    room = max(1, settings.CLICKHOUSE_MAX_RESULT_ROWS - question.offset - question.limit - 1)
    for screens in (min(queries.SCREENS, room), queries.MANY_SCREENS, queries.ALL_SCREENS):
        with closing(clickhouse.blocks(queries.points(question, clickhouse.layout(), screens=screens))) as blocks:  # type: ignore[type-var]
            first = next(blocks, None)
            if first is None:
                return
            if sum(first[IS_SCREEN]) <= screens:
                yield first
                yield from blocks
                return


def _points_document(blocks: Iterator[Block], question: PointsQuestion) -> Iterator[bytes]:
    screens: list[tuple[int, int, int, int]] = []
    to_skip, left = question.offset, question.limit
    has_more = False
    opening = b'{"results":['
    with closing(blocks):  # type: ignore[type-var]
        for block in blocks:
            counts, ys, xs, fixed, is_screen, *screen_columns = block
            first = sum(is_screen)
            screens += islice(zip(screen_columns[0], counts, *screen_columns[1:], strict=True), first)
            skipped = min(to_skip, len(counts) - first)
            to_skip -= skipped
            cells = slice(first + skipped, first + skipped + left)
            points = [
                {"count": count, "pointer_y": y, "pointer_relative_x": x, "pointer_target_fixed": is_fixed}
                for count, y, x, is_fixed in zip(counts[cells], ys[cells], xs[cells], fixed[cells], strict=True)
            ]
            has_more = has_more or len(counts) > cells.stop
            left -= len(points)
            metrics.returned(len(points))
            if points:
                yield opening + orjson.dumps(points)[1:-1]
                opening = b","
    if opening != b",":
        yield opening
    yield b'],"fold":%b,"has_more":%b}' % (orjson.dumps(fold_summary(screens)), orjson.dumps(has_more))


def _scroll_depth_document(blocks: Iterator[Block]) -> Iterator[bytes]:
    opening = b'{"results":['
    with closing(blocks):  # type: ignore[type-var]
        for block in blocks:
            buckets = [
                {"cumulative_count": cumulative, "bucket_count": count, "scroll_depth_bucket": bucket}
                for cumulative, count, bucket in zip(*block, strict=True)
            ]
            metrics.returned(len(buckets))
            if buckets:
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
        except clickhouse.EngineError as error:
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
