"""What the areas of a page are asked with."""

from datetime import date, timedelta
from typing import Any

from rest_framework import serializers

from heatmaps.questions.areas.question import ELEMENTS, TYPES, AreasQuestion, Days
from heatmaps.requests.against import Against, TwoSidesForm, false_discovery_rate
from heatmaps.requests.areas import Areas, areas
from heatmaps.requests.fields import Words
from heatmaps.requests.grid import min_visitors

# So many days of all areas together are told.
MAX_DAYS_OF_AREAS = 100_000
TOO_MANY_DAYS = f"by=day tells at most {MAX_DAYS_OF_AREAS:,} days of all areas together. Ask for fewer of either."


class AreasForm(TwoSidesForm[AreasQuestion]):
    """Filters, areas, and what to tell of them. The names and values are those of the query parameters."""

    examples = {
        "areas": Areas.examples,
        "include": ["types", "types,elements"],
        "by": ["day"],
        "against": Against.examples,
        "fdr": [0.05],
        "min_visitors": [5],
    }

    refused_when_empty = frozenset({"areas"})

    areas = areas("The parts of the page.", required=True)
    include = Words(
        TYPES,
        ELEMENTS,
        help_text=(
            "More about each area, separated by commas: `types` adds the types of interactions in it, `elements` the "
            "elements that are probably there."
        ),
    )
    by = serializers.ChoiceField(choices=["day"], required=False, help_text="`day` adds the numbers of each day.")
    against = Against(required=False)
    fdr = false_discovery_rate()
    min_visitors = min_visitors("the numbers of an area that has visitors, but fewer distinct ones than this")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        days = self._days(attrs) if attrs.get("by") else None
        if days and days.first and days.last:
            refuse_too_many(days.first, days.last, len(attrs["areas"]))
        attrs["days"] = days
        return attrs

    def _days(self, values: dict[str, Any]) -> Days:
        zone = self.context["project"].zone
        start, end = values.get("time_from"), values.get("time_to")
        return Days(
            first=start.astimezone(zone).date() if start else values["date_from"],
            # The end is not in the window.
            last=(end - timedelta.resolution).astimezone(zone).date() if end else values["date_to"],
        )

    def question(self) -> AreasQuestion:
        values = self.validated_data
        return AreasQuestion(
            filters=self.filters(),
            areas=values["areas"],
            side_b=self.side_b() if values.get("against") else None,
            includes=values["include"],
            days=values["days"],
            min_visitors=values["min_visitors"],
            fdr=values["fdr"],
        )


def refuse_too_many(first: date, last: date, areas: int) -> None:
    if ((last - first).days + 1) * areas > MAX_DAYS_OF_AREAS:
        raise serializers.ValidationError({"by": TOO_MANY_DAYS})
