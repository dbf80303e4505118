-- Which pages there are, the busiest first, where several URLs are one page; otherwise as pages.sql. Of each page it tells how
-- many URLs it has, one of them, and in which forms they are written.
SELECT
    grouping(type) = 1 AS is_page,
    page,
    type,
    sum(count) AS total_count,
    min(first) AS first_seen,
    max(last) AS last_seen,
    if(is_page, arraySort(one -> (-one.2, one.1), groupArray((type, count, last))), []) AS types,
    uniqExactMerge(different_urls) AS urls,
    min(first_url) AS a_url,
    arraySort(groupUniqArrayArray(some_forms)) AS forms
FROM (
    SELECT
        /* page: */ url /* end of page */ AS page,
        type,
        sum(count_of_part) AS count,
        min(first_of_part) AS first,
        max(last_of_part) AS last,
        uniqExactState(url) AS different_urls,
        min(url) AS first_url,
        groupUniqArray(/* form: */ url /* end of form */) AS some_forms
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
    GROUP BY page, type
)
GROUP BY GROUPING SETS ((page), (type))
HAVING NOT is_page /* pages: */ OR 1 /* end of pages */
QUALIFY NOT is_page
    OR row_number() OVER (PARTITION BY is_page ORDER BY total_count DESC, page) - {offset:UInt64} BETWEEN 1 AND {limit:UInt64} + 1
ORDER BY is_page, total_count DESC, page, type
