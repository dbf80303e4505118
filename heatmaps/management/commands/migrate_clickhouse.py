from typing import Any

from django.conf import settings

from heatmaps import clickhouse, schema
from heatmaps.commands import ServiceCommand


class Command(ServiceCommand):
    help = "Create or upgrade the tables in ClickHouse. Safe to repeat, and after a kill."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--plan", action="store_true", help="print the SQL that would run, and run none")

    def run(self, **options: Any) -> dict[str, Any]:
        clickhouse.create_database()
        with clickhouse.writer() as client:
            steps = schema.pending(client, retention_days=settings.RETENTION_DAYS)
            if options["plan"]:
                return {"plan": [f"{statement};" for step in steps for statement in step.statements]}
            for step in steps:
                schema.apply(client, step)
                if step.name:
                    self.say(f"Applied {step.name}.")
            # The book of migrations is made first, and what it is for is decided when it is there.
            for step in schema.pending(client, retention_days=settings.RETENTION_DAYS):
                schema.apply(client, step)
        self.say("ClickHouse is up to date.")
        return {"applied": [step.name for step in steps if step.name]}

    def show(self, result: Any) -> str:
        return "\n\n".join(result.get("plan", []))
