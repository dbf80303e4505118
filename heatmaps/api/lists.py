"""Lists from the metadata database: the projects of a caller, the cohorts of a project."""

from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework import serializers

from heatmaps.models import Cohort, Project
from heatmaps.replies import json

MAY_BE_KEPT = "private, max-age=30"


class WholeList(serializers.Serializer[None]):
    """A list that is never cut, in the shape of those of upstream that are."""

    count = serializers.IntegerField(help_text="How many results there are.")
    next = serializers.CharField(allow_null=True, help_text="Always null: the reply has all results.")
    previous = serializers.CharField(allow_null=True, help_text="Always null.")


class ProjectItem(serializers.Serializer[None]):
    id = serializers.IntegerField()
    organization = serializers.UUIDField()
    name = serializers.CharField()
    timezone = serializers.CharField(help_text="In which the days of its dates begin and end.")
    is_current = serializers.BooleanField(help_text="Whether `@current` stands for it.")


class ProjectsResponse(WholeList):
    results = ProjectItem(many=True)


class CohortItem(serializers.Serializer[None]):
    id = serializers.IntegerField(help_text="As `cohort_ids` takes it.")
    name = serializers.CharField()
    is_static = serializers.BooleanField(help_text="Whether it is a list of persons, not a calculation.")


class CohortsResponse(WholeList):
    results = CohortItem(many=True)


def projects(readable: list[Project]) -> HttpResponse:
    return _whole(
        [
            {
                "id": project.pk,
                "organization": project.organization_id,
                "name": project.name,
                "timezone": project.timezone,
                "is_current": project.is_current,  # type: ignore[attr-defined]
            }
            for project in readable
        ]
    )


def cohorts(project: Project) -> HttpResponse:
    there = Cohort.objects.filter(project=project, deleted=False)
    # Sorted here, because databases differ in how they sort texts.
    by_name = sorted(there, key=lambda cohort: (cohort.name, cohort.pk))
    return _whole([{"id": cohort.pk, "name": cohort.name, "is_static": cohort.is_static} for cohort in by_name])


def _whole(results: list[dict[str, Any]]) -> HttpResponse:
    """A list that has no pages, in the shape of those that have."""
    document = {"count": len(results), "next": None, "previous": None, "results": results}
    return HttpResponse(orjson.dumps(document), headers={"Cache-Control": MAY_BE_KEPT}, content_type=json.MEDIA_TYPE)
