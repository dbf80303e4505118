-- How many visitors pages had, where several URLs are one page: told apart once a URL, and then put together.
SELECT
    /* page: */ url /* end of page */ AS page,
    uniqExactMerge(different_visitors) AS visitors
FROM (
    SELECT
        /* on our table: page */ trimRight(current_url, '/') /* end */ AS key,
        uniqExactState(/* on our table: visitor */ distinct_id /* end */) AS different_visitors
    FROM heatmaps
    WHERE team_id = {team_id:Int64}
      AND /* on our table: placed = 2 */ viewport_width != 0
        AND (type = 'scrolldepth' OR NOT (x = 0 AND y = 0)) /* end */
      /* AND filters */
    GROUP BY key
) AS seen
/* the list of URLs */
ANY INNER JOIN (
    SELECT
        /* on our table: page */ trimRight(current_url, '/') /* end */ AS key,
        any(trimRight(current_url, '/')) AS url
    FROM heatmaps
    WHERE team_id = {team_id:Int64}
      /* AND filters */
    GROUP BY key
) AS known USING (key)
GROUP BY page
HAVING visitors >= {min_visitors:UInt64}
