from typing import Any

from django.core.management.base import CommandError

from heatmaps.management.service_command import ServiceCommand
from heatmaps.metadata import keys
from heatmaps.models import PersonalAPIKey


class Command(ServiceCommand):
    help = "Revoke a personal API key. It stops working at once."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("key", metavar="MASK-OR-KEY", help="the key, or its mask as list_api_keys shows it")

    def run(self, **options: Any) -> dict[str, Any]:
        text = options["key"]
        found = list(PersonalAPIKey.objects.filter(digest=keys.digest(text)))
        found = found or list(PersonalAPIKey.objects.filter(mask=text))
        if not found:
            raise CommandError("There is no such key. `manage.py list_api_keys` shows the ones there are.")
        if len(found) > 1:
            raise CommandError(f"{len(found)} keys have the mask {text}. Give the key itself, or use the admin.")
        found[0].delete()
        self.say(f"Revoked {found[0].label} {found[0].mask}.")
        return {"mask": found[0].mask}
