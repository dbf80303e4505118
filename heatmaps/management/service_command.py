"""What the management commands share: people read standard error, programs read standard output."""

import argparse
import sys
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, OperationalError, ProgrammingError
from structlog.contextvars import bound_contextvars

from heatmaps import engine, schema
from heatmaps.models import Organization, Project, User

_NAMES_SHOWN = 10


class ServiceCommand(BaseCommand):
    """A command that says what it does on standard error and prints its result on standard output.

    A subclass implements `run` and returns the result; `--json` makes that one JSON object on one line. Whatever goes
    wrong in the engine or the metadata database becomes one sentence and exit status 1.
    """

    # The service checks itself when it is served; a command is quicker without.
    requires_system_checks: list[str] = []
    # Whether it prints a result. One whose standard output is for something else has none.
    has_result = True

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        # Django's own options work as ever; they would bury the command's in its help.
        for action in parser._actions:  # noqa: SLF001 -- argparse offers no other way
            if set(action.option_strings) & {
                "--version",
                "--verbosity",
                "--settings",
                "--pythonpath",
                "--traceback",
                "--force-color",
                "--skip-checks",
                "--no-color",
            }:
                action.help = argparse.SUPPRESS
        if self.has_result:
            parser.add_argument("--json", action="store_true", help="print the result as one JSON object on one line")
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        if self.works_beside_a_service(options):
            engine.attach_where_served(self.say)
        try:
            # One command may run another.
            with bound_contextvars(command=type(self).__module__.rpartition(".")[2]):
                result = self.run(**options)
        except engine.EngineError as error:
            raise CommandError(_sentence(error)) from error
        except (OperationalError, ProgrammingError) as error:
            raise CommandError(
                f"The metadata database cannot be used ({_sentence(error)}). "
                "Check DATABASE_URL, and run `manage.py migrate` once."
            ) from error
        except DatabaseError as error:
            raise CommandError(f"The metadata database refused: {_sentence(error)}") from error
        except OSError as error:
            raise CommandError(_sentence(error)) from error
        except UnicodeEncodeError as error:
            raise CommandError("What was typed is not UTF-8.") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped.") from None
        if options.get("json"):
            sys.stdout.write(orjson.dumps(result).decode() + "\n")
        elif text := self.show(result):
            sys.stdout.write(text + "\n")

    def run(self, **options: Any) -> Mapping[str, Any]:
        raise NotImplementedError

    def works_beside_a_service(self, options: Mapping[str, Any]) -> bool:
        """Whether it goes on where a service has the embedded engine, which then runs its SQL."""
        return True

    def show(self, result: Mapping[str, Any]) -> str:
        """The result for a person: the values, one a line. All but texts are JSON, as options take them."""
        return "\n".join(
            f"{name}: {value if isinstance(value, str) else orjson.dumps(value).decode()}"
            for name, value in result.items()
        )

    def say(self, text: str) -> None:
        # Not in the red that a terminal shows errors in.
        self.stderr.write(text, str)

    def confirm(self, question: str, *, is_confirmed: bool) -> None:
        """Asks at a terminal, unless it was said already; raises CommandError for anything but yes."""
        if is_confirmed:
            return
        if not sys.stdin.isatty():
            raise CommandError("There is no terminal to ask at; --yes removes without asking. Nothing was removed.")
        self.stderr.write(f"{question} Type yes to remove: ", str, ending="")
        self.stderr.flush()
        if sys.stdin.readline().strip().lower() != "yes":
            raise CommandError("Nothing was removed.")

    @property
    def is_watched(self) -> bool:
        """Whether a person looks at standard error, and so wants to see progress."""
        return sys.stderr.isatty()


def project_by_id(project_id: int) -> Project:
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        known = ", ".join(str(pk) for pk in Project.objects.values_list("pk", flat=True)[:10])
        raise CommandError(
            f"There is no project {project_id}. "
            + (f"There are: {known}." if known else "Make one with `manage.py create_project NAME`.")
        )
    return project


def organization_by_name(name: str) -> Organization:
    organization = Organization.objects.filter(name=name).first()
    if organization is None:
        raise CommandError(
            f"There is no organization {name!r}. "
            + _there_are(Organization.objects.values_list("name", flat=True), "create_project NAME --organization NAME")
        )
    return organization


def user_by_email(email: str) -> User:
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        emails = User.objects.order_by("email").values_list("email", flat=True)
        raise CommandError(f"There is no user {email!r}. " + _there_are(emails, "create_user EMAIL"))
    return user


def refuse_foreign_tables(client: engine.Client) -> None:
    """A service that reads a PostHog's tables removes nothing there, whatever its account may do."""
    if not schema.is_ours(client):
        raise CommandError("The tables in ClickHouse were not made by migrate_clickhouse, so nothing is removed there.")


def _there_are(names: Iterable[str], command: str) -> str:
    some = list(islice(names, _NAMES_SHOWN + 1))
    more = ", …" if len(some) > _NAMES_SHOWN else "."
    return f"There are: {', '.join(some[:_NAMES_SHOWN])}{more}" if some else f"Make one with `manage.py {command}`."


def counted(number: int, what: str) -> str:
    """So many of something whose plural ends with an s."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def positive(text: str) -> int:
    """An argument's type: a whole number of 1 or more."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) < 2**63):
        raise argparse.ArgumentTypeError(f"type a whole number of 1 or more, not {text!r}")
    return int(text)


def refusal(error: ValidationError) -> CommandError:
    """What the model says against its values, each with the name of the field."""
    problems = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    return CommandError(" ".join(f"{field}: {' '.join(texts)}".removeprefix(": ") for field, texts in problems.items()))


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
