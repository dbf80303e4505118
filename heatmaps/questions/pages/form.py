"""What the list of pages is asked with."""

from rest_framework import serializers

from heatmaps.models import Project
from heatmaps.questions.pages.question import By, PagesQuestion
from heatmaps.requests.fields import end_moment, first_day, first_moment, last_day
from heatmaps.requests.filters import window_of
from heatmaps.requests.forms import Form
from heatmaps.requests.grid import min_visitors

MAX_PAGES = 1_000
MAX_OFFSET = 1_000_000


class PagesForm(Form[PagesQuestion]):
    checked_in = ("date_from", "date_to", "search", "type", "limit", "offset")
    examples = {
        "date_from": ["-7d", "2026-11-01", "-1mStart", "all"],
        "date_to": ["2026-11-23", "-1d"],
        "search": ["pricing"],
        "type": ["click", "rageclick", "scrolldepth"],
        "limit": [50],
        "offset": [50],
        "by": ["page", "template"],
        "time_from": ["2026-11-23T14:32:00"],
        "time_to": ["2026-11-24T09:00:00+01:00"],
        "min_visitors": [5],
    }

    date_from = first_day()
    date_to = last_day()
    search = serializers.CharField(
        required=False,
        help_text=(
            "Part of the page's URL, in any case, taken literally. Percent-encoded or not is the same, and a slash at "
            "its end is ignored."
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

    by = serializers.ChoiceField(
        choices=[member.value for member in By],
        default=By.URL.value,
        help_text=(
            "What counts as one page. `url`: each URL as captured, without slashes at its end. `page`: all URLs that "
            "differ only in query string or fragment, as for `url_page`. `template`: besides, `*` stands for segments "
            "that are numbers, UUIDs, hexadecimal or dates, or that have more than 100 values in one place."
        ),
    )
    time_from = first_moment()
    time_to = end_moment()
    min_visitors = min_visitors("pages with fewer distinct visitors")

    def question(self) -> PagesQuestion:
        values = self.validated_data
        project: Project = self.context["project"]
        return PagesQuestion(
            team_id=project.pk,
            types=tuple(filter(None, [values.get("type")])),
            window=window_of(values, project),
            search=values.get("search"),
            by=By(values["by"]),
            min_visitors=values["min_visitors"],
            limit=values["limit"],
            offset=values["offset"],
        )
