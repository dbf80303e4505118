"""Removing a visitor from both databases, on the disk and not only from the answers; and with the visitor the person
whom they are, with all ids."""

from collections.abc import Iterable
from uuid import UUID

from heatmaps import engine
from heatmaps.engine import Client
from heatmaps.loading.persons import current_persons
from heatmaps.models import Person
from heatmaps.persons import loading
from heatmaps.removal import rows

_OF_VISITORS = "team_id = {team_id:Int64} AND distinct_id IN {distinct_ids:Array(String)}"
_OF_PERSON = "team_id = {team_id:Int64} AND person_id = {person_id:UUID}"
_PERSON = "team_id = {team_id:Int64} AND id = {person_id:UUID}"
_IDS = """
SELECT DISTINCT distinct_id FROM person_distinct_id2
WHERE team_id = {team_id:Int64} AND person_id = {person_id:UUID}
"""


def erase(client: Client, team_id: int, distinct_id: str) -> dict[str, int]:
    """Removes the rows of the visitor, and of all others who are the same person, and tells how many there were of each
    kind. Can be repeated after a kill: who the visitor is goes last."""
    persons, visitors = _of(client, team_id, distinct_id)
    erased = {table: _delete(client, table, team_id, visitors) for table in ("heatmaps", "events")}
    memberships = _delete(client, "cohort_visitors", team_id, visitors)
    for person in persons:
        values: dict[str, object] = {"team_id": team_id, "person_id": str(person)}
        memberships += sum(
            rows.delete(client, table, _OF_PERSON, values) for table in ("cohortpeople", "person_static_cohort")
        )
        # Before ClickHouse's own, or it would be told of them again.
        Person.objects.filter(project_id=team_id, uuid=person).delete()
        rows.delete(client, "person", _PERSON, values)
    return {
        "interactions": erased["heatmaps"],
        "events": erased["events"],
        "memberships": memberships,
        "persons": _delete(client, "person_distinct_id2", team_id, visitors),
    }


def _of(client: Client, team_id: int, distinct_id: str) -> tuple[set[UUID], list[str]]:
    """The persons that the visitor is, in either database, and all visitors who are one of them."""
    persons = set(current_persons(client, team_id, [distinct_id]).values())
    persons |= {entry.person.uuid for entry in loading.known(team_id, [distinct_id]).values()}
    visitors = {distinct_id}
    for person in persons:
        once = client.query(_IDS, parameters={"team_id": team_id, "person_id": str(person)}).result_rows
        now = current_persons(client, team_id, [name for (name,) in once])
        visitors |= {name for name, uuid in now.items() if uuid == person}
        kept = Person.objects.filter(project_id=team_id, uuid=person)
        visitors |= set(kept.filter(distinct_ids__isnull=False).values_list("distinct_ids__distinct_id", flat=True))
    return persons, sorted(visitors)


def _delete(client: Client, table: str, team_id: int, visitors: Iterable[str]) -> int:
    return sum(
        rows.delete(client, table, _OF_VISITORS, {"team_id": team_id, "distinct_ids": some})
        for some in engine.portions(list(visitors))
    )
