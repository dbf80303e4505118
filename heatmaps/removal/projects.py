"""Removing a project with all that is kept of it. Its own row goes last: after a kill the same command goes on."""

from time import sleep

from heatmaps import engine
from heatmaps.capture.projects import KNOWN_FOR_SECONDS
from heatmaps.engine import Client
from heatmaps.metadata import keys
from heatmaps.models import Project
from heatmaps.removal import rows
from heatmaps.schema.cluster import SHARDING

# All tables that have rows of projects, interactions first.
TABLES = tuple(SHARDING)
# Until no process knows the token any more, and what it let in is stored.
SETTLES_AFTER_SECONDS = KNOWN_FOR_SECONDS + 5
_OF_PROJECT = "team_id = {team_id:Int64}"


def counts(client: Client, project: Project) -> dict[str, int]:
    """How many rows each table has of the project."""
    return {table: rows.count(client, table, _OF_PROJECT, {"team_id": project.pk}) for table in TABLES}


def delete(client: Client, project: Project) -> None:
    _turn_browsers_away(project)
    for table in TABLES:
        rows.delete(client, table, _OF_PROJECT, {"team_id": project.pk})
    project.delete()


def _turn_browsers_away(project: Project) -> None:
    """Else they would go on filling what is being emptied. Not where the engine is ours alone meanwhile."""
    project.token = keys.new_project_token()
    project.save(update_fields=["token"])
    if engine.is_shared():
        sleep(SETTLES_AFTER_SECONDS)
