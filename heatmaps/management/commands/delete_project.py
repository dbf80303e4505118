from typing import Any

from heatmaps import engine
from heatmaps.management.service_command import ServiceCommand, counted, positive, project_by_id, refuse_foreign_tables
from heatmaps.removal import projects

# Who is in a calculation, in a list of persons and in a list of visitors.
_MEMBERSHIPS = ("cohortpeople", "person_static_cohort", "cohort_visitors")


class Command(ServiceCommand):
    help = (
        "Remove a project and all of its data: interactions, events, persons, cohorts, pictures. Shows how much that is"
        " and asks before it removes anything. If it was killed, run it again to finish."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("id", type=positive, metavar="ID", help="id of the project")
        parser.add_argument("--yes", action="store_true", help="remove without asking")

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["id"])
        with engine.patient_writer() as client:
            refuse_foreign_tables(client)
            found = projects.counts(client, project)
            removed: dict[str, Any] = {
                "id": project.pk,
                "name": project.name,
                "interactions": found["heatmaps"],
                "events": found["events"],
                "persons": found["person_distinct_id2"],
                "cohorts": project.cohorts.count(),
                "memberships": sum(found[table] for table in _MEMBERSHIPS),
                "pictures": project.pictures.count(),
            }
            self.say(
                f"Project {project} of {project.organization}: {counted(removed['interactions'], 'interaction')},"
                f" {counted(removed['events'], 'event')}, {counted(removed['persons'], 'id')} linked to persons,"
                f" {counted(removed['cohorts'], 'cohort')} with {counted(removed['memberships'], 'membership')},"
                f" {counted(removed['pictures'], 'picture')} of pages."
            )
            self.confirm("They cannot be brought back.", is_confirmed=options["yes"])
            projects.delete(client, project)
        self.say("Removed the project.")
        return removed

    def show(self, result: Any) -> str:
        return ""
