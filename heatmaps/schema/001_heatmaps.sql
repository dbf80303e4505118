-- One row an interaction. Column names and types are PostHog's, so that the same queries run on its table.
CREATE TABLE IF NOT EXISTS heatmaps
(
    session_id String CODEC(ZSTD(1)),
    team_id Int64 CODEC(ZSTD(1)),
    distinct_id String CODEC(ZSTD(1)),
    timestamp DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    x Int16 CODEC(ZSTD(1)),
    y Int16 CODEC(ZSTD(1)),
    scale_factor Int16 DEFAULT 16 CODEC(ZSTD(1)),
    viewport_width Int16 CODEC(ZSTD(1)),
    viewport_height Int16 CODEC(ZSTD(1)),
    pointer_target_fixed Bool CODEC(ZSTD(1)),
    current_url String CODEC(ZSTD(1)),
    type LowCardinality(String),
    _timestamp DateTime DEFAULT now(),
    -- Where a loaded row came from: a number of its row in the file, and of the file. They make a load repeatable.
    _offset UInt64 CODEC(Delta(8), ZSTD(1)),
    _partition UInt64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (team_id, type, current_url, timestamp)
