"""The rows of events into their tables. Each insert makes as few parts as it can."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from heatmaps.capture.captured import Captured
from heatmaps.capture.points import SCALE_FACTOR
from heatmaps.engine import Client

INSERT_SETTINGS = {
    # A block may hold rows of any number of months.
    "max_partitions_per_insert_block": 0,
    # An event is never split over two blocks.
    "max_insert_block_size": 10_000_000,
    # An answer means that the rows are there, on a cluster too.
    "async_insert": 0,
    "distributed_foreground_insert": 1,
    "max_execution_time": 15,
}
_MONDAY = 4 * 86_400 * 1_000_000
_WEEK = 7 * 86_400 * 1_000_000
_MICROSECONDS = pa.timestamp("us", tz="UTC")


def insert_points(client: Client, events: Sequence[Captured], batch: int) -> int:
    """Returns how many parts that made."""
    events = [event for event in events if len(event.points)]
    if not events:
        return 0
    of_each = _Repeated([len(event.points) for event in events])
    client.insert_arrow(
        "heatmaps",
        pa.table(
            {
                "session_id": of_each([event.session_id for event in events], pa.string()),
                "team_id": of_each([event.key.team_id for event in events], pa.int64()),
                "distinct_id": of_each([event.distinct_id for event in events], pa.string()),
                "timestamp": of_each([event.happened_at for event in events], _MICROSECONDS),
                "x": pa.array(_joined(event.points.x for event in events), pa.int16()),
                "y": pa.array(_joined(event.points.y for event in events), pa.int16()),
                "scale_factor": of_each([SCALE_FACTOR] * len(events), pa.int16()),
                "viewport_width": of_each([event.points.viewport_width for event in events], pa.int16()),
                "viewport_height": of_each([event.points.viewport_height for event in events], pa.int16()),
                "pointer_target_fixed": pa.array(_joined(event.points.is_fixed for event in events), pa.bool_()),
                "current_url": pa.array(_joined(event.points.url for event in events), pa.string()),
                "type": pa.array(_joined(event.points.type for event in events), pa.string()),
                "_partition": of_each([batch] * len(events), pa.uint64()),
                "_offset": of_each([event.key.offset for event in events], pa.uint64()),
            }
        ),
        settings=INSERT_SETTINGS,
    )
    return _weeks(events)


def insert_events(client: Client, events: Sequence[Captured], batch: int) -> int:
    """Returns how many parts that made."""
    rows = [(event, event.event) for event in events if event.event is not None]
    if not rows:
        return 0
    client.insert_arrow(
        "events",
        pa.table(
            {
                "uuid": pa.array([row.uuid for _, row in rows], pa.string()),
                "event": pa.array([row.name for _, row in rows], pa.string()),
                "properties": pa.array([row.properties for _, row in rows], pa.string()),
                "timestamp": pa.array([event.happened_at for event, _ in rows], _MICROSECONDS),
                "team_id": pa.array([event.key.team_id for event, _ in rows], pa.int64()),
                "distinct_id": pa.array([event.distinct_id for event, _ in rows], pa.string()),
                "elements_chain": pa.array([row.elements_chain for _, row in rows], pa.string()),
                "$session_id": pa.array([event.session_id for event, _ in rows], pa.string()),
                "_partition": pa.array([batch] * len(rows), pa.uint64()),
                "_offset": pa.array([event.key.offset for event, _ in rows], pa.uint64()),
            }
        ),
        settings=INSERT_SETTINGS,
    )
    return _weeks([event for event, _ in rows])


class _Repeated:
    """Makes a column of the points' rows from a value for each event."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._places = pa.array(_joined([place] * number for place, number in enumerate(numbers)), pa.int32())

    def __call__(self, values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(self._places)


def _joined(lists: Iterable[list[Any]]) -> list[Any]:
    return list(chain.from_iterable(lists))


def _weeks(events: Iterable[Captured]) -> int:
    """How many parts the events become: the tables are partitioned by week, or by something longer."""
    return len({(event.happened_at - _MONDAY) // _WEEK for event in events})
