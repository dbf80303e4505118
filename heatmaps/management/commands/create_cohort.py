from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from heatmaps import clickhouse
from heatmaps.commands import ServiceCommand, project_by_id, refusal
from heatmaps.loading.persons import current_persons
from heatmaps.models import Cohort

_AT_ONCE = 10_000


class Command(ServiceCommand):
    help = "Make a cohort of the persons behind a list of visitors."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name", metavar="NAME", help="what people call it")
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="whose visitors they are")
        parser.add_argument("file", metavar="FILE", type=Path, help="distinct_ids, one a line")

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["project"])
        # Its members are there before it is: a cohort that can be asked for is complete.
        cohort = Cohort(project=project, name=options["name"], is_static=True, deleted=True)
        try:
            cohort.full_clean()
        except ValidationError as error:
            raise refusal(error) from error
        try:
            visitors = list(dict.fromkeys(_lines(options["file"])))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(
                f"{options['file']} cannot be read: {getattr(error, 'strerror', None) or error}."
            ) from error
        with clickhouse.writer() as client:
            persons = set()
            known = 0
            remaining = iter(visitors)
            while some := list(islice(remaining, _AT_ONCE)):
                found = current_persons(client, project.pk, some)
                known += len(found)
                persons |= set(found.values())
            cohort.save()
            if persons:
                client.insert(
                    "person_static_cohort",
                    [
                        [uuid5(NAMESPACE_URL, f"{cohort.pk}:{person}"), person, cohort.pk, project.pk]
                        for person in persons
                    ],
                    column_names=["id", "person_id", "cohort_id", "team_id"],
                )
        cohort.deleted = False
        cohort.save()
        self.say(f"Made cohort {cohort.pk} of {len(persons):,} persons.")
        return {"id": cohort.pk, "members": len(persons), "unknown": len(visitors) - known}


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig") as file:
        for line in file:
            if text := line.strip():
                yield text
