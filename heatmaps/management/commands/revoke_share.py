from typing import Any

from django.core.management.base import CommandError

from heatmaps.management.service_command import ServiceCommand, positive
from heatmaps.models import Share


class Command(ServiceCommand):
    help = "Revoke a share token. It stops working at once."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("id", type=positive, metavar="ID", help="as list_shares shows it")

    def run(self, **options: Any) -> dict[str, Any]:
        share = Share.objects.filter(pk=options["id"]).first()
        if share is None:
            raise CommandError("There is no such share token. `manage.py list_shares` shows the ones there are.")
        revoked = {"id": share.pk, "mask": share.mask}
        share.delete()
        self.say(f"Revoked {share}.")
        return revoked
