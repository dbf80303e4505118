"""The one door to ClickHouse: the embedded engine or a server, whichever CLICKHOUSE_URL names.

Questions of the API are asked through `rows` and `blocks`, read-only and within the limits of the settings. Everything
that writes goes through `writer`. What the driver raises leaves here as an EngineError. Only this room knows the
driver.
"""

from clickhouse_connect.driver.client import Client

from heatmaps.engine.asking import (
    Block,
    blocks,
    close,
    columns,
    create_database,
    database_exists,
    has_shards,
    patient_writer,
    portions,
    rows,
    rows_read,
    writer,
)
from heatmaps.engine.connecting import attach_where_served, directory, is_embedded, is_in_memory, is_shared
from heatmaps.engine.errors import EngineBusy, EngineError, EngineUnavailable, TooManyCells, ValueTooLong
from heatmaps.engine.parts import set_aside
from heatmaps.engine.query import Query
from heatmaps.engine.sharing import Sharing, lock_for_service, wait_for_killed

__all__ = [
    "Block",
    "Client",
    "EngineBusy",
    "EngineError",
    "EngineUnavailable",
    "Query",
    "Sharing",
    "TooManyCells",
    "ValueTooLong",
    "attach_where_served",
    "blocks",
    "close",
    "columns",
    "create_database",
    "database_exists",
    "directory",
    "has_shards",
    "is_embedded",
    "is_in_memory",
    "is_shared",
    "lock_for_service",
    "patient_writer",
    "portions",
    "rows",
    "rows_read",
    "set_aside",
    "wait_for_killed",
    "writer",
]
