"""What the values of an attribute are asked with."""

from rest_framework import serializers

from heatmaps.models import Project
from heatmaps.population import dates
from heatmaps.population.filters import CapturedEvents
from heatmaps.questions.element_values.question import ElementValuesQuestion
from heatmaps.requests.forms import Form

# What a chain of elements has no value of: selectors are made of all the rest.
SELECTOR = "selector"
KEYS = ("attr_id", "href", "tag_name", "text")
_DAYS = ("-7d", "dStart")
_UNKNOWN_KEY = f"key must be one of {', '.join(KEYS)}"


class ElementValuesForm(Form[ElementValuesQuestion]):
    examples = {"key": ["text", "tag_name"], "value": ["Buy"]}
    refused_when_empty = frozenset({"key"})

    key = serializers.ChoiceField(
        choices=[*KEYS, SELECTOR],
        error_messages=dict.fromkeys(("required", "invalid_choice"), _UNKNOWN_KEY),
        help_text="Attribute of elements. `selector` has no values to list.",
    )
    value = serializers.CharField(
        required=False, help_text="Part of the values, as they are written: capital letters differ from small ones."
    )

    def question(self) -> ElementValuesQuestion:
        project: Project = self.context["project"]
        first, last = (dates.parse_day(text, now=self.context["now"], zone=project.zone) for text in _DAYS)
        return ElementValuesQuestion(
            events=CapturedEvents(
                team_id=project.pk, names=("$autocapture",), window=dates.window(first, last, project.zone)
            ),
            key=self.validated_data["key"],
            part=self.validated_data.get("value", ""),
        )
