-- How many visitors some pages had.
SELECT
    /* on our table: page */ trimRight(current_url, '/') /* end */ AS page,
    /* on our table: uniqExact(visitor) */ uniqExact(distinct_id) /* end */ AS visitors
FROM heatmaps
WHERE team_id = {team_id:Int64}
  AND /* on our table: placed = 2 */ viewport_width != 0
    AND (type = 'scrolldepth' OR NOT (x = 0 AND y = 0)) /* end */
  /* AND filters */
GROUP BY page
