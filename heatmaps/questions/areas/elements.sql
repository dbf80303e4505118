-- Which elements are probably under each area of a page, and (as area 0) under all of it, the most frequent first: of each
-- interaction the element of the nearest $autocapture event, among those of its session on its page from ten seconds before
-- it to one second after it. The browser's SDK sends interactions up to five seconds late, and autocapture at once. What a
-- region is, areas.sql says.
SELECT
    area,
    element.1 AS tag_and_classes,
    element.2 AS text,
    element.3 AS attr_id,
    element.4 AS href,
    count() AS count,
    uniqExact(visitor) AS visitors
FROM (
    SELECT region, visitor, nearest.2 AS element
    FROM (
        SELECT
            region,
            visitor,
            is_event,
            -- Where there is none, its moment is 0.
            maxIf((moment, element), is_event) OVER (
                PARTITION BY session, url ORDER BY moment RANGE BETWEEN 10000000 PRECEDING AND CURRENT ROW) AS before,
            minIf((moment, element), is_event) OVER (
                PARTITION BY session, url ORDER BY moment RANGE BETWEEN CURRENT ROW AND 1000000 FOLLOWING) AS after,
            -- Of two that are equally near the earlier one.
            if(before.1 > 0 AND (after.1 = 0 OR moment - before.1 <= after.1 - moment), before, after) AS nearest
        FROM (
            SELECT session, url, moment, false AS is_event, region, visitor, ('', '', '', '') AS element
            FROM (
                /* interactions */
                SELECT
                    /* on our table: session */ reinterpretAsUInt128(sipHash128(session_id)) /* end */ AS session,
                    reinterpretAsUInt128(sipHash128(trimRight(current_url, '/'))) AS url,
                    toUnixTimestamp64Micro(timestamp) + 2208988800000000 AS moment,
                    /* on our table: visitor */ reinterpretAsUInt128(sipHash128(distinct_id)) /* end */ AS visitor,
                    /* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */ AS cell,
                    /* areas: */ toUInt128(0) /* end of areas */ AS region
                FROM heatmaps
                WHERE team_id = {team_id:Int64}
                  AND /* on our table: session != reinterpretAsUInt128(sipHash128('')) */ session_id != '' /* end */
                  /* on our table: */ AND viewport_width != 0 /* end */
                  /* AND filters */
                /* end of interactions */
            )
            UNION ALL
            SELECT session, url, moment, true AS is_event, toUInt128(0) AS region, toUInt128(0) AS visitor, min(first) AS element
            FROM (
                SELECT
                    /* event session: */ reinterpretAsUInt128(sipHash128(`$session_id`)) /* end of event session */ AS session,
                    reinterpretAsUInt128(sipHash128(
                        trimRight(JSONExtractString(properties, '$current_url'), '/'))) AS url,
                    toUnixTimestamp64Micro(timestamp) + 2208988800000000 AS moment,
                    arrayMap(element -> (extract(element, '^([^"]*?):?(?:(?:attr__?[^"=]+|[^"=:]+)="|$)'), arrayMap(groups -> (concat(groups[1], groups[2]), replaceAll(groups[3], '\\"', '"')), extractAllGroupsVertical(element, '(?:^[^"]*?:(attr__?[^"=]+|[^"=:]+)|([^"=]+))="((?:[^"\\\\]|\\\\.)*)"'))), extractAll(elements_chain, '(?:[^;"]|"(?:[^"\\\\]|\\\\.)*")+')) AS elements,
                    mapFromArrays(elements[1].2.1, elements[1].2.2) AS attributes,
                    (elements[1].1, attributes['text'], attributes['attr_id'], attributes['href']) AS first
                FROM events
                WHERE team_id = {team_id:Int64}
                  AND event = '$autocapture'
                  AND elements_chain != ''
                  /* AND filters */
            )
            GROUP BY session, url, moment
        )
        QUALIFY NOT is_event AND nearest.1 > 0
    )
)
ARRAY JOIN arrayConcat(
    [0],
    arrayMap(bit -> bit + 1, bitPositionsToArray(toUInt64(region))),
    arrayMap(bit -> bit + 65, bitPositionsToArray(toUInt64(bitShiftRight(region, 64))))) AS area
GROUP BY area, element
ORDER BY area, count DESC, tag_and_classes, text, attr_id, href
LIMIT 100 BY area
