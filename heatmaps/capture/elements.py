"""The elements that an event is about, from the innermost outward, as one text: what filters and areas read."""

import re
from collections.abc import Mapping
from typing import Any

_ATTRIBUTE = "attr__"


def chain(properties: Mapping[str, Any]) -> str:
    """The text that newer SDKs send when they are asked to; else made of the list that they all can send."""
    text, elements = properties.get("$elements_chain"), properties.get("$elements")
    if isinstance(text, str):
        return text
    if not isinstance(elements, list):
        return ""
    return ";".join(_written(element) for element in elements if isinstance(element, dict))


def _written(element: Mapping[str, Any]) -> str:
    """Tag and classes with dots between them, a colon, and attributes by their names."""
    attributes = {name: value for name, value in element.items() if name.startswith(_ATTRIBUTE)}
    attributes |= {
        "text": element.get("$el_text"),
        "href": element.get("attr__href"),
        "attr_id": element.get("attr__id"),
        "nth-child": element.get("nth_child"),
        "nth-of-type": element.get("nth_of_type"),
    }
    told = {name: str(value) for name, value in attributes.items() if isinstance(value, str | int) and value != ""}
    tag, classes = element.get("tag_name"), element.get("attr__class")
    names = [tag if isinstance(tag, str) else "", *(sorted(classes.split()) if isinstance(classes, str) else [])]
    quoted = "".join(f'{name}="{_escaped(value)}"' for name, value in sorted(told.items()) if '"' not in name)
    head = ".".join(name.replace('"', "") for name in names)
    return f"{head}:{quoted}"


def _escaped(text: str) -> str:
    """As the SDKs do it; but a backslash at the end would keep the quote from closing."""
    return re.sub(r'\\?"', r'\\"', text).rstrip("\\")
