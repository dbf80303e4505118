-- How many interactions and visitors got exactly as far down the page on two sides, and no further. Each side is read once;
-- as it stands, there is side a alone.
-- In a key is four times a bucket of 100 px, and 1 for side a or 2 for side b: `count` says how many interactions end in it,
-- `visitors` how many visitors of the side got no further. Or four times the sides that a visitor is on (1, 2, or 3 for both),
-- of which `count` says how many visitors there are.
SELECT
    key,
    count() AS count,
    countIf(nth = 1) AS visitors
FROM (
    SELECT arrayPushBack(arrayReverseSort(groupArray(4 * bucket + side)), toInt64(4 * groupBitOr(side))) AS keys
    FROM (
        /* a side */
        SELECT
            /* side: */ 1 /* end of side */ AS side,
            /* on our table: visitor */ reinterpretAsUInt128(sipHash128(distinct_id)) /* end */ AS visitor,
            /* on our table: scroll_depth_bucket */
        toInt64(floor((y + viewport_height) * scale_factor / 100)) * 100 /* end */ AS bucket
        FROM heatmaps
        WHERE team_id = {team_id:Int64}
          /* on our table: */ AND viewport_width != 0 /* end */
          /* AND filters */
        /* end of a side */
    )
    GROUP BY visitor
)
-- The deepest of each side comes first of it.
ARRAY JOIN keys AS key, arrayEnumerateUniq(arrayMap(one -> bitAnd(one, 3), keys)) AS nth
GROUP BY key
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
