from django.core.management.base import CommandError

from heatmaps.management.member_command import MemberCommand
from heatmaps.models import Organization, User


class Command(MemberCommand):
    help = "Remove a person from an organization. They no longer see its projects, and their keys no longer open them."

    def change(self, user: User, organization: Organization) -> str:
        if not user.leave(organization):
            raise CommandError(f"{user.email} is not a member of {organization}.")
        return f"{user.email} is no member of {organization} any more."
