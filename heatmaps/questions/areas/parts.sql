-- How much of each kind happened in each area of a page, and (as area 0) in all of it, the most frequent first; or of each day,
-- or whatever else the parts are. What a region is, areas.sql says.
SELECT
    area,
    part,
    sum(interactions) AS count,
    uniqExactMerge(of_visitors) AS visitors
FROM (
    SELECT
        region,
        part,
        count() AS interactions,
        uniqExactState(visitor) AS of_visitors
    FROM (
        SELECT
            /* part: */ type /* end of part */ AS part,
            /* on our table: visitor */ reinterpretAsUInt128(sipHash128(distinct_id)) /* end */ AS visitor,
            /* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */ AS cell,
            /* areas: */ toUInt128(0) /* end of areas */ AS region
        FROM heatmaps
        WHERE team_id = {team_id:Int64}
          /* on our table: */ AND viewport_width != 0 /* end */
          /* AND filters */
    )
    GROUP BY region, part
)
ARRAY JOIN arrayConcat(
    [0],
    arrayMap(bit -> bit + 1, bitPositionsToArray(toUInt64(region))),
    arrayMap(bit -> bit + 65, bitPositionsToArray(toUInt64(bitShiftRight(region, 64))))) AS area
GROUP BY area, part
ORDER BY area, count DESC, part
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
