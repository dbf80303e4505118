from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from heatmaps.management.service_command import ServiceCommand, project_by_id, refusal
from heatmaps.models import CaptureMode


class Command(ServiceCommand):
    help = "Change a project's settings."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("id", type=int, metavar="ID", help="the project's id")
        parser.add_argument("--timezone", help="time zone of its days, such as Europe/Berlin")
        parser.add_argument(
            "--test-account-filters",
            metavar="JSON",
            help="JSON list of property filters that events of visitors pass and events of the team do not",
        )
        parser.add_argument(
            "--heatmaps-opt-in", choices=["true", "false"], help="whether interactions from browsers are accepted"
        )
        parser.add_argument(
            "--capture-mode",
            choices=CaptureMode.values,
            help="store interactions of all pages, or only of those of the allow-list",
        )
        parser.add_argument(
            "--url-allowlist",
            metavar="JSON",
            help='JSON list of full URLs, such as ["https://shop.example/*"], in which * stands for any characters;'
            " an empty list stores nothing",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["id"])
        if options["timezone"] is not None:
            project.timezone = options["timezone"]
        if options["heatmaps_opt_in"] is not None:
            project.heatmaps_opt_in = options["heatmaps_opt_in"] == "true"
        if options["test_account_filters"] is not None:
            project.test_account_filters = _list("--test-account-filters", options["test_account_filters"])
        if options["capture_mode"] is not None:
            project.capture_mode = options["capture_mode"]
        if options["url_allowlist"] is not None:
            project.url_allowlist = _list("--url-allowlist", options["url_allowlist"])
        try:
            project.full_clean()
        except ValidationError as error:
            raise refusal(error) from error
        project.save()
        return {
            "id": project.pk,
            "name": project.name,
            "timezone": project.timezone,
            "heatmaps_opt_in": project.heatmaps_opt_in,
            "test_account_filters": project.test_account_filters,
            "capture_mode": project.capture_mode,
            "url_allowlist": project.url_allowlist,
        }


def _list(option: str, text: str) -> list[Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CommandError(f"{option} is not JSON: {error}") from error
    if not isinstance(value, list):
        raise CommandError(f"{option} must be a JSON list, such as [].")
    return value
