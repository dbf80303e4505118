-- How many interactions pass which of a request's filters, from one reading of a project's. Each filter has a bit in `passed`.
-- The kind is told where no other filter but that of kinds leaves a row out, the band of widths where no other but that of
-- widths does.
SELECT
    toInt32(-1) AS left_out,
    /* passed: */ toUInt16(0) /* end of passed */ AS passed,
    if(bitOr(passed, {type_bit:UInt16}) = {all:UInt16}, type, '') AS kind,
    if(
        bitOr(passed, {viewport_bit:UInt16}) = {all:UInt16},
        arrayFirstIndex(end -> toInt32(viewport_width) * scale_factor < end, [480, 768, 1024, 1200, 1600, 2147483647]),
        0
    ) AS band,
    count() AS count,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen
FROM heatmaps
WHERE team_id = {team_id:Int64}
  /* on our table: AND placed != 0 */ AND viewport_width != 0 /* end */
  /* AND filters */
GROUP BY passed, kind, band
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
