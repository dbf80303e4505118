"""An answer as lines of JSON, one a result."""

from collections.abc import Iterator
from contextlib import closing

from heatmaps.replies.answer import Answer
from heatmaps.replies.columns import names_of
from heatmaps.replies.json import objects


def chunks(answer: Answer) -> Iterator[bytes]:
    names = names_of(answer.results)
    with closing(answer.filled_blocks()) as blocks:
        for block in blocks:
            yield objects(names, block, b"\n")
