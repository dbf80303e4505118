-- How far down the page it was scrolled: how much ended in each band of 100 px, and how much in that band or deeper.
SELECT
    sum(bucket_count) OVER (ORDER BY scroll_depth_bucket DESC) AS cumulative_count,
    bucket_count,
    scroll_depth_bucket
FROM (
    SELECT
        count() AS bucket_count,
        toInt64(floor((y + viewport_height) * scale_factor / 100)) * 100 AS scroll_depth_bucket
    FROM heatmaps
    WHERE team_id = {team_id:Int64}
      AND viewport_width != 0
      /* AND filters */
    GROUP BY scroll_depth_bucket
)
ORDER BY scroll_depth_bucket
