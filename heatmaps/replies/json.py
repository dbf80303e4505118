"""An answer as one JSON document, a chunk for each block."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import orjson

from heatmaps.replies.answer import Answer
from heatmaps.replies.columns import Columns, names_of
from heatmaps.replies.rows import rows, written

MEDIA_TYPE = "application/json"


def chunks(answer: Answer) -> Iterator[bytes]:
    if answer.item is None:
        yield written(dict(answer.head))
        return
    names = names_of(answer.item)
    opening = b"[" if answer.is_bare else b'{%b"results":[' % b"".join(_members(answer.head))
    is_first = True
    with closing(answer.filled_blocks()) as blocks:
        for block in blocks:
            yield (opening if is_first else b",") + objects(names, block)[:-1]
            is_first = False
    tail = b"".join(b"," + member[:-1] for member in _members(answer.tail))
    yield (opening if is_first else b"") + b"]" + tail + (b"" if answer.is_bare else b"}")


def objects(names: Sequence[str], block: Columns, separator: bytes = b",") -> bytes:
    """The results as objects, a separator behind each."""
    last = len(names) - 1
    columns = (
        ((b"," if place else b"{") + orjson.dumps(name) + b":", block[name], b"}" + separator if place == last else b"")
        for place, name in enumerate(names)
    )
    return rows(columns, written)


def _members(values: Mapping[str, Any]) -> list[bytes]:
    return [b"%b:%b," % (orjson.dumps(name), written(value)) for name, value in values.items()]
