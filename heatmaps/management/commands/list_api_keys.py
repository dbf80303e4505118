from typing import Any

from heatmaps.management.service_command import ServiceCommand
from heatmaps.models import PersonalAPIKey


class Command(ServiceCommand):
    help = "List the personal API keys: whose they are, what they open, when they were last used."

    def run(self, **options: Any) -> dict[str, Any]:
        return {
            "keys": [
                {
                    "mask": key.mask,
                    "label": key.label,
                    "user": key.user.email,
                    "scopes": key.scopes,
                    "projects": key.scoped_teams,
                    "organizations": key.scoped_organizations,
                    "created_at": key.created_at,
                    "last_used_at": key.last_used_at,
                }
                for key in PersonalAPIKey.objects.select_related("user")
            ]
        }

    def show(self, result: Any) -> str:
        if not result["keys"]:
            self.say("There are no keys. `manage.py create_api_key --user EMAIL` makes one.")
        return "\n".join(
            "\t".join(
                [
                    key["mask"],
                    key["user"],
                    key["label"],
                    " ".join(key["scopes"]) or "no scope",
                    f"projects {key['projects'] or 'all'}",
                    f"last used {key['last_used_at']:%Y-%m-%d %H:%M}" if key["last_used_at"] else "never used",
                ]
            )
            for key in result["keys"]
        )
