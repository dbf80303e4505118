"""The cohorts of a project, by their ids."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from heatmaps.models import Cohort, Project
from heatmaps.population.property_filters import BadFilter, CohortMembers, PropertyFilter


def cohort_members(project: Project) -> dict[int, CohortMembers]:
    """Where the members of each of the project's cohorts are. Deleted ones are not there."""
    rows = Cohort.objects.filter(project=project, deleted=False).values_list(
        "pk", "is_static", "lists_visitors", "version"
    )
    return {
        pk: CohortMembers(id=pk, is_static=is_static, lists_visitors=lists_visitors, version=version)
        for pk, is_static, lists_visitors, version in rows
    }


def with_cohorts(filters: Iterable[PropertyFilter], found: Mapping[int, CohortMembers]) -> tuple[PropertyFilter, ...]:
    """The filters, each cohort in them looked up; raises BadFilter when one is gone."""
    filters = tuple(filters)
    wanted = dict.fromkeys(one.cohort_id for one in filters if one.cohort_id is not None)
    if missing := [cohort_id for cohort_id in wanted if cohort_id not in found]:
        raise BadFilter(f"Cohort(s) not found or deleted: {missing}")
    return tuple(one if one.cohort_id is None else replace(one, cohort=found[one.cohort_id]) for one in filters)
