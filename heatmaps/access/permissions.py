"""May this caller read this project? Answers in the contract's order: 404, then what the key lacks, then membership.

And which projects may this caller read?
"""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from heatmaps.access import scopes
from heatmaps.models import PersonalAPIKey, Project, Share, User

if TYPE_CHECKING:
    # The framework reads this module while it is still importing its views.
    from rest_framework.views import APIView

CURRENT = "@current"
_MAX_ID = 2**63 - 1
# As they stand, for every request: putting the same text together anew took longer than the answer.
_WITH_MEMBERSHIP = """
SELECT project.*, EXISTS (
    SELECT 1 FROM heatmaps_membership AS membership
    WHERE membership.organization_id = project.organization_id AND membership.user_id = %s
) AS is_member
FROM heatmaps_project AS project
"""
_PROJECT = _WITH_MEMBERSHIP + "WHERE project.id = %s"
_CURRENT_PROJECT = (
    _WITH_MEMBERSHIP + "JOIN heatmaps_user AS caller ON caller.current_project_id = project.id WHERE caller.id = %s"
)


class ProjectAccess(BasePermission):
    """Sets `view.project` to the project of the path."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user = request.user
        named = view.kwargs.get("project_id") or view.kwargs.get("environment_id")
        if isinstance(request.auth, Share):
            view.project = _shared_project(request.auth, named or "", view)  # type: ignore[attr-defined]
            return True
        if not isinstance(user, User):
            return False
        project = find_project(named or CURRENT, user)
        if isinstance(request.auth, PersonalAPIKey):
            _check_key(request.auth, project, _scope(request, view))
        if not project.is_member:  # type: ignore[attr-defined]
            raise PermissionDenied("You don't have access to the project.")
        view.project = project  # type: ignore[attr-defined]
        return True


class ProjectChange(BasePermission):
    """May this caller change the project, too? A key's scope has said so; a session is an administrator's."""

    message = "Only an administrator may change this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if request.method not in view.changing_methods or isinstance(request.auth, PersonalAPIKey):  # type: ignore[attr-defined]
            return True
        user = request.user
        return isinstance(user, User) and user.is_staff and user.has_perm("heatmaps.change_project")


class CallerAccess(BasePermission):
    """For what is about no one project. Sets `view.projects` to those that the caller may read."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.user, User):
            return False
        key = request.auth if isinstance(request.auth, PersonalAPIKey) else None
        if key:
            _check_key(key, None, _scope(request, view))
        view.projects = readable_projects(request.user, key)  # type: ignore[attr-defined]
        return True


def readable_projects(user: User, key: PersonalAPIKey | None) -> list[Project]:
    """The projects of the user's organizations, as far as the key is not limited to others; with `is_current`."""
    is_current = User.objects.filter(pk=user.pk, current_project=OuterRef("pk"))
    projects = Project.objects.filter(organization__membership__user=user).annotate(is_current=Exists(is_current))
    return [
        project
        for project in projects.order_by("pk")
        if key is None or (_is_for_project(key, project) and _is_for_organization(key, project))
    ]


def find_project(text: str, user: User) -> Project:
    """The project of that id, with `is_member` for the user."""
    if text == CURRENT:
        found = Project.objects.raw(_CURRENT_PROJECT, [user.pk, user.pk])
    elif (project_id := _integer(text)) is not None:
        found = Project.objects.raw(_PROJECT, [user.pk, project_id])
    else:
        raise NotFound("Project not found.")
    project: Project | None = next(iter(found), None)
    if project is None:
        raise NotFound("Project not found.")
    return project


def _integer(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    return int(text) if int(text) <= _MAX_ID else None


def _shared_project(share: Share, text: str, view: "APIView") -> Project:
    """The project of a share token, which opens what says so and nothing else. It is the token's current one, too.
    Which other projects there are is not told."""
    is_own = text == CURRENT or _integer(text) == share.project_id
    if not getattr(view, "opens_to_shares", False) or not is_own:
        raise PermissionDenied("A share token does not open this.")
    return share.project


def _scope(request: Request, view: "APIView") -> str | None:
    return scopes.required(request.method or "", getattr(view, "scopes", {}))


def _check_key(key: PersonalAPIKey, project: Project | None, scope: str | None) -> None:
    if scope is None:
        raise PermissionDenied("This action does not support personal API key access")
    if project and not _is_for_project(key, project):
        raise PermissionDenied(f"API key does not have access to the requested project: ID {project.pk}.")
    if project and not _is_for_organization(key, project):
        raise PermissionDenied(
            f"API key does not have access to the requested organization: ID {project.organization_id}."
        )
    if not scopes.allows(key.scopes, scope):
        raise PermissionDenied(f"API key missing required scope '{scope}'")


def _is_for_project(key: PersonalAPIKey, project: Project) -> bool:
    return not key.scoped_teams or project.pk in key.scoped_teams


def _is_for_organization(key: PersonalAPIKey, project: Project) -> bool:
    return not key.scoped_organizations or str(project.organization_id) in key.scoped_organizations
