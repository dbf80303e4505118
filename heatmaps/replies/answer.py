"""What a question found: a value, which knows nothing of the form that it is sent in."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from heatmaps import metrics
from heatmaps.replies.columns import Columns, Item, names_of

__all__ = ["Answer", "Columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Results in blocks of columns, as they come from the engine, and what stands before and after them.

    `item` names the columns, in their order, and their types: it is the shape of one result. The head is known from the
    beginning, the tail when the blocks have ended. Closing the blocks lets go of the engine.

    An answer without an item has no results: it is its head. A bare one is its results, and has neither head nor tail.
    """

    item: Item | None
    blocks: Iterator[Columns] = field(default_factory=lambda: iter(()))
    head: Mapping[str, Any] = field(default_factory=dict)
    tail: Mapping[str, Any] = field(default_factory=dict)
    is_bare: bool = False

    @property
    def results(self) -> Item:
        """The shape of one result, where there are any."""
        if self.item is None:
            raise TypeError("This answer has no results.")
        return self.item

    def filled_blocks(self) -> Generator[Columns]:
        """The blocks that have results. Closing this closes them, too."""
        first = names_of(self.results)[0]
        try:
            for block in self.blocks:
                number = len(block[first])
                metrics.returned(number)
                if number:
                    yield block
        finally:
            if close := getattr(self.blocks, "close", None):
                close()
