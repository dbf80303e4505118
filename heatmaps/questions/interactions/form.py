"""What the interactions behind points are asked with."""

from typing import Any

from rest_framework import serializers

from heatmaps.population.filters import Point
from heatmaps.questions.interactions.question import InteractionsQuestion
from heatmaps.requests.areas import MAX_COORDINATE, Areas, areas
from heatmaps.requests.fields import JSONText
from heatmaps.requests.filters import FiltersForm, aggregation
from heatmaps.requests.grid import GridForm

MAX_CHOSEN_POINTS = 500
# An offset beyond every table is as good as any other, and this one fits the engine's type.
_MAX_OFFSET = 2**63 - 1


class InteractionsForm(FiltersForm[InteractionsQuestion], GridForm[InteractionsQuestion]):
    examples = {
        "aggregation": ["unique_visitors"],
        "limit": [50],
        "offset": [50],
        "areas": Areas.examples,
        "points": ['[{"x":0.06,"y":16,"target_fixed":false}]'],
    }

    refused_when_empty = frozenset({"points", "areas"})
    one_of = ("points", "areas")

    aggregation = aggregation()
    limit = serializers.IntegerField(
        min_value=1, max_value=100, default=50, help_text="How many interactions, the newest first."
    )
    offset = serializers.IntegerField(min_value=0, default=0, help_text="How many of the newest to skip.")
    areas = areas("In place of points: the parts of the page in which the interactions lie.", required=False)
    points = JSONText(
        required=False,
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

    def question(self) -> InteractionsQuestion:
        values = self.validated_data
        return InteractionsQuestion(
            filters=self.filters(),
            points=values.get("points"),
            areas=values.get("areas"),
            grid=self.grid(),
            limit=values["limit"],
            offset=min(values["offset"], _MAX_OFFSET),
        )


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
        # Python reads the digits of all scripts, too, and underlines between them.
        number = float("" if isinstance(value, str) and ("_" in value or not value.isascii()) else value)
    except (ValueError, OverflowError):
        raise serializers.ValidationError("x and y of each point must be numbers") from None
    if not abs(number) <= MAX_COORDINATE:
        raise serializers.ValidationError("x and y of each point must be finite and within ±1e9")
    return number
