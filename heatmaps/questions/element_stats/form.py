"""What the elements under the pointer are asked with."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
from rest_framework import serializers

from heatmaps.models import Project
from heatmaps.population import wildcards
from heatmaps.population.filters import CapturedEvents
from heatmaps.population.property_filters import BadFilter, PropertyFilter
from heatmaps.questions.element_stats.question import ElementStatsQuestion
from heatmaps.requests.accounts import AccountsForm, filter_test_accounts
from heatmaps.requests.fields import JSONText, end_moment, first_day, first_moment, last_day
from heatmaps.requests.filters import window_of
from heatmaps.requests.urls import UrlsForm

EVENTS = ("$autocapture", "$rageclick", "$dead_click")
MAX_CHAINS = 999_999
MAX_DATA_ATTRIBUTES = 50
_OUT_OF_RANGE = "sampling_factor must be greater than 0 and at most 1"
# What is beyond every table is as good as any other number, and these fit the engine's type and the interpreter's.
_MOST_OFFSET, _MOST_ELEMENTS = 2**63 - 1, 2**31


class EventNames(serializers.ListField):
    """Names of events: repeated, a JSON array, or with commas between them."""

    def to_internal_value(self, data: Any) -> list[str]:
        texts = data if isinstance(data, list) else [data]
        given = dict.fromkeys(name for text in texts for name in self._names(str(text).strip()))
        if not given.keys() <= set(EVENTS):
            raise serializers.ValidationError("Only $autocapture, $rageclick, and $dead_click are supported.")
        return list(given or EVENTS)

    def _names(self, text: str) -> Iterator[str]:
        if not text.startswith("["):
            yield from filter(None, map(str.strip, text.split(",")))
            return
        try:
            names = orjson.loads(text)
        except ValueError:
            raise serializers.ValidationError("include must be a valid JSON array when passed as one") from None
        if not all(isinstance(name, str) for name in names):
            raise serializers.ValidationError("include must be a JSON array of event names")
        yield from names


def _whole_number(name: str, out_of_bounds: str, **options: Any) -> serializers.IntegerField:
    not_whole = f"{name} must be an integer"
    messages = {"invalid": not_whole, "max_string_length": not_whole}
    return serializers.IntegerField(
        error_messages={**messages, "min_value": out_of_bounds, "max_value": out_of_bounds}, **options
    )


class ElementStatsForm(UrlsForm[ElementStatsQuestion], AccountsForm[ElementStatsQuestion]):
    examples = {
        "include": ["$autocapture", "$rageclick,$dead_click"],
        "limit": [100],
        "offset": [100],
        "date_from": ["-7d", "2026-11-01", "-1mStart", "all"],
        "date_to": ["2026-11-23", "-1d"],
        "time_from": ["2026-11-23T14:32:00"],
        "time_to": ["2026-11-24T09:00:00+01:00"],
        "properties": [
            '[{"key":"$current_url","value":"https://example.com/pricing"}]',
            '[{"key":"email","value":"@example.com","operator":"not_icontains","type":"person"}]',
        ],
        "data_attributes": ["data-attr", "data-*"],
        "max_element_chain_depth": [5],
        "sampling_factor": [0.1],
    }
    repeated = frozenset({"include"})

    include = EventNames(
        child=serializers.CharField(),
        default=list(EVENTS),
        help_text=(
            "Events to count: `$autocapture`, `$rageclick`, `$dead_click`; repeated, as a JSON array, or separated by "
            "commas. All three when left out."
        ),
    )
    limit = _whole_number(
        "limit",
        f"limit must be between 1 and {MAX_CHAINS}",
        min_value=1,
        max_value=MAX_CHAINS,
        default=50_000,
        help_text="How many chains, the most frequent first.",
    )
    offset = _whole_number(
        "offset",
        "offset must be zero or greater",
        min_value=0,
        default=0,
        help_text="How many of the most frequent chains to skip.",
    )
    date_from = first_day()
    date_to = last_day()
    time_from = first_moment()
    time_to = end_moment()
    properties = JSONText(
        required=False,
        allow_null=True,
        not_json="properties must be valid JSON",
        help_text=(
            "JSON list of property filters, all of which an event has to pass: of the event, its person, its cohorts, "
            "or its elements."
        ),
    )
    filter_test_accounts = filter_test_accounts(
        "`true` counts only events that pass the project's test-account filters."
    )
    data_attributes = serializers.CharField(
        required=False,
        help_text=(
            "Names of attributes, separated by commas, in which `*` stands for any characters. `attributes` then has "
            f"only those. At most {MAX_DATA_ATTRIBUTES} names."
        ),
    )
    max_element_chain_depth = _whole_number(
        "max_element_chain_depth",
        "max_element_chain_depth must be greater than zero",
        min_value=1,
        required=False,
        help_text="How many elements of a chain to tell: the clicked one and the nearest around it. All when left out.",
    )
    sampling_factor = serializers.FloatField(
        min_value=0,
        max_value=1,
        default=1,
        error_messages={
            "invalid": "sampling_factor must be a float",
            "max_string_length": "sampling_factor must be a float",
            "min_value": _OUT_OF_RANGE,
            "max_value": _OUT_OF_RANGE,
        },
        help_text="Share of events to count, chosen by a hash of their ids. Counts are scaled up.",
    )

    def validate_sampling_factor(self, value: float) -> float:
        # Neither 0 nor NaN is.
        if not value > 0:
            raise serializers.ValidationError(_OUT_OF_RANGE)
        return value

    def validate_properties(self, value: Any) -> tuple[PropertyFilter, ...]:
        if value is None:
            return ()
        try:
            return self.understood(value)
        except BadFilter as error:
            raise serializers.ValidationError(str(error)) from error

    def validate_data_attributes(self, value: str) -> tuple[str, ...]:
        names = tuple(filter(None, map(str.strip, value.split(","))))
        if len(names) > MAX_DATA_ATTRIBUTES:
            raise serializers.ValidationError(f"data_attributes must have at most {MAX_DATA_ATTRIBUTES} names")
        return names

    def question(self) -> ElementStatsQuestion:
        values = self.validated_data
        project: Project = self.context["project"]
        wanted = values.get("data_attributes")
        depth = values.get("max_element_chain_depth")
        return ElementStatsQuestion(
            events=CapturedEvents(
                team_id=project.pk,
                names=tuple(values["include"]),
                window=window_of(values, project),
                properties=(*(values.get("properties") or ()), *(values["filter_test_accounts"] or ())),
                sampling_factor=values["sampling_factor"],
                timezone=project.timezone,
                **self.urls(),
            ),
            limit=values["limit"],
            offset=min(values["offset"], _MOST_OFFSET),
            most_elements=None if depth is None else min(depth, _MOST_ELEMENTS),
            is_wanted=wildcards.any_of(tuple(f"attr__{name}" for name in wanted)) if wanted else None,
            address=partial(from_offset, self.context["address"]),
        )


def from_offset(address: str, offset: int) -> str:
    """The address of the same question from another offset."""
    path, _, query = address.partition("?")
    others = [part for part in query.split("&") if part and part.partition("=")[0] != "offset"]
    return f"{path}?{'&'.join([*others, f'offset={offset}'])}"
