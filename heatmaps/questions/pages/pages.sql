-- Which pages there are, the busiest first, and what happened on each; before them, what happened on all of them together.
SELECT
    grouping(type) = 1 AS is_page,
    url,
    type,
    sum(count) AS total_count,
    min(first) AS first_seen,
    max(last) AS last_seen,
    if(is_page, arraySort(one -> (-one.2, one.1), groupArray((type, count, last))), []) AS types
FROM (
    SELECT
        url,
        type,
        sum(count_of_part) AS count,
        min(first_of_part) AS first,
        max(last_of_part) AS last
    FROM (
        /* a part of the window */
        SELECT
            trimRight(current_url, '/') AS url,
            type,
            count() AS count_of_part,
            min(timestamp) AS first_of_part,
            max(timestamp) AS last_of_part
        FROM heatmaps
        WHERE team_id = {team_id:Int64}
          AND /* on our table: placed = 2 */ viewport_width != 0
            AND (type = 'scrolldepth' OR NOT (x = 0 AND y = 0)) /* end */
          /* AND filters */
        GROUP BY url, type
        /* end of part */
    )
    GROUP BY url, type
    /* HAVING search */
)
GROUP BY GROUPING SETS ((url), (type))
-- Of the pages, those that were asked for and one more.
QUALIFY NOT is_page
    OR row_number() OVER (PARTITION BY is_page ORDER BY total_count DESC, url) - {offset:UInt64} BETWEEN 1 AND {limit:UInt64} + 1
ORDER BY is_page, total_count DESC, url, type
