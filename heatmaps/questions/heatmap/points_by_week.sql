-- The same as points.sql, of whole weeks: the engine has counted them beforehand, and takes those numbers of each part of the
-- table that has them. Cells and screens are kept apart, so each has its own count of them. What a window has beside its
-- weeks, or its weeks have beside it, is counted as in points.sql, and stands in the place of the rest.
SELECT
    toUInt64(sum(interactions)) AS count,
    /* with coverage: countIf(cell != 0) OVER () AS cells_total, */
    cell,
    screen
FROM (
    SELECT
        toInt64(count()) AS interactions,
        /* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */ AS cell,
        0 AS screen
    FROM heatmaps
    WHERE team_id = {team_id:Int64}
      /* on our table: */ AND viewport_width != 0 /* end */
      /* AND filters */
    GROUP BY cell
    UNION ALL
    SELECT
        toInt64(count()) AS interactions,
        0 AS cell,
        /* on our table: screen */ toInt64(viewport_height) * scale_factor * 4
        + multiIf(pointer_target_fixed, 1, y > viewport_height, 3, 2) /* end */ AS screen
    FROM heatmaps
    WHERE team_id = {team_id:Int64}
      /* on our table: */ AND viewport_width != 0 /* end */
      /* AND filters */
    GROUP BY screen
    /* rest: */ /* end of rest */
)
GROUP BY cell, screen
HAVING count > 0
ORDER BY screen = 0, count DESC, cell
LIMIT {last:UInt64}
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
