"""What a page of the demo is: its elements, with their boxes, and how people use it. All lengths are CSS px.

Boxes are drawn for windows of two widths and stretch with the window; heights stay. A box is (x, y, width, height), y
from the top of the page; of a fixed element from the top of the window, or from its bottom when negative.
"""

from dataclasses import dataclass

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Element:
    """Something that people click, on desktops, on phones or on both; `weight` is its share of a page's clicks."""

    name: str
    desktop: Box | None
    mobile: Box | None
    weight: float
    to: str | None = None
    is_fixed: bool = False
    # Looks as if a click did something, and none does.
    is_dead: bool = False
    # Should do something, and does not: people click again and again.
    is_broken: bool = False
    is_for_staff: bool = False
    # The weight since the shop looks as it does now, where that is another.
    new_weight: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`patience` is the share of the page that people scroll on average; `entry` the weight among first pages."""

    path: str
    entry: float
    patience: float
    heights: tuple[int, int]  # on desktops, on phones
    reading: tuple[Box, Box]  # where the text is, on desktops, on phones
    elements: tuple[Element, ...]
    # What else stands behind the path in a part of the visits, with its share.
    suffixes: tuple[tuple[str, float], ...] = ()

    @property
    def template(self) -> str:
        """The file that has its HTML."""
        return f"demo/{self.path.strip('/') or 'home'}.html"
