from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.db import connection, transaction

from heatmaps.management.service_command import ServiceCommand, refusal
from heatmaps.models import Organization, Project, User


class Command(ServiceCommand):
    help = "Make a project. Its organization is made as well if there is none of that name."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name", metavar="NAME", help="name of the project")
        parser.add_argument(
            "--organization", metavar="NAME", default="Default", help="name of its organization (%(default)s)"
        )
        parser.add_argument(
            "--timezone", default="UTC", help="time zone of its days, such as Europe/Berlin (%(default)s)"
        )
        parser.add_argument("--id", type=int, help="id of the project, if it must match existing data")

    def run(self, **options: Any) -> dict[str, Any]:
        with transaction.atomic():
            if options["id"] is not None and not 0 < options["id"] < 2**63:
                raise CommandError("--id must be a whole number from 1 to 9223372036854775807.")
            if options["id"] is not None and Project.objects.filter(pk=options["id"]).exists():
                raise CommandError(f"There is a project {options['id']} already.")
            try:
                organization = _organization(options["organization"])
                project = Project(
                    pk=options["id"], name=options["name"], timezone=options["timezone"], organization=organization
                )
                project.full_clean(exclude=["id"])
            except ValidationError as error:
                raise refusal(error) from error
            project.save(force_insert=True)
            _show_to_whoever_sees_none(organization)
            if options["id"] is not None:
                # PostgreSQL's sequence does not notice an id that was chosen.
                with connection.cursor() as cursor:
                    for sql in connection.ops.sequence_reset_sql(no_style(), [Project]):
                        cursor.execute(sql)
        self.say(f"Made project {project.pk} of {organization.name}.")
        return {
            "id": project.pk,
            "name": project.name,
            "token": project.token,
            "organization_id": str(organization.pk),
        }


def _organization(name: str) -> Organization:
    organization = Organization.objects.filter(name=name).first() or Organization(name=name)
    organization.full_clean()
    organization.save()
    return organization


def _show_to_whoever_sees_none(organization: Organization) -> None:
    """Members without a current project get the first one there. Superusers from before the first organization
    become its members: else who ran createsuperuser first would go on seeing nothing."""
    users = User.objects.filter(current_project=None)
    for user in users.filter(membership__organization=organization):
        user.join(organization)
    if Organization.only():
        for user in users.filter(is_superuser=True, membership=None):
            user.join(organization)
