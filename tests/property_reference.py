"""What a property filter says of an event, worked out slowly in plain Python, beside the product and not from it."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import re2

Json = Any
_LIKE_THE_ENGINE = re2.Options()
_LIKE_THE_ENGINE.dot_nl = True
_LIKE_THE_ENGINE.log_errors = False

OPPOSITES = {
    "is_not": "exact",
    "not_icontains": "icontains",
    "not_regex": "regex",
    "not_in": "in",
    "is_not_set": "is_set",
}


def passes(one: dict[str, Json], event: dict[str, Json], timezone: str) -> bool:
    """Whether an event, with its properties as dicts, passes a filter that is not about cohorts."""
    operator, kind = one.get("operator", "exact"), one.get("type", "event")
    if one.get("value") == [] and operator not in {"is_set", "is_not_set"}:
        return True
    if operator in OPPOSITES:
        return not passes({**one, "operator": OPPOSITES[operator]}, event, timezone)
    if kind == "element":
        return _of_chain(one["key"], operator, one.get("value"), event["elements_chain"])
    text = _property(kind, one["key"], event)
    return text is not None and _of_text(operator, text, one.get("value"), ZoneInfo(timezone))


def _property(kind: str, key: str, event: dict[str, Json]) -> str | None:
    if kind == "event_metadata":
        return str(event[key])
    value = event["person_properties" if kind == "person" else "properties"].get(key)
    return None if value is None else written(value)


def written(value: Json) -> str:
    """A JSON value as text: a text itself, the rest without spaces."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _of_text(operator: str, text: str, value: Json, zone: ZoneInfo) -> bool:  # noqa: PLR0911 -- a line an operator
    values = [written(one) for one in (value if isinstance(value, list) else [value])]
    match operator:
        case "is_set":
            return True
        case "exact" | "in":
            return text in values
        case "icontains":
            return any(_caseless(one) in _caseless(text) for one in values)
        case "regex":
            return any(re2.search(one, text, options=_LIKE_THE_ENGINE) is not None for one in values)
        case "gt" | "gte" | "lt" | "lte" | "between" | "not_between":
            return _of_number(operator, text, [float(one) for one in values])
        case "is_date_exact" | "is_date_before" | "is_date_after":
            return any(_of_date(operator, text, one, zone) for one in values)
        case _:
            return _of_version(operator, text, values[0])


def _caseless(text: str) -> str:
    return text.lower().upper()


def _of_number(operator: str, text: str, given: list[float]) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    if not text.isascii() or text != text.strip() or re.search("[a-df-z_]", text, re.IGNORECASE):
        return False
    return {
        "gt": number > given[0],
        "gte": number >= given[0],
        "lt": number < given[0],
        "lte": number <= given[0],
        "between": given[0] <= number <= given[-1],
        "not_between": not given[0] <= number <= given[-1],
    }[operator]


def _of_date(operator: str, text: str, value: str, zone: ZoneInfo) -> bool:
    """Both sides as texts or as numbers that sort as the dates do."""
    moment, given = _moment(text, zone), _moment(value, zone)
    if moment is None:
        return False
    assert given is not None, value
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        left, right = f"{moment.astimezone(zone):%Y%m%d}", value.replace("-", "")
    else:
        left, right = (f"{one.astimezone(UTC):%Y%m%d%H%M%S%f}" for one in (moment, given))
    return {"is_date_before": left < right, "is_date_exact": left == right, "is_date_after": left > right}[operator]


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    number = text.split(".", maxsplit=1)[0]
    if number.isdecimal() and number.isascii() and len(number) in {10, 13} and re.fullmatch("[0-9.]*[0-9]", text):
        divisor = 1 if len(number) == 10 else 1000
        # Fractions of a second as whole numbers, since binary fractions are off by a microsecond.
        return datetime.fromtimestamp(int(number) // divisor, UTC) + timedelta(
            microseconds=int((Decimal(text) / divisor % 1) * 1_000_000)
        )
    if not re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) or text.endswith(("\n", " ")):
        return None
    try:
        moment = datetime.fromisoformat(re.sub(" ([Z+-])", r"\1", text.upper()))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _of_version(operator: str, text: str, given: str) -> bool:
    version = _version(text)
    if version is None:
        return False
    prefix = tuple(int(part) for part in re.split("[-+]", given.removeprefix("v"))[0].rstrip(".*").split(".") if part)
    wanted = _padded(prefix)
    is_zero = [part == 0 for part in prefix]
    kept = is_zero.index(False) + 1 if False in is_zero else len(prefix)
    return {
        "eq": version == wanted,
        "neq": version != wanted,
        "gt": version > wanted,
        "gte": version >= wanted,
        "lt": version < wanted,
        "lte": version <= wanted,
        "wildcard": version[: len(prefix)] == prefix,
        "tilde": version >= wanted and version[: min(len(prefix), 2)] == prefix[:2],
        "caret": version >= wanted and version[:kept] == prefix[:kept],
    }[operator.removeprefix("semver_")]


def _version(text: str) -> tuple[int, ...] | None:
    parts = re.split("[-+]", text.removeprefix("v"), maxsplit=1)[0].split(".")
    is_version = all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts)
    return _padded(tuple(map(int, parts))) if is_version else None


def _padded(version: tuple[int, ...]) -> tuple[int, ...]:
    return version + (0,) * (8 - len(version))


Element = tuple[str, list[str], dict[str, str]]


def _of_chain(key: str, operator: str, value: Json, chain: str) -> bool:
    found = elements(chain)
    values = value if isinstance(value, list) else [value]
    if key == "selector":
        return any(_is_at(one, found, place) for one in values for place in range(len(found)))
    if key == "tag_name":
        return any(tag in values for tag, _, _ in found)
    texts = [attributes[key] for _, _, attributes in found if key in attributes]
    return any(_of_text(operator, text, value, ZoneInfo("UTC")) for text in texts)


def elements(chain: str) -> list[Element]:
    """The elements of a chain, character by character."""
    found: list[str] = [""]
    is_quoted = is_escaped = False
    for character in chain:
        if is_escaped:
            is_escaped = False
        elif character == "\\" and is_quoted:
            is_escaped = True
        elif character == '"':
            is_quoted = not is_quoted
        elif character == ";" and not is_quoted:
            found.append("")
            continue
        found[-1] += character
    return [_element(text) for text in found if text]


def _element(text: str) -> Element:
    """Tag, classes and attributes; in the chains made here no class has a colon or a dot."""
    head, _, rest = text.partition(":")
    tag, *classes = head.split(".")
    attributes = {}
    while rest:
        name, _, rest = rest.partition('="')
        end = next(
            place for place in range(len(rest)) if rest[place] == '"' and (place == 0 or rest[place - 1] != "\\")
        )
        attributes[name] = rest[:end].replace('\\"', '"')
        rest = rest[end + 1 :]
    return tag, classes, attributes


def _is_at(selector: str, found: list[Element], place: int) -> bool:
    """Whether the selector, of parts between spaces, ends at the element of that place."""
    *outer, last = selector.split(" ")
    if not _is(last, found[place]):
        return False
    if not outer:
        return True
    if outer[-1] == ">":
        return place + 1 < len(found) and _is_at(" ".join(outer[:-1]), found, place + 1)
    return any(_is_at(" ".join(outer), found, further) for further in range(place + 1, len(found)))


def _is(part: str, element: Element) -> bool:
    tag, classes, attributes = element
    for piece in re.findall(r"[.#]?[\w*-]+|\[[^]]*\]", part):
        name, _, value = piece.strip("[]").partition("=")
        is_it = {
            ".": piece[1:] in classes,
            "#": piece[1:] in (attributes.get("attr_id"), attributes.get("attr__id"), attributes.get("id")),
            "[": any(
                value.strip('"') == given
                for written, given in attributes.items()
                if written.lower() in (name, f"attr_{name}", f"attr__{name}")
            ),
        }.get(piece[0], piece in ("*", tag))
        if not is_it:
            return False
    return True
