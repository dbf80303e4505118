-- How many interactions there are behind the chosen points.
SELECT count() AS total_count
FROM heatmaps
WHERE team_id = {team_id:Int64}
  AND viewport_width != 0
  /* AND filters */
