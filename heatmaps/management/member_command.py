"""What add_member and remove_member share: who, which organization, and what is reported."""

from typing import Any

from heatmaps.management.service_command import ServiceCommand, organization_by_name, user_by_email
from heatmaps.models import Organization, User


class MemberCommand(ServiceCommand):
    """Changes whether a person sees an organization's projects. A subclass implements `change`."""

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address that the person signs in with")
        parser.add_argument("--organization", metavar="NAME", required=True, help="name of the organization")

    def run(self, **options: Any) -> dict[str, Any]:
        user, organization = user_by_email(options["email"]), organization_by_name(options["organization"])
        self.say(self.change(user, organization))
        return {
            "email": user.email,
            "organization": organization.name,
            "current_project": user.current_project_id,
        }

    def change(self, user: User, organization: Organization) -> str:
        """Returns what to say of it."""
        raise NotImplementedError

    def show(self, result: Any) -> str:
        return ""
