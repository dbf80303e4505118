"""Removing a visitor from ClickHouse, on the disk and not only from the answers."""

from uuid import UUID

from heatmaps import schema
from heatmaps.engine import Client
from heatmaps.loading.persons import current_persons

_OF_VISITOR = "team_id = {team_id:Int64} AND distinct_id = {distinct_id:String}"
# No other visitor is the same person, or the membership is that one's too.
_OF_PERSON = "team_id = {team_id:Int64} AND person_id = {person_id:UUID}"
_OTHERS = """
SELECT DISTINCT distinct_id FROM person_distinct_id2
WHERE team_id = {team_id:Int64} AND person_id = {person_id:UUID} AND distinct_id != {distinct_id:String}
"""
# Done when the command is done, on every replica.
_AT_ONCE = {"mutations_sync": 2}


def erase(client: Client, team_id: int, distinct_id: str) -> dict[str, int]:
    """Removes the visitor's rows and tells how many there were of each kind. Can be repeated after a kill: who the
    visitor is goes last."""
    person = current_persons(client, team_id, [distinct_id]).get(distinct_id)
    visitor: dict[str, object] = {"team_id": team_id, "distinct_id": distinct_id}
    erased = {
        "interactions": _delete(client, "heatmaps", _OF_VISITOR, visitor),
        "events": _delete(client, "events", _OF_VISITOR, visitor),
        "memberships": 0,
    }
    if person is not None and not _is_somebody_elses(client, person, team_id, distinct_id):
        erased["memberships"] = sum(
            _delete(client, table, _OF_PERSON, {"team_id": team_id, "person_id": str(person)})
            for table in ("cohortpeople", "person_static_cohort")
        )
    erased["persons"] = _delete(client, "person_distinct_id2", _OF_VISITOR, visitor)
    return erased


def _is_somebody_elses(client: Client, person: UUID, team_id: int, distinct_id: str) -> bool:
    once = client.query(
        _OTHERS, parameters={"team_id": team_id, "distinct_id": distinct_id, "person_id": str(person)}
    ).result_rows
    return person in current_persons(client, team_id, [other for (other,) in once]).values()


def _delete(client: Client, table: str, condition: str, values: dict[str, object]) -> int:
    count = client.query(
        f"SELECT count() FROM {table} WHERE {condition}",  # noqa: S608 -- texts of our own
        parameters=values,
    ).result_rows[0][0]
    if count:
        where = cluster.stored(table) if (cluster := schema.cluster()) else table
        client.command(f"ALTER TABLE {where} DELETE WHERE {condition}", parameters=values, settings=_AT_ONCE)
    return int(count)
