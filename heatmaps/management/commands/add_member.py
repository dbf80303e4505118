from typing import Any

from heatmaps.management.service_command import ServiceCommand, organization_by_name, user_by_email


class Command(ServiceCommand):
    help = "Add a person to an organization. They then see its projects."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address that the person signs in with")
        parser.add_argument("--organization", metavar="NAME", required=True, help="name of the organization")

    def run(self, **options: Any) -> dict[str, Any]:
        user, organization = user_by_email(options["email"]), organization_by_name(options["organization"])
        is_new = user.join(organization)
        self.say(f"{user.email} is {'now' if is_new else 'already'} a member of {organization}.")
        return {
            "email": user.email,
            "organization": organization.name,
            "current_project": user.current_project_id,
        }

    def show(self, result: Any) -> str:
        return ""
