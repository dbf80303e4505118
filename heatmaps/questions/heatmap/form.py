"""What a heatmap is asked with."""

from rest_framework import serializers

from heatmaps.population.filters import SCROLL_DEPTH, Aggregation
from heatmaps.questions.heatmap.question import PointsQuestion, ScrollDepthQuestion
from heatmaps.requests.fields import Words
from heatmaps.requests.filters import FiltersForm, aggregation
from heatmaps.requests.grid import GridForm, min_visitors

MAX_POINTS = 1_000_000
COVERAGE = "coverage"


class HeatmapForm(FiltersForm[PointsQuestion | ScrollDepthQuestion], GridForm[PointsQuestion | ScrollDepthQuestion]):
    examples = {
        "aggregation": ["unique_visitors"],
        "limit": [50],
        "offset": [50],
        "min_visitors": [5],
        "include": ["coverage"],
    }

    aggregation = aggregation()
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
    min_visitors = min_visitors("cells, or buckets of scroll depth, with fewer distinct visitors")
    include = Words(
        COVERAGE,
        help_text="`coverage` adds how many of all cells, interactions and visitors are in the reply.",
    )

    def question(self) -> PointsQuestion | ScrollDepthQuestion:
        values = self.validated_data
        filters = self.filters()
        aggregation = Aggregation(values["aggregation"])
        if filters.types == (SCROLL_DEPTH,):
            return ScrollDepthQuestion(
                filters=filters,
                aggregation=aggregation,
                min_visitors=values["min_visitors"],
                with_coverage=COVERAGE in values["include"],
            )
        return PointsQuestion(
            filters=filters,
            aggregation=aggregation,
            grid=self.grid(),
            min_visitors=values["min_visitors"],
            with_coverage=COVERAGE in values["include"],
            limit=values["limit"] or MAX_POINTS,
            offset=values["offset"],
        )
