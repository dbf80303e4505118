import io
import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from datetime import timedelta
from shutil import get_terminal_size
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections, transaction
from django.utils.timezone import now
from tqdm import tqdm

from heatmaps import engine, server
from heatmaps.demo import account, site
from heatmaps.demo.filling import MAX_ROWS, Place, Plan, fill, hottest_point, keeps_from, plan_found
from heatmaps.demo.requests import DemoRequest, demo_requests
from heatmaps.demo.visits import DAYS
from heatmaps.management.service_command import ServiceCommand
from heatmaps.models import Cohort, PersonalAPIKey, Project

HOST = "127.0.0.1"
KEY_LABEL = "Demo"
# Advised where the port is taken.
_OTHER_PORT = 8010
# The data ends with the day before it was made. From this age on it is worth telling.
OLD_DAYS = 2


class Command(ServiceCommand):
    help = "Fill the database with a shop's visitors of the last 30 days, print requests to try, and serve them."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--rows",
            type=_whole_number(1, MAX_ROWS),
            default=300_000,
            metavar="N",
            help="how many interactions the first run makes (%(default)s)",
        )
        parser.add_argument(
            "--port", type=_whole_number(1, 65_535), default=8000, metavar="P", help="port to serve on (%(default)s)"
        )
        parser.add_argument("--no-serve", action="store_true", help="only fill and print")
        parser.add_argument(
            "--fresh",
            action="store_true",
            help="start a new project with new data; the earlier project is renamed and stays",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["no_serve"]:
            return
        sys.stdout.flush()
        sys.stderr.flush()
        connections.close_all()
        # The server forks, which the embedded engine does not survive: serving begins in a process that never had one.
        manage = str(settings.BASE_DIR / "manage.py")
        arguments = [sys.executable, manage, "serve", "--host", HOST, "--port", str(options["port"])]
        os.execve(sys.executable, arguments, {**os.environ, "DEMO": "true"})  # noqa: S606 -- no shell is wanted

    def works_beside_a_service(self, options: Mapping[str, Any]) -> bool:
        # There can be no second service.
        return bool(options["no_serve"])

    def run(self, **options: Any) -> dict[str, Any]:
        if engine.is_in_memory() and not options["no_serve"]:
            raise CommandError("chdb://memory forgets the demo before it is served. Unset CLICKHOUSE_URL.")
        engine.create_database()
        with engine.writer():
            pass  # Refused at once when another process has the data directory, or the server does not answer.
        if not options["no_serve"]:
            server.check_port(
                HOST,
                options["port"],
                advice=f"Choose another --port, or type `make demo PORT={_other(options['port'])}`.",
            )
        call_command("migrate", verbosity=0, interactive=False)
        call_command("migrate_clickhouse", stderr=io.StringIO())

        if options["fresh"]:
            account.set_aside()
        project, customers, user = account.make()
        plan = self._fill(project, customers, options["rows"])
        with transaction.atomic():
            user.personal_api_keys.filter(label=KEY_LABEL).delete()
            _, key = PersonalAPIKey.make(user, KEY_LABEL, scoped_teams=[project.pk])
        asked = _requests(project, customers, plan)
        engine.close()
        self._asked = asked
        self._options = options
        origin = f"http://{HOST}:{options['port']}"
        return {
            "sign_in_url": f"{origin}{account.sign_in_path(user)}",
            "project_id": project.pk,
            "api_key": key,
            "project_token": project.token,
            "urls": [request.url(origin) for request in asked],
        }

    def show(self, result: Mapping[str, Any]) -> str:
        port = self._options["port"]
        begin = "Open"
        if self._options["no_serve"]:
            begin = f"Run `DEMO=true {_command('serve', '--port', str(port))}`, then open"
        lines = [
            f"{begin} the map in a browser. This link signs in once:",
            "",
            result["sign_in_url"],
            "",
            f"Click about on http://{HOST}:{port}{site.HOME}/ in another tab, and see it arrive.",
            "",
            "Or paste any of these requests into another terminal:",
        ]
        for request, url in zip(self._asked, result["urls"], strict=True):
            lines += ["", request.sentence]
            lines += [f"curl -sSw '\\n' -H 'Authorization: Bearer {result['api_key']}' '{url}'"]
        lines += ["", f"http://{HOST}:{port}/api/schema/swagger-ui/ explains every parameter, in a browser."]
        return "\n".join(lines)

    def _fill(self, project: Project, customers: Cohort, rows: int) -> Plan:
        with engine.writer() as client:
            found = plan_found(client, project.pk)
            plan = found or Plan(now().date(), rows)
            # The key is made when all is there. From then on what is missing was taken out on purpose.
            is_complete = found and PersonalAPIKey.objects.filter(label=KEY_LABEL, scoped_teams=[project.pk]).exists()
            if is_complete:
                self.say(f"The demo is there already, project {project}.")
            else:
                place = Place(
                    team_id=project.pk,
                    customers_id=customers.pk,
                    keeps_from=keeps_from(now(), settings.RETENTION_DAYS),
                )
                terminal = get_terminal_size()
                with tqdm(
                    total=plan.rows,
                    unit=" interactions",
                    # Told, because tqdm shows nothing on a terminal that does not tell its size.
                    ncols=terminal.columns,
                    nrows=terminal.lines,
                    leave=False,
                    disable=not self.is_watched,
                ) as bar:
                    added = fill(client, plan, place, bar.update)
                self.say(f"Added {added:,} interactions of {DAYS} days to {site.ORIGIN}, project {project}.")
        age = (now().date() - plan.day).days
        if age >= OLD_DAYS:
            self.say(
                f"This demo's data ends on {plan.day - timedelta(days=1)}; "
                f"`{_command('demo', '--fresh')}` begins a new one that ends yesterday."
            )
        if found and found.rows != rows:
            self.say(f"The demo keeps its {found.rows:,} interactions; --fresh --rows {rows} begins a new one.")
        return plan


def _whole_number(smallest: int, largest: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit() and smallest <= int(text) <= largest):
            raise ArgumentTypeError(f"type a whole number from {smallest} to {largest}, not {text!r}")
        return int(text)

    return convert


def _other(port: int) -> int:
    return _OTHER_PORT if port != _OTHER_PORT else _OTHER_PORT + 1


def _command(*arguments: str) -> str:
    return " ".join([".venv/bin/python manage.py", *arguments])


def _requests(project: Project, customers: Cohort, plan: Plan) -> list[DemoRequest]:
    with engine.writer() as client:
        raged_at = hottest_point(client, project.pk, kind="rageclick", url=site.url("/checkout"))
    return demo_requests(
        project_id=project.pk,
        date_from=plan.date_from(now().date()),
        customers_id=customers.pk,
        raged_at=raged_at,
    )
