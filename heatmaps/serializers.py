"""The requests: one serializer an endpoint, the one description of its parameters; the OpenAPI document comes from it.

A serializer turns query parameters into a question of `filters`; what it refuses is reported in its fields' order.
"""

import copy
import json
from datetime import date
from functools import cached_property
from typing import Any

import orjson
from django.utils.timezone import now
from rest_framework import serializers
from rest_framework.request import Request

from heatmaps.metadata import connections
from heatmaps.models import Project
from heatmaps.population import dates, property_filters, regexes
from heatmaps.population.filters import (
    SCROLL_DEPTH,
    Aggregation,
    Filters,
    InteractionsQuestion,
    PagesQuestion,
    Point,
    PointsQuestion,
    ScrollDepthQuestion,
)
from heatmaps.population.property_filters import CohortMembers, EventFilter, PropertyFilter, PropertyType
from heatmaps.population.urls import regular_expression
from heatmaps.population.widths import stored_width
from heatmaps.requests.cohorts import cohort_members, with_cohorts

MAX_POINTS = 1_000_000
MAX_CHOSEN_POINTS = 500
MAX_PAGES = 1_000
MAX_COORDINATE = 1e9
MAX_EVENTS = 10
MAX_EVENT_PROPERTIES = 20
EVENT_PROPERTY_TYPES = frozenset({PropertyType.EVENT, PropertyType.ELEMENT})
# An offset beyond every table is as good as any other, and this one fits the engine's type.
_MAX_OFFSET = 2**63 - 1


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


class Form(serializers.Serializer[None]):
    """What a request may ask."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # The framework would make every field anew from its arguments for every request, which costs more than to check
        # the values. All that differs between two requests is whose field it is.
        return {name: copy.copy(field) for name, field in self._declared_fields.items()}


class HeatmapsRequest(Form):
    viewport_width_min = serializers.IntegerField(
        required=False,
        help_text="Narrowest viewport, in CSS px, compared in units of 16 px.",
    )
    viewport_width_max = serializers.IntegerField(
        required=False,
        help_text="Widest viewport, in CSS px, compared in units of 16 px.",
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
    url_exact = serializers.CharField(
        required=False,
        help_text="The page, as captured, but for trailing slashes.",
    )
    url_pattern = serializers.CharField(
        required=False,
        help_text=(
            "Pages whose whole URL matches: `*` stands for one or more characters, and RE2 regular expressions work. "
            "Wins over `url_exact`."
        ),
    )
    aggregation = serializers.ChoiceField(
        choices=[member.value for member in Aggregation],
        default=Aggregation.TOTAL_COUNT.value,
        help_text="Count interactions, or distinct visitors, exactly.",
    )
    filter_test_accounts = Boolean(
        required=False,
        allow_null=True,
        default=None,
        help_text="`true` leaves out the sessions that the project's test-account filters describe.",
    )
    hide_zero_coordinates = Boolean(
        default=True,
        help_text="Leave out what happened at x = 0, y = 0: most of it was never a position. Not for scroll depth.",
    )
    cohort_ids = JSONText(
        required=False,
        allow_null=True,
        not_json="cohort_ids must be valid JSON",
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
    limit = serializers.IntegerField(
        min_value=0,
        max_value=MAX_POINTS,
        default=500,
        help_text="How many points, the hottest first; 0 for all of them, up to 1,000,000.",
    )
    offset = serializers.IntegerField(
        min_value=0,
        max_value=MAX_POINTS,
        default=0,
        help_text="How many of the hottest points to skip.",
    )

    def question(self) -> PointsQuestion | ScrollDepthQuestion:
        values = self.validated_data
        filters = self.filters()
        aggregation = Aggregation(values["aggregation"])
        if filters.type == SCROLL_DEPTH:
            return ScrollDepthQuestion(filters=filters, aggregation=aggregation)
        return PointsQuestion(
            filters=filters, aggregation=aggregation, limit=values["limit"] or MAX_POINTS, offset=values["offset"]
        )

    def filters(self) -> Filters:
        values = self.validated_data
        project: Project = self.context["project"]
        exact, pattern = values.get("url_exact"), values.get("url_pattern")
        if exact == pattern:
            pattern = None
        return Filters(
            team_id=project.pk,
            type=values["type"],
            window=dates.window(values["date_from"], values["date_to"], project.zone),
            viewport_width_min=stored_width(values.get("viewport_width_min")),
            viewport_width_max=stored_width(values.get("viewport_width_max")),
            url_exact=None if exact is None or pattern is not None else exact.rstrip("/"),
            url_pattern=None if pattern is None else regular_expression(pattern),
            hide_zero_coordinates=values["hide_zero_coordinates"],
            test_accounts=values["filter_test_accounts"],
            cohorts=values.get("cohort_ids") or (),
            events=values.get("events") or (),
            timezone=project.timezone,
        )

    @cached_property
    def cohorts(self) -> dict[int, CohortMembers]:
        """Looked up once for all parameters."""
        return cohort_members(self.context["project"])

    def validate_url_pattern(self, value: str) -> str:
        if value == self.initial_data.get("url_exact", "").strip():
            # An exact URL, which need not be an expression.
            return value
        if reason := regexes.fault(regular_expression(value)):
            raise serializers.ValidationError(f"url_pattern is not a valid regular expression: {reason}")
        return value

    def validate_filter_test_accounts(self, value: bool | None) -> tuple[PropertyFilter, ...] | None:
        if not value:
            return None
        project: Project = self.context["project"]
        try:
            filters = property_filters.parse_filters(project.test_account_filters)
            return with_cohorts(filters, self.cohorts if any(one.cohort_id for one in filters) else {})
        except property_filters.BadFilter as error:
            raise serializers.ValidationError(f"The project's test-account filters cannot be used: {error}") from error

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


class InteractionsRequest(HeatmapsRequest):
    limit = serializers.IntegerField(
        min_value=1, max_value=100, default=50, help_text="How many interactions, the newest first."
    )
    offset = serializers.IntegerField(min_value=0, default=0, help_text="How many of the newest to skip.")
    points = JSONText(
        not_json="points must be valid JSON",
        help_text=(
            "JSON list of 1 to 500 points as the heatmap returned them: "
            '`[{"x": pointer_relative_x, "y": pointer_y, "target_fixed": pointer_target_fixed}]`.'
        ),
    )

    def validate_points(self, value: Any) -> tuple[Point, ...]:
        if not isinstance(value, list) or not value:
            raise serializers.ValidationError("points must be a non-empty array")
        if len(value) > MAX_CHOSEN_POINTS:
            raise serializers.ValidationError(f"points must have at most {MAX_CHOSEN_POINTS} entries")
        return tuple(point for item in value if (point := _point(item)))

    def question(self) -> InteractionsQuestion:  # type: ignore[override]
        values = self.validated_data
        return InteractionsQuestion(
            filters=self.filters(),
            points=values["points"],
            limit=values["limit"],
            offset=min(values["offset"], _MAX_OFFSET),
        )


class PagesRequest(Form):
    date_from = first_day()
    date_to = last_day()
    search = serializers.CharField(
        required=False,
        help_text="Part of the page's URL, in any case, taken literally. A slash at its end does no harm.",
    )
    type = serializers.CharField(
        required=False,
        help_text="Kind of interaction, such as `click` or `scrolldepth`. All kinds together when left out.",
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_PAGES, default=100, help_text="How many pages, the busiest first."
    )
    offset = serializers.IntegerField(
        min_value=0, max_value=MAX_POINTS, default=0, help_text="How many of the busiest pages to skip."
    )

    def question(self) -> PagesQuestion:
        values = self.validated_data
        project: Project = self.context["project"]
        return PagesQuestion(
            team_id=project.pk,
            window=dates.window(values["date_from"], values["date_to"], project.zone),
            search=values.get("search"),
            type=values.get("type"),
            limit=values["limit"],
            offset=values["offset"],
        )


def _event_filter(item: dict[str, Any]) -> EventFilter:
    raw = item.get("properties")
    if "\0" in item["id"]:
        raise serializers.ValidationError("Null characters are not allowed.")
    if isinstance(raw, list) and len(raw) > MAX_EVENT_PROPERTIES:
        raise serializers.ValidationError(f"each event must have at most {MAX_EVENT_PROPERTIES} property filters")
    try:
        filters = property_filters.parse_filters([] if raw is None else raw, types=EVENT_PROPERTY_TYPES)
    except property_filters.BadFilter as error:
        raise serializers.ValidationError(str(error)) from error
    return EventFilter(event=item["id"], properties=filters)


def read(form: type[HeatmapsRequest | PagesRequest], request: Request, project: Project) -> Any:
    """The question that a request asks; raises ValidationError. The last of a repeated parameter wins."""
    # The reply tells which others were given.
    request.known_parameters = form._declared_fields.keys()  # type: ignore[attr-defined] # noqa: SLF001 -- see Form
    given = {name: value for name, value in request.query_params.items() if value or name == "points"}
    serializer = form(data=given, context={"project": project, "now": now()})
    serializer.is_valid(raise_exception=True)
    # From here on it is the engine that is asked.
    connections.release_connection()
    return serializer.question()


def _point(item: Any) -> Point | None:
    """One chosen point; None when it is well written but can match nothing."""
    if not isinstance(item, dict) or "x" not in item or "y" not in item:
        raise serializers.ValidationError("each point must have x and y")
    is_fixed = item.get("target_fixed", False)
    if not isinstance(is_fixed, bool):
        raise serializers.ValidationError("target_fixed of each point must be a boolean")
    x, y = _coordinate(item["x"]), _coordinate(item["y"])
    if not y.is_integer():
        return None
    # As the engine rounds, so that the two agree on every edge.
    return Point(x_hundredths=round(x * 100), y=int(y), is_fixed=is_fixed)


def _coordinate(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise serializers.ValidationError("x and y of each point must be numbers")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise serializers.ValidationError("x and y of each point must be numbers") from None
    if not abs(number) <= MAX_COORDINATE:
        raise serializers.ValidationError("x and y of each point must be finite and within ±1e9")
    return number
