from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.db import transaction

from heatmaps.access import scopes
from heatmaps.management.service_command import ServiceCommand, project_by_id
from heatmaps.models import Membership, Organization, PersonalAPIKey, Project, User, default_scopes


class Command(ServiceCommand):
    help = "Make a personal API key. The key is shown only once."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--user",
            metavar="EMAIL",
            required=True,
            help="owner of the key; a missing user is made, in the given projects' organizations or in all of them",
        )
        parser.add_argument("--label", default="Key", help="name of the key (%(default)s)")
        parser.add_argument(
            "--scope",
            action="append",
            metavar="SCOPE",
            help=(
                "what the key may do (heatmap:read); heatmap:read, heatmap:write and * open this API, element:read and"
                " element:write only the elements that were clicked; may be repeated"
            ),
        )
        parser.add_argument(
            "--project", action="append", type=int, metavar="ID", help="limit the key to this project; may be repeated"
        )
        parser.add_argument(
            "--organization",
            action="append",
            type=UUID,
            metavar="UUID",
            help="limit the key to this organization; may be repeated",
        )

    @transaction.atomic
    def run(self, **options: Any) -> dict[str, Any]:
        given = options["scope"] or []
        projects = [project_by_id(project_id) for project_id in options["project"] or []]
        organizations = [_organization(organization_id) for organization_id in options["organization"] or []]
        try:
            validate_email(options["user"])
        except ValidationError as error:
            raise CommandError(f"{options['user']!r} is no email address.") from error
        user = User.objects.filter(email__iexact=options["user"]).first()
        if user is None:
            user = _new_user(options["user"], projects)
            self.say(f"Made user {user.email}.")
        key, secret = PersonalAPIKey.make(
            user,
            options["label"],
            scopes=given or default_scopes(),
            scoped_teams=[project.pk for project in projects] or None,
            scoped_organizations=[str(organization.pk) for organization in organizations] or None,
        )
        for scope in dict.fromkeys(given):
            if not scopes.opens_something(scope):
                self.say(f"The scope {scope!r} opens nothing here.")
        for sentence in _closed(user, projects, organizations):
            self.say(sentence)
        self.say("Keep the key: it is not shown again.")
        return {"key": secret, "mask": key.mask}


def _closed(user: User, projects: list[Project], organizations: list[Organization]) -> Iterator[str]:
    """What the key is limited to and does not open all the same."""
    theirs = set(Membership.objects.filter(user=user).values_list("organization", flat=True))
    asked = [(project.organization, f"project {project.pk}") for project in projects]
    asked += [(organization, "that organization") for organization in organizations]
    for organization, name in asked:
        if organization.pk not in theirs:
            yield (
                f"{user.email} is no member of {organization.name}, so the key does not open {name}."
                f" `manage.py add_member {user.email} --organization NAME` changes that."
            )


def _organization(organization_id: UUID) -> Organization:
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        raise CommandError(f"There is no organization {organization_id}.")
    return organization


def _new_user(email: str, projects: list[Project]) -> User:
    first = projects[0] if projects else Project.objects.order_by("created_at", "pk").first()
    user = User.objects.create_user(email, current_project=first)
    owners = {project.organization for project in projects} or set(Organization.objects.all())
    Membership.objects.bulk_create(Membership(user=user, organization=organization) for organization in owners)
    return user
