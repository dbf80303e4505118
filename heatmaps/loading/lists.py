"""Cohorts that are lists of visitors."""

from collections.abc import Sequence

from heatmaps import engine, schema
from heatmaps.engine import Client

_OF_COHORT = "team_id = {team_id:Int64} AND cohort_id = {cohort_id:Int64}"
_COLUMNS = ["team_id", "cohort_id", "distinct_id"]


def replace(client: Client, team_id: int, cohort_id: int, visitors: Sequence[str]) -> None:
    """Puts the visitors in the place of those that were on the list. It never lacks one who was and stays on it."""
    values: dict[str, object] = {"team_id": team_id, "cohort_id": cohort_id}
    found = client.query(f"SELECT DISTINCT distinct_id FROM cohort_visitors WHERE {_OF_COHORT}", parameters=values)  # noqa: S608 -- texts of our own
    before = {name for (name,) in found.result_rows}
    new = [[team_id, cohort_id, name] for name in visitors if name not in before]
    if new:
        client.insert("cohort_visitors", new, column_names=_COLUMNS)
    for some in engine.portions(sorted(before.difference(visitors))):
        condition = f"{_OF_COHORT} AND distinct_id IN {{distinct_ids:Array(String)}}"
        schema.delete_rows(client, "cohort_visitors", condition, {**values, "distinct_ids": some})
