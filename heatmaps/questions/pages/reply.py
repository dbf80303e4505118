"""The shape of the list of pages."""

from rest_framework import serializers


class HeatmapPageType(serializers.Serializer[None]):
    type = serializers.CharField()
    count = serializers.IntegerField(min_value=1, help_text="Interactions.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")


class UrlColumns(serializers.Serializer[None]):
    """A page, what happened on it, and when."""

    url = serializers.CharField(
        help_text="Without slashes at its end, as `url_exact` takes it. With `by`, the page or the template."
    )
    total_count = serializers.IntegerField(min_value=1, help_text="Interactions of all types that were asked about.")
    visitors = serializers.IntegerField(min_value=1, help_text="Distinct visitors among them, exactly.")
    first_seen = serializers.DateTimeField(help_text="The oldest interaction, in UTC.")
    last_seen = serializers.DateTimeField(help_text="The newest one, in UTC.")
    types = HeatmapPageType(many=True, help_text="The most frequent first.")


_URLS = "Number of different URLs of the page. With `by=page` and `by=template`."
_URL_PAGE = "The value of `url_page` that finds the same interactions. With `by=page`."
_TEMPLATE = "The page in readable form, such as `https://shop.example/user/*/orders`. With `by=template`."
_URL_PATTERN = "The value of `url_pattern` that finds the same interactions. With `by=template`."


class PageColumns(UrlColumns):
    urls = serializers.IntegerField(min_value=1, help_text=_URLS)
    url_page = serializers.CharField(help_text=_URL_PAGE)


class TemplateColumns(UrlColumns):
    urls = serializers.IntegerField(min_value=1, help_text=_URLS)
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
