-- How tall the visitors' screens were, and how much happened below the first screenful; points.sql says what a screen is.
SELECT
    count() AS count,
    /* on our table: screen */ toInt64(viewport_height) * scale_factor * 4
        + multiIf(pointer_target_fixed, 1, y > viewport_height, 3, 2) /* end */ AS screen
FROM heatmaps
WHERE team_id = {team_id:Int64}
  /* on our table: */ AND viewport_width != 0 /* end */
  /* AND filters */
GROUP BY screen
/* on our table: SETTINGS optimize_move_to_prewhere = 0, optimize_use_projections = 0 */ /* end */
