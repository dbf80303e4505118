"""Parameters of questions that show cells."""

from typing import Any, ClassVar

from rest_framework import serializers

from heatmaps.population.grid import Grid
from heatmaps.requests.forms import Form, Q_co

MAX_CELL_WIDTH, MAX_CELL_HEIGHT, CELL_HEIGHT_STEP = 100, 1024, 16
MOST_MIN_VISITORS = 1_000


def min_visitors(what_has_fewer: str) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=1,
        max_value=MOST_MIN_VISITORS,
        default=1,
        help_text=(
            f"Leave out {what_has_fewer}. This keeps chance and very small groups out of a picture. It does not "
            "protect privacy: the difference of two replies can still show what is left out."
        ),
    )


class GridForm(Form[Q_co]):
    """The caller's grid."""

    examples = {"cell_width": [5], "cell_height": [80]}
    # What is asked with when neither of the two is given; None for the finest cells there are.
    default_grid: ClassVar[Grid | None] = None

    cell_width = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_CELL_WIDTH,
        help_text="Width of a cell, in hundredths of the viewport's width. A cell is named by its left edge.",
    )
    cell_height = serializers.IntegerField(
        required=False,
        min_value=CELL_HEIGHT_STEP,
        max_value=MAX_CELL_HEIGHT,
        help_text="Height of a cell, in CSS px, a multiple of 16. A cell is named by its upper edge.",
    )

    def validate_cell_height(self, value: int) -> int:
        if value % CELL_HEIGHT_STEP:
            raise serializers.ValidationError(f"Ensure this value is a multiple of {CELL_HEIGHT_STEP}.")
        return value

    def grid(self) -> Grid | None:
        values: dict[str, Any] = self.validated_data
        width, height = values.get("cell_width"), values.get("cell_height")
        if width is None and height is None:
            return self.default_grid
        default = self.default_grid or Grid()
        return Grid(width or default.width, height or default.height)
