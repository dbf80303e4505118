"""What the API has to answer, worked out slowly in plain Python from a list of rows: the contract, not the product.

Nothing here is taken from the product. Filters that look at other data are predicates over a row in `Asked.also`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from math import floor
from statistics import median
from string import hexdigits
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import re2

Row = dict[str, Any]
Cell = tuple[bool, int, float]
LIKE_THE_ENGINE = re2.Options()
LIKE_THE_ENGINE.dot_nl = True
LIKE_THE_ENGINE.log_errors = False


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
    url_page: str | None = None
    url_pattern: str | None = None
    time_from: datetime | None = None
    time_to: datetime | None = None
    first_in_session: bool = False
    cell_width: int | None = None
    cell_height: int | None = None
    min_visitors: int = 1
    include_coverage: bool = False
    unique_visitors: bool = False
    hide_zero_coordinates: bool = True
    also: tuple[Callable[[Row], bool], ...] = ()


def matching(rows: Iterable[Row], asked: Asked) -> list[Row]:
    found = [row for row in rows if _matches(row, asked)]
    return firsts(found) if asked.first_in_session else found


def points(rows: Iterable[Row], asked: Asked, *, limit: int, offset: int) -> dict[str, Any]:
    rows = matching(rows, asked)
    cells: dict[Cell, list[Row]] = {}
    for row in rows:
        cells.setdefault(cell(row, asked), []).append(row)
    visible = {place: those for place, those in cells.items() if _visitors(those) >= asked.min_visitors}
    hottest = sorted(visible, key=lambda one: (-_count(cells[one], asked), *one))
    last = offset + (limit or 1_000_000)
    shown = hottest[offset:last]
    return {
        "results": [
            {
                "count": _count(cells[fixed, y, x], asked),
                "pointer_y": y,
                "pointer_relative_x": x,
                "pointer_target_fixed": fixed,
            }
            for fixed, y, x in shown
        ],
        "fold": _fold(rows),
        "has_more": len(hottest) > last,
        **_coverage(cells, visible, shown, asked),
    }


def scroll_depth(rows: Iterable[Row], asked: Asked) -> dict[str, Any]:
    buckets: dict[int, list[Row]] = {}
    for row in matching(rows, asked):
        depth = (row["y"] + row["viewport_height"]) * row["scale_factor"] // 100 * 100
        buckets.setdefault(depth, []).append(row)
    visible = {depth: those for depth, those in buckets.items() if _visitors(those) >= asked.min_visitors}
    return {
        "results": [
            {
                "cumulative_count": sum(_count(buckets[deeper], asked) for deeper in buckets if deeper >= depth),
                "bucket_count": _count(buckets[depth], asked),
                "scroll_depth_bucket": depth,
            }
            for depth in sorted(visible)
        ],
        **_coverage(buckets, visible, visible, asked),
    }


def interactions(
    rows: Iterable[Row], asked: Asked, chosen: Iterable[Cell], *, limit: int, offset: int
) -> dict[str, Any]:
    chosen = set(chosen)
    behind = [row for row in matching(rows, asked) if cell(row, asked) in chosen]
    behind.sort(
        key=lambda row: (
            datetime.max.replace(tzinfo=UTC) - row["timestamp"],
            *(row["session_id"], row["distinct_id"], *cell(row, asked), row["current_url"], row["type"]),
        )
    )
    return {
        "results": [
            {
                "session_id": row["session_id"] or None,
                "distinct_id": row["distinct_id"],
                "timestamp": written(row["timestamp"]),
                "pointer_relative_x": cell(row, asked)[2],
                "pointer_y": cell(row, asked)[1],
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
        row for kind in kinds for row in matching(rows, replace(asked, type=kind)) if _is_found(search, page(row) + "/")
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
                "first_seen": written(min(row["timestamp"] for row in by_page[url])),
                "last_seen": written(max(row["timestamp"] for row in by_page[url])),
                "types": types(by_page[url]),
            }
            for url in busiest[offset : offset + limit]
        ],
        "types": types(counted),
        "has_more": len(busiest) > offset + limit,
    }


def _is_found(search: str, url: str) -> bool:
    """Found as it is written, or decoded, in any of the ways to write a name of a host."""
    decoded = [_unescaped(search)]
    start = decoded[0].find("//") + 2 if "//" in decoded[0] else 0
    end = min([n for n in (decoded[0].find(mark, start) for mark in "/?#") if n >= 0], default=len(decoded[0]))
    for coding in (_as_ascii, _as_unicode):
        labels = [coding(label) for label in decoded[0][start:end].split(".")]
        decoded.append(decoded[0][:start] + ".".join(labels) + decoded[0][end:])
    url_decoded = _caseless(_unescaped(url))
    return _caseless(search) in _caseless(url) or any(_caseless(one) in url_decoded for one in decoded)


def _unescaped(text: str) -> str:
    """Run by run of escapes; a run that is no UTF-8 stays."""
    result, run, n = "", "", 0
    while n <= len(text):
        escape = text[n : n + 3]
        if len(escape) == 3 and escape[0] == "%" and set(escape[1:]) <= set(hexdigits):
            run += escape
            n += 3
            continue
        result += run if "\ufffd" in unquote(run) or "%00" in run else unquote(run)
        run = ""
        result += text[n : n + 1]
        n += 1
    return result


def _as_ascii(label: str) -> str:
    return label if label.isascii() else "xn--" + label.lower().encode("punycode").decode()


def _as_unicode(label: str) -> str:
    return label[4:].encode().decode("punycode") if label.lower().startswith("xn--") else label


def page(row: Row) -> str:
    url: str = row["current_url"]
    return url.rstrip("/")


def cell(row: Row, asked: Asked) -> Cell:
    """Fixed or not, y in CSS px, x as a share of the width; adding 0 makes a negative zero zero."""
    hundredths = round(row["x"] / row["viewport_width"] * 100)
    y = row["y"] * row["scale_factor"]
    if asked.cell_width is not None or asked.cell_height is not None:
        width, height = asked.cell_width or 1, asked.cell_height or 16
        hundredths, y = hundredths // width * width, y // height * height
    return row["pointer_target_fixed"], y, hundredths / 100 + 0


def page_of(url: str) -> str:
    """What two URLs have in common that are one page, whatever their query strings."""
    split = re.fullmatch(r"((?:[A-Za-z][-+.A-Za-z0-9]*://[^/?#]*)?)([^?#]*)((?:\?[^#]*)?)((?:#.*)?)", url, re.DOTALL)
    assert split
    origin, path, _, fragment = split.groups()
    scheme, separator, host = origin.lower().partition("://")
    host = re.sub({"http": ":80$", "https": ":443$"}.get(scheme, "$^"), "", host)
    host = ".".join(re.sub("^xn--([-a-z0-9]+)", _from_punycode, label) for label in host.split("."))
    hash_route = re.match(r"#(!?/[^?]*)", fragment)
    route = hash_route[1].rstrip("/") if hash_route else ""
    return scheme + separator + host + decoded(path.rstrip("/")) + (f"#{route}" if route.strip("!") else "")


def _from_punycode(label: re.Match[str]) -> str:
    try:
        text = label[1].encode().decode("punycode")
        text.encode()
    except (UnicodeError, OverflowError):
        return label[0]
    return label[0] if text.isascii() else text


def decoded(path: str) -> str:
    """Byte by byte; what is no UTF-8 then stays as it was."""
    octets, raw = bytearray(), path.encode()
    place = 0
    while place < len(raw):
        pair = raw[place + 1 : place + 3].upper()
        is_code = raw[place : place + 1] == b"%" and len(pair) == 2 and set(pair) <= set(b"0123456789ABCDEF")
        if is_code and pair not in {b"2F", b"3F", b"23", b"25"}:
            octets.append(int(pair, 16))
            place += 3
        else:
            octets.append(raw[place])
            place += 1
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return path


def firsts(rows: list[Row]) -> list[Row]:
    """Of each session and page the first; all that are in no session."""
    found: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=_order):
        found.setdefault((row["session_id"], page(row)), row)
    return [row for row in rows if not row["session_id"]] + [row for key, row in found.items() if key[0]]


def _order(row: Row) -> tuple[Any, ...]:
    """By the clock, then as the cells stand on the page; what follows leaves nothing to chance."""
    hundredths = round(row["x"] / row["viewport_width"] * 100)
    place = (row["pointer_target_fixed"], row["y"] * row["scale_factor"], hundredths, row["distinct_id"])
    rest = ("viewport_width", "viewport_height", "scale_factor")
    return row["timestamp"], *place, row["type"], len(row["current_url"]), *(row[name] for name in rest)


def _matches(row: Row, asked: Asked) -> bool:
    return (
        row["team_id"] == asked.team_id
        and row["viewport_width"] != 0
        and row["type"] == asked.type
        and _is_in_time(row["timestamp"], asked)
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


def _is_in_time(moment: datetime, asked: Asked) -> bool:
    day = moment.astimezone(asked.zone).date()
    begins = asked.date_from <= day if asked.time_from is None else asked.time_from <= moment
    ends = day <= asked.date_to if asked.time_to is None else moment < asked.time_to
    return begins and ends


def _is_of_the_page(url: str, asked: Asked) -> bool:
    if asked.url_pattern is not None and asked.url_pattern != asked.url_exact:
        expression = url_expression(asked.url_pattern)
        assert expression is not None
        return re2.search(expression, url, options=LIKE_THE_ENGINE) is not None
    if asked.url_page is not None:
        return page_of(asked.url_page) == page_of(url)
    return asked.url_exact is None or asked.url_exact.rstrip("/") == url.rstrip("/")


def url_expression(pattern: str) -> str | None:
    """The expression that a URL pattern stands for, always between anchors; None where it is none."""
    starts = [pattern[1:], pattern] if pattern.startswith("^") else [pattern]
    for start in starts:
        letters = _letters(start)
        if letters and letters[-1] == ("$", "plain"):
            del letters[-1]
        body = "".join(_read(letters, n) for n in range(len(letters)))
        if any(kind == "quoted" for _, kind in letters[-1:]) and not start.endswith("\\E"):
            body += "\\E"
        try:
            re2.compile(body, options=LIKE_THE_ENGINE)
        except re2.error:
            continue
        return f"^(?:{body})$"
    return None


def _letters(pattern: str) -> list[tuple[str, str]]:
    """What a pattern is made of, letter by letter, each with what kind of place it stands at; an escape is one."""
    letters: list[tuple[str, str]] = []
    n = 0
    while n < len(pattern):
        length, kind = 1, "plain"
        if pattern.startswith("\\Q", n):
            end = pattern.find("\\E", n + 2)
            length, kind = (len(pattern) if end < 0 else end + 2) - n, "quoted"
            if end == n + 2:
                kind = "nothing"
        elif pattern[n] == "\\":
            length, kind = _length_of_escape(pattern[n + 1 : n + 2], pattern[n + 2 :]), "escaped"
        elif pattern[n] == "[":
            length, kind = _length_of_class(pattern[n:]), "class"
        elif pattern.startswith("(?", n) and ")" in pattern[n:]:
            flags = pattern[n + 2 : pattern.index(")", n)]
            if flags.replace("-", "").isalpha() and flags.isascii():
                length, kind = len(flags) + 3, "nothing"
        elif pattern[n] == "{" and "}" in pattern[n:]:
            first, _, last = pattern[n + 1 : pattern.index("}", n)].partition(",")
            if first.isdecimal() and (last == "" or last.isdecimal()):
                length, kind = pattern.index("}", n) + 1 - n, "count"
        letters.append((pattern[n : n + length], kind))
        n += length
    return letters


def _length_of_escape(letter: str, rest: str) -> int:
    if letter in {"p", "P", "x"} and rest.startswith("{") and "}" in rest:
        return 2 + rest.index("}") + 1
    if letter in {"p", "P"}:
        return 3
    if letter == "x":
        return 4
    octal = 0
    while letter in set("01234567") and octal < 2 and rest[octal : octal + 1] in set("01234567"):
        octal += 1
    return 2 + octal


def _length_of_class(text: str) -> int:
    n = 2 if text.startswith("[^") else 1
    n += text.startswith("]", n)
    while n < len(text) and text[n] != "]":
        name_end = text.find(":]", n + 2) if text.startswith("[:", n) else -1
        if name_end > n + 2 and text[n + 2 : name_end].removeprefix("^").isidentifier():
            n = name_end + 2
        else:
            n += 2 if text[n] == "\\" else 1
    return n + 1


def _read(letters: list[tuple[str, str]], n: int) -> str:
    """A letter as the engine has to read it: a star is a wildcard where nothing asks to be repeated."""
    if letters[n] != ("*", "plain"):
        return letters[n][0]
    before = [letter for letter in letters[:n] if letter[1] != "nothing"]
    if not before:
        return ".+"
    text, kind = before[-1]
    return "*" if kind in {"quoted", "escaped", "class"} or (kind == "plain" and text in ".])}") else ".+"


def _count(rows: list[Row], asked: Asked) -> int:
    return len({row["distinct_id"] for row in rows}) if asked.unique_visitors else len(rows)


def _visitors(rows: Iterable[Row]) -> int:
    return len({row["distinct_id"] for row in rows})


def _coverage(
    cells: Mapping[Any, list[Row]], visible: Collection[Any], shown: Iterable[Any], asked: Asked
) -> dict[str, Any]:
    if not asked.include_coverage:
        return {}
    returned, total = [len(cells[place]) for place in shown], sum(map(len, cells.values()))
    return {
        "coverage": {
            "cells_returned": len(returned),
            "cells_total": len(cells),
            "cells_hidden": len(cells) - len(visible),
            "count_returned": sum(returned),
            "count_total": total,
            "share": round(sum(returned) / total, 6) if total else None,
            "visitors_total": _visitors(row for those in cells.values() for row in those),
        }
    }


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


def types(rows: list[Row]) -> list[dict[str, Any]]:
    by_type: dict[str, list[Row]] = {}
    for row in rows:
        by_type.setdefault(row["type"], []).append(row)
    return [
        {"type": kind, "count": len(those), "last_seen": written(max(row["timestamp"] for row in those))}
        for kind, those in sorted(by_type.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _caseless(text: str) -> str:
    return text.lower().upper()
