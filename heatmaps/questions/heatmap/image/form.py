"""What a picture is asked with."""

import re
from typing import Any

from rest_framework import serializers

from heatmaps.drawing.files import MAX_WEBP_PX
from heatmaps.drawing.palettes import PALETTES
from heatmaps.drawing.sheet import Colour
from heatmaps.population.filters import SCROLL_DEPTH, Aggregation
from heatmaps.questions.heatmap.image.question import ImageQuestion
from heatmaps.replies.pictures import PICTURES
from heatmaps.requests.against import Against, TwoSidesForm
from heatmaps.requests.fields import Boolean
from heatmaps.requests.filters import aggregation
from heatmaps.requests.grid import GridForm, min_visitors

MIN_WIDTH, MAX_WIDTH, MAX_HEIGHT, MAX_PIXELS, MAX_RADIUS = 320, 3_840, 20_000, 25_000_000, 200
NO_BACKGROUND = "none"


class Background(serializers.CharField):
    """`none`, or a colour in hexadecimal; with or without the #, which in a URL has to be written as %23."""

    def get_default(self) -> Colour | None:  # type: ignore[override]
        return self.to_internal_value(super().get_default())

    def to_internal_value(self, data: Any) -> Colour | None:  # type: ignore[override]
        text = super().to_internal_value(data)
        if text == NO_BACKGROUND:
            return None
        if not re.fullmatch(r"#?(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", text):
            raise serializers.ValidationError("background must be none, or a colour such as ffffff.")
        digits = text.removeprefix("#")
        red, green, blue = bytes.fromhex(digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
        return red, green, blue


class ImageForm(TwoSidesForm[ImageQuestion], GridForm[ImageQuestion]):
    examples = {
        "aggregation": ["unique_visitors"],
        "against": Against.examples,
        "min_visitors": [5],
        "width": [1440],
        "height": [3000],
        "radius": [32],
        "opacity": [0.6],
        "palette": ["viridis"],
        "background": ["ffffff"],
        "legend": [True],
        "fold": [True],
        "format": ["webp"],
    }

    aggregation = aggregation()
    against = Against(required=False)
    min_visitors = min_visitors("cells, or bands of scroll depth, with fewer distinct visitors")
    width = serializers.IntegerField(
        min_value=MIN_WIDTH,
        max_value=MAX_WIDTH,
        default=1280,
        help_text="Width of the picture, in px: that of the page below it, in CSS px.",
    )
    height = serializers.IntegerField(
        min_value=0,
        max_value=MAX_HEIGHT,
        default=0,
        help_text=(
            "Height, in px; 0 reaches down to the deepest cell, as far as that is allowed. Width times height is at "
            "most 25,000,000, and a WebP is at most 16,383 px high."
        ),
    )
    radius = serializers.IntegerField(
        min_value=1,
        max_value=MAX_RADIUS,
        default=24,
        help_text="How far around a cell its count is seen, in px.",
    )
    opacity = serializers.FloatField(
        min_value=0,
        max_value=1,
        default=0.8,
        help_text="Opacity of the hottest places. Bands of scroll depth, which cover the page, have 0.6 of it.",
    )
    palette = serializers.ChoiceField(
        choices=list(PALETTES), default="inferno", help_text="Colours, from cold to hot. No effect with `against`."
    )
    background = Background(default=NO_BACKGROUND, help_text="`none` for transparent, or a hexadecimal colour.")
    legend = Boolean(default=False, help_text="Draw what the colours stand for, in the upper right corner.")
    fold = Boolean(
        default=False,
        help_text="Draw a line where half of all first screenfuls end. No effect on scroll depth.",
    )
    format = serializers.ChoiceField(
        choices=list(PICTURES),
        default=next(iter(PICTURES)),
        help_text="Format of the picture; wins over the Accept header. `svg` is for scroll depth only.",
        error_messages={"invalid_choice": f"There are the formats {', '.join(PICTURES)}."},
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if attrs["width"] * attrs["height"] > MAX_PIXELS:
            raise serializers.ValidationError({"height": f"Width times height must be at most {MAX_PIXELS:,}."})
        if attrs["format"] == "svg" and attrs["type"] != SCROLL_DEPTH:
            raise serializers.ValidationError({"format": "svg is for type=scrolldepth. Ask for png or webp."})
        if attrs["format"] == "webp" and attrs["height"] > MAX_WEBP_PX:
            raise serializers.ValidationError({"height": f"A WebP is at most {MAX_WEBP_PX:,} px high. Ask for png."})
        return attrs

    def question(self) -> ImageQuestion:
        values: dict[str, Any] = self.validated_data
        max_height = min(MAX_HEIGHT, MAX_PIXELS // values["width"])
        return ImageQuestion(
            filters=self.filters(),
            side_b=self.side_b() if values.get("against") else None,
            aggregation=Aggregation(values["aggregation"]),
            grid=self.grid(),
            min_visitors=values["min_visitors"],
            width=values["width"],
            height=values["height"] or None,
            max_height=min(max_height, MAX_WEBP_PX) if values["format"] == "webp" else max_height,
            radius=values["radius"],
            opacity=values["opacity"],
            palette=values["palette"],
            background=values["background"],
            with_legend=values["legend"],
            with_fold=values["fold"],
            format=values["format"],
        )
