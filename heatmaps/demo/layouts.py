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


@dataclass(frozen=True, slots=True)
class Layout:
    """The elements of a page as one kind of window shows it."""

    boxes: Array
    shares: Array
    # The share of each element among those that lead to another page, and the number of that page.
    link_shares: Array
    links: Array
    is_fixed: Array
    is_dead: Array
    is_broken: Array


def by_layout(page: Array, layout: Array) -> Iterator[tuple[Layout, Array]]:
    """Each page and kind of window that occur, with where they do."""
    both = page * 3 + layout
    for value in np.unique(both):
        yield _layout(int(value) // 3, int(value) % 3), np.flatnonzero(both == value)


@cache
def _layout(page: int, layout: int) -> Layout:
    paths = [page.path for page in site.PAGES]
    found = [
        (element, box)
        for element in site.PAGES[page].elements
        if (box := element.mobile if layout == MOBILE else element.desktop)
        if layout == STAFF or not element.is_for_staff
    ]
    elements = [element for element, _ in found]
    return Layout(
        boxes=np.array([box for _, box in found], dtype=float),
        shares=shares([element.weight for element in elements]),
        link_shares=shares([element.weight if element.to else 0 for element in elements]),
        links=np.array([paths.index(element.to) if element.to else -1 for element in elements]),
        is_fixed=np.array([element.is_fixed for element in elements]),
        is_dead=np.array([element.is_dead for element in elements]),
        is_broken=np.array([element.is_broken for element in elements]),
    )


def shares(weights: Any) -> Array:
    values: Array = np.array(list(weights), dtype=float)
    values /= values.sum()
    return values
