-- What points.sql answers, counting distinct visitors. Telling visitors apart costs far more than reading the rows, so the
-- screens, which need it not, are counted in a reading of their own.
SELECT *
FROM (
    SELECT
        count() AS count,
        toInt32(0) AS pointer_y,
        toFloat64(0) AS pointer_relative_x,
        false AS pointer_target_fixed,
        1 AS is_screen,
        viewport_height * scale_factor AS viewport_height_px,
        countIf(NOT heatmaps.pointer_target_fixed) AS not_fixed,
        countIf(NOT heatmaps.pointer_target_fixed AND y > viewport_height) AS below_fold
    FROM heatmaps
    WHERE team_id = {team_id:Int64}
      AND viewport_width != 0
      /* AND filters */
    GROUP BY viewport_height_px
    UNION ALL
    SELECT
        uniqExact(distinct_id) AS count,
        y * scale_factor AS pointer_y,
        round(x / viewport_width, 2) + 0 AS pointer_relative_x,
        pointer_target_fixed,
        0 AS is_screen,
        toInt32(0) AS viewport_height_px,
        0 AS not_fixed,
        0 AS below_fold
    FROM heatmaps
    WHERE team_id = {team_id:Int64}
      AND viewport_width != 0
      /* AND filters */
    GROUP BY pointer_target_fixed, pointer_y, pointer_relative_x
    ORDER BY count DESC, pointer_target_fixed, pointer_y, pointer_relative_x
    LIMIT {last:UInt64}
)
ORDER BY is_screen DESC, count DESC, pointer_target_fixed, pointer_y, pointer_relative_x
