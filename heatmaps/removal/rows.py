"""Rows of a table, counted and removed. ClickHouse writes what is left anew, projections too."""

from collections.abc import Mapping

from heatmaps import schema
from heatmaps.engine import Client

# Done when the command is done, on every replica.
_AT_ONCE = {"mutations_sync": 2}


def count(client: Client, table: str, condition: str, values: Mapping[str, object]) -> int:
    rows = client.query(
        f"SELECT count() FROM {table} WHERE {condition}",  # noqa: S608 -- texts of our own
        parameters=dict(values),
    ).result_rows
    return int(rows[0][0])


def delete(client: Client, table: str, condition: str, values: Mapping[str, object]) -> int:
    """Removes the rows and tells how many there were."""
    found = count(client, table, condition, values)
    if found:
        where = cluster.stored(table) if (cluster := schema.cluster()) else table
        client.command(f"ALTER TABLE {where} DELETE WHERE {condition}", parameters=dict(values), settings=_AT_ONCE)
    return found
