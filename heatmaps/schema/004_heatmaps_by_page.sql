-- The interactions again, laid out for the questions: the rows of a page lie together, in the order of time. Every statement
-- can run again after a kill at any moment: until the two tables change places the old one is whole, from then on the new one.
DROP TABLE IF EXISTS heatmaps_by_page;

CREATE TABLE heatmaps_by_page
(
    session_id String CODEC(ZSTD(1)),
    team_id Int64,
    distinct_id String CODEC(ZSTD(1)),
    timestamp DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    -- What every page map reads is compressed for speed, the rest for size.
    x Int16,
    y Int16,
    scale_factor Int16 DEFAULT 16,
    viewport_width Int16,
    viewport_height Int16,
    pointer_target_fixed Bool,
    current_url String CODEC(ZSTD(1)),
    type LowCardinality(String),
    _timestamp DateTime DEFAULT now() CODEC(Delta(4), ZSTD(1)),
    -- Where a row came from, so that it is never stored twice: a number of its row, and of the file or batch.
    _offset UInt64 CODEC(Delta(8), ZSTD(1)),
    _partition UInt64 CODEC(ZSTD(1)),
    -- Pages of one section of a site (the host and the first part of the path) lie together, for patterns such as /blog/*.
    section UInt32 MATERIALIZED toUInt32(cityHash64(extract(trim(TRAILING '/' FROM current_url), '^[^/]*//[^/]*/?[^/]*'))),
    -- A URL is a page and the slashes after it. Numbers of fixed size are compared without reading a URL, row by row.
    page_key UInt128 MATERIALIZED reinterpretAsUInt128(sipHash128(trim(TRAILING '/' FROM current_url))),
    slashes UInt16 MATERIALIZED length(current_url) - length(trim(TRAILING '/' FROM current_url)),
    -- Quarters of an hour since 1900. The days of every time zone of our time begin and end with one.
    quarter UInt32 MATERIALIZED intDiv(toUnixTimestamp64Micro(timestamp) + 2208988800000000, 900000000)
        CODEC(Delta(4), LZ4),
    -- The same hash that uniqExact takes of a text.
    visitor UInt128 MATERIALIZED reinterpretAsUInt128(sipHash128(distinct_id)) CODEC(NONE),
    -- The URLs of each part of the table, so that an expression is tried once a URL and not once a row.
    PROJECTION urls
    (
        SELECT team_id, type, current_url, section, page_key, slashes, count()
        GROUP BY team_id, type, current_url, section, page_key, slashes
    )
)
ENGINE = MergeTree
-- Weeks, from Monday.
PARTITION BY intDiv(quarter, 672)
ORDER BY (team_id, type, section, page_key, slashes, quarter)
SETTINGS lightweight_mutation_projection_mode = 'rebuild';

INSERT INTO heatmaps_by_page
    (session_id, team_id, distinct_id, timestamp, x, y, scale_factor, viewport_width, viewport_height,
     pointer_target_fixed, current_url, type, _timestamp, _offset, _partition)
SELECT
    session_id, team_id, distinct_id, timestamp, x, y, scale_factor, viewport_width, viewport_height,
    pointer_target_fixed, current_url, type, _timestamp, _offset, _partition
FROM heatmaps
SETTINGS max_partitions_per_insert_block = 0;

EXCHANGE TABLES heatmaps AND heatmaps_by_page;

DROP TABLE heatmaps_by_page
