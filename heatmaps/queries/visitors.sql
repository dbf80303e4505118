-- What points.sql answers, counting distinct visitors. Telling visitors apart costs far more than reading the rows, so
-- the screens, which need it not, are counted in a reading of their own.
SELECT *
FROM (
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
    UNION ALL
    -- In the order of the columns above; their names stay away, because one of them is a column of the table.
    SELECT
        count(),
        toInt32(0),
        toFloat64(0),
        false,
        1,
        viewport_height * scale_factor,
        countIf(NOT pointer_target_fixed),
        countIf(NOT pointer_target_fixed AND y > viewport_height)
    FROM heatmaps
    WHERE team_id = {team_id:Int64}
      AND viewport_width != 0
      /* AND filters */
    GROUP BY viewport_height * scale_factor
)
ORDER BY is_screen DESC, count DESC, pointer_target_fixed, pointer_y, pointer_relative_x
