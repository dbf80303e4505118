"""How many are in a cohort."""

from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.conditions import members_of
from heatmaps.population.property_filters import CohortMembers


def count_of_members(team_id: int, cohort: CohortMembers) -> Query:
    """One row: how many persons are in a cohort at present."""
    binder = Binder()
    binder.name("team_id", team_id)
    return Query(f"SELECT uniqExact(person_id) FROM ({members_of(cohort, binder)})", binder.parameters)
