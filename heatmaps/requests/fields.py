"""Kinds of parameters."""

import json
from collections.abc import Mapping
from datetime import date, datetime
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


class Moment(serializers.CharField):
    """A moment; where no offset says otherwise, in the project's time zone."""

    def to_internal_value(self, data: Any) -> datetime:  # type: ignore[override]
        text = super().to_internal_value(data)
        try:
            return dates.parse_moment(text, zone=self.context["project"].zone)
        except dates.BadDate:
            raise serializers.ValidationError(f"Error parsing provided {self.field_name}: {text}") from None


def first_moment() -> Moment:
    return Moment(
        required=False,
        help_text=(
            "Exact start of the period: an ISO 8601 date with a time, such as `2026-11-23T14:32:00`, in the project's "
            "time zone unless it has an offset. Wins over `date_from`."
        ),
    )


def end_moment() -> Moment:
    return Moment(
        required=False,
        help_text="Exact end of the period, not included; written like `time_from`. Wins over `date_to`.",
    )


class Words(serializers.CharField):
    """Some words of a few, with commas between them."""

    def __init__(self, *words: str, **kwargs: Any) -> None:
        super().__init__(required=False, default="", **kwargs)
        self.words = words

    def get_default(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset()

    def to_internal_value(self, data: Any) -> frozenset[str]:  # type: ignore[override]
        given = [word.strip() for word in super().to_internal_value(data).split(",")]
        for word in given:
            if word not in self.words:
                raise serializers.ValidationError(
                    f"{word!r} is none of the words that {self.field_name} knows: {', '.join(self.words)}."
                )
        return frozenset(given)


class JSONText(serializers.CharField):
    """JSON in a parameter, parsed; `not_json` says what is wrong when it is none. In a body, which is JSON itself, it
    may stand as it is."""

    # What it is in a body, as the OpenAPI document has it.
    json_schema: Mapping[str, Any] = {"type": "array", "items": {"type": "object"}}

    def __init__(self, *, not_json: str, json_schema: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.not_json = not_json
        self.json_schema = json_schema or self.json_schema

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict | list):
            return data
        text = super().to_internal_value(data)
        try:
            # orjson takes JSON only, the other one reads whole numbers of any size.
            orjson.loads(text)
            return json.loads(text)
        except (ValueError, RecursionError):
            raise serializers.ValidationError(self.not_json) from None
