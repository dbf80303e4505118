import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.core.management.base import CommandError

from heatmaps import engine
from heatmaps.loading.files import BadFile
from heatmaps.loading.origins import origins_of_file
from heatmaps.management.service_command import ServiceCommand, project_by_id, refuse_foreign_tables
from heatmaps.models import Project
from heatmaps.population import dates, regexes
from heatmaps.population.urls import regular_expression
from heatmaps.removal import interactions

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Command(ServiceCommand):
    help = (
        "Remove interactions of a project: those that match all given options, or every one without options. Shows how"
        " many they are and asks before it removes them. Events, persons and cohorts stay."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="id of the project")
        parser.add_argument("--url-pattern", metavar="PATTERN", help="only on pages whose URL matches, as in the API")
        parser.add_argument(
            "--before", metavar="DATE", help="only from before this day in the project's time zone, such as 2026-11-23"
        )
        parser.add_argument("--file", metavar="FILE", help="only those that load_interactions loaded from this file")
        parser.add_argument("--yes", action="store_true", help="remove without asking")

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["project"])
        selection = interactions.Selection(
            team_id=project.pk,
            url=_expression(options["url_pattern"]),
            before=_first_moment(options["before"], project),
            origins=_origins(options["file"]),
        )
        with engine.patient_writer() as client:
            refuse_foreign_tables(client)
            found = interactions.count(client, selection)
            which = "".join(_described(options, project))
            self.say(f"{found:,} interactions of project {project}{which}.")
            if found:
                self.confirm("They cannot be brought back.", is_confirmed=options["yes"])
                found = interactions.delete(client, selection)
                self.say(f"Removed {found:,} interactions.")
        return {"interactions": found}

    def show(self, result: Any) -> str:
        return ""


def _expression(pattern: str | None) -> str | None:
    if pattern is None:
        return None
    if not (pattern := pattern.strip()):
        raise CommandError("--url-pattern is empty; leave it out for all pages.")
    expression = regular_expression(pattern)
    if reason := regexes.fault(expression):
        raise CommandError(f"--url-pattern is not a valid regular expression: {reason}")
    return expression


def _first_moment(text: str | None, project: Project) -> datetime | None:
    if text is None:
        return None
    day = _day(text)
    if day is None or not dates.FIRST_YEAR <= day.year <= dates.LAST_YEAR:
        raise CommandError(
            f"--before takes a day from {dates.FIRST_YEAR} to {dates.LAST_YEAR} such as 2026-11-23, not {text!r}."
        )
    return dates.window(day, day, project.zone).start


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _origins(file: str | None) -> list[int] | None:
    if file is None:
        return None
    try:
        return origins_of_file(file)
    except BadFile as error:
        raise CommandError(str(error)) from error


def _described(options: dict[str, Any], project: Project) -> Iterator[str]:
    if options["url_pattern"] is not None:
        yield f", of pages like {options['url_pattern'].strip()}"
    if options["before"] is not None:
        yield f", before {options['before']} ({project.timezone})"
    if options["file"] is not None:
        yield f", loaded from {options['file']}"
