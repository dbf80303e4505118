from typing import Any

from heatmaps import engine
from heatmaps.management.service_command import ServiceCommand, project_by_id
from heatmaps.removal.visitors import erase


class Command(ServiceCommand):
    help = "Remove all data of a visitor. If the visitor is a known person, that person is removed with all ids."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("distinct_id", metavar="DISTINCT_ID", help="the visitor's distinct_id")
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="id of the project")

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["project"])
        with engine.patient_writer() as client:
            erased = erase(client, project.pk, options["distinct_id"])
        self.say(
            f"Removed {erased['interactions']:,} interactions, {erased['events']:,} events, "
            f"{erased['persons']:,} ids linked to a person, {erased['memberships']:,} cohort memberships."
        )
        return erased

    def show(self, result: Any) -> str:
        return ""
