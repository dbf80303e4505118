-- Who did it and when: the interactions themselves, the newest first; points.sql says what a cell is. How many there are on
-- all pages together is counted while they are read. That has a second use: without it the engine would look at the times
-- first, to skip what is too old for the page, and so unpack every text before the filters are applied.
SELECT
    session_id,
    distinct_id,
    timestamp,
    /* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */ AS cell,
    current_url,
    type,
    /* total: */ count() OVER () /* end of total */ AS total_count
FROM heatmaps
WHERE team_id = {team_id:Int64}
  /* on our table: */ AND viewport_width != 0 /* end */
  /* AND filters */
-- Ordered by every column of the answer, so that pages neither overlap nor leave gaps.
ORDER BY timestamp DESC, session_id, distinct_id, cell, current_url, type
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
