"""The parameter `against`: the other side of a comparison, by the filters in which it differs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from rest_framework import serializers

from heatmaps.models import Project
from heatmaps.population import dates
from heatmaps.population.filters import Filters, Window
from heatmaps.requests.fields import JSONText
from heatmaps.requests.filters import FiltersForm, window_of
from heatmaps.requests.forms import Q_co

PREVIOUS = "previous"
_DAY = timedelta(days=1)
# Of the filters that speak of one thing, one that side b is given takes the place of those that side a was.
_INSTEAD = (
    frozenset({"url_exact", "url_page", "url_pattern"}),
    frozenset({"date_from", "time_from"}),
    frozenset({"date_to", "time_to"}),
)
_NO_FILTERS = frozenset({"type"})


class Against(JSONText):
    """A JSON object of filters, or `previous`."""

    examples = ['{"date_from":"-14d","date_to":"-8d"}', "previous"]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            not_json="against must be a JSON object of filters, or previous",
            json_schema={"oneOf": [{"type": "object"}, {"type": "string", "enum": [PREVIOUS]}]},
            help_text=(
                'Side b: a JSON object of the filters in which it differs from side a, such as `{"cohort_ids": [4]}`; '
                "`null` removes a filter. Or `previous`: the period directly before that of side a."
            ),
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and data.strip() == PREVIOUS:
            return PREVIOUS
        members = super().to_internal_value(data)
        if not isinstance(members, dict):
            raise serializers.ValidationError(self.not_json)
        if not members:
            raise serializers.ValidationError("against must name at least one filter in which side b differs")
        return members


def false_discovery_rate() -> serializers.FloatField:
    return serializers.FloatField(
        min_value=0.001,
        max_value=0.5,
        default=0.05,
        help_text="False discovery rate: at most this share of the cells called `more` or `less` may be false alarms.",
    )


class SideForm(FiltersForm[Filters]):
    """The filters of side b."""

    def question(self) -> Filters:
        return self.filters()


MEMBERS = tuple(name for name in SideForm.parameters() if name not in _NO_FILTERS)


class TwoSidesForm(FiltersForm[Q_co]):
    """The filters of side a, and `against`, which the form of a question adds."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if (against := attrs.get("against")) == PREVIOUS:
            attrs["window_b"] = _window_before(attrs, self.context["project"])
        elif against:
            attrs["side_b"] = self._differing(against)
        return attrs

    def side_b(self) -> Filters:
        values = self.validated_data
        if values["against"] == PREVIOUS:
            return replace(self.filters(), window=values["window_b"])
        side: Filters = values["side_b"]
        return side

    def _differing(self, members: Mapping[str, Any]) -> Filters:
        for name in members:
            if name not in MEMBERS:
                raise _refused(f"{name[:50]} is no filter that side b can have. There are: {', '.join(MEMBERS)}.")
        replaced = {one for group in _INSTEAD for one in group if any(members.get(name) is not None for name in group)}
        given = {
            name: value
            for name, value in self.initial_data.items()
            if name in SideForm.parameters() and name not in replaced and name not in members
        }
        form = SideForm(
            data=given | {name: value for name, value in members.items() if value is not None}, context=self.context
        )
        if not form.is_valid():
            # Side a's own filters have been understood by now.
            name = next(name for name in form.parameters() if name in form.errors)
            raise _refused(f"{name}: {form.errors[name][0]}")
        return form.question()


def _window_before(values: Mapping[str, Any], project: Project) -> Window:
    """As many days of the project's zone as side a's window has; as many microseconds where that has a time."""
    window = window_of(values, project)
    first, last = values["date_from"], values["date_to"]
    if values.get("time_from") or values.get("time_to"):
        before = Window(start=window.start - (window.end - window.start), end=window.start)
        is_early = before.start.year < dates.FIRST_YEAR
    else:
        is_early = first is None or last is None or (first - (last - first)).year <= dates.FIRST_YEAR
        before = window if is_early else dates.window(first - (last - first) - _DAY, first - _DAY, project.zone)
    if is_early or (first is None and not values.get("time_from")):
        raise _refused("previous needs a window with a beginning, and as much time before it since 1970.")
    return before


def _refused(reason: str) -> serializers.ValidationError:
    return serializers.ValidationError({"against": reason})
