"""What a comparison is asked with."""

from typing import Any

from rest_framework import serializers

from heatmaps.population.filters import Aggregation
from heatmaps.population.grid import Grid
from heatmaps.questions.compare.question import CompareQuestion, Order
from heatmaps.requests.against import Against, TwoSidesForm, false_discovery_rate
from heatmaps.requests.filters import aggregation
from heatmaps.requests.grid import GridForm, min_visitors

MAX_PLACES = 1_000_000


class CompareForm(TwoSidesForm[CompareQuestion], GridForm[CompareQuestion]):
    examples = {
        "aggregation": ["unique_visitors"],
        "limit": [50],
        "offset": [50],
        "against": Against.examples,
        "order": ["difference"],
        "fdr": [0.05],
        "min_visitors": [5],
    }

    refused_when_empty = frozenset({"against"})
    # Cells of the finest grid have too few visitors to tell anything.
    default_grid = Grid(2, 32)

    aggregation = aggregation()
    limit = serializers.IntegerField(
        min_value=0,
        max_value=MAX_PLACES,
        default=500,
        help_text="How many cells, as `order` sorts them; 0 for all of them, up to 1,000,000.",
    )
    offset = serializers.IntegerField(
        min_value=0, max_value=MAX_PLACES, default=0, help_text="How many of the first cells to skip."
    )
    against = Against(required=True)
    order = serializers.ChoiceField(
        choices=[order.value for order in Order],
        default=Order.SURPRISE.value,
        help_text=(
            "`surprise`: smallest `q` first. `difference`: largest difference first. `count`: most interactions of "
            "both sides together first; with another `aggregation` than `total_count`, most visitors."
        ),
    )
    fdr = false_discovery_rate()
    min_visitors = min_visitors("cells that have visitors on a side, but fewer distinct ones than this")

    def question(self) -> CompareQuestion:
        values: dict[str, Any] = self.validated_data
        return CompareQuestion(
            side_a=self.filters(),
            side_b=self.side_b(),
            grid=self.grid(),
            aggregation=Aggregation(values["aggregation"]),
            order=Order(values["order"]),
            fdr=values["fdr"],
            min_visitors=values["min_visitors"],
            limit=values["limit"] or MAX_PLACES,
            offset=values["offset"],
        )
