"""The filters that questions share: which interactions of the project are asked about."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from heatmaps.models import Project
from heatmaps.population import dates, property_filters, property_parsing
from heatmaps.population.filters import Aggregation, Filters, Window
from heatmaps.population.property_filters import CohortMembers, EventFilter, PropertyType
from heatmaps.requests.accounts import AccountsForm
from heatmaps.requests.fields import Boolean, JSONText, end_moment, first_day, first_moment, last_day
from heatmaps.requests.forms import Q_co
from heatmaps.requests.shares import fenced
from heatmaps.requests.urls import UrlsForm

MAX_EVENTS = 10
MAX_EVENT_PROPERTIES = 20
EVENT_PROPERTY_TYPES = frozenset({PropertyType.EVENT, PropertyType.ELEMENT})


def aggregation() -> serializers.ChoiceField:
    return serializers.ChoiceField(
        choices=[member.value for member in Aggregation],
        default=Aggregation.TOTAL_COUNT.value,
        help_text="Count interactions, distinct visitors, or distinct persons, exactly. A visitor without a known "
        "person counts as a person.",
    )


def window_of(values: Mapping[str, Any], project: Project) -> Window:
    """From the parameters of dates and times."""
    return dates.window(
        values["date_from"],
        values["date_to"],
        project.zone,
        time_from=values.get("time_from"),
        time_to=values.get("time_to"),
    )


class FiltersForm(UrlsForm[Q_co], AccountsForm[Q_co]):
    """The filters that every question about interactions takes."""

    examples = {
        "viewport_width_min": [1024],
        "viewport_width_max": [1440],
        "type": ["click", "rageclick", "scrolldepth"],
        "date_from": ["-7d", "2026-11-01", "-1mStart", "all"],
        "date_to": ["2026-11-23", "-1d"],
        "hide_zero_coordinates": [False],
        "cohort_ids": ["[1,2]"],
        "events": ['[{"id":"purchase"}]'],
        "time_from": ["2026-11-23T14:32:00"],
        "time_to": ["2026-11-24T09:00:00+01:00"],
        "first_in_session": [True],
    }

    viewport_width_min = serializers.IntegerField(
        required=False,
        help_text="Narrowest viewport, in CSS px, rounded to 16 px as captured widths are.",
    )
    viewport_width_max = serializers.IntegerField(
        required=False,
        help_text="Widest viewport, in CSS px, rounded to 16 px as captured widths are.",
    )
    type = serializers.CharField(
        default="click",
        help_text=(
            "Kind of interaction: `click`, `rageclick`, `deadclick`, `mousemove`, or any other that was captured. "
            "`scrolldepth` asks how far down the page visitors scrolled, and has its own reply."
        ),
    )
    date_from = first_day()
    date_to = last_day()
    hide_zero_coordinates = Boolean(
        default=True,
        help_text="Leave out interactions at x = 0, y = 0, most of which had no position. No effect on scroll depth.",
    )
    cohort_ids = JSONText(
        required=False,
        allow_null=True,
        not_json="cohort_ids must be valid JSON",
        json_schema={"type": "array", "items": {"type": "integer"}},
        help_text="JSON list of cohort ids, such as `[1,2]`: only visitors who are in every one.",
    )
    events = JSONText(
        required=False,
        allow_null=True,
        not_json="events must be valid JSON",
        help_text=(
            'JSON list of events, such as `[{"id":"purchase"}]`: only sessions in which every one of them happened. '
            "Up to 10 entries, each with up to 20 property filters."
        ),
    )
    time_from = first_moment()
    time_to = end_moment()
    first_in_session = Boolean(
        default=False,
        help_text=(
            "Only the first interaction of each session on each page, among those that pass all other filters. "
            "Interactions without a session all stay."
        ),
    )

    def filters(self) -> Filters:
        values = self.validated_data
        project: Project = self.context["project"]
        filters = Filters(
            team_id=project.pk,
            types=(values["type"],),
            window=window_of(values, project),
            viewport_width_min=values.get("viewport_width_min"),
            viewport_width_max=values.get("viewport_width_max"),
            **self.urls(),
            hide_zero_coordinates=values["hide_zero_coordinates"],
            test_accounts=values["filter_test_accounts"],
            cohorts=values.get("cohort_ids") or (),
            events=values.get("events") or (),
            first_in_session=values["first_in_session"],
            timezone=project.timezone,
        )
        return fenced(filters, self.share) if self.share else filters

    def validate_cohort_ids(self, value: Any) -> tuple[CohortMembers, ...]:
        if value is None:
            return ()
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise serializers.ValidationError("cohort_ids must be a JSON array of integers")
        wanted = dict.fromkeys(value)
        if missing := [cohort_id for cohort_id in wanted if cohort_id not in self.cohorts]:
            raise serializers.ValidationError(f"Cohort(s) not found or deleted: {missing}")
        return tuple(self.cohorts[cohort_id] for cohort_id in wanted)

    def validate_events(self, value: Any) -> tuple[EventFilter, ...]:
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise serializers.ValidationError("events must be a JSON array of event objects")
        if not all(isinstance(item.get("id"), str) for item in value):
            raise serializers.ValidationError("each event must have a string 'id'")
        if len(value) > MAX_EVENTS:
            raise serializers.ValidationError(f"events must have at most {MAX_EVENTS} entries")
        return tuple(_event_filter(item) for item in value)


def _event_filter(item: dict[str, Any]) -> EventFilter:
    raw = item.get("properties")
    if "\0" in item["id"]:
        raise serializers.ValidationError("Null characters are not allowed.")
    if isinstance(raw, list) and len(raw) > MAX_EVENT_PROPERTIES:
        raise serializers.ValidationError(f"each event must have at most {MAX_EVENT_PROPERTIES} property filters")
    try:
        filters = property_parsing.parse_filters([] if raw is None else raw, types=EVENT_PROPERTY_TYPES)
    except property_filters.BadFilter as error:
        raise serializers.ValidationError(str(error)) from error
    return EventFilter(event=item["id"], properties=filters)
