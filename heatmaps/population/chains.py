"""Chains of elements, taken apart: what an event was about, from the innermost element outward.

`conditions` reads the same language in SQL. A chain may come from anybody, so each is gone through once, whatever it
holds.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

# A text between quotes need not end; then it is all the rest.
_ELEMENT = re.compile(r'(?:[^;"]++|"(?:[^"\\]++|\\.)*+"?)++', re.DOTALL)
_VALUE = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
# The first attribute is behind a colon. Classes may have colons, and so may the name of an attribute of the page.
_FIRST_ATTRIBUTE = ":attr_"
# Attributes that stand beside `attributes`.
_TEXTS = {"text": "text", "href": "href", "attr_id": "attr_id"}
_NUMBERS = {"nth-child": "nth_child", "nth-of-type": "nth_of_type"}
_NUMBER = re.compile(r"-?[0-9]{1,9}")
# Elements that are kept, so that what most chains of a site end in is taken apart once.
_MOST_KEPT = 20_000

Element = dict[str, Any]


class ChainReader:
    """Takes chains apart, of each so many elements at most. Of an element's other attributes it keeps those that are
    wanted, or all."""

    def __init__(self, *, most_elements: int | None = None, is_wanted: Callable[[str], bool] | None = None) -> None:
        self._most_elements = most_elements
        self._is_wanted = is_wanted
        self._kept: dict[tuple[int, str], Element] = {}

    def elements(self, chain: str) -> list[Element]:
        """The elements, the innermost first. They may be those of another chain, too: leave them as they are."""
        found = islice(_ELEMENT.finditer(chain), self._most_elements)
        return [self._element(order, match[0]) for order, match in enumerate(found)]

    def _element(self, order: int, text: str) -> Element:
        key = order, text
        if (known := self._kept.get(key)) is not None:
            return known
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        return self._kept.setdefault(key, self._read(order, text))

    def _read(self, order: int, text: str) -> Element:
        head, attributes = _parted(text)
        tag, *classes = head.split(".")
        element: Element = {
            "text": None,
            "tag_name": tag if head else None,
            "attr_class": [name for name in classes if name] if classes else None,
            "href": None,
            "attr_id": None,
            "nth_child": None,
            "nth_of_type": None,
            "attributes": {},
            "order": order,
        }
        for name, value in _attributes(attributes):
            if name in _TEXTS:
                element[_TEXTS[name]] = value
            elif name in _NUMBERS:
                element[_NUMBERS[name]] = int(value) if _NUMBER.fullmatch(value) else None
            elif name and (self._is_wanted is None or self._is_wanted(name)):
                element["attributes"][name] = value
        return element


def _parted(text: str) -> tuple[str, str]:
    """Tag and classes of an element with dots between them, and its attributes."""
    equals = text.find('="')
    if equals < 0:
        return text.removesuffix(":"), ""
    colon = text.find(_FIRST_ATTRIBUTE, 0, equals)
    if colon < 0:
        colon = text.rfind(":", 0, equals)
    return text[: max(0, colon)], text[colon + 1 :]


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    """Names and values. A value that does not end is none."""
    start = 0
    while (equals := text.find('="', start)) >= 0:
        value = _VALUE.match(text, equals + 2)
        if value is None or value.end() == len(text) or text[value.end()] != '"':
            return
        yield text[start:equals], value[0].replace('\\"', '"')
        start = value.end() + 1
