"""Rows of a table, counted and removed."""

from collections.abc import Mapping

from heatmaps import schema
from heatmaps.engine import Client


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
        schema.delete_rows(client, table, condition, values)
    return found
