-- Which URLs interactions happened on, the busiest first, as they were captured and whether or not a heatmap shows them.
SELECT
    any(current_url) AS url,
    count() AS count
FROM heatmaps
WHERE team_id = {team_id:Int64}
  AND current_url != ''
  /* AND filters */
GROUP BY /* on our table: page, slashes */ current_url /* end */
ORDER BY count DESC, url
LIMIT {limit:UInt64}
