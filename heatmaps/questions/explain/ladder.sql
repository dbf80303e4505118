-- How many interactions pass which of a request's filters, from one reading of a project's. Each filter has a bit in `passed`.
-- The kind is told where no filter but that of kinds leaves a row out, the width in CSS px where none but that of widths does.
SELECT
    toInt32(-1) AS left_out,
    /* passed: */ toUInt16(0) /* end of passed */ AS passed,
    -- Numbers are grouped faster than texts.
    if(bitOr(passed, {type_bit:UInt16}) = {all:UInt16}, sipHash64(type), 0) AS kind_number,
    if(kind_number = 0, '', any(type)) AS kind,
    if(bitOr(passed, {viewport_bit:UInt16}) = {all:UInt16}, toInt32(viewport_width) * scale_factor, 0) AS width,
    count() AS count,
    min(timestamp) AS first_seen,
    max(timestamp) AS last_seen
FROM heatmaps
WHERE team_id = {team_id:Int64}
  /* on our table: AND placed != 0 */ AND viewport_width != 0 /* end */
  /* AND filters */
GROUP BY passed, kind_number, width
/* on our table: SETTINGS optimize_move_to_prewhere = 0 */ /* end */
