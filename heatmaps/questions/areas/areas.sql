-- How much happened in each area of a page, and (as area 0) in all of it: interactions, visitors, sessions, and how many
-- sessions began there. The rows are read once, and put together three times: those of a session, of which the first is
-- found; those of a region, which is all that lies in just the same areas; those of an area, which has several regions.
SELECT
    area,
    sum(interactions) AS count,
    uniqExactMerge(of_visitors) AS visitors,
    uniqExactMerge(of_sessions) AS sessions,
    sum(begun) AS firsts
FROM (
    SELECT
        region,
        countIf(place > 1) AS interactions,
        uniqExactStateIf(visitor, place > 1) AS of_visitors,
        uniqExactStateIf(session, place > 1 AND is_session) AS of_sessions,
        countIf(place = 1 AND is_session) AS begun
    FROM (
        SELECT
            session,
            session != reinterpretAsUInt128(sipHash128('')) AS is_session,
            -- In front of the rows stands the first of them once more.
            arrayPushFront(groupArray(region), argMin(region, moment)) AS regions,
            arrayPushFront(groupArray(visitor), toUInt128(0)) AS visitors
        FROM (
            SELECT
                /* on our table: session */ reinterpretAsUInt128(sipHash128(session_id)) /* end */ AS session,
                /* on our table: visitor */ reinterpretAsUInt128(sipHash128(distinct_id)) /* end */ AS visitor,
                /* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */ AS cell,
                -- Microseconds since 1900, and of equal ones the cell.
                bitShiftLeft(toUInt128(toUnixTimestamp64Micro(timestamp) + 2208988800000000), 64) + cell AS moment,
                /* areas: */ toUInt128(0) /* end of areas */ AS region
            FROM heatmaps
            WHERE team_id = {team_id:Int64}
              /* on our table: */ AND viewport_width != 0 /* end */
              /* AND filters */
        )
        GROUP BY session
    )
    ARRAY JOIN regions AS region, visitors AS visitor, arrayEnumerate(regions) AS place
    GROUP BY region
)
ARRAY JOIN arrayConcat(
    [0],
    arrayMap(bit -> bit + 1, bitPositionsToArray(toUInt64(region))),
    arrayMap(bit -> bit + 65, bitPositionsToArray(toUInt64(bitShiftRight(region, 64))))) AS area
GROUP BY area
ORDER BY area
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
