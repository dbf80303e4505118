from typing import Any

from heatmaps.management.service_command import ServiceCommand
from heatmaps.models import User


class Command(ServiceCommand):
    help = "List the users: their organizations, whether they are admins, and when they last signed in."

    def run(self, **options: Any) -> dict[str, Any]:
        return {
            "users": [
                {
                    "email": user.email,
                    "admin": user.is_superuser,
                    "active": user.is_active,
                    "organizations": sorted(one.organization.name for one in user.membership_set.all()),
                    "current_project": user.current_project_id,
                    "last_login": user.last_login,
                }
                for user in User.objects.order_by("email").prefetch_related("membership_set__organization")
            ]
        }

    def show(self, result: Any) -> str:
        if not result["users"]:
            self.say("There is nobody. `manage.py create_user EMAIL` makes a user.")
        return "\n".join(
            "\t".join(
                [
                    user["email"],
                    "admin" if user["admin"] else "member",
                    "active" if user["active"] else "not active",
                    ", ".join(user["organizations"]) or "no organization",
                    f"current project {user['current_project'] or 'none'}",
                    f"last signed in {user['last_login']:%Y-%m-%d %H:%M}" if user["last_login"] else "never signed in",
                ]
            )
            for user in result["users"]
        )
