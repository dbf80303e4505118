from collections.abc import Mapping
from typing import Any

from heatmaps.management.service_command import ServiceCommand
from heatmaps.models import Organization, PersonalAPIKey


class Command(ServiceCommand):
    help = "List the personal API keys: owner, scopes, projects, and when each was last used."

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
        names = {str(pk): name for pk, name in Organization.objects.values_list("pk", "name")}
        return "\n".join(
            "\t".join(
                [
                    key["mask"],
                    key["user"],
                    key["label"],
                    " ".join(key["scopes"]) or "no scope",
                    f"projects {_opened(key, names)}",
                    f"last used {key['last_used_at']:%Y-%m-%d %H:%M}" if key["last_used_at"] else "never used",
                ]
            )
            for key in result["keys"]
        )


def _opened(key: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Which of its user's projects: where a key is limited to some and to organizations, those that are in both."""
    owners = ", ".join(names.get(one, one) for one in key["organizations"] or [])
    return str(key["projects"] or "all") + (f" of {owners}" if owners else "")
