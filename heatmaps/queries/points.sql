-- Where on the page it happened: how much in each cell of the grid, the hottest cells first.
SELECT
    count() AS count,
    y * scale_factor AS pointer_y,
    -- Adding 0 makes a negative zero the same cell as zero.
    round(x / viewport_width, 2) + 0 AS pointer_relative_x,
    pointer_target_fixed
FROM heatmaps
WHERE team_id = {team_id:Int64}
  AND viewport_width != 0
  /* AND filters */
GROUP BY pointer_target_fixed, pointer_y, pointer_relative_x
ORDER BY count DESC, pointer_target_fixed, pointer_y, pointer_relative_x
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
