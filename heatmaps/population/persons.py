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
# Where a file of SQL has room for them.
NUMBER_MARK, PERSONS_MARK = "/* number of persons */", "/* with persons */"
# Of what has no properties of a person beside it, nothing need be read.
_SAYS_NOTHING = "person_properties IN ('', '{}')"


def current_ids(layout: Layout) -> str:
    """A question for (distinct_id, person_id) of all visitors who have a person."""
    return _IDS_WITH_OVERRIDES if layout.has_overrides else _IDS


def by_person(
    key: str, truth: Callable[[str], str], binder: Binder, layout: Layout, *, bounds: str, of_nothing: bool
) -> str:
    """What `truth` says of a property of the person whom the visitor of an event is now; where no such person is kept,
    of what the event's row has. `bounds` are those of the events, `of_nothing` is what is true of a missing property.

    Of most persons that is true as well: they need not be looked up one by one."""
    name = binder.bind(key, "String")
    of_event = truth(f"JSONExtract(person_properties, {name}, 'Nullable(String)')")
    if not layout.has_persons:
        return of_event
    of_person = truth(layout.person_properties.get(key) or f"JSONExtract(properties, {name}, 'Nullable(String)')")
    others = _visitors_of(f"NOT {of_person}" if of_nothing else of_person, layout)
    # Those whose events say something else than nothing, though their person is kept.
    misled = (
        "SELECT distinct_id FROM events WHERE team_id = {team_id:Int64}"
        f" AND {bounds} AND NOT {_SAYS_NOTHING} AND {f'NOT {of_event}' if of_nothing else of_event}"
    )
    kept = _kept_among(misled, layout)
    if of_nothing:
        return f"(distinct_id NOT IN ({others}) AND ({_SAYS_NOTHING} OR {of_event} OR distinct_id IN ({kept})))"
    return f"(distinct_id IN ({others}) OR (NOT {_SAYS_NOTHING} AND {of_event} AND distinct_id NOT IN ({kept})))"


def _visitors_of(of_person: str, layout: Layout) -> str:
    """The visitors whose person meets a condition."""
    persons = f"SELECT id FROM person FINAL WHERE team_id = {{team_id:Int64}} AND is_deleted = 0 AND {of_person}"
    return f"SELECT distinct_id FROM ({current_ids(layout)}) WHERE person_id IN ({persons})"


def _kept_among(visitors: str, layout: Layout) -> str:
    """Those of some visitors whose person is kept."""
    ids = (
        f"SELECT distinct_id, person_id FROM ({current_ids(layout)}) WHERE distinct_id IN ({visitors})"
        if layout.has_overrides
        else f"{_IDS} AND distinct_id IN ({visitors})"
    )
    persons = "SELECT id FROM person FINAL WHERE team_id = {team_id:Int64} AND is_deleted = 0"
    return f"SELECT distinct_id FROM ({ids}) WHERE person_id IN ({persons} AND id IN (SELECT person_id FROM ({ids})))"


def counted_in_persons(sql: str, layout: Layout) -> str:
    """A question whose rows say in `persons`, too, how many distinct persons there are; a visitor without one counts as
    one. Persons and visitors are numbers."""
    number = "visitor" if layout.has_keys else hashed("distinct_id")
    persons = (
        f"SELECT {hashed('distinct_id')} AS known, reinterpretAsUInt128(sipHash128('person', person_id)) AS person"
        f" FROM ({current_ids(layout)})"
    )
    return sql.replace(NUMBER_MARK, f"uniqExact(if(person = 0, {number}, person)) AS persons,").replace(
        PERSONS_MARK, f"LEFT ANY JOIN ({persons}) AS persons_now ON {number} = known"
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
