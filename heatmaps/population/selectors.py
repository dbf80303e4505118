"""CSS selectors, as far as a captured chain of elements answers them: tags, classes, ids, attributes, descendants."""

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_LENGTH = 1_000

_NAME = r"(?:[A-Za-z0-9_\-]|[^\x00-\x7f]|\\.)+"
_PART = re.compile(
    rf"\.(?P<class>{_NAME})"
    rf"|\#(?P<id>{_NAME})"
    rf"|\[\s*(?P<attribute>[A-Za-z_][A-Za-z0-9_\-]*)\s*=\s*"
    r"(?:\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[A-Za-z0-9_\-]+))\s*\]"
)
_TAG = re.compile(rf"\*|{_NAME}")
_COMBINATOR = re.compile(r"\s*(?P<child>>)\s*|\s+")


class BadSelector(ValueError):
    """A selector that is not understood; the text says why."""


class Within(StrEnum):
    """What an element is within: anything, the element before it in the selector, or that one directly."""

    PAGE = "page"
    ANCESTOR = "ancestor"
    PARENT = "parent"


@dataclass(frozen=True, slots=True)
class Compound:
    """What one element has to be, and where the one before it in the selector is."""

    tag: str | None
    classes: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    within: Within


# From the outermost element to the innermost.
Selector = tuple[Compound, ...]


def parse(text: str) -> Selector:
    """Reads a selector; raises BadSelector."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise BadSelector(f"A selector may have at most {MAX_LENGTH:,} characters.")
    compounds: list[Compound] = []
    within = Within.PAGE
    place = 0
    while True:
        compound, place = _compound(text, place, within)
        compounds.append(compound)
        if place == len(text):
            return tuple(compounds)
        combinator = _COMBINATOR.match(text, place)
        if combinator is None:
            raise _not_understood(text, place)
        within = Within.PARENT if combinator["child"] else Within.ANCESTOR
        place = combinator.end()


def _compound(text: str, start: int, within: Within) -> tuple[Compound, int]:
    """What the selector says of one element from here on, and where it has said so."""
    place = start
    tag = None
    if match := _TAG.match(text, place):
        tag = None if match[0] == "*" else _unescaped(match[0]).lower()
        place = match.end()
    classes, attributes = [], []
    while match := _PART.match(text, place):
        if match["class"]:
            classes.append(_unescaped(match["class"]))
        elif match["id"]:
            attributes.append(("id", _unescaped(match["id"])))
        else:
            value = next(value for value in (match["double"], match["single"], match["bare"]) if value is not None)
            attributes.append((match["attribute"].lower(), _unescaped(value)))
        place = match.end()
    if place == start:
        raise _not_understood(text, place)
    return Compound(tag, tuple(classes), tuple(attributes), within), place


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _not_understood(text: str, place: int) -> BadSelector:
    return BadSelector(
        f"The selector is not understood at {text[place : place + 20]!r}; "
        'there are tag, .class, #id, [attribute="value"], descendants and >.'
    )
