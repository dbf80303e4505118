"""The shape of the reply with areas."""

from collections.abc import Iterable
from functools import cache

from rest_framework import serializers

from heatmaps.replies.sides import HeatmapSide, difference_fields


class HeatmapAreasTotal(serializers.Serializer[None]):
    count = serializers.IntegerField(min_value=0, help_text="Interactions.")
    visitors = serializers.IntegerField(min_value=0, help_text="Distinct visitors, exactly.")
    sessions = serializers.IntegerField(min_value=0, help_text="Distinct sessions. What has no session is in none.")


class HeatmapAreaType(serializers.Serializer[None]):
    type = serializers.CharField()
    count = serializers.IntegerField(min_value=0, help_text="Interactions.")
    visitors = serializers.IntegerField(min_value=0, help_text="Distinct visitors.")


class HeatmapAreaDay(serializers.Serializer[None]):
    day = serializers.DateField(help_text="Of the project's time zone.")
    count = serializers.IntegerField(min_value=0, allow_null=True, help_text="Interactions.")
    visitors = serializers.IntegerField(min_value=0, allow_null=True, help_text="Distinct visitors.")


class HeatmapAreaElement(serializers.Serializer[None]):
    """What was probably under the pointer."""

    tag_name = serializers.CharField()
    text = serializers.CharField(allow_null=True)
    attr_id = serializers.CharField(allow_null=True, help_text="Its id.")
    href = serializers.CharField(allow_null=True)
    selector = serializers.CharField(help_text="By which a stylesheet finds it, and others like it.")
    count = serializers.IntegerField(
        min_value=0, help_text="Interactions of the area that were nearest in time to one with it."
    )
    share = serializers.FloatField(allow_null=True, help_text="Of all interactions of the area.")


class HeatmapAreaItem(serializers.Serializer[None]):
    """An area. Its numbers are null where fewer visitors than `min_visitors` were in it."""

    name = serializers.CharField()
    count = serializers.IntegerField(min_value=0, allow_null=True, help_text="Interactions.")
    visitors = serializers.IntegerField(min_value=0, allow_null=True, help_text="Distinct visitors, exactly.")
    sessions = serializers.IntegerField(min_value=0, allow_null=True, help_text="Distinct sessions.")
    share_of_count = serializers.FloatField(allow_null=True, help_text="Of the total.")
    share_of_visitors = serializers.FloatField(allow_null=True, help_text="Of the total.")
    first_share = serializers.FloatField(
        allow_null=True, help_text="Of the sessions of the total, the share whose first interaction lies in the area."
    )
    types = HeatmapAreaType(many=True, required=False, help_text="With `include=types`; the most frequent first.")
    elements = HeatmapAreaElement(
        many=True,
        required=False,
        help_text="With `include=elements`; the most frequent first, at most 5. Likely, not certain.",
    )
    days = HeatmapAreaDay(many=True, required=False, help_text="With `by=day`; ascending, zeros included.")
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
