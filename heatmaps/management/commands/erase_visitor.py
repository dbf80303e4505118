from typing import Any

from heatmaps import clickhouse
from heatmaps.commands import ServiceCommand, project_by_id
from heatmaps.erasure import erase


class Command(ServiceCommand):
    help = "Remove all that is kept of a visitor."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("distinct_id", metavar="DISTINCT_ID", help="as the visitor's interactions have it")
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="whose visitor it is")

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["project"])
        with clickhouse.patient_writer() as client:
            erased = erase(client, project.pk, options["distinct_id"])
        self.say(
            f"Removed {erased['interactions']:,} interactions, {erased['events']:,} events, "
            f"{erased['persons']:,} entries of which person it is, {erased['memberships']:,} memberships of cohorts."
        )
        return erased

    def show(self, result: Any) -> str:
        return ""
