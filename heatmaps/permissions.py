"""May this caller read this project? Answers in the contract's order: 404, then what the key lacks, then membership."""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from heatmaps import scopes
from heatmaps.models import Membership, PersonalAPIKey, Project, User

if TYPE_CHECKING:
    # The framework reads this module while it is still importing its views.
    from rest_framework.views import APIView

CURRENT = "@current"
_MAX_ID = 2**63 - 1


class ProjectAccess(BasePermission):
    """Sets `view.project` to the project of the path."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user = request.user
        if not isinstance(user, User):
            return False
        text = view.kwargs.get("project_id") or view.kwargs.get("environment_id") or CURRENT
        project = find_project(text, user)
        if isinstance(request.auth, PersonalAPIKey):
            _check_key(request.auth, project, request.method or "")
        if not project.is_member:  # type: ignore[attr-defined]
            raise PermissionDenied("You don't have access to the project.")
        view.project = project  # type: ignore[attr-defined]
        return True


def find_project(text: str, user: User) -> Project:
    """The project of that id, with `is_member` for the user."""
    project_id = user.current_project_id if text == CURRENT else _integer(text)
    is_member = Membership.objects.filter(user=user, organization=OuterRef("organization"))
    projects = Project.objects.annotate(is_member=Exists(is_member))
    project = None if project_id is None else projects.filter(pk=project_id).first()
    if project is None:
        raise NotFound("Project not found.")
    return project


def _integer(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    return int(text) if int(text) <= _MAX_ID else None


def _check_key(key: PersonalAPIKey, project: Project, method: str) -> None:
    scope = scopes.required(method)
    if scope is None:
        raise PermissionDenied("This action does not support personal API key access")
    if key.scoped_teams and project.pk not in key.scoped_teams:
        raise PermissionDenied(f"API key does not have access to the requested project: ID {project.pk}.")
    if key.scoped_organizations and str(project.organization_id) not in key.scoped_organizations:
        raise PermissionDenied(
            f"API key does not have access to the requested organization: ID {project.organization_id}."
        )
    if not scopes.allows(key.scopes, method):
        raise PermissionDenied(f"API key missing required scope '{scope}'")
