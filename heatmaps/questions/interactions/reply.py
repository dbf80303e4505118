"""The shape of the reply with interactions."""

from rest_framework import serializers


class HeatmapEventItem(serializers.Serializer[None]):
    session_id = serializers.CharField(allow_null=True)
    distinct_id = serializers.CharField(help_text="The visitor.")
    timestamp = serializers.DateTimeField(help_text="In UTC.")
    pointer_relative_x = serializers.FloatField()
    pointer_y = serializers.IntegerField()
    current_url = serializers.CharField(help_text="As captured.")
    type = serializers.CharField()


class HeatmapEventsResponse(serializers.Serializer[None]):
    results = HeatmapEventItem(many=True)
    total_count = serializers.IntegerField(help_text="On all pages together.")
    has_more = serializers.BooleanField()
