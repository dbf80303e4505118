"""CSS selectors, as far as a captured chain of elements answers them: tags, classes, ids, attributes, descendants."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cssselect import parser as css

MAX_LENGTH = 1_000
# Characters of a caller's text that an error repeats.
MAX_SHOWN = 20

# What cssselect is not left to read: escapes, because it takes a backslash for which an escape stands as the beginning
# of another one; and names that begin with a digit or two hyphens, which it refuses and people write.
_ESCAPE = r"\\(?P<hexadecimal>[0-9a-fA-F]{1,6})(?:\r\n|[ \n\r\t\f])?|\\(?P<escaped>[^\n\r\f])"
_BEGINNING = r"(?P<before>[.=][ \t\r\n\f]*)(?P<first>[0-9-])"
# Characters of no meaning, which stand for those that were taken out. They are taken out themselves.
_FIRST_STAND_IN = 0xF0000
_TAKEN_OUT = re.compile(rf"{_ESCAPE}|{_BEGINNING}|(?P<stand_in>[{chr(_FIRST_STAND_IN)}-{chr(0x10FFFF)}])")
_UPPER_CASE = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


class BadSelector(ValueError):
    """A selector that is not understood; the text says why."""


class Within(StrEnum):
    """What an element is within: anything, the element before it in the selector, or that one directly."""

    PAGE = "page"
    ANCESTOR = "ancestor"
    PARENT = "parent"


_FUNCTIONS: dict[type, str] = {css.Relation: ":has()", css.Matching: ":is()", css.SpecificityAdjustment: ":where()"}
_WITHIN = {" ": Within.ANCESTOR, ">": Within.PARENT}


@dataclass(frozen=True, slots=True)
class Compound:
    """What one element has to be, and where the one before it in the selector is."""

    tag: str | None
    classes: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    within: Within


# From the outermost element to the innermost.
Selector = tuple[Compound, ...]
# Puts the characters back that were taken out of a text.
_Restore = Callable[[str], str]


def parse(text: str) -> Selector:
    """Reads a selector; raises BadSelector."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise BadSelector(f"A selector may have at most {MAX_LENGTH:,} characters.")
    readable, restored = _taken_out(text)
    try:
        selectors = css.parse(readable)
    except css.SelectorSyntaxError as error:
        places = re.findall(r"\bat ([0-9]+)", str(error))
        rest = restored(readable[int(places[-1]) if places else 0 :])
        raise _refusal(f"is not understood at {rest[:MAX_SHOWN]!r}") from error
    except RecursionError as error:
        raise _refusal("is nested too deeply") from error
    if len(selectors) > 1:
        raise _unanswerable(",")
    if selectors[0].pseudo_element is not None:
        raise _unanswerable(f"::{getattr(selectors[0].pseudo_element, 'name', selectors[0].pseudo_element)}")
    return _selector(selectors[0].parsed_tree, restored)


def _taken_out(text: str) -> tuple[str, _Restore]:
    """The text with a stand-in for each character that is not left to cssselect, and what puts them back."""
    originals: dict[int, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        code = _FIRST_STAND_IN + len(originals)
        if match["hexadecimal"]:
            originals[code] = _character(int(match["hexadecimal"], 16))
        else:
            originals[code] = match["escaped"] or match["first"] or match["stand_in"]
        return (match["before"] or "") + chr(code)

    readable = _TAKEN_OUT.sub(stand_in, text)
    return readable, lambda part: part.translate(originals)


def _character(code: int) -> str:
    """As the standard has it: what is no character becomes the one for that."""
    is_none = code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF
    return "\N{REPLACEMENT CHARACTER}" if is_none else chr(code)


def _selector(tree: css.Tree, restored: _Restore) -> Selector:
    compounds: list[Compound] = []
    # The tree leans to the left, so that the innermost element comes first.
    while isinstance(tree, css.CombinedSelector):
        if tree.combinator not in _WITHIN:
            raise _unanswerable(tree.combinator)
        compounds.append(_compound(tree.subselector, restored, _WITHIN[tree.combinator]))
        tree = tree.selector
    compounds.append(_compound(tree, restored, Within.PAGE))
    return tuple(reversed(compounds))


def _compound(tree: css.Tree, restored: _Restore, within: Within) -> Compound:
    classes: list[str] = []
    attributes: list[tuple[str, str]] = []
    while not isinstance(tree, css.Element):
        match tree:
            case css.Class():
                classes.append(restored(tree.class_name))
            case css.Hash():
                attributes.append(("id", restored(tree.id)))
            case css.Attrib(namespace=None, operator="=", flag=None | "s", value=css.Token() as value):
                attributes.append((_lower(restored(tree.attrib)), restored(value.value or "")))
            case _:
                raise _unanswerable(restored(_name(tree)))
        tree = tree.selector
    if tree.namespace is not None:
        raise _unanswerable(restored(f"{tree.namespace}|{tree.element or '*'}"))
    tag = None if tree.element is None else _lower(restored(tree.element))
    return Compound(tag, tuple(reversed(classes)), tuple(reversed(attributes)), within)


def _name(tree: css.Tree) -> str:
    """What callers call this part of a selector."""
    if isinstance(tree, css.Attrib):
        namespace = "" if tree.namespace is None else f"{tree.namespace}|"
        value = "" if tree.operator == "exists" else f"{tree.operator}…"
        return f"[{namespace}{tree.attrib}{value}{f' {tree.flag}' if tree.flag else ''}]"
    if isinstance(tree, css.Pseudo):
        return f":{tree.ident}"
    return f":{tree.name}()" if isinstance(tree, css.Function) else _FUNCTIONS.get(type(tree), ":not()")


def _lower(text: str) -> str:
    """HTML's names are equal in any case of A to Z."""
    return text.translate(_UPPER_CASE)


def _unanswerable(name: str) -> BadSelector:
    return _refusal(f"has {name[:MAX_SHOWN]!r}, which is not offered here")


def _refusal(reason: str) -> BadSelector:
    return BadSelector(f'The selector {reason}; there are tag, .class, #id, [attribute="value"], descendants and >.')
