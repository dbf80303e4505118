-- Where on the page it happened, how much in each cell of the grid, the hottest first; before the cells, how tall the
-- visitors' screens were and how much happened below the first screenful. Both from one reading of the rows.
SELECT
    count() AS count,
    y * scale_factor AS pointer_y,
    -- Adding 0 makes a negative zero the same cell as zero.
    round(x / viewport_width, 2) + 0 AS pointer_relative_x,
    pointer_target_fixed,
    grouping(viewport_height_px) = 0 AS is_screen,
    viewport_height * scale_factor AS viewport_height_px,
    countIf(NOT pointer_target_fixed) AS not_fixed,
    countIf(NOT pointer_target_fixed AND y > viewport_height) AS below_fold
FROM heatmaps
WHERE team_id = {team_id:Int64}
  AND viewport_width != 0
  /* AND filters */
GROUP BY GROUPING SETS ((pointer_target_fixed, pointer_y, pointer_relative_x), (viewport_height_px))
ORDER BY is_screen DESC, count DESC, pointer_target_fixed, pointer_y, pointer_relative_x
-- So many heights and cells together; the engine sorts no more than these to the end.
LIMIT {last:UInt64}
