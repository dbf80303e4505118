from datetime import datetime
from typing import Any

from django.utils.timezone import now

from heatmaps.capture import sdk, tallies, traffic
from heatmaps.management.service_command import ServiceCommand, project_by_id
from heatmaps.models import CaptureTally


class Command(ServiceCommand):
    help = (
        "Show what browsers sent to a project within the last week, and what was refused: counts by reason, with the"
        " last host, origin and time. A running service updates the counts every 5 seconds."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="id of the project")

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["project"])
        asked_at = now()
        found = tallies.of_project(project, asked_at)
        stored = [_shown(row) for row in found if row.reason in traffic.TAKEN]
        if complaint := sdk.complaint(is_awaited=not stored):
            self.say(f"{complaint} `manage.py fetch_sdk` gets it.")
        return {
            "project": project.pk,
            "stored": stored,
            "refused": [_shown(row) for row in found if row.reason not in traffic.TAKEN],
            "refused_without_project": [_shown(row) for row in tallies.of_project(None, asked_at)],
        }

    def show(self, result: Any) -> str:
        if not result["stored"]:
            is_refused = result["refused"] or result["refused_without_project"]
            self.say(
                f"Nothing was stored for project {result['project']} within a week. Is its token on the page, and does"
                f" api_host name this service?{' What was refused is below.' if is_refused else ''}"
            )
        lines = [_line(one) for one in (*result["stored"], *result["refused"])]
        if result["refused_without_project"]:
            lines += ["Refused, without a known project:", *map(_line, result["refused_without_project"])]
        return "\n".join(lines)


def _shown(row: CaptureTally) -> dict[str, Any]:
    return {
        "reason": row.reason,
        "count": row.total,
        "last_hour": sum(row.minutes.values()),
        "first_at": row.first_at,
        "last_at": row.last_at,
        "host": row.host,
        "origin": row.origin,
        "detail": row.detail,
    }


def _line(one: dict[str, Any]) -> str:
    first, last = (_time(one[name]) for name in ("first_at", "last_at"))
    return "\t".join(
        [
            one["reason"],
            f"{one['count']:,} since {first}, {one['last_hour']:,} in the last hour",
            f"last {last}",
            f"host {one['host'] or 'none'}",
            f"origin {one['origin'] or 'none'}",
            *([one["detail"]] if one["detail"] else []),
        ]
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
