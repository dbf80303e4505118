"""What the API has to answer, worked out slowly in plain Python from a list of rows: the contract, not the product.

Nothing here is taken from the product. Filters that look at other data are predicates over a row in `Asked.also`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from math import floor
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import re2

Row = dict[str, Any]
Cell = tuple[bool, int, float]
LIKE_THE_ENGINE = re2.Options()
LIKE_THE_ENGINE.dot_nl = True


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, understood. Widths are in CSS px, days in the zone and both included."""

    team_id: int
    zone: ZoneInfo
    type: str
    date_from: date
    date_to: date
    viewport_width_min: int | None = None
    viewport_width_max: int | None = None
    url_exact: str | None = None
    url_pattern: str | None = None
    unique_visitors: bool = False
    hide_zero_coordinates: bool = True
    also: tuple[Callable[[Row], bool], ...] = ()


def matching(rows: Iterable[Row], asked: Asked) -> list[Row]:
    return [row for row in rows if _matches(row, asked)]


def points(rows: Iterable[Row], asked: Asked, *, limit: int, offset: int) -> dict[str, Any]:
    rows = matching(rows, asked)
    cells: dict[Cell, list[Row]] = {}
    for row in rows:
        cells.setdefault(cell(row), []).append(row)
    hottest = sorted(cells, key=lambda one: (-_count(cells[one], asked), *one))
    last = offset + (limit or 1_000_000)
    return {
        "results": [
            {
                "count": _count(cells[fixed, y, x], asked),
                "pointer_y": y,
                "pointer_relative_x": x,
                "pointer_target_fixed": fixed,
            }
            for fixed, y, x in hottest[offset:last]
        ],
        "fold": _fold(rows),
        "has_more": len(hottest) > last,
    }


def scroll_depth(rows: Iterable[Row], asked: Asked) -> dict[str, Any]:
    buckets: dict[int, list[Row]] = {}
    for row in matching(rows, asked):
        depth = (row["y"] + row["viewport_height"]) * row["scale_factor"] // 100 * 100
        buckets.setdefault(depth, []).append(row)
    return {
        "results": [
            {
                "cumulative_count": sum(_count(buckets[deeper], asked) for deeper in buckets if deeper >= depth),
                "bucket_count": _count(buckets[depth], asked),
                "scroll_depth_bucket": depth,
            }
            for depth in sorted(buckets)
        ]
    }


def interactions(
    rows: Iterable[Row], asked: Asked, chosen: Iterable[Cell], *, limit: int, offset: int
) -> dict[str, Any]:
    chosen = set(chosen)
    behind = [row for row in matching(rows, asked) if cell(row) in chosen]
    behind.sort(
        key=lambda row: (
            datetime.max.replace(tzinfo=UTC) - row["timestamp"],
            *(row["session_id"], row["distinct_id"], *cell(row), row["current_url"], row["type"]),
        )
    )
    return {
        "results": [
            {
                "session_id": row["session_id"] or None,
                "distinct_id": row["distinct_id"],
                "timestamp": _written(row["timestamp"]),
                "pointer_relative_x": cell(row)[2],
                "pointer_y": cell(row)[1],
                "current_url": row["current_url"],
                "type": row["type"],
            }
            for row in behind[offset : offset + limit]
        ],
        "total_count": len(behind),
        "has_more": len(behind) > offset + limit,
    }


def pages(
    rows: Iterable[Row], asked: Asked, *, kinds: set[str], search: str, limit: int, offset: int
) -> dict[str, Any]:
    """Of `asked` the project, the zone and the days are meant."""
    counted = [
        row
        for kind in kinds
        for row in matching(rows, replace(asked, type=kind))
        if _caseless(search) in _caseless(page(row) + "/")
    ]
    by_page: dict[str, list[Row]] = {}
    for row in counted:
        by_page.setdefault(page(row), []).append(row)
    busiest = sorted(by_page, key=lambda url: (-len(by_page[url]), url.encode()))
    return {
        "results": [
            {
                "url": url,
                "total_count": len(by_page[url]),
                "visitors": len({row["distinct_id"] for row in by_page[url]}),
                "first_seen": _written(min(row["timestamp"] for row in by_page[url])),
                "last_seen": _written(max(row["timestamp"] for row in by_page[url])),
                "types": _types(by_page[url]),
            }
            for url in busiest[offset : offset + limit]
        ],
        "types": _types(counted),
        "has_more": len(busiest) > offset + limit,
    }


def page(row: Row) -> str:
    url: str = row["current_url"]
    return url.rstrip("/")


def cell(row: Row) -> Cell:
    """Fixed or not, y in CSS px, x as a share of the width; adding 0 makes a negative zero zero."""
    hundredths = round(row["x"] / row["viewport_width"] * 100)
    return row["pointer_target_fixed"], row["y"] * row["scale_factor"], hundredths / 100 + 0


def _matches(row: Row, asked: Asked) -> bool:
    return (
        row["team_id"] == asked.team_id
        and row["viewport_width"] != 0
        and row["type"] == asked.type
        and asked.date_from <= row["timestamp"].astimezone(asked.zone).date() <= asked.date_to
        and _is_as_wide(row, asked)
        and _is_of_the_page(row["current_url"], asked)
        and not (asked.hide_zero_coordinates and asked.type != "scrolldepth" and row["x"] == row["y"] == 0)
        and all(passes(row) for passes in asked.also)
    )


def _is_as_wide(row: Row, asked: Asked) -> bool:
    low, high, scale = asked.viewport_width_min, asked.viewport_width_max, row["scale_factor"]
    if low is None and high is None:
        return True
    return (
        scale > 0
        and (low is None or row["viewport_width"] >= _half_up(Fraction(low, scale)))
        and (high is None or row["viewport_width"] <= _half_up(Fraction(high, scale)))
    )


def _half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def _is_of_the_page(url: str, asked: Asked) -> bool:
    if asked.url_pattern is not None and asked.url_pattern != asked.url_exact:
        return re2.search(_expression(asked.url_pattern), url, options=LIKE_THE_ENGINE) is not None
    return asked.url_exact is None or asked.url_exact.rstrip("/") == url.rstrip("/")


def _expression(pattern: str) -> str:
    if pattern[0] != "^":
        pattern = "^" + pattern
    if pattern[-1] != "$":
        pattern += "$"
    return "".join(
        ".+" if letter == "*" and n > 0 and pattern[n - 1] != "." else letter for n, letter in enumerate(pattern)
    )


def _count(rows: list[Row], asked: Asked) -> int:
    return len({row["distinct_id"] for row in rows}) if asked.unique_visitors else len(rows)


def _fold(rows: list[Row]) -> dict[str, Any]:
    loose = [row for row in rows if not row["pointer_target_fixed"]]
    below = [row for row in loose if row["y"] > row["viewport_height"]]
    heights = [row["viewport_height"] * row["scale_factor"] for row in rows]
    return {
        "total_count": len(loose),
        "below_fold_count": len(below),
        "pct_below_fold": round(100 * len(below) / len(loose), 1) if loose else 0.0,
        "median_viewport_height": round(median(heights)) if heights else None,
    }


def _types(rows: list[Row]) -> list[dict[str, Any]]:
    by_type: dict[str, list[Row]] = {}
    for row in rows:
        by_type.setdefault(row["type"], []).append(row)
    return [
        {"type": kind, "count": len(those), "last_seen": _written(max(row["timestamp"] for row in those))}
        for kind, those in sorted(by_type.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _caseless(text: str) -> str:
    return text.lower().upper()
