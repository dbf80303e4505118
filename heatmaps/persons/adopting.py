"""Which visitor is which person, from before the metadata database kept persons: it takes that over, and tells
ClickHouse again with versions of its own. Can be repeated after a kill: what is told again is not found any more."""

from collections import defaultdict
from uuid import UUID

from heatmaps.engine import Client
from heatmaps.models import Project
from heatmaps.persons import following, loading
from heatmaps.persons.changes import MAX_ID_CHARS

# Versions of ours are microseconds since 1970.
_FIRST_VERSION = 10**15
_AT_ONCE = 5_000
_OLDER = """
SELECT team_id, distinct_id, person_id FROM person_distinct_id2 FINAL
WHERE (team_id, distinct_id) > ({team_id:Int64}, {distinct_id:String})
  AND is_deleted = 0 AND version < {first:Int64} AND lengthUTF8(distinct_id) <= {chars:UInt64}
ORDER BY team_id, distinct_id
LIMIT {some:UInt64}
"""
_IS_OURS = "SELECT count() = 0 FROM system.columns WHERE table = 'person_distinct_id2' AND name = '_timestamp'"


def adopt(client: Client) -> int:
    """How many entries were taken over. PostHog's own table is left alone."""
    last = -(2**63), ""
    number = 0
    while rows := _older(client, *last):
        if not number and not client.query(f"{_IS_OURS} AND database = currentDatabase()").result_rows[0][0]:
            return 0
        by_team: dict[int, dict[str, UUID]] = defaultdict(dict)
        for team_id, distinct_id, person_id in rows:
            by_team[team_id][distinct_id] = person_id
        for team_id in Project.objects.filter(pk__in=by_team).values_list("pk", flat=True):
            kept = loading.known(team_id, by_team[team_id])
            # Somebody who is kept already is who he is there.
            persons = {name: None if name in kept else person for name, person in by_team[team_id].items()}
            number += loading.load(team_id, persons, [], {})
        following.tell_all(client)
        last = rows[-1][:2]
    return number


def _older(client: Client, team_id: int, distinct_id: str) -> list[tuple[int, str, UUID]]:
    found = client.query(
        _OLDER,
        parameters={
            "team_id": team_id,
            "distinct_id": distinct_id,
            "first": _FIRST_VERSION,
            "chars": MAX_ID_CHARS,
            "some": _AT_ONCE,
        },
    )
    return [(row[0], row[1], row[2]) for row in found.result_rows]
