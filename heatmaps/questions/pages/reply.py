"""The shape of the list of pages."""

from rest_framework import serializers


class HeatmapPageType(serializers.Serializer[None]):
    type = serializers.CharField()
    count = serializers.IntegerField(min_value=1, help_text="Interactions.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")


class UrlColumns(serializers.Serializer[None]):
    """What is told of a page that is a URL."""

    url = serializers.CharField(
        help_text="Without the slashes at its end, as `url_exact` takes it; the page or template where `by` says so."
    )
    total_count = serializers.IntegerField(min_value=1, help_text="Interactions of all types that were asked about.")
    visitors = serializers.IntegerField(min_value=1, help_text="Distinct visitors among them, exactly.")
    first_seen = serializers.DateTimeField(help_text="The oldest interaction, in UTC.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")
    types = HeatmapPageType(many=True, help_text="The most frequent first.")


_URLS = "How many different URLs are in it. With `by=page` and `by=template`."
_URL_PAGE = "What `url_page` takes, for the same interactions. With `by=page`."
_TEMPLATE = "The page for people, such as `https://shop.example/user/*/orders`. With `by=template`."
_URL_PATTERN = "What `url_pattern` takes, for the same interactions. With `by=template`."


class PageColumns(UrlColumns):
    urls = serializers.IntegerField(help_text=_URLS)
    url_page = serializers.CharField(help_text=_URL_PAGE)


class TemplateColumns(UrlColumns):
    urls = serializers.IntegerField(help_text=_URLS)
    template = serializers.CharField(help_text=_TEMPLATE)
    url_pattern = serializers.CharField(help_text=_URL_PATTERN)


class HeatmapPageItem(UrlColumns):
    urls = serializers.IntegerField(required=False, min_value=1, help_text=_URLS)
    url_page = serializers.CharField(required=False, help_text=_URL_PAGE)
    template = serializers.CharField(required=False, help_text=_TEMPLATE)
    url_pattern = serializers.CharField(required=False, help_text=_URL_PATTERN)


class HeatmapPagesResponse(serializers.Serializer[None]):
    results = HeatmapPageItem(many=True)
    types = HeatmapPageType(
        many=True, help_text="Of all pages together, whatever limit and offset are; the most frequent first."
    )
    has_more = serializers.BooleanField(help_text="Whether there are pages beyond offset + limit.")
