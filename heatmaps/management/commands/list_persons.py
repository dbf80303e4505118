from collections.abc import Iterator
from typing import Any

import orjson

from heatmaps.management.service_command import ServiceCommand, project_by_id
from heatmaps.models import Person, Project
from heatmaps.persons.properties import current

_MANY = 1_000


class Command(ServiceCommand):
    help = "List the persons of a project: their ids and properties."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="id of the project")
        parser.add_argument(
            "--search", metavar="TEXT", help="only persons with this text in an id or a property value, in any case"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["project"])
        return {"persons": list(_persons(project, (options["search"] or "").casefold()))}

    def show(self, result: Any) -> str:
        if not result["persons"]:
            self.say("There is no such person.")
        return "\n".join(
            "\t".join(
                [
                    person["person_id"],
                    "identified" if person["is_identified"] else "not identified",
                    " ".join(person["distinct_ids"]),
                    orjson.dumps(person["properties"]).decode(),
                ]
            )
            for person in result["persons"]
        )


def _persons(project: Project, search: str) -> Iterator[dict[str, Any]]:
    rows = Person.objects.filter(project=project, is_deleted=False).order_by("created_at", "pk")
    for row in rows.prefetch_related("distinct_ids").iterator(_MANY):
        properties = current(orjson.loads(row.registers))
        ids = sorted(entry.distinct_id for entry in row.distinct_ids.all())
        texts = [str(row.uuid), *ids, *(_text(value) for value in properties.values())]
        if any(search in text.casefold() for text in texts):
            yield {
                "person_id": str(row.uuid),
                "is_identified": row.is_identified,
                "created_at": row.created_at,
                "distinct_ids": ids,
                "properties": properties,
            }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
