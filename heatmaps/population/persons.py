"""Who visitors are at present, in SQL: which person each is, what is known of that person, and who is in a list."""

from collections.abc import Callable

from heatmaps.population.binding import Binder
from heatmaps.population.layout import Layout, hashed

# FINAL leaves the newest version of each row, of those that the engine has not put together yet, too.
_IDS = "SELECT distinct_id, person_id FROM person_distinct_id2 FINAL WHERE team_id = {team_id:Int64} AND is_deleted = 0"
# PostHog notes what has changed since an event was stored beside it as well; both tables count versions alike.
_IDS_WITH_OVERRIDES = (
    "SELECT distinct_id, argMax(person_id, version) AS person_id FROM ("
    "SELECT distinct_id, person_id, is_deleted, version FROM person_distinct_id2 WHERE team_id = {team_id:Int64}"
    " UNION ALL"
    " SELECT distinct_id, person_id, is_deleted, version FROM person_distinct_id_overrides"
    " WHERE team_id = {team_id:Int64}"
    ") GROUP BY distinct_id HAVING argMax(is_deleted, version) = 0"
)
_PERSONS = "SELECT id FROM person FINAL WHERE team_id = {team_id:Int64} AND is_deleted = 0"


def current_ids(layout: Layout) -> str:
    """A question for (distinct_id, person_id) of all visitors who have a person."""
    return _IDS_WITH_OVERRIDES if layout.has_overrides else _IDS


def by_person(key: str, truth: Callable[[str], str], layout: Layout, binder: Binder) -> str:
    """What `truth` says of a property of the person whom the visitor of an event is now; where no such person is kept,
    of what the event's row has."""
    name = binder.bind(key, "String")
    of_event = truth(f"JSONExtract(person_properties, {name}, 'Nullable(String)')")
    if not layout.has_persons:
        return of_event
    value = layout.person_properties.get(key) or f"JSONExtract(properties, {name}, 'Nullable(String)')"
    ids = f"SELECT {hashed('distinct_id')} FROM ({current_ids(layout)}) WHERE person_id IN"
    visitor = hashed("distinct_id")
    return (
        f"multiIf({visitor} IN ({ids} ({_PERSONS} AND {truth(value)})), 1,"
        f" {visitor} IN ({ids} ({_PERSONS})), 0, {of_event})"
    )


def in_list(cohort_id: int, visitor: str, layout: Layout, binder: Binder, *, by_number: bool) -> str:
    """Whether a visitor is on the list of a cohort, or is a person of whom another id is."""
    listed = (
        "SELECT distinct_id FROM cohort_visitors WHERE team_id = {team_id:Int64}"
        f" AND cohort_id = {binder.bind(cohort_id, 'Int64')}"
    )
    known = hashed("distinct_id") if by_number else "distinct_id"
    ids = current_ids(layout)
    return (
        f"{visitor} IN (SELECT {known} FROM ({listed} UNION ALL SELECT distinct_id FROM ({ids}) WHERE person_id IN"
        f" (SELECT person_id FROM ({ids}) WHERE distinct_id IN ({listed}))))"
    )
