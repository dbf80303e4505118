-- The same as points.sql, and on each row how many cells and visitors there are in all. Visitors are a third set beside cells
-- and screens, so that everything comes from one reading; they have neither, and only their number is told.
SELECT
    count() AS count,
    countIf(cell != 0) OVER () AS cells_total,
    countIf(cell = 0 AND screen = 0) OVER () AS visitors_total,
    /* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */ AS cell,
    /* on our table: screen */ toInt64(viewport_height) * scale_factor * 4
        + multiIf(pointer_target_fixed, 1, y > viewport_height, 3, 2) /* end */ AS screen
FROM heatmaps
WHERE team_id = {team_id:Int64}
  /* on our table: */ AND viewport_width != 0 /* end */
  /* AND filters */
GROUP BY GROUPING SETS ((cell), (screen), (/* on our table: visitor */ distinct_id /* end */))
QUALIFY cell != 0 OR screen != 0
ORDER BY screen = 0, count DESC, cell
LIMIT {last:UInt64}
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
