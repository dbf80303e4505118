"""The shape of the list of pages."""

from rest_framework import serializers


class HeatmapPageType(serializers.Serializer[None]):
    type = serializers.CharField()
    count = serializers.IntegerField(min_value=1, help_text="Interactions.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")


class HeatmapPageItem(serializers.Serializer[None]):
    url = serializers.CharField(help_text="Without the slashes at its end, as `url_exact` takes it.")
    total_count = serializers.IntegerField(min_value=1, help_text="Interactions of all types that were asked about.")
    visitors = serializers.IntegerField(min_value=1, help_text="Distinct visitors among them, exactly.")
    first_seen = serializers.DateTimeField(help_text="The oldest interaction, in UTC.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")
    types = HeatmapPageType(many=True, help_text="The most frequent first.")


class HeatmapPagesResponse(serializers.Serializer[None]):
    results = HeatmapPageItem(many=True)
    types = HeatmapPageType(
        many=True, help_text="Of all pages together, whatever limit and offset are; the most frequent first."
    )
    has_more = serializers.BooleanField(help_text="Whether there are pages beyond offset + limit.")
