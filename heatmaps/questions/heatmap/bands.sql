-- How far down the page it was scrolled, in interactions and in distinct visitors; scroll_depth.sql says what a bucket is.
SELECT
    count() AS interactions,
    /* on our table: uniqExact(visitor) */ uniqExact(distinct_id) /* end */ AS visitors,
    /* number of persons */
    /* on our table: scroll_depth_bucket */
        toInt64(floor((y + viewport_height) * scale_factor / 100)) * 100 /* end */ AS scroll_depth_bucket
FROM heatmaps /* with persons */
WHERE team_id = {team_id:Int64}
  /* on our table: */ AND viewport_width != 0 /* end */
  /* AND filters */
GROUP BY scroll_depth_bucket
ORDER BY scroll_depth_bucket
/* on our table: SETTINGS optimize_move_to_prewhere = 0, optimize_use_projections = 0 */ /* end */
