"""Which projects a caller may read, and which cohorts a project has."""

from typing import Any

import pytest
from django.http.response import HttpResponseBase

from heatmaps.models import Cohort, Membership, Organization, PersonalAPIKey, Project, User
from tests.conftest import Api, body, document

PROJECTS = "/api/projects/"
COHORTS = "/api/projects/1/cohorts/"
BOTH = [PROJECTS, COHORTS]


def ids(response: HttpResponseBase) -> list[int]:
    assert response.status_code == 200, body(response)
    return [one["id"] for one in document(response)["results"]]


def whole_list(*results: dict[str, Any]) -> dict[str, Any]:
    return {"count": len(results), "next": None, "previous": None, "results": list(results)}


@pytest.fixture
def second_project(organization: Organization, user: User) -> Project:
    """Project 3, of another of Ann's organizations."""
    other = Organization.objects.create(name="Initech")
    Membership.objects.create(user=user, organization=other)
    return Project.objects.create(pk=3, name="Lädchen", organization=other, timezone="Europe/Berlin")


def test_projects_are_those_of_the_callers_organizations(
    api: Api, session: Api, second_project: Project, other_project: Project, organization: Organization
) -> None:
    expected = whole_list(
        {"id": 1, "organization": str(organization.pk), "name": "Shop", "timezone": "UTC", "is_current": True},
        {
            "id": 3,
            "organization": str(second_project.organization_id),
            "name": "Lädchen",
            "timezone": "Europe/Berlin",
            "is_current": False,
        },
    )
    for caller in (api, session):
        response = caller.get(PROJECTS)
        assert (response.status_code, document(response)) == (200, expected)


def test_who_is_in_no_organization_has_no_projects(api: Api, user: User) -> None:
    Membership.objects.all().delete()
    assert document(api.get(PROJECTS)) == whole_list()


def test_without_a_current_project_none_is_it(api: Api, user: User) -> None:
    user.current_project = None
    user.save()
    assert [one["is_current"] for one in document(api.get(PROJECTS))["results"]] == [False]


def test_a_key_shows_no_more_than_it_opens(api: Api, key: tuple[PersonalAPIKey, str], second_project: Project) -> None:
    row, _ = key
    of_the_first = str(Project.objects.get(pk=1).organization_id)
    of_the_second = str(second_project.organization_id)
    for teams, organizations, expected in (
        (None, None, [1, 3]),
        ([], [], [1, 3]),
        ([3], None, [3]),
        ([2, 9, 10**30], None, []),
        (None, [of_the_first], [1]),
        (None, ["no uuid", of_the_second], [3]),
        ([1], [of_the_second], []),
    ):
        row.scoped_teams, row.scoped_organizations = teams, organizations
        row.save()
        assert ids(api.get(PROJECTS)) == expected
        for project in (1, 3):
            assert (api.list(project=project).status_code == 200) is (project in expected)


def test_cohorts_are_those_of_the_project_that_are_not_deleted(api: Api, project: Project) -> None:
    other = Project.objects.create(pk=4, name="Blog", organization=project.organization)
    for pk, name, fields in (
        (1, "b", {}),
        (2, "a", {"is_static": False}),
        (3, "Ü", {}),
        (4, "B", {"deleted": True}),
        (5, "a", {}),
        (6, "C", {"project": other}),
    ):
        Cohort.objects.create(pk=pk, name=name, **({"project": project} | fields))
    response = api.get(COHORTS)
    assert (response.status_code, document(response)) == (
        200,
        whole_list(
            {"id": 2, "name": "a", "is_static": False},
            {"id": 5, "name": "a", "is_static": True},
            {"id": 1, "name": "b", "is_static": True},
            {"id": 3, "name": "Ü", "is_static": True},
        ),
    )
    assert api.list(cohort_ids="[1,2,3,5]").status_code == 200


def test_a_project_without_cohorts(api: Api) -> None:
    assert document(api.get(COHORTS)) == whole_list()


def test_cohorts_of_a_project_of_strangers_are_refused(api: Api, other_project: Project) -> None:
    assert api.get("/api/projects/2/cohorts/").status_code == 403
    assert api.get("/api/projects/9/cohorts/").status_code == 404


@pytest.mark.parametrize("path", BOTH)
def test_it_is_answered_with_and_without_its_slash_and_may_be_kept_privately(api: Api, path: str) -> None:
    responses = [api.get(path), api.get(path.rstrip("/"))]
    assert body(responses[0]) == body(responses[1])
    for response in responses:
        assert response["Cache-Control"] == "private, max-age=30"
        assert response["Content-Type"] == "application/json"
        assert {"Authorization", "Cookie", "Accept", "Accept-Encoding"} <= set(response["Vary"].split(", "))
        assert int(response["RateLimit-Limit"]) > int(response["RateLimit-Remaining"])
    head = api.ask("HEAD", path)
    assert (head.status_code, body(head)) == (200, b"")


@pytest.mark.parametrize("path", BOTH)
def test_what_opens_it_is_what_opens_heatmaps(
    api: Api, session: Api, anonymous: Api, key: tuple[PersonalAPIKey, str], path: str
) -> None:
    assert anonymous.get(path).status_code == 401
    assert anonymous.get(path)["WWW-Authenticate"] == "Bearer"
    assert anonymous.get(path, accept="text/html").status_code == 406
    assert session.ask("POST", path).status_code == 405
    row, _ = key
    for scopes, get, patch in (([], 403, 403), (["heatmap:read"], 200, 403), (["heatmap:write"], 200, 405)):
        row.scopes = scopes
        row.save()
        assert (api.get(path).status_code, api.ask("PATCH", path).status_code) == (get, patch)
        refused = document(api.ask("POST", path))
        assert refused["detail"] == "This action does not support personal API key access"
    row.scopes = ["insight:read"]
    row.save()
    assert document(api.get(path))["detail"] == "API key missing required scope 'heatmap:read'"


@pytest.mark.parametrize("path", BOTH)
def test_the_rate_limit_is_one_for_all_routes(api: Api, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    rates = {"burst": "2/minute", "sustained": "100/hour"}
    monkeypatch.setattr("heatmaps.access.throttling.BurstThrottle.THROTTLE_RATES", rates)
    assert [api.list().status_code, api.get(path).status_code, api.get(path).status_code] == [200, 200, 429]
