-- How many distinct visitors there were, wherever on the page; in the columns of points.sql.
SELECT
    /* on our table: uniqExact(visitor) */ uniqExact(distinct_id) /* end */ AS count,
    toUInt64(0) AS groups,
    toUInt64(0) AS cell,
    toInt64(-1) AS screen
FROM heatmaps
WHERE team_id = {team_id:Int64}
  /* on our table: */ AND viewport_width != 0 /* end */
  /* AND filters */
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
