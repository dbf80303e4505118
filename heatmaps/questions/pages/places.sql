-- Which paths there are, so that places with many different segments can be found; what is no word is a star already.
SELECT DISTINCT
    /* beginning: */ '' /* end of beginning */ AS beginning,
    /* segments: */ [url] /* end of segments */ AS segments
FROM (
    /* a part of the window */
    SELECT trimRight(current_url, '/') AS url
    FROM heatmaps
    WHERE team_id = {team_id:Int64}
      AND /* on our table: placed = 2 */ viewport_width != 0
        AND (type = 'scrolldepth' OR NOT (x = 0 AND y = 0)) /* end */
      /* AND filters */
    GROUP BY url
    /* end of part */
)
