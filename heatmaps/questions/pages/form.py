"""What the list of pages is asked with."""

from rest_framework import serializers

from heatmaps.models import Project
from heatmaps.population import dates
from heatmaps.questions.pages.question import PagesQuestion
from heatmaps.requests.fields import first_day, last_day
from heatmaps.requests.forms import Form

MAX_PAGES = 1_000
MAX_OFFSET = 1_000_000


class PagesForm(Form[PagesQuestion]):
    order = ("date_from", "date_to", "search", "type", "limit", "offset")
    examples = {
        "date_from": ["-7d", "2026-11-01", "-1mStart", "all"],
        "date_to": ["2026-11-23", "-1d"],
        "search": ["pricing"],
        "type": ["click", "rageclick", "scrolldepth"],
        "limit": [50],
        "offset": [50],
    }

    date_from = first_day()
    date_to = last_day()
    search = serializers.CharField(
        required=False,
        help_text=(
            "Part of the page's URL, in any case, taken literally, with its escapes decoded or not. "
            "A slash at its end does no harm."
        ),
    )
    type = serializers.CharField(
        required=False,
        help_text="Kind of interaction, such as `click` or `scrolldepth`. All kinds together when left out.",
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_PAGES, default=100, help_text="How many pages, the busiest first."
    )
    offset = serializers.IntegerField(
        min_value=0, max_value=MAX_OFFSET, default=0, help_text="How many of the busiest pages to skip."
    )

    def question(self) -> PagesQuestion:
        values = self.validated_data
        project: Project = self.context["project"]
        return PagesQuestion(
            team_id=project.pk,
            types=tuple(filter(None, [values.get("type")])),
            window=dates.window(values["date_from"], values["date_to"], project.zone),
            search=values.get("search"),
            limit=values["limit"],
            offset=values["offset"],
        )
