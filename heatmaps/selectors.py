"""CSS selectors, as far as a captured chain of elements answers them: tags, classes, ids, attributes, descendants."""

import re
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Compound:
    """What one element has to be; `is_child` when the one before it in the selector has to be its parent."""

    tag: str | None
    classes: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    is_child: bool


# From the outermost element to the innermost.
Selector = tuple[Compound, ...]


def parse(text: str) -> Selector:
    """Reads a selector; raises BadSelector."""
    rest = text.strip()
    compounds: list[Compound] = []
    is_child = False
    while True:
        compound, rest = _compound(rest, text, is_child=is_child)
        compounds.append(compound)
        if not rest:
            return tuple(compounds)
        combinator = _COMBINATOR.match(rest)
        if combinator is None:
            raise _not_understood(text, rest)
        is_child = combinator["child"] is not None
        rest = rest[combinator.end() :]


def _compound(rest: str, whole: str, *, is_child: bool) -> tuple[Compound, str]:
    before = rest
    tag = None
    if match := _TAG.match(rest):
        tag = None if match[0] == "*" else _unescaped(match[0]).lower()
        rest = rest[match.end() :]
    classes, attributes = [], []
    while match := _PART.match(rest):
        if match["class"]:
            classes.append(_unescaped(match["class"]))
        elif match["id"]:
            attributes.append(("id", _unescaped(match["id"])))
        else:
            value = next(value for value in (match["double"], match["single"], match["bare"]) if value is not None)
            attributes.append((match["attribute"].lower(), _unescaped(value)))
        rest = rest[match.end() :]
    if rest == before:
        raise _not_understood(whole, rest)
    return Compound(tag, tuple(classes), tuple(attributes), is_child), rest


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _not_understood(whole: str, rest: str) -> BadSelector:
    return BadSelector(
        f"The selector {whole!r} is not understood at {rest[:20]!r}; "
        'there are tag, .class, #id, [attribute="value"], descendants and >.'
    )
