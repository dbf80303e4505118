-- Where on the page it happened, how much in each cell of the grid, the hottest first; before the cells, how tall the
-- visitors' screens were and how much happened below the first screenful. Both from one reading of the rows.
-- A row has a cell or a screen, and 0 for the other one. population/cells.py and fold.py take the two numbers apart:
--   cell: whether fixed, y in CSS px, hundredths of the viewport's width, so that cells sort as they stand in an answer;
--   screen: four times its height in CSS px, and 1 for what is fixed, 2 for what is not, 3 for that below the height.
-- Where the table is our own, what stands between "on our table" and "end" gives way to the column named there.
SELECT
    count() AS count,
    /* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */ AS cell,
    /* on our table: screen */ toInt64(viewport_height) * scale_factor * 4
        + multiIf(pointer_target_fixed, 1, y > viewport_height, 3, 2) /* end */ AS screen
FROM heatmaps
WHERE team_id = {team_id:Int64}
  /* on our table: */ AND viewport_width != 0 /* end */
  /* AND filters */
GROUP BY GROUPING SETS ((cell), (screen))
ORDER BY screen = 0, count DESC, cell
-- So many cells and screens together; the engine sorts no more than these to the end.
LIMIT {last:UInt64}
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
