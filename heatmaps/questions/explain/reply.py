"""The shape of an explanation."""

from rest_framework import serializers

from heatmaps.questions.explain.ladder import STEPS
from heatmaps.questions.explain.messages import CAPTURE_OFF, NEVER_CAPTURED


class ExplainStep(serializers.Serializer[None]):
    filter = serializers.ChoiceField(choices=STEPS)
    remaining = serializers.IntegerField(help_text="Interactions that pass this filter and all before it.")


class ExplainWithout(serializers.Serializer[None]):
    filter = serializers.ChoiceField(choices=STEPS[1:])
    matched = serializers.IntegerField(help_text="Interactions if this filter alone were left out.")


class ExplainType(serializers.Serializer[None]):
    type = serializers.CharField()
    count = serializers.IntegerField(help_text="Interactions.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")


class ExplainWidth(serializers.Serializer[None]):
    width = serializers.CharField(
        help_text="Range of viewport widths in CSS px, such as `1200-1599`; `1600-` has no upper end."
    )
    count = serializers.IntegerField(help_text="Interactions.")
    share = serializers.FloatField(help_text="Share of the interactions on viewports of any width, to six decimals.")


class ExplainUrl(serializers.Serializer[None]):
    url = serializers.CharField(help_text="Without slashes at its end. With `url_page`, the page.")
    count = serializers.IntegerField(help_text="Interactions under all other filters.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")
    differs_in = serializers.ListField(
        child=serializers.ChoiceField(
            choices=[
                *("scheme", "www", "port", "case", "percent_encoding", "trailing_slash"),
                *("query_string", "fragment", "host", "path"),
            ]
        ),
        help_text="The parts in which it differs from the requested URL.",
    )


class ExplainDates(serializers.Serializer[None]):
    first_seen = serializers.DateTimeField(allow_null=True, help_text="The oldest one, in UTC.")
    last_seen = serializers.DateTimeField(allow_null=True, help_text="The newest one, in UTC.")


class ExplainCapture(serializers.Serializer[None]):
    opted_in = serializers.BooleanField(help_text="Whether browsers may send interactions.")
    last_captured = serializers.DateTimeField(
        allow_null=True, help_text="The newest interaction of the project, of any type, in UTC."
    )


class HeatmapExplainResponse(serializers.Serializer[None]):
    matched = serializers.IntegerField(
        help_text="Interactions that pass all filters: the sum of the heatmap's counts with `limit=0`."
    )
    steps = ExplainStep(many=True, help_text="The filters in use, in a fixed order. The last one leaves `matched`.")
    without = ExplainWithout(many=True, help_text="What there is without one of the filters, the most first.")
    types = ExplainType(
        many=True, help_text="All types of interactions under the other filters, the most frequent first."
    )
    widths = ExplainWidth(many=True, help_text="All widths under the other filters, the narrowest first.")
    urls = ExplainUrl(
        many=True,
        required=False,
        help_text="If the URL has nothing: at most 5 pages, the most similar first; for a pattern, the busiest. "
        "Absent with a share token.",
    )
    dates = ExplainDates(help_text="The oldest and the newest interaction under all filters except the dates.")
    capture = ExplainCapture(required=False, help_text="Absent with a share token.")
    reason = serializers.ChoiceField(
        choices=[CAPTURE_OFF, NEVER_CAPTURED, *STEPS[1:-1]],
        allow_null=True,
        help_text="Why nothing matches: the first filter after which nothing remains. Null if something matches.",
    )
    message = serializers.CharField(help_text="The reason as a sentence, with what to do next.")
