"""Kinds of parameters."""

import json
from datetime import date
from typing import Any

import orjson
from rest_framework import serializers

from heatmaps.population import dates


class Boolean(serializers.BooleanField):
    """True and false in the ways people type them; null in one way only."""

    NULL_VALUES = {"null"}


class Day(serializers.CharField):
    """A day in the project's time zone; None when the caller asks for everything that is kept."""

    def get_default(self) -> date | None:  # type: ignore[override]
        return self.to_internal_value(super().get_default())

    def to_internal_value(self, data: Any) -> date | None:  # type: ignore[override]
        text = super().to_internal_value(data)
        if text == dates.EVERYTHING:
            return None
        try:
            return dates.parse_day(text, now=self.context["now"], zone=self.context["project"].zone)
        except dates.BadDate:
            raise serializers.ValidationError(f"Error parsing provided {self.field_name}: {text}") from None


def first_day() -> Day:
    return Day(
        default="-7d",
        help_text=(
            "First day, in the project's time zone: an ISO 8601 date such as `2026-11-23`, a time back from now, "
            "such as `-7d`, `-24h` or `-1mStart` (units h, d, w, m for months, q, y; Start and End snap to the "
            "calendar), or `all`."
        ),
    )


def last_day() -> Day:
    return Day(
        default="dStart",
        help_text="Last day, included; written like `date_from`. Today when left out.",
    )


class JSONText(serializers.CharField):
    """JSON in a parameter, parsed; `not_json` says what is wrong when it is none."""

    def __init__(self, *, not_json: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.not_json = not_json

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            # orjson takes JSON only, the other one reads whole numbers of any size.
            orjson.loads(text)
            return json.loads(text)
        except (ValueError, RecursionError):
            raise serializers.ValidationError(self.not_json) from None
