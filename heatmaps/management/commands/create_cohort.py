from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.db import connection, transaction

from heatmaps import engine
from heatmaps.loading import lists
from heatmaps.loading.persons import current_persons
from heatmaps.management.service_command import ServiceCommand, positive, project_by_id, refusal
from heatmaps.models import Cohort, Project
from heatmaps.population.members import count_of_members
from heatmaps.population.property_filters import CohortMembers

_AT_ONCE = 10_000


class Command(ServiceCommand):
    help = (
        "Make a cohort from a list of visitors; other ids of the same persons belong to it, too. With --id and without"
        " FILE: register a cohort whose members are already in ClickHouse."
    )

    def add_arguments(self, parser: Any) -> None:
        # NAME and FILE with options between them, too.
        parser.parse_args = parser.parse_intermixed_args
        parser.add_argument("name", metavar="NAME", help="name of the cohort")
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="id of the project")
        parser.add_argument("file", metavar="FILE", type=Path, nargs="?", help="file with one distinct_id a line")
        parser.add_argument(
            "--id",
            type=positive,
            help="with FILE: id of the cohort whose list is replaced; without FILE: id of the cohort in ClickHouse",
        )
        parser.add_argument(
            "--dynamic",
            action="store_true",
            help="with --id, without FILE: the cohort is calculated, and its newest calculation counts",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["project"])
        if options["file"] is None and options["id"] is None:
            raise CommandError("Give either a FILE of visitors, or --id of a cohort whose members are in ClickHouse.")
        if options["dynamic"] and (options["id"] is None or options["file"] is not None):
            raise CommandError("--dynamic takes --id: a list of visitors is no calculation.")
        if options["file"] is None:
            return self._register(project, options["name"], options["id"], is_static=not options["dynamic"])
        cohort = _before(project, options["name"], options["id"])
        try:
            cohort.full_clean()
        except ValidationError as error:
            raise refusal(error) from error
        return self._list(cohort, _visitors(options["file"]))

    def _list(self, cohort: Cohort, visitors: list[str]) -> dict[str, Any]:
        # Its members are there before it is: a cohort that can be asked for is complete.
        cohort.deleted = cohort.pk is None
        cohort.save()
        with engine.writer() as client:
            persons, known = set(), 0
            remaining = iter(visitors)
            while some := list(islice(remaining, _AT_ONCE)):
                found = current_persons(client, cohort.project_id, some)
                known += len(found)
                persons |= set(found.values())
            lists.replace(client, cohort.project_id, cohort.pk, visitors)
        cohort.lists_visitors, cohort.deleted = True, False
        cohort.save()
        unknown = len(visitors) - known
        self.say(
            f"Made cohort {cohort.pk} of {len(visitors):,} visitors: {len(persons):,} persons, {unknown:,} unknown."
        )
        return {"id": cohort.pk, "members": len(persons), "unknown": unknown}

    def _register(self, project: Project, name: str, cohort_id: int, *, is_static: bool) -> dict[str, Any]:
        cohort = Cohort(pk=cohort_id, project=project, name=name, is_static=is_static)
        with transaction.atomic():
            if Cohort.objects.filter(pk=cohort_id).exists():
                raise CommandError(f"There is a cohort {cohort_id} already.")
            try:
                cohort.full_clean(exclude=["id"])
            except ValidationError as error:
                raise refusal(error) from error
            cohort.save(force_insert=True)
            # PostgreSQL's sequence does not notice an id that was chosen.
            with connection.cursor() as cursor:
                for sql in connection.ops.sequence_reset_sql(no_style(), [Cohort]):
                    cursor.execute(sql)
            members = engine.rows(count_of_members(project.pk, CohortMembers(id=cohort_id, is_static=is_static)))
        self.say(f"Made cohort {cohort_id} known, of {members[0][0]:,} persons at present.")
        return {"id": cohort_id, "members": members[0][0], "unknown": 0}


def _before(project: Project, name: str, cohort_id: int | None) -> Cohort:
    """The cohort that becomes the list: the one with the id, else one of this name from when lists were of persons,
    else a new one."""
    static = Cohort.objects.filter(project=project, is_static=True, deleted=False)
    if cohort_id is not None:
        found = static.filter(pk=cohort_id).first()
        if found is None:
            raise CommandError(f"Project {project.pk} has no list {cohort_id}. Without --id, FILE makes a new one.")
        found.name = name
        return found
    return static.filter(name=name, lists_visitors=False).first() or Cohort(project=project, name=name)


def _visitors(path: Path) -> list[str]:
    try:
        return list(dict.fromkeys(_lines(path)))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            if text := line.strip():
                yield text
