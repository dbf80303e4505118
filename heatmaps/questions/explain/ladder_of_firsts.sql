-- The same as ladder.sql, where of what passes only the first of each session on each page is asked for, which may be another
-- one when a filter is left out: `left_out` is the bit of that filter, 0 for none. Where it is -1, a row counts all
-- interactions that pass the same filters, as in ladder.sql.
SELECT
    left_out,
    passed,
    toUInt64(0) AS kind_number,
    kind,
    width,
    if(left_out = -1, sum(interactions), count()) AS count,
    min(first) AS first_seen,
    max(last) AS last_seen
FROM (
    -- The first of each session and page, of those that pass all filters but the one.
    SELECT
        arrayJoin(arrayConcat([toInt32(-1)], arrayFilter(bit -> bitOr(met, bit) = {all:UInt16}, {bits:Array(Int32)}))) AS left_out,
        if(left_out = -1, met, 0) AS passed,
        if(left_out = -1, '', argMin(kind_of_first, order_of_first)) AS kind,
        if(left_out = -1, 0, argMin(width_of_first, order_of_first)) AS width,
        sum(count_of_part) AS interactions,
        argMin(moment, order_of_first) AS first,
        if(left_out = -1, max(last_of_part), first) AS last
    FROM (
        -- The same for each set of filters that is passed. Of what more than one filter leaves out only the number counts.
        SELECT
            /* passed: */ toUInt16(0) /* end of passed */ AS met,
            bitCount(bitXor(met, {all:UInt16})) <= 1 AS is_near,
            if(is_near, /* on our table: session */ reinterpretAsUInt128(sipHash128(session_id)) /* end */, 0) AS near_session,
            if(
                is_near,
                /* on our table: page */ reinterpretAsUInt128(sipHash128(trimRight(current_url, '/'))) /* end */,
                0
            ) AS near_page,
            if(is_near AND session_id = '', bitShiftLeft(toUInt64(shardNum()), 48) + rowNumberInAllBlocks() + 1, 0) AS alone,
            count() AS count_of_part,
            min(/* first: */ toString(timestamp) /* end of first */) AS order_of_first,
            argMin(type, /* first: */ toString(timestamp) /* end of first */) AS kind_of_first,
            argMin(toInt32(viewport_width) * scale_factor, /* first: */ toString(timestamp) /* end of first */) AS width_of_first,
            argMin(timestamp, /* first: */ toString(timestamp) /* end of first */) AS moment,
            max(timestamp) AS last_of_part
        FROM heatmaps
        WHERE team_id = {team_id:Int64}
          /* on our table: AND placed != 0 */ AND viewport_width != 0 /* end */
          /* AND filters */
        GROUP BY met, is_near, near_session, near_page, alone
    )
    GROUP BY left_out, passed, if(left_out = -1, 0, near_session), if(left_out = -1, 0, near_page), if(left_out = -1, 0, alone)
)
GROUP BY left_out, passed, kind, width
