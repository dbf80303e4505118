"""What the browser's SDK would say of the elements that the demo's visitors click, read from the pages' own HTML."""

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any

from django.template.loader import render_to_string

from heatmaps.capture.elements import chain
from heatmaps.demo import site

# The name that demo/templatetags/demo.py gives an element that is clicked.
_NAME = "data-element"
# They have no end tag.
_EMPTY = {"br", "img", "input", "link", "meta"}
# What may carry the words of an element that has none of its own, such as a card.
_SPEAKING = ("h2", "h3", "p", "span")


@cache
def chains(page: int) -> tuple[str, ...]:
    """Of each of a page's elements, in their order: itself and what it is in, from the innermost outward."""
    reader = _Reader()
    reader.feed(render_to_string(site.PAGES[page].template, {"page": site.PAGES[page]}))
    return tuple(chain({"$elements": reader.found[element.name]}) for element in site.PAGES[page].elements)


@dataclass(slots=True)
class _Tag:
    name: str
    attributes: dict[str, str]
    nth_child: int
    nth_of_type: int
    text: str = ""
    children: list["_Tag"] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = {"tag_name": self.name, "nth_child": self.nth_child, "nth_of_type": self.nth_of_type}
        told |= {f"attr__{name}": value for name, value in self.attributes.items()}
        return told | {"$el_text": " ".join(self.text.split())}


class _Reader(HTMLParser):
    """Collects, by name, the elements that are clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[dict[str, Any]]] = {}
        self._open: list[_Tag] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        siblings = self._open[-1].children if self._open else []
        here = _Tag(
            name=tag,
            attributes={name: value or "" for name, value in attrs if name != "style"},
            nth_child=len(siblings) + 1,
            nth_of_type=sum(one.name == tag for one in siblings) + 1,
        )
        # On the site itself there is nothing in front of a page's path.
        if here.attributes.get("href", "").startswith(site.HOME):
            here.attributes["href"] = here.attributes["href"].removeprefix(site.HOME)
        siblings.append(here)
        self._open.append(here)
        if tag in _EMPTY:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text += data

    def handle_endtag(self, tag: str) -> None:
        here = self._open.pop()
        if _NAME in here.attributes:
            name = here.attributes.pop(_NAME)
            said = [one for one in here.children if one.name in _SPEAKING and one.text.strip()]
            innermost = said[:1] if not here.text.strip() else []
            self.found[name] = [one.told() for one in (*innermost, here, *reversed(self._open))]
