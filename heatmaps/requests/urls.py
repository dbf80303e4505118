"""The parameters that say which pages are asked about."""

from typing import TypedDict

from rest_framework import serializers

from heatmaps.population import regexes
from heatmaps.population.urls import regular_expression
from heatmaps.requests.forms import Form, Q_co


class UrlFilters(TypedDict):
    """As the fields of `population.filters.Urls`."""

    url_exact: str | None
    url_page: str | None
    url_pattern: str | None


class UrlsForm(Form[Q_co]):
    examples = {
        "url_exact": ["https://example.com/pricing"],
        "url_pattern": ["https://example.com/blog/*"],
        "url_page": ["https://example.com/pricing"],
    }

    url_exact = serializers.CharField(
        required=False,
        help_text="The URL of the page as captured, without regard to trailing slashes.",
    )
    url_pattern = serializers.CharField(
        required=False,
        help_text=(
            "Pages whose whole URL matches: `*` stands for one or more characters, and RE2 regular expressions work. "
            "Wins over `url_exact`."
        ),
    )
    url_page = serializers.CharField(
        required=False,
        help_text=(
            "A URL: all URLs of the same page, whatever their query string and fragment, except hash routes "
            "(`#/cart`). Wins over `url_exact`; `url_pattern` wins over both."
        ),
    )

    def urls(self) -> UrlFilters:
        values = self.validated_data
        exact, pattern = values.get("url_exact"), values.get("url_pattern")
        if exact == pattern:
            pattern = None
        return UrlFilters(
            url_exact=None if exact is None or pattern is not None else exact.rstrip("/"),
            url_page=values.get("url_page"),
            url_pattern=None if pattern is None else regular_expression(pattern),
        )

    def validate_url_pattern(self, value: str) -> str:
        if value == str(self.initial_data.get("url_exact", "")).strip():
            # An exact URL, which need not be an expression.
            return value
        if reason := regexes.fault(regular_expression(value)):
            raise serializers.ValidationError(f"url_pattern is not a valid regular expression: {reason}")
        return value
