"""The shapes of the two replies of a heatmap."""

from rest_framework import serializers


class HeatmapResponseItem(serializers.Serializer[None]):
    count = serializers.IntegerField(
        min_value=1, help_text="Interactions in this cell, or visitors or persons, as `aggregation` says."
    )
    pointer_y = serializers.IntegerField(help_text="CSS px from the top of the page, or of the viewport when fixed.")
    pointer_relative_x = serializers.FloatField(help_text="Share of the viewport's width, to two decimals.")
    pointer_target_fixed = serializers.BooleanField(help_text="Whether the element stays put when the page scrolls.")


class HeatmapFoldSummary(serializers.Serializer[None]):
    total_count = serializers.IntegerField(help_text="Interactions with elements that are not fixed.")
    below_fold_count = serializers.IntegerField(help_text="Those of them below the first screenful.")
    pct_below_fold = serializers.FloatField(help_text="Their share, in percent, to one decimal.")
    median_viewport_height = serializers.IntegerField(
        allow_null=True, help_text="CSS px, over all interactions; null when there are none."
    )


class HeatmapCoverage(serializers.Serializer[None]):
    cells_returned = serializers.IntegerField(help_text="Cells, or buckets of scroll depth, in this reply.")
    cells_total = serializers.IntegerField(
        help_text="All cells or buckets, including those that `min_visitors` leaves out."
    )
    cells_hidden = serializers.IntegerField(help_text="Those that `min_visitors` leaves out.")
    count_returned = serializers.IntegerField(
        help_text="Interactions in the cells of this reply, whatever `aggregation` is."
    )
    count_total = serializers.IntegerField(help_text="Interactions in all cells.")
    share = serializers.FloatField(allow_null=True, help_text="`count_returned` / `count_total`; null for 0 of 0.")
    visitors_total = serializers.IntegerField(help_text="Distinct visitors in all cells.")


class HeatmapsResponse(serializers.Serializer[None]):
    results = HeatmapResponseItem(many=True)
    fold = HeatmapFoldSummary()
    has_more = serializers.BooleanField(help_text="Whether there are points beyond offset + limit.")
    coverage = HeatmapCoverage(required=False, help_text="With `include=coverage`.")


class HeatmapScrollDepthItem(serializers.Serializer[None]):
    cumulative_count = serializers.IntegerField(min_value=0, help_text="How many reached this bucket or a deeper one.")
    bucket_count = serializers.IntegerField(min_value=0, help_text="How many got no further than this bucket.")
    scroll_depth_bucket = serializers.IntegerField(help_text="Where the bucket begins, in CSS px; it is 100 px deep.")


class HeatmapScrollDepthResponse(serializers.Serializer[None]):
    results = HeatmapScrollDepthItem(many=True)
    coverage = HeatmapCoverage(required=False, help_text="With `include=coverage`.")
