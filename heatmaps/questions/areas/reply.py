"""The shape of the reply with areas."""

from collections.abc import Iterable
from functools import cache

from rest_framework import serializers

from heatmaps.replies.sides import HeatmapSide, difference_fields


class HeatmapAreasTotal(serializers.Serializer[None]):
    count = serializers.IntegerField(min_value=0, help_text="Interactions.")
    visitors = serializers.IntegerField(min_value=0, help_text="Distinct visitors, exactly.")
    sessions = serializers.IntegerField(
        min_value=0, help_text="Distinct sessions. Interactions without a session are in none."
    )


class HeatmapAreaType(serializers.Serializer[None]):
    type = serializers.CharField()
    count = serializers.IntegerField(min_value=0, help_text="Interactions.")
    visitors = serializers.IntegerField(min_value=0, help_text="Distinct visitors.")


class HeatmapAreaDay(serializers.Serializer[None]):
    day = serializers.DateField(help_text="A day in the project's time zone.")
    count = serializers.IntegerField(min_value=0, allow_null=True, help_text="Interactions.")
    visitors = serializers.IntegerField(min_value=0, allow_null=True, help_text="Distinct visitors.")


class HeatmapAreaElement(serializers.Serializer[None]):
    """An element that was probably under the pointer."""

    tag_name = serializers.CharField()
    text = serializers.CharField(allow_null=True)
    attr_id = serializers.CharField(allow_null=True, help_text="The `id` of the element.")
    href = serializers.CharField(allow_null=True)
    selector = serializers.CharField(help_text="A CSS selector that matches it, and possibly others.")
    count = serializers.IntegerField(
        min_value=0, help_text="Interactions of the area whose nearest captured event in time was on this element."
    )
    share = serializers.FloatField(allow_null=True, help_text="Of all interactions of the area.")


class HeatmapAreaItem(serializers.Serializer[None]):
    """An area. Its numbers are null if it had visitors, but fewer than `min_visitors`."""

    name = serializers.CharField()
    count = serializers.IntegerField(min_value=0, allow_null=True, help_text="Interactions.")
    visitors = serializers.IntegerField(min_value=0, allow_null=True, help_text="Distinct visitors, exactly.")
    sessions = serializers.IntegerField(min_value=0, allow_null=True, help_text="Distinct sessions.")
    share_of_count = serializers.FloatField(allow_null=True, help_text="Share of the total's interactions.")
    share_of_visitors = serializers.FloatField(allow_null=True, help_text="Share of the total's visitors.")
    first_share = serializers.FloatField(
        allow_null=True, help_text="Share of the total's sessions whose first interaction lies in the area."
    )
    types = HeatmapAreaType(many=True, required=False, help_text="With `include=types`; the most frequent first.")
    elements = HeatmapAreaElement(
        many=True,
        required=False,
        help_text="With `include=elements`; the most frequent first, at most 5. They are likely, not certain.",
    )
    days = HeatmapAreaDay(
        many=True, required=False, help_text="With `by=day`; ascending, including days without interactions."
    )
    a = HeatmapSide(required=False, allow_null=True, help_text="With `against`: side a.")
    b = HeatmapSide(required=False, allow_null=True, help_text="With `against`: side b.")
    difference, ratio, ratio_low, ratio_high, q, verdict = difference_fields(required=False)


class HeatmapAreasResponse(serializers.Serializer[None]):
    total = HeatmapAreasTotal()
    results = HeatmapAreaItem(many=True)


@cache
def item_with(names: Iterable[str]) -> type[HeatmapAreaItem]:
    """An area with those columns alone."""
    absent = dict.fromkeys(set(HeatmapAreaItem().get_fields()) - set(names))
    return type("HeatmapAreaItem", (HeatmapAreaItem,), absent)
