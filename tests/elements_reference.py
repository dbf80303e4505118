"""Chains of elements and their counts, worked out slowly in plain Python, beside the product and not from it."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from tests.property_reference import passes

Json = dict[str, Any]
Event = dict[str, Any]


def of_browser(elements: Iterable[Json]) -> list[Json]:
    """What is to be told of the elements that the browser's SDK saw."""
    return [_of_browser(order, element) for order, element in enumerate(elements)]


def _of_browser(order: int, seen: Json) -> Json:
    # The chain has dots between classes, also where a class has a dot of its own.
    classes = ".".join(sorted(seen.get("attr__class", "").split())).replace('"', "")
    return {
        "text": seen.get("$el_text", "")[:400] or None,
        "tag_name": seen["tag_name"],
        "attr_class": classes.split(".") if classes else None,
        "href": seen.get("attr__href") or None,
        "attr_id": seen.get("attr__id") or None,
        "nth_child": seen.get("nth_child", 0),
        "nth_of_type": seen.get("nth_of_type", 0),
        "attributes": {name: value for name, value in seen.items() if name.startswith("attr__")},
        "order": order,
    }


def elements(chain: str) -> list[Json]:
    """The elements of any text, letter by letter."""
    texts, is_quoted, is_escaped = [""], False, False
    for letter in chain:
        if letter == ";" and not is_quoted:
            texts.append("")
            continue
        texts[-1] += letter
        if is_escaped:
            is_escaped = False
        elif letter == "\\" and is_quoted:
            is_escaped = True
        elif letter == '"':
            is_quoted = not is_quoted
    return [_element(order, text) for order, text in enumerate(filter(None, texts))]


def _element(order: int, text: str) -> Json:
    pairs, rest = [], text
    while '="' in rest:
        name, _, behind = rest.partition('="')
        value, is_escaped = "", False
        for length, letter in enumerate(behind):
            if letter == '"' and not is_escaped:
                pairs.append((name, value.replace('\\"', '"')))
                rest = behind[length + 1 :]
                break
            is_escaped = letter == "\\" and not is_escaped
            value += letter
        else:
            pairs.append((name, ""))
            break
    head = text.removesuffix(":")
    if pairs:
        first = pairs[0][0]
        head, colon, name = first.partition(":attr_") if ":attr_" in first else first.rpartition(":")
        pairs[0] = (("attr_" if colon == ":attr_" else "") + name, pairs[0][1])
        if '="' in rest:
            pairs.pop()
    attributes = dict(pairs)
    parts = head.split(".")
    return {
        "text": attributes.pop("text", None),
        "tag_name": parts[0] if head else None,
        "attr_class": list(filter(None, parts[1:])) if len(parts) > 1 else None,
        "href": attributes.pop("href", None),
        "attr_id": attributes.pop("attr_id", None),
        "nth_child": _number(attributes.pop("nth-child", None)),
        "nth_of_type": _number(attributes.pop("nth-of-type", None)),
        "attributes": {name: value for name, value in attributes.items() if name},
        "order": order,
    }


def _number(text: str | None) -> int | None:
    digits = (text or "").removeprefix("-")
    return int(text or "") if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def stats(
    events: Iterable[Event], names: Iterable[str], properties: Iterable[Json], hash_of: Callable[[str], str]
) -> list[Json]:
    """The results about events in their time, before `limit` and `offset`."""
    wanted, filters = set(names), list(properties)
    counts = Counter(
        (event["elements_chain"], event["event"])
        for event in events
        if event["event"] in wanted and event["elements_chain"] and all(passes(one, event, "UTC") for one in filters)
    )
    found = [
        {"count": count, "hash": hash_of(chain), "type": name, "elements": elements(chain)}
        for (chain, name), count in counts.items()
    ]
    return sorted(found, key=lambda one: (-one["count"], one["type"], one["hash"]))


def values(events: Iterable[Event], key: str, part: str) -> list[str]:
    """The names that the values of a key are listed by."""
    counts: Counter[str] = Counter()
    for event in events:
        having = [one[key] for one in elements(event["elements_chain"]) if one[key]]
        if event["event"] == "$autocapture" and having and part in having[0]:
            counts[having[0]] += 1
    return sorted(counts, key=lambda name: (-counts[name], name))[:100]
