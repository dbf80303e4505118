from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from heatmaps import engine, schema
from heatmaps.management.service_command import ServiceCommand
from heatmaps.persons import adopting


class Command(ServiceCommand):
    help = "Create or upgrade the tables in ClickHouse. Safe to run again, also after a kill."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--plan", action="store_true", help="print the SQL without running it")

    def run(self, **options: Any) -> dict[str, Any]:
        # Asked first, because who may not make a database may still be given one.
        exists = engine.database_exists()
        if options["plan"]:
            return {"plan": [f"{statement};" for step in _pending(exists=exists) for statement in step.statements]}
        if not exists:
            engine.create_database()
        applied = []
        # A second time, because a migration may put a new table, without retention, in the place of an old one.
        for _ in range(2):
            for step in _pending(exists=True):
                with engine.patient_writer() as client:
                    schema.apply(client, step)
                if step.name:
                    applied.append(step.name)
                    self.say(f"Applied {step.name}.")
        engine.columns.cache_clear()
        with engine.writer() as client:
            if adopted := adopting.adopt(client):
                self.say(f"The metadata database has taken over {adopted:,} links from visitors to persons.")
        self.say("ClickHouse is up to date.")
        return {"applied": applied}

    def show(self, result: Any) -> str:
        return "\n\n".join(result.get("plan", []))


def _pending(*, exists: bool) -> list[schema.Step]:
    days, cluster = settings.RETENTION_DAYS, schema.cluster()
    if not exists:
        return schema.pending(None, retention_days=days, cluster=cluster)
    with engine.writer() as client:
        try:
            return schema.pending(client, retention_days=days, cluster=cluster)
        except schema.OtherTables as error:
            raise CommandError(str(error)) from error
