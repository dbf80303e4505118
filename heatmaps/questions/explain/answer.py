"""The explanation, as one document."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

from heatmaps.population.layout import current_layout
from heatmaps.questions.explain.ladder import Counted, Ladder, ladder
from heatmaps.questions.explain.messages import CAPTURE_OFF, NEVER_CAPTURED, message, message_about_page
from heatmaps.questions.explain.nearest import NearRow, nearest
from heatmaps.questions.explain.question import ExplainQuestion
from heatmaps.replies.answer import Answer
from heatmaps.statistics.sides import share

# Of widths in CSS px, and where all but the first begin.
BANDS = ("0-479", "480-767", "768-1023", "1024-1199", "1200-1599", "1600-")
_BEGINNINGS = (480, 768, 1024, 1200, 1600)


def answer(question: ExplainQuestion) -> Answer:
    layout = current_layout()
    found = ladder(question.filters, layout)
    if question.begins_at_page:
        return _from_the_page(found)
    steps = found.steps()
    matched = steps[-1][1]
    near = nearest(question.filters, question.url, layout) if not matched and "url" in found.bits else []
    document = {
        "matched": matched,
        "steps": [{"filter": name, "remaining": remaining} for name, remaining in steps],
        "without": _without(found, [name for name, _ in steps[1:]]),
        "types": _types(found),
        "widths": _widths(found),
        "urls": [_url(row) for row in near],
        "dates": _dates(found),
        "capture": {"opted_in": question.is_opted_in, "last_captured": found.last_seen()},
        "reason": None if matched else _reason(steps, is_opted_in=question.is_opted_in),
    }
    document["message"] = message(document, near, is_pattern=question.url is None)
    return Answer(item=None, head=document)


def _from_the_page(found: Ladder) -> Answer:
    """The same, without what it tells of all other pages."""
    steps = found.steps()
    steps = steps[[name for name, _ in steps].index("url") :]
    names = [name for name, _ in found.steps()[1:] if name != "url"]
    document = {
        "matched": steps[-1][1],
        "steps": [{"filter": name, "remaining": remaining} for name, remaining in steps],
        "without": _without(found, names),
        "types": _types(found),
        "widths": _widths(found),
        "dates": _dates(found),
        "reason": next((name for name, remaining in steps if not remaining), None),
    }
    document["message"] = message_about_page(document)
    return Answer(item=None, head=document)


def _without(found: Ladder, names: Iterable[str]) -> list[dict[str, Any]]:
    counts = [{"filter": name, "matched": sum(row.count for row in found.without(name))} for name in names]
    # Equal ones stay in the order of the steps.
    return sorted(counts, key=lambda one: -one["matched"])


def _types(found: Ladder) -> list[dict[str, Any]]:
    kinds = _by(found.without("type"), lambda row: row.kind)
    return [
        {"type": kind, "count": sum(row.count for row in rows), "last_seen": max(row.last_seen for row in rows)}
        for kind, rows in sorted(kinds.items(), key=lambda one: (-sum(row.count for row in one[1]), one[0]))
    ]


def _widths(found: Ladder) -> list[dict[str, Any]]:
    bands = _by(found.without("viewport"), lambda row: bisect_right(_BEGINNINGS, row.width))
    counts = {band: sum(row.count for row in rows) for band, rows in sorted(bands.items())}
    total = sum(counts.values())
    return [{"width": BANDS[band], "count": count, "share": share(count, total)} for band, count in counts.items()]


def _by(rows: Iterable[Counted], key: Callable[[Counted], Any]) -> dict[Any, list[Counted]]:
    found: dict[Any, list[Counted]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _url(row: NearRow) -> dict[str, Any]:
    return {"url": row.url, "count": row.count, "last_seen": row.last_seen, "differs_in": list(row.differences)}


def _dates(found: Ladder) -> dict[str, Any]:
    rows = found.without("dates")
    return {
        "first_seen": min((row.first_seen for row in rows), default=None),
        "last_seen": max((row.last_seen for row in rows), default=None),
    }


def _reason(steps: list[tuple[str, int]], *, is_opted_in: bool) -> str:
    if not is_opted_in:
        return CAPTURE_OFF
    name = next(name for name, remaining in steps if not remaining)
    return NEVER_CAPTURED if name == "project" else name
