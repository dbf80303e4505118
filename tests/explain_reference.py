"""What an explanation has to say, worked out slowly in plain Python, filter by filter."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from heatmaps import engine
from heatmaps.engine import Query
from tests import reference
from tests.reference import Asked, Row

EVERYTHING: dict[str, dict[str, Any]] = {
    "dates": {"date_from": date.min, "date_to": date.max, "time_from": None, "time_to": None},
    "url": {"url_exact": None, "url_page": None, "url_pattern": None},
    "viewport": {"viewport_width_min": None, "viewport_width_max": None},
    "hide_zero_coordinates": {"hide_zero_coordinates": False},
    "first_in_session": {"first_in_session": False},
}
ORDER = ("dates", "type", "url", "viewport", "hide_zero_coordinates", "first_in_session")
BANDS = [("0-479", 480), ("480-767", 768), ("768-1023", 1024), ("1024-1199", 1200), ("1200-1599", 1600)]


def explain(rows: Iterable[Row], asked: Asked) -> dict[str, Any]:
    """All but the message; the project is opted in."""
    rows = [row for row in rows if row["team_id"] == asked.team_id and row["viewport_width"] != 0]
    in_use = [name for name in ORDER if _is_in_use(name, asked)]
    steps = [("project", len(rows))]
    for last in range(1, len(in_use) + 1):
        left_out = [name for name in ORDER if name not in in_use[:last]]
        steps.append((in_use[last - 1], len(_matching(rows, asked, left_out))))
    matched = steps[-1][1]
    without = [(name, len(_matching(rows, asked, [name]))) for name in in_use]
    of_all_dates = [row["timestamp"] for row in _matching(rows, asked, ["dates"])]
    has_url = _is_in_use("url", asked)
    return {
        "matched": matched,
        "steps": [{"filter": name, "remaining": remaining} for name, remaining in steps],
        "without": [{"filter": name, "matched": n} for name, n in sorted(without, key=lambda one: -one[1])],
        "types": reference.types(_matching(rows, asked, ["type"])),
        "widths": _widths(_matching(rows, asked, ["viewport"])),
        "urls": _urls(_matching(rows, asked, ["url"]), asked) if has_url and not matched else [],
        "dates": {"first_seen": _edge(min, of_all_dates), "last_seen": _edge(max, of_all_dates)},
        "capture": {"opted_in": True, "last_captured": _edge(max, [row["timestamp"] for row in rows])},
        "reason": None if matched else _reason(steps),
    }


def _is_in_use(name: str, asked: Asked) -> bool:
    if name == "hide_zero_coordinates":
        return asked.hide_zero_coordinates and asked.type != "scrolldepth"
    return name in {"dates", "type"} or any(getattr(asked, field) != value for field, value in EVERYTHING[name].items())


def _matching(rows: list[Row], asked: Asked, left_out: Iterable[str]) -> list[Row]:
    for name in left_out:
        if name != "type":
            asked = replace(asked, **EVERYTHING[name])
    kinds = {row["type"] for row in rows} if "type" in left_out else {asked.type}
    # Each kind by itself, because scroll depths have no x; but of a session there is one first of all kinds.
    found = [
        row
        for kind in sorted(kinds)
        for row in reference.matching(rows, replace(asked, type=kind, first_in_session=False))
    ]
    return reference.firsts(found) if asked.first_in_session else found


def _reason(steps: list[tuple[str, int]]) -> str:
    name = next(name for name, remaining in steps if remaining == 0)
    return "never_captured" if name == "project" else name


def _edge(choose: Callable[..., Any], moments: list[Any]) -> str | None:
    return reference.written(choose(moments)) if moments else None


def _widths(rows: list[Row]) -> list[dict[str, Any]]:
    counts = dict.fromkeys([*(name for name, _ in BANDS), "1600-"], 0)
    for row in rows:
        px = row["viewport_width"] * row["scale_factor"]
        counts[next((name for name, end in BANDS if px < end), "1600-")] += 1
    return [
        {"width": name, "count": count, "share": round(count / len(rows), 6)} for name, count in counts.items() if count
    ]


@dataclass(frozen=True)
class Url:
    """A URL in pieces. Raises nothing: every text is one."""

    scheme: str
    www: str
    host: str
    port: str
    path: str
    query: str
    fragment: str

    @classmethod
    def of(cls, text: str) -> "Url":
        found = re.fullmatch(
            r"(?:([A-Za-z][-+.A-Za-z0-9]*)://([Ww][Ww][Ww][.])?([^/?#]*?)(?::([0-9]*))?(?=[/?#]|$))?([^?#]*)(\?[^#]*)?(#.*)?",
            text,
            re.DOTALL,
        )
        assert found, text
        return cls(*(piece or "" for piece in found.groups()))


def differences(asked: str, other: str) -> list[str]:
    given, one, two = Url.of(asked), Url.of(asked.rstrip("/")), Url.of(other)
    path_one, path_two = one.path.rstrip("/"), two.path.rstrip("/")
    plain_one, plain_two = reference.decoded(path_one), reference.decoded(path_two)
    is_other_path = plain_one.lower() != plain_two.lower()
    is_other_host = one.host.lower() != two.host.lower()
    slashes = {len(url.path) - len(url.path.rstrip("/")) for url in (given, one)}
    found = {
        "scheme": one.scheme.lower() != two.scheme.lower(),
        "www": bool(one.www) != bool(two.www) and not is_other_host,
        "port": one.port != two.port,
        "case": any(
            a != b and a.lower() == b.lower()
            for a, b in ((plain_one, plain_two), (one.host, two.host), (one.scheme, two.scheme))
        ),
        "percent_encoding": not is_other_path
        and (path_one.lower() != path_two.lower() or (plain_one == plain_two and path_one != path_two)),
        "trailing_slash": not is_other_path and path_two != "" and len(two.path) - len(path_two) not in slashes,
        "query_string": one.query != two.query,
        "fragment": one.fragment != two.fragment,
        "host": is_other_host,
        "path": is_other_path,
    }
    return [name for name, differs in found.items() if differs]


def _urls(rows: list[Row], asked: Asked) -> list[dict[str, Any]]:
    """Not by url_pattern alone: the order of those is by their counts."""
    is_pattern = asked.url_pattern is not None and asked.url_pattern != asked.url_exact
    is_page = asked.url_page is not None and not is_pattern
    wanted = (reference.page_of(asked.url_page or "") if is_page else asked.url_exact) or ""
    by_url: dict[str, list[Row]] = {}
    for row in rows:
        url = reference.page(row)
        by_url.setdefault(_page_as_stored(url) if is_page else url, []).append(row)

    def place(url: str) -> tuple[Any, ...]:
        words = [] if is_pattern else differences(wanted, url)
        weight = sum(10 if word in {"host", "path"} else 1 for word in words)
        distance = _distance(wanted, url) if "path" in words else 0
        return weight, distance, -len(by_url[url]), url.encode()

    return [
        {
            "url": url,
            "count": len(by_url[url]),
            "last_seen": reference.written(max(row["timestamp"] for row in by_url[url])),
            "differs_in": [] if is_pattern else differences(wanted, url),
        }
        for url in sorted(by_url, key=place)[:5]
    ]


def _page_as_stored(url: str) -> str:
    """The page of a URL whose host stays as it is written: hosts of suggestions are compared as they are stored."""
    return reference.page_of(url.replace("xn--", "xn-\0-")).replace("xn-\0-", "xn--")


def _distance(asked: str, other: str) -> float:
    """The engine's own."""
    paths = [reference.decoded(Url.of(url).path.rstrip("/")).lower() for url in (other, asked.rstrip("/"))]
    query = Query("SELECT ngramDistance({one:String}, {two:String})", {"one": paths[0], "two": paths[1]})
    return float(engine.rows(query)[0][0])
