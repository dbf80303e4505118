-- Who did it and when: the interactions themselves, the newest first.
SELECT
    session_id,
    distinct_id,
    timestamp,
    round(x / viewport_width, 2) + 0 AS pointer_relative_x,
    y * scale_factor AS pointer_y,
    current_url,
    type
FROM heatmaps
WHERE team_id = {team_id:Int64}
  AND viewport_width != 0
  /* AND filters */
-- Every column of the answer has its say, so that pages neither overlap nor leave gaps.
ORDER BY timestamp DESC, session_id, distinct_id, pointer_y, pointer_relative_x, current_url, type
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
