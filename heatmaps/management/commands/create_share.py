from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from heatmaps.management.service_command import ServiceCommand, positive, project_by_id, refusal
from heatmaps.models import DEFAULT_MIN_VISITORS, Share, ShareKind
from heatmaps.models.shares import DEFAULT_SECONDS, MAX_LABEL_CHARS, MAX_SECONDS, MAX_URL_CHARS, MIN_SECONDS
from heatmaps.requests.grid import MOST_MIN_VISITORS


class Command(ServiceCommand):
    help = "Make a share token, which opens the map of one page for whoever has it. The token is shown only once."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="id of the project")
        parser.add_argument(
            "--url-page", metavar="URL", required=True, help="the page, whatever query string and fragment it has"
        )
        parser.add_argument(
            "--expires-in",
            type=positive,
            metavar="SECONDS",
            default=DEFAULT_SECONDS,
            help=f"until it expires, {MIN_SECONDS} to {MAX_SECONDS} (%(default)s)",
        )
        parser.add_argument(
            "--min-visitors",
            type=positive,
            metavar="N",
            default=DEFAULT_MIN_VISITORS,
            help="leave out places with fewer visitors (%(default)s)",
        )
        parser.add_argument("--label", default="", help="for whom it is, for example")

    def run(self, **options: Any) -> dict[str, Any]:
        project, url = project_by_id(options["project"]), options["url_page"].strip()
        if not MIN_SECONDS <= options["expires_in"] <= MAX_SECONDS:
            raise CommandError(f"--expires-in must be {MIN_SECONDS} to {MAX_SECONDS} seconds.")
        if options["min_visitors"] > MOST_MIN_VISITORS:
            raise CommandError(f"--min-visitors must be at most {MOST_MIN_VISITORS}.")
        if len(url) > MAX_URL_CHARS or len(options["label"]) > MAX_LABEL_CHARS or "\0" in url + options["label"]:
            raise CommandError(
                f"The URL has at most {MAX_URL_CHARS} characters, the label {MAX_LABEL_CHARS}, and neither a null."
            )
        try:
            share, token = Share.make(
                project,
                ShareKind.PAGE,
                url,
                lasts=timedelta(seconds=options["expires_in"]),
                min_visitors=options["min_visitors"],
                label=options["label"],
            )
        except ValidationError as error:
            raise refusal(error) from error
        self.say("Keep the token: it is not shown again.")
        return {
            "id": share.pk,
            "token": token,
            "mask": share.mask,
            "url_page": share.url,
            "expires_at": share.expires_at.isoformat(),
        }
