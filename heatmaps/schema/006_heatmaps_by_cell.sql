-- The interactions once more, with what the questions work out from them stored beside them: a question then compares and
-- counts a few numbers of fixed size. As in 004, every statement can run again after a kill at any moment: until the two
-- tables change places the old one is whole, from then on the new one.
DROP TABLE IF EXISTS heatmaps_by_cell;

CREATE TABLE heatmaps_by_cell
(
    session_id String CODEC(ZSTD(1)),
    team_id Int64,
    distinct_id String CODEC(ZSTD(1)),
    timestamp DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    x Int16 CODEC(ZSTD(1)),
    y Int16 CODEC(ZSTD(1)),
    scale_factor Int16 DEFAULT 16 CODEC(ZSTD(1)),
    -- What every question may read is compressed for speed, the rest for size.
    viewport_width Int16,
    viewport_height Int16 CODEC(ZSTD(1)),
    pointer_target_fixed Bool CODEC(ZSTD(1)),
    current_url String CODEC(ZSTD(1)),
    type LowCardinality(String),
    _timestamp DateTime DEFAULT now() CODEC(Delta(4), ZSTD(1)),
    -- Where a row came from, so that it is never stored twice: a number of its row, and of the file or batch.
    _offset UInt64 CODEC(Delta(8), ZSTD(1)),
    _partition UInt64 CODEC(ZSTD(1)),
    -- A URL is a page and the slashes after it. A page's number begins with that of its section of the site (the host and
    -- the first part of the path), so that the pages of a pattern such as /blog/* lie together. queries/layout.py makes the
    -- same number of a URL that is asked about.
    page UInt128 MATERIALIZED reinterpretAsUInt128(concat(
        substring(SHA256(trim(TRAILING '/' FROM current_url)), 1, 12),
        substring(SHA256(extract(trim(TRAILING '/' FROM current_url), '^[^/]*//[^/]*/?[^/]*')), 1, 4))),
    slashes UInt16 MATERIALIZED length(current_url) - length(trim(TRAILING '/' FROM current_url)),
    -- Quarters of an hour since 1900. The days of every time zone of our time begin and end with one.
    quarter UInt32 MATERIALIZED intDiv(toUnixTimestamp64Micro(timestamp) + 2208988800000000, 900000000)
        CODEC(Delta(4), LZ4),
    -- The same hash that uniqExact takes of a text.
    visitor UInt128 MATERIALIZED reinterpretAsUInt128(sipHash128(distinct_id)) CODEC(NONE),
    -- The expressions of queries/*.sql, worked out once.
    cell UInt64 MATERIALIZED bitShiftLeft(toUInt64(pointer_target_fixed), 55)
        + bitShiftLeft(toUInt64(toInt64(y) * scale_factor + 1073741824), 23)
        + toUInt64(toInt64(round(x / if(viewport_width = 0, 1, viewport_width) * 100)) + 4194304),
    screen Int64 MATERIALIZED toInt64(viewport_height) * scale_factor * 4
        + multiIf(pointer_target_fixed, 1, y > viewport_height, 3, 2) CODEC(T64, LZ4),
    scroll_depth_bucket Int64 MATERIALIZED
        if(type = 'scrolldepth', toInt64(floor((y + viewport_height) * scale_factor / 100)) * 100, 0) CODEC(T64, LZ4),
    -- 0 where it has no place on a page, 1 where the place is one that nobody pointed at, 2 otherwise.
    placed UInt8 MATERIALIZED (viewport_width != 0)
        + (viewport_width != 0 AND (type = 'scrolldepth' OR NOT (x = 0 AND y = 0))),
    -- The URLs of each part of the table, so that an expression is tried once a URL and not once a row.
    PROJECTION urls
    (
        SELECT team_id, type, current_url, page, slashes, count()
        GROUP BY team_id, type, current_url, page, slashes
    ),
    -- The pages of each day (of UTC) and how much happened on them, so that the list of pages reads little else.
    PROJECTION pages
    (
        SELECT
            team_id, type, intDiv(quarter, 96), placed, trimRight(current_url, '/'),
            count(), min(timestamp), max(timestamp)
        GROUP BY team_id, type, intDiv(quarter, 96), placed, trimRight(current_url, '/')
    )
)
ENGINE = MergeTree
-- Weeks, from Monday.
PARTITION BY intDiv(quarter, 672)
ORDER BY (team_id, type, page, slashes, quarter)
SETTINGS lightweight_mutation_projection_mode = 'rebuild';

INSERT INTO heatmaps_by_cell
    (session_id, team_id, distinct_id, timestamp, x, y, scale_factor, viewport_width, viewport_height,
     pointer_target_fixed, current_url, type, _timestamp, _offset, _partition)
SELECT
    session_id, team_id, distinct_id, timestamp, x, y, scale_factor, viewport_width, viewport_height,
    pointer_target_fixed, current_url, type, _timestamp, _offset, _partition
FROM heatmaps
SETTINGS max_partitions_per_insert_block = 0;

EXCHANGE TABLES heatmaps AND heatmaps_by_cell;

DROP TABLE heatmaps_by_cell
