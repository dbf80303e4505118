"""The forms in which an answer can be sent."""

import json as standard_json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from heatmaps.replies import arrow, csv, json, ndjson
from heatmaps.replies.answer import Answer
from heatmaps.replies.rows import written

# What is longer than this is left out of the headers of a reply.
MAX_HEADER_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A form of an answer, and the name of its files' ending."""

    name: str
    media_type: str
    chunks: Callable[[Answer], Iterator[bytes]]


JSON = Format(name="json", media_type=json.MEDIA_TYPE, chunks=json.chunks)
FORMATS = {
    one.name: one
    for one in (
        JSON,
        Format(name="csv", media_type="text/csv", chunks=csv.chunks),
        Format(name="ndjson", media_type="application/x-ndjson", chunks=ndjson.chunks),
        Format(name="arrow", media_type="application/vnd.apache.arrow.stream", chunks=arrow.arrow_chunks),
        Format(name="parquet", media_type="application/vnd.apache.parquet", chunks=arrow.parquet_chunks),
    )
}


def with_tail(answer: Answer) -> Answer:
    """The same answer when its tail is known, which takes all of its blocks; they are columns of numbers then, and a
    third of what they are as text."""
    return replace(answer, blocks=iter(list(answer.blocks)))


def headers(answer: Answer) -> dict[str, str]:
    """What stands beside the results, for formats that have no place for it: `has_more` as `Heatmaps-Has-More`."""
    told = {name: _ascii(value) for name, value in {**answer.head, **answer.tail}.items()}
    return {f"Heatmaps-{_title(name)}": text for name, text in told.items() if len(text) <= MAX_HEADER_BYTES}


def _title(name: str) -> str:
    return "-".join(word.capitalize() for word in name.split("_"))


def _ascii(value: Any) -> str:
    """JSON without a character that a header cannot have."""
    return standard_json.dumps(standard_json.loads(written(value)), separators=(",", ":"))
