-- How many interactions and visitors each cell of a page has on two sides. Each side is read once; as it stands, there is
-- side a alone. Each interaction is counted three times: in its cell and in its screen, which are told apart by side, and in
-- one of 64 parts of the visitors. A row is of one of the three: its cell_key is four times a cell, and 1 for side a or 2 for
-- side b; or its screen_key is that of what points.sql calls a screen; or both are 0.
-- A visit is 62 bits of a visitor, which a million visitors of a place share once in nine million times, and the side. To
-- list visits and tell equal ones apart at the end takes two thirds of the time that uniqExact takes.
SELECT
    cell_key,
    screen_key,
    length(visits) AS count,
    arrayUniq(visits) AS visitors,
    if(cell_key + screen_key = 0, arrayUniq(arrayFilter(visit -> bitAnd(visit, 3) = 1, visits)), 0) AS visitors_a,
    if(cell_key + screen_key = 0, arrayUniq(arrayMap(visit -> bitShiftRight(visit, 2), visits)), 0) AS visitors_of_either
FROM (
    SELECT cell_key, screen_key, groupArray(visit) AS visits
    FROM (
        SELECT
            toInt64(bitShiftLeft(cell, 2) + side) AS cell_key,
            4 * screen + side AS screen_key,
            bitShiftLeft(toUInt64(visitor), 2) + side AS visit,
            bitAnd(toUInt8(visitor), 63) AS part
        FROM (
            /* a side */
            SELECT
                /* side: */ 1 /* end of side */ AS side,
                /* on our table: visitor */ reinterpretAsUInt128(sipHash128(distinct_id)) /* end */ AS visitor,
                /* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */ AS cell,
                /* on our table: screen */ toInt64(viewport_height) * scale_factor * 4
        + multiIf(pointer_target_fixed, 1, y > viewport_height, 3, 2) /* end */ AS screen
            FROM heatmaps
            WHERE team_id = {team_id:Int64}
              /* on our table: */ AND viewport_width != 0 /* end */
              /* AND filters */
            /* end of a side */
        )
    )
    GROUP BY GROUPING SETS ((cell_key), (screen_key), (part))
)
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
