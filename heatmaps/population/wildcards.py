"""Texts in which `*` stands for any characters, or none."""

from collections.abc import Callable, Sequence
from functools import lru_cache

Test = Callable[[str], bool]


@lru_cache(maxsize=1_000)
def any_of(patterns: tuple[str, ...]) -> Test:
    """Tells whether a text, as a whole, is what one of the patterns stands for. The time it takes grows with the text
    and the patterns, and not faster, whoever wrote them."""
    exact = frozenset(pattern for pattern in patterns if "*" not in pattern)
    others = [pattern.split("*") for pattern in patterns if "*" in pattern]

    def fits(text: str) -> bool:
        return text in exact or any(_fits(text, parts) for parts in others)

    return fits


def _fits(text: str, parts: Sequence[str]) -> bool:
    first, *middle, last = parts
    position, end = len(first), len(text) - len(last)
    if position > end or not text.startswith(first) or not text.endswith(last):
        return False
    for part in middle:
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return True
