from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from heatmaps import engine, server
from heatmaps.management.service_command import ServiceCommand, positive


class Command(ServiceCommand):
    help = "Serve the API, the viewer, the admin and capture. Ctrl-C or SIGTERM stops it; SIGHUP restarts its workers."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
        parser.add_argument("--port", type=positive, default=8000, help="port to listen on (%(default)s)")
        parser.add_argument(
            "--workers",
            type=positive,
            metavar="N",
            help="worker processes (one for each CPU; the embedded engine allows only one)",
        )
        parser.add_argument(
            "--threads",
            type=positive,
            metavar="N",
            help="threads of each worker (as many as the limits in the settings need)",
        )

    def works_beside_a_service(self, options: Mapping[str, Any]) -> bool:
        return False

    def run(self, **options: Any) -> dict[str, Any]:
        if engine.is_embedded() and (options["workers"] or 1) > 1:
            raise CommandError(
                "The embedded engine lives in one process. Leave out --workers, or set CLICKHOUSE_URL to a server."
            )
        server.check_ready(options["host"], options["port"])
        self.say(f"Serving on http://{options['host']}:{options['port']} (stop with Ctrl-C)")
        server.serve(
            host=options["host"],
            port=options["port"],
            workers=options["workers"] or server.default_workers(),
            threads=options["threads"] or server.default_threads(),
        )
        return {}
