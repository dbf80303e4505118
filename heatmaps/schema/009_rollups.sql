-- How much happened in each cell and on each screen in each week, in the whole project and on each page. Maps of long windows
-- are counted from these and not row by row: whole weeks of a busy page have a tenth of the rows, or less. With the widths
-- there are more rows than without, so the cells of pages are there both ways; screens are few. Weeks are the partitions of
-- the table, which are never put together, so no column has to tell them. As a part of the table the counts are always equal
-- to its rows, whatever is added, erased or grows too old.
ALTER TABLE heatmaps
    ADD PROJECTION IF NOT EXISTS project_cells
    (
        SELECT team_id, type, placed, cell, count()
        GROUP BY team_id, type, placed, cell
    ),
    ADD PROJECTION IF NOT EXISTS project_screens
    (
        SELECT team_id, type, placed, screen, count()
        GROUP BY team_id, type, placed, screen
    ),
    ADD PROJECTION IF NOT EXISTS page_cells
    (
        SELECT team_id, type, page, slashes, placed, cell, count()
        GROUP BY team_id, type, page, slashes, placed, cell
    ),
    ADD PROJECTION IF NOT EXISTS page_cells_by_width
    (
        SELECT team_id, type, page, slashes, placed, scale_factor, viewport_width, cell, count()
        GROUP BY team_id, type, page, slashes, placed, scale_factor, viewport_width, cell
    ),
    ADD PROJECTION IF NOT EXISTS page_screens
    (
        SELECT team_id, type, page, slashes, placed, scale_factor, viewport_width, screen, count()
        GROUP BY team_id, type, page, slashes, placed, scale_factor, viewport_width, screen
    );

-- For the rows that are there.
ALTER TABLE heatmaps
    MATERIALIZE PROJECTION project_cells, MATERIALIZE PROJECTION project_screens,
    MATERIALIZE PROJECTION page_cells, MATERIALIZE PROJECTION page_cells_by_width, MATERIALIZE PROJECTION page_screens
    SETTINGS mutations_sync = 2
