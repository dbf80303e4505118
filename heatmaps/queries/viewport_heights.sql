-- How tall the visitors' screens were, and how much happened below the first screenful on each.
SELECT
    viewport_height * scale_factor AS viewport_height_px,
    count() AS total,
    countIf(NOT pointer_target_fixed) AS not_fixed,
    countIf(NOT pointer_target_fixed AND y > viewport_height) AS below_fold
FROM heatmaps
WHERE team_id = {team_id:Int64}
  AND viewport_width != 0
  /* AND filters */
GROUP BY viewport_height_px
ORDER BY viewport_height_px
