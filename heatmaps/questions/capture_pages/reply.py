"""The shape of the list of captured URLs."""

from rest_framework import serializers


class HeatmapCapturePage(serializers.Serializer[None]):
    url = serializers.CharField(help_text="As captured: with its query string, fragment and slashes at its end.")
    count = serializers.IntegerField(min_value=1, help_text="Interactions of all types.")


class HeatmapCapturePages(serializers.Serializer[None]):
    pages = HeatmapCapturePage(many=True)
