from typing import Any

from django.core.management.base import CommandError

from heatmaps.management.service_command import ServiceCommand, organization_by_name, user_by_email


class Command(ServiceCommand):
    help = "Remove a person from an organization. They no longer see its projects, and their keys no longer open them."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address that the person signs in with")
        parser.add_argument("--organization", metavar="NAME", required=True, help="name of the organization")

    def run(self, **options: Any) -> dict[str, Any]:
        user, organization = user_by_email(options["email"]), organization_by_name(options["organization"])
        if not user.leave(organization):
            raise CommandError(f"{user.email} is not a member of {organization}.")
        self.say(f"{user.email} is no member of {organization} any more.")
        return {
            "email": user.email,
            "organization": organization.name,
            "current_project": user.current_project_id,
        }

    def show(self, result: Any) -> str:
        return ""
