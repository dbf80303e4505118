"""Removing a visitor from ClickHouse, on the disk and not only from the answers."""

from uuid import UUID

from heatmaps.engine import Client
from heatmaps.loading.persons import current_persons
from heatmaps.removal import rows

_OF_VISITOR = "team_id = {team_id:Int64} AND distinct_id = {distinct_id:String}"
# No other visitor is the same person, or the membership is that one's too.
_OF_PERSON = "team_id = {team_id:Int64} AND person_id = {person_id:UUID}"
_OTHERS = """
SELECT DISTINCT distinct_id FROM person_distinct_id2
WHERE team_id = {team_id:Int64} AND person_id = {person_id:UUID} AND distinct_id != {distinct_id:String}
"""


def erase(client: Client, team_id: int, distinct_id: str) -> dict[str, int]:
    """Removes the visitor's rows and tells how many there were of each kind. Can be repeated after a kill: who the
    visitor is goes last."""
    person = current_persons(client, team_id, [distinct_id]).get(distinct_id)
    visitor: dict[str, object] = {"team_id": team_id, "distinct_id": distinct_id}
    erased = {
        "interactions": rows.delete(client, "heatmaps", _OF_VISITOR, visitor),
        "events": rows.delete(client, "events", _OF_VISITOR, visitor),
        "memberships": 0,
    }
    if person is not None and not _is_somebody_elses(client, person, team_id, distinct_id):
        erased["memberships"] = sum(
            rows.delete(client, table, _OF_PERSON, {"team_id": team_id, "person_id": str(person)})
            for table in ("cohortpeople", "person_static_cohort")
        )
    erased["persons"] = rows.delete(client, "person_distinct_id2", _OF_VISITOR, visitor)
    return erased


def _is_somebody_elses(client: Client, person: UUID, team_id: int, distinct_id: str) -> bool:
    once = client.query(
        _OTHERS, parameters={"team_id": team_id, "distinct_id": distinct_id, "person_id": str(person)}
    ).result_rows
    return person in current_persons(client, team_id, [other for (other,) in once]).values()
