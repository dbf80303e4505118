"""The shapes in which two sides are told."""

from rest_framework import serializers

from heatmaps.statistics.sides import Verdict


class HeatmapSide(serializers.Serializer[None]):
    """One side of a cell, bucket or area."""

    count = serializers.IntegerField(min_value=0, help_text="Interactions.")
    visitors = serializers.IntegerField(min_value=0, help_text="Distinct visitors, exactly.")
    share = serializers.FloatField(allow_null=True, help_text="Visitors here, as a share of all visitors of the side.")


def difference_fields(*, required: bool = True) -> tuple[serializers.Field[object, object, object, object], ...]:
    """difference, ratio, ratio_low, ratio_high, q, verdict."""

    def number(help_text: str) -> serializers.FloatField:
        return serializers.FloatField(allow_null=True, required=required, help_text=help_text)

    return (  # type: ignore[return-value]
        number("The share on side a minus the share on side b."),
        number("The share on side a divided by the share on side b."),
        number("Lower end of the ratio's 95 % interval."),
        number("Upper end of that interval."),
        number("P-value of Fisher's exact test, adjusted for the number of tests; null where nothing was tested."),
        serializers.ChoiceField(
            choices=[verdict.value for verdict in Verdict],
            allow_null=not required,
            required=required,
            help_text="`more` or `less` on side a; `unclear` where q is above fdr; `too_few` where nothing was tested.",
        ),
    )
