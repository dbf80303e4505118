"""The cohorts of a project, by their ids."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from heatmaps.models import Cohort, Project
from heatmaps.properties import BadFilter, CohortMembers, PropertyFilter

_MAX_ID = 2**63 - 1


def cohort_members(ids: Collection[int], project: Project) -> dict[int, CohortMembers]:
    """Where the members of each cohort are. Those of other projects, and deleted ones, are not found."""
    possible = [cohort_id for cohort_id in ids if 0 < cohort_id <= _MAX_ID]
    if not possible:
        return {}
    return {
        cohort.pk: CohortMembers(id=cohort.pk, is_static=cohort.is_static, version=cohort.version)
        for cohort in Cohort.objects.filter(project=project, deleted=False, pk__in=possible)
    }


def with_cohorts(filters: Iterable[PropertyFilter], project: Project) -> tuple[PropertyFilter, ...]:
    """The filters, each cohort in them looked up; raises BadFilter when one is gone."""
    filters = tuple(filters)
    found = cohort_members({one.cohort_id for one in filters if one.cohort_id is not None}, project)
    if missing := [one.cohort_id for one in filters if one.cohort_id is not None and one.cohort_id not in found]:
        raise BadFilter(f"Cohort(s) not found or deleted: {missing}")
    return tuple(one if one.cohort_id is None else replace(one, cohort=found[one.cohort_id]) for one in filters)
