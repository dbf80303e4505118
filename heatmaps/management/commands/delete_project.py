from typing import Any

from heatmaps import engine
from heatmaps.management.service_command import ServiceCommand, positive, project_by_id, refuse_foreign_tables
from heatmaps.removal import projects


class Command(ServiceCommand):
    help = (
        "Remove a project with all that is kept of it: interactions, events, persons, cohorts. Says how much that is,"
        " and asks first. After a kill the same command goes on."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("id", type=positive, metavar="ID", help="the project's id")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["id"])
        with engine.patient_writer() as client:
            refuse_foreign_tables(client)
            found = projects.counts(client, project)
            removed = {
                "id": project.pk,
                "name": project.name,
                "interactions": found["heatmaps"],
                "events": found["events"],
                "persons": found["person_distinct_id2"],
                "cohorts": project.cohorts.count(),
                "memberships": found["cohortpeople"] + found["person_static_cohort"],
            }
            self.say(
                f"Project {project} of {project.organization}: {removed['interactions']:,} interactions,"
                f" {removed['events']:,} events, {removed['persons']:,} entries of which person a visitor is,"
                f" {removed['cohorts']:,} cohorts with {removed['memberships']:,} memberships."
            )
            self.confirm("They cannot be brought back.", is_confirmed=options["yes"])
            projects.delete(client, project)
        self.say("Removed the project.")
        return removed

    def show(self, result: Any) -> str:
        return ""
