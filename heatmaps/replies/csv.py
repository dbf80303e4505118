"""An answer as CSV with a header line. Lists are JSON, times ISO 8601 in UTC, what is missing is empty."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from heatmaps.replies.answer import Answer
from heatmaps.replies.columns import columns_of
from heatmaps.replies.rows import rows, written

# A spreadsheet takes a text that begins so for a formula, and works it out.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def chunks(answer: Answer) -> Iterator[bytes]:
    columns = columns_of(answer.results)
    last = len(columns) - 1
    yield ",".join(column.name for column in columns).encode() + b"\r\n"
    with closing(answer.filled_blocks()) as blocks:
        for block in blocks:
            cells = (
                (b"", column.values(block), b"\r\n" if place == last else b",") for place, column in enumerate(columns)
            )
            yield rows(cells, cell)


def cell(value: Any) -> bytes:
    """A value between two separators."""
    if value is None:
        return b""
    if isinstance(value, str):
        return _quoted(f"'{value}" if value.startswith(_FORMULA) else value)
    if isinstance(value, bool | int | float):
        return written(value)
    # A time is a text in JSON, a list is none.
    text = written(value).decode()
    return _quoted(text) if isinstance(value, list | dict) else text.strip('"').encode()


def _quoted(text: str) -> bytes:
    if any(mark in text for mark in ',"\r\n') or text != text.strip():
        text = '"' + text.replace('"', '""') + '"'
    return text.encode("utf-8", "replace")
