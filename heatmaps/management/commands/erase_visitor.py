from typing import Any

from heatmaps import engine
from heatmaps.management.service_command import ServiceCommand, project_by_id
from heatmaps.removal.visitors import erase


class Command(ServiceCommand):
    help = "Remove all that is kept of a visitor."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("distinct_id", metavar="DISTINCT_ID", help="as the visitor's interactions have it")
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="whose visitor it is")

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["project"])
        with engine.patient_writer() as client:
            erased = erase(client, project.pk, options["distinct_id"])
        self.say(
            f"Removed {erased['interactions']:,} interactions, {erased['events']:,} events, "
            f"{erased['persons']:,} entries of which person it is, {erased['memberships']:,} memberships of cohorts."
        )
        return erased

    def show(self, result: Any) -> str:
        return ""
