-- How many distinct visitors there were, wherever on the page.
SELECT /* on our table: uniqExact(visitor) */ uniqExact(distinct_id) /* end */ AS visitors
FROM heatmaps
WHERE team_id = {team_id:Int64}
  /* on our table: */ AND viewport_width != 0 /* end */
  /* AND filters */
/* on our table: SETTINGS optimize_move_to_prewhere = 0, optimize_use_projections = 0 */ /* end */
