from heatmaps.management.member_command import MemberCommand
from heatmaps.models import Organization, User


class Command(MemberCommand):
    help = "Add a person to an organization. They then see its projects."

    def change(self, user: User, organization: Organization) -> str:
        is_new = user.join(organization)
        return f"{user.email} is {'now' if is_new else 'already'} a member of {organization}."
