from typing import Any

from heatmaps.management.service_command import ServiceCommand, project_by_id
from heatmaps.models import Share


class Command(ServiceCommand):
    help = "List the share tokens: project, pages, when each expires and when it was last used."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--project", type=int, metavar="ID", help="only those of this project")

    def run(self, **options: Any) -> dict[str, Any]:
        shares = Share.objects.select_related("created_by")
        if options["project"] is not None:
            shares = shares.filter(project=project_by_id(options["project"]))
        return {
            "shares": [
                {
                    "id": share.pk,
                    "mask": share.mask,
                    "project": share.project_id,
                    "label": share.label,
                    share.kind: share.url,
                    "min_visitors": share.min_visitors,
                    "created_by": share.created_by.email if share.created_by else None,
                    "created_at": share.created_at,
                    "expires_at": share.expires_at,
                    "is_expired": not share.is_live,
                    "last_used_at": share.last_used_at,
                }
                for share in shares
            ]
        }

    def show(self, result: Any) -> str:
        if not result["shares"]:
            self.say("There are no share tokens. `manage.py create_share --project ID --url-page URL` makes one.")
        return "\n".join(
            "\t".join(
                [
                    str(share["id"]),
                    share["mask"],
                    f"project {share['project']}",
                    share.get("url_page") or share.get("url_exact") or share["url_pattern"],
                    share["label"] or "no label",
                    f"{'expired' if share['is_expired'] else 'expires'} {share['expires_at']:%Y-%m-%d %H:%M}",
                    f"last used {share['last_used_at']:%Y-%m-%d %H:%M}" if share["last_used_at"] else "never used",
                ]
            )
            for share in result["shares"]
        )
