"""An element of a page as it is told."""

import re
from typing import Any

# What a selector may hold as it is; everything else has a backslash before it.
_PLAIN = re.compile(r"[A-Za-z0-9_\-]|[^\x00-\x7f]")


def as_told(tag_and_classes: str, *, text: str, attr_id: str, href: str) -> dict[str, Any]:
    """From the tag and the classes of an element as a chain of elements has them, with dots between them."""
    tag, *classes = tag_and_classes.split(".")
    names = [f"#{_escaped(attr_id)}"] if attr_id else [f".{_escaped(name)}" for name in classes if name]
    return {
        "tag_name": tag,
        "text": text or None,
        "attr_id": attr_id or None,
        "href": href or None,
        "selector": _escaped(tag) + "".join(names),
    }


def _escaped(name: str) -> str:
    """A name as CSS writes it: a digit in front by its number, since a backslash before it would mean another thing."""
    if name[:1].isdigit():
        return f"\\{ord(name[0]):x} {_escaped(name[1:])}"
    return "".join(letter if _PLAIN.fullmatch(letter) else f"\\{letter}" for letter in name)
