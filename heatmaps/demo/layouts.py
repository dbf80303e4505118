"""The demo's pages as one kind of window shows them: what can be clicked there, and how often it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from heatmaps.demo import site

Array = npt.NDArray[Any]

# The roaster's own people have the desktop's, and a few buttons more.
DESKTOP, MOBILE, STAFF = range(3)
NO_ELEMENT = -1


@dataclass(frozen=True, slots=True)
class Layout:
    """The elements of a page as one kind of window shows it. `numbers` are their places among all of the page."""

    numbers: Array
    boxes: Array
    shares: Array
    # The share of each element among those that lead to another page, and the number of that page.
    link_shares: Array
    links: Array
    is_fixed: Array
    is_dead: Array
    is_broken: Array


def by_layout(page: Array, layout: Array, is_new: Array) -> Iterator[tuple[Layout, Array]]:
    """Each page, kind of window and look of the shop that occur, with where they do."""
    together = (page * 3 + layout) * 2 + is_new
    for value in np.unique(together):
        page_and_layout, look = divmod(int(value), 2)
        yield _layout(*divmod(page_and_layout, 3), is_new=bool(look)), np.flatnonzero(together == value)


@cache
def _layout(page: int, layout: int, *, is_new: bool) -> Layout:
    paths = [page.path for page in site.PAGES]
    found = [
        (number, element, box)
        for number, element in enumerate(site.PAGES[page].elements)
        if (box := element.mobile if layout == MOBILE else element.desktop)
        if layout == STAFF or not element.is_for_staff
    ]
    elements = [element for _, element, _ in found]
    weights = [
        element.weight if element.new_weight is None or not is_new else element.new_weight for element in elements
    ]
    return Layout(
        numbers=np.array([number for number, _, _ in found]),
        boxes=np.array([box for *_, box in found], dtype=float),
        shares=shares(weights),
        link_shares=shares([weight if element.to else 0 for element, weight in zip(elements, weights, strict=True)]),
        links=np.array([paths.index(element.to) if element.to else -1 for element in elements]),
        is_fixed=np.array([element.is_fixed for element in elements]),
        is_dead=np.array([element.is_dead for element in elements]),
        is_broken=np.array([element.is_broken for element in elements]),
    )


def shares(weights: Any) -> Array:
    values: Array = np.array(list(weights), dtype=float)
    values /= values.sum()
    return values
