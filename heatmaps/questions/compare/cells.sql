-- How many interactions and visitors each cell of a page has on two sides. Each side is read once; as it stands, there is
-- side a alone. The rows are put together by visitor first, whose cells are few: telling visitors apart cell by cell takes
-- several times as long.
-- In a key is four times a cell, and 1 for side a or 2 for side b; or four times the sides that a visitor is on (1, 2, or 3
-- for both), of which `count` says how many visitors there are. In a screen is four times what points.sql calls one, and the
-- side. A row has a key or a screen, and 0 for the other one.
SELECT
    key,
    screen,
    count() AS count,
    countIf(nth = 1) AS visitors
FROM (
    SELECT
        arrayPushBack(groupArray(toInt64(bitShiftLeft(cell, 2) + side)), toInt64(4 * groupBitOr(side))) AS keys,
        arrayPushBack(groupArray(4 * screen + side), toInt64(0)) AS screens
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
    GROUP BY visitor
)
ARRAY JOIN keys AS key, screens AS screen, arrayEnumerateUniq(keys) AS nth
GROUP BY GROUPING SETS ((key), (screen))
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
