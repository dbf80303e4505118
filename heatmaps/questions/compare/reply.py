"""The shapes of the two replies of a comparison."""

from rest_framework import serializers

from heatmaps.replies.sides import HeatmapSide, difference_fields


class HeatmapFoldOfSide(serializers.Serializer[None]):
    """As in the reply of the heatmap."""

    total_count = serializers.IntegerField(min_value=0, help_text="Interactions with elements that are not fixed.")
    below_fold_count = serializers.IntegerField(min_value=0, help_text="Those of them below the first screenful.")
    pct_below_fold = serializers.FloatField(help_text="Their share, in percent, to one decimal.")
    median_viewport_height = serializers.IntegerField(
        allow_null=True, help_text="CSS px, over all interactions; null when there are none."
    )


class HeatmapSideTotal(serializers.Serializer[None]):
    # `from` cannot be the name of an attribute.
    locals()["from"] = serializers.DateTimeField(help_text="Where its window begins, in UTC.")
    to = serializers.DateTimeField(help_text="Where its window ends, not included, in UTC.")
    visitors = serializers.IntegerField(min_value=0, help_text="Distinct visitors, exactly.")
    count = serializers.IntegerField(min_value=0, help_text="Interactions.")


class HeatmapSideSummary(HeatmapSideTotal):
    fold = HeatmapFoldOfSide()


class HeatmapComparedCell(serializers.Serializer[None]):
    pointer_relative_x = serializers.FloatField(help_text="Left edge of the cell: share of the viewport's width.")
    pointer_y = serializers.IntegerField(
        help_text="Upper edge: CSS px from the top of the page, or of the viewport when fixed."
    )
    pointer_target_fixed = serializers.BooleanField(help_text="Whether the element stays put when the page scrolls.")
    a = HeatmapSide()
    b = HeatmapSide()
    difference, ratio, ratio_low, ratio_high, q, verdict = difference_fields()


class HeatmapComparedBucket(serializers.Serializer[None]):
    """How many interactions and visitors came at least that far down."""

    scroll_depth_bucket = serializers.IntegerField(help_text="Where the bucket begins, in CSS px; it is 100 px deep.")
    a = HeatmapSide()
    b = HeatmapSide()
    difference, ratio, ratio_low, ratio_high, q, verdict = difference_fields()


class HeatmapOverlap(serializers.Serializer[None]):
    visitors = serializers.IntegerField(
        min_value=0, help_text="Visitors who are on both sides. The test takes the two sides for different people."
    )


class HeatmapComparison(serializers.Serializer[None]):
    tested = serializers.IntegerField(
        min_value=0, help_text="Number of tested cells or buckets, whatever limit and offset are."
    )
    too_few = serializers.IntegerField(
        min_value=0,
        help_text="Number of cells or buckets that were not tested: fewer than 10 visitors on both sides together.",
    )
    fdr = serializers.FloatField()
    overlap = HeatmapOverlap()
    has_more = serializers.BooleanField(help_text="Whether there are results beyond offset + limit.")


class HeatmapCompareResponse(HeatmapComparison):
    a = HeatmapSideSummary()
    b = HeatmapSideSummary()
    results = HeatmapComparedCell(many=True)


class HeatmapCompareScrollDepthResponse(HeatmapComparison):
    a = HeatmapSideTotal()
    b = HeatmapSideTotal()
    results = HeatmapComparedBucket(many=True)
