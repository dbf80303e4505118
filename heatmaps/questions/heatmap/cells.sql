-- Where on the page it happened, in distinct visitors and in interactions, the cells with the most first; those with too few
-- visitors are left out, or come last. points.sql says what a cell is. The screens are asked about with screens.sql: telling
-- visitors apart costs far more than reading again.
SELECT
    /* on our table: uniqExact(visitor) */ uniqExact(distinct_id) /* end */ AS visitors,
    /* number of persons */
    count() AS interactions,
    /* with coverage: count() OVER () AS cells_total, countIf(visitors < {min_visitors:UInt64}) OVER () AS cells_hidden, */
    /* on our table: cell */ bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304) /* end */ AS cell
FROM heatmaps /* with persons */
WHERE team_id = {team_id:Int64}
  /* on our table: */ AND viewport_width != 0 /* end */
  /* AND filters */
GROUP BY cell
HAVING {with_hidden:Bool} OR visitors >= {min_visitors:UInt64}
ORDER BY visitors < {min_visitors:UInt64}, if({in_visitors:Bool}, visitors, /* or */ interactions) DESC, cell
LIMIT {last:UInt64}
/* on our table: SETTINGS optimize_move_to_prewhere = 0, optimize_use_projections = 0 */ /* end */
