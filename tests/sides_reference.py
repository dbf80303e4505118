"""What comparisons and areas have to answer, worked out slowly in plain Python, as tests/reference.py does the rest."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import exp, sqrt
from typing import Any

from scipy.stats import fisher_exact

from tests.reference import Asked, Row, _fold, _order, _visitors, cell, matching

Z_95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How a comparison is asked for, beside its two sides."""

    order: str = "surprise"
    fdr: float = 0.05
    min_visitors: int = 1
    in_visitors: bool = False
    limit: int = 500
    offset: int = 0


def compare(rows: Sequence[Row], a: Asked, b: Asked, asked: Compared) -> dict[str, Any]:
    if a.cell_width is None and a.cell_height is None:
        a = replace(a, cell_width=2, cell_height=32)
    elif a.cell_width is None or a.cell_height is None:
        a = replace(a, cell_width=a.cell_width or 2, cell_height=a.cell_height or 32)
    b = replace(b, cell_width=a.cell_width, cell_height=a.cell_height)
    sides = [matching(rows, a), matching(rows, b)]
    is_depth = a.type == "scrolldepth"
    groups = [_by_depth(side) if is_depth else _by_cell(side, a) for side in sides]
    if is_depth:
        # Each of the other side's buckets, too, has those who came at least that far.
        places = sorted({place for group in groups for place in group})
        groups = [
            {place: [row for deeper in group if deeper >= place for row in group[deeper]] for place in places}
            for group in groups
        ]
    else:
        places = sorted({place for group in groups for place in group})
    pairs = {place: (groups[0].get(place, []), groups[1].get(place, [])) for place in places}
    shown = {
        place: pair
        for place, pair in pairs.items()
        if not any(0 < _visitors(side) < asked.min_visitors for side in pair)
    }
    totals = [_visitors(side) for side in sides]
    told = with_statistics(
        [(_place(place), _counts(pair[0]), _counts(pair[1])) for place, pair in shown.items()], totals, asked.fdr
    )
    told.sort(key=_key(asked))
    last = asked.offset + (asked.limit or 1_000_000)
    tested = sum(one["q"] is not None for one in told)
    return {
        **{name: _side(side, one) for name, side, one in zip("ab", sides, (a, b), strict=True)},
        "results": told[asked.offset : last],
        "tested": tested,
        "too_few": len(told) - tested,
        "fdr": asked.fdr,
        "overlap": {
            "visitors": len({row["distinct_id"] for row in sides[0]} & {row["distinct_id"] for row in sides[1]})
        },
        "has_more": len(told) > last,
    }


def with_statistics(
    places: Iterable[tuple[dict[str, Any], dict[str, int], dict[str, int]]], totals: list[int], fdr: float
) -> list[dict[str, Any]]:
    n_a, n_b = totals
    told = []
    for place, in_a, in_b in places:
        a, b = in_a["visitors"], in_b["visitors"]
        ratio = _ratio(a, n_a, b, n_b)
        difference = a / n_a - b / n_b if n_a and n_b else None
        told.append(
            {
                **place,
                "a": {**in_a, "share": _rounded(a / n_a) if n_a else None},
                "b": {**in_b, "share": _rounded(b / n_b) if n_b else None},
                "difference": _rounded(difference),
                **{
                    name: _rounded(value)
                    for name, value in zip(("ratio", "ratio_low", "ratio_high"), ratio, strict=True)
                },
                "q": float(fisher_exact([[a, n_a - a], [b, n_b - b]]).pvalue) if a + b >= 10 else None,
            }
        )
    p_values = [one["q"] for one in told if one["q"] is not None]
    for one in told:
        if one["q"] is None:
            one["verdict"] = "too_few"
            continue
        # The smallest level of which Benjamini and Hochberg's rule would pick this one.
        q = min(1.0, *(p * len(p_values) / sum(other <= p for other in p_values) for p in p_values if p >= one["q"]))
        one["q"] = q
        one["verdict"] = "unclear" if q > fdr else "more" if (one["difference"] or 0) > 0 else "less"
    for one in told:
        one["q"] = None if one["q"] is None else float(f"{one['q']:.6g}")
    return told


def areas(
    rows: Sequence[Row], asked: Asked, drawn: list[dict[str, Any]], *, b: Asked | None, min_visitors: int, fdr: float
) -> dict[str, Any]:
    side = matching(rows, asked)
    others = matching(rows, b) if b else []
    total = {**_counts(side), "sessions": _sessions(side)}
    firsts: dict[str, Row] = {}
    for row in sorted(side, key=_order):
        firsts.setdefault(row["session_id"], row)
    firsts.pop("", None)
    results: list[dict[str, Any]] = []
    for area in drawn:
        inside = [row for row in side if is_in(row, area)]
        results.append(
            {
                "name": area["name"],
                **_counts(inside),
                "sessions": _sessions(inside),
                "share_of_count": _share(len(inside), total["count"]),
                "share_of_visitors": _share(_visitors(inside), total["visitors"]),
                "first_share": _share(sum(is_in(row, area) for row in firsts.values()), total["sessions"]),
            }
        )
    sides = [[[row for row in one if is_in(row, area)] for area in drawn] for one in (side, others)]
    hidden = [
        any(0 < _visitors(inside) < min_visitors for inside in pair[: 2 if b else 1])
        for pair in zip(*sides, strict=True)
    ]
    if b:
        tested = with_statistics(
            (
                ({"place": place}, _counts(pair[0]), _counts(pair[1]))
                for place, pair in enumerate(zip(*sides, strict=True))
                if not hidden[place]
            ),
            [total["visitors"], _visitors(others)],
            fdr,
        )
        for result in results:
            result.update(dict.fromkeys(("a", "b", "difference", "ratio", "ratio_low", "ratio_high", "q", "verdict")))
        for one in tested:
            results[one.pop("place")] |= one
    for result, is_hidden in zip(results, hidden, strict=True):
        if is_hidden:
            result.update(dict.fromkeys(name for name in result if name != "name"))
    return {"total": total, "results": results}


def types(
    rows: Sequence[Row], asked: Asked, area: dict[str, Any], kinds: Iterable[str], min_visitors: int
) -> list[dict[str, Any]]:
    """All kinds in an area. First in a session is first of all kinds, so they are looked at together."""
    inside = [row for row in _of_all_kinds(rows, asked, kinds) if is_in(row, area)]
    found = [
        {"type": kind, **_counts([row for row in inside if row["type"] == kind])}
        for kind in {row["type"] for row in inside}
    ]
    found = [one for one in found if one["visitors"] >= min_visitors]
    return sorted(found, key=lambda one: (-one["count"], one["type"]))


def days(
    rows: Sequence[Row], asked: Asked, area: dict[str, Any], first: date, last: date, min_visitors: int
) -> list[dict[str, Any]]:
    inside = [row for row in matching(rows, asked) if is_in(row, area)]
    told = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        counts: dict[str, Any] = _counts(
            [row for row in inside if row["timestamp"].astimezone(asked.zone).date() == day]
        )
        if 0 < counts["visitors"] < min_visitors:
            counts = {"count": None, "visitors": None}
        told.append({"day": day.isoformat(), **counts})
    return told


def is_in(row: Row, area: dict[str, Any]) -> bool:
    """By the even-odd rule: whether a line to the right crosses an odd number of edges."""
    fixed, y, x = cell(row, Asked(team_id=0, zone=UTC, type="", date_from=date.min, date_to=date.max))  # type: ignore[arg-type]
    if fixed != area.get("target_fixed", False):
        return False
    h = round(x * 100)
    if "x" in area:
        (left, right), (top, bottom) = area["x"], area["y"]
        return bool(round(left * 100) <= h <= round(right * 100) and top <= y <= bottom)
    corners = [(x * 100, y) for x, y in area["polygon"]]
    crossed = 0
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        crossed += (y1 > y) != (y2 > y) and h < (x2 - x1) * (y - y1) / (y2 - y1) + x1
    return crossed % 2 == 1


def _of_all_kinds(rows: Sequence[Row], asked: Asked, kinds: Iterable[str]) -> list[Row]:
    found = [row for kind in kinds for row in matching(rows, replace(asked, type=kind, first_in_session=False))]
    if not asked.first_in_session:
        return found
    as_one = [{**row, "type": "any", "was": row} for row in found]
    first = matching(
        as_one,
        Asked(
            team_id=asked.team_id,
            zone=asked.zone,
            type="any",
            date_from=date.min,
            date_to=date.max,
            first_in_session=True,
            hide_zero_coordinates=False,
        ),
    )
    return [row["was"] for row in first]


def _by_cell(rows: Iterable[Row], asked: Asked) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(cell(row, asked), []).append(row)
    return found


def _by_depth(rows: Iterable[Row]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault((row["y"] + row["viewport_height"]) * row["scale_factor"] // 100 * 100, []).append(row)
    return found


def _place(place: Any) -> dict[str, Any]:
    if isinstance(place, int):
        return {"scroll_depth_bucket": place}
    fixed, y, x = place
    return {"pointer_relative_x": x, "pointer_y": y, "pointer_target_fixed": fixed}


def _key(asked: Compared) -> Callable[[dict[str, Any]], Any]:
    def place(one: dict[str, Any]) -> Any:
        if "scroll_depth_bucket" in one:
            return one["scroll_depth_bucket"]
        return one["pointer_target_fixed"], one["pointer_y"], one["pointer_relative_x"]

    # What there is not is no difference.
    def size(one: dict[str, Any]) -> float:
        return -float(abs(one["difference"] or 0))

    counted = "visitors" if asked.in_visitors else "count"
    return {
        "surprise": lambda one: (2 if one["q"] is None else one["q"], size(one), place(one)),
        "difference": lambda one: (size(one), place(one)),
        "count": lambda one: (-one["a"][counted] - one["b"][counted], place(one)),
    }[asked.order]


def _side(rows: list[Row], asked: Asked) -> dict[str, Any]:
    start, end = map(_written, bounds(asked))
    told = {"from": start, "to": end, "visitors": _visitors(rows), "count": len(rows)}
    return told if asked.type == "scrolldepth" else told | {"fold": _fold(rows)}


def bounds(asked: Asked) -> tuple[datetime, datetime]:
    """The first moment of the window, and the first one after it. In UTC, since hours of a zone may be missing."""
    midnight = datetime.min.time()
    start = asked.time_from or datetime.combine(asked.date_from, midnight, asked.zone)
    end = asked.time_to or datetime.combine(asked.date_to + timedelta(days=1), midnight, asked.zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _counts(rows: list[Row]) -> dict[str, int]:
    return {"count": len(rows), "visitors": _visitors(rows)}


def _sessions(rows: Iterable[Row]) -> int:
    return len({row["session_id"] for row in rows} - {""})


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _ratio(a: float, n_a: float, b: float, n_b: float) -> tuple[float | None, float | None, float | None]:
    if not n_a or not n_b:
        return None, None, None
    if a == 0 or b == 0:
        a, n_a, b, n_b = a + 0.5, n_a + 1, b + 0.5, n_b + 1
    ratio = (a / n_a) / (b / n_b)
    spread = exp(Z_95 * sqrt(1 / a - 1 / n_a + 1 / b - 1 / n_b))
    return ratio, ratio / spread, ratio * spread
