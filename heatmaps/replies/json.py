"""An answer as one JSON document, a chunk for each block."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from heatmaps import metrics
from heatmaps.replies.answer import Answer, Columns, column_names

MEDIA_TYPE = "application/json"
# The driver hands over the UTC of a column without saying so.
TIMES = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def chunks(answer: Answer) -> Iterator[bytes]:
    if answer.item is None:
        yield orjson.dumps(dict(answer.head), option=TIMES)
        return
    names = column_names(answer.item)
    opening = b'{%b"results":[' % b"".join(_members(answer.head))
    is_first = True
    try:
        for block in answer.blocks:
            number = len(block[names[0]])
            metrics.returned(number)
            if number:
                yield (opening if is_first else b",") + _results(names, block)
                is_first = False
    finally:
        if close := getattr(answer.blocks, "close", None):
            close()
    tail = b"".join(b"," + member[:-1] for member in _members(answer.tail))
    yield (opening if is_first else b"") + b"]" + tail + b"}"


def _members(values: Mapping[str, Any]) -> list[bytes]:
    return [b"%b:%b," % (orjson.dumps(name), orjson.dumps(value, option=TIMES)) for name, value in values.items()]


def _results(names: Sequence[str], block: Columns) -> bytes:
    """The results, with commas between them. A column of numbers has few values, so each is written once and its text
    taken wherever it stands, which takes less than half of the time that a dict for each result does."""
    columns = []
    for place, name in enumerate(names):
        before = b"{" if place == 0 else b","
        after = b"}," if place == len(names) - 1 else b""
        columns.append(_texts(before + orjson.dumps(name) + b":%b" + after, block[name]))
    return b"".join(np.stack(columns, axis=1).ravel().tolist())[:-1]


def _texts(form: bytes, column: Sequence[Any] | NDArray[Any]) -> NDArray[np.object_]:
    """Each value of a column as it is written in its place."""
    if isinstance(column, np.ndarray):
        values, numbers = np.unique(column, return_inverse=True)
        return _written(form, values.tolist())[numbers]
    return _written(form, column)


def _written(form: bytes, values: Sequence[Any]) -> NDArray[np.object_]:
    texts = np.empty(len(values), dtype=object)
    texts[:] = [form % orjson.dumps(value, option=TIMES) for value in values]
    return texts
