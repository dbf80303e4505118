-- Which events of browsers are stored, for long enough to know one that is sent again. `batch` is the `_partition` of
-- its rows. A row of team 0 says that all events of the batch in `key` are stored.
CREATE TABLE IF NOT EXISTS captured_events
(
    team_id Int64,
    key UInt128 CODEC(ZSTD(1)),
    batch UInt64 CODEC(ZSTD(1)),
    captured_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(captured_at)
ORDER BY (team_id, key)
TTL toDateTime(captured_at) + INTERVAL 48 HOUR
-- Looked up by a handful of keys at a time, so few rows are read for each.
SETTINGS index_granularity = 256, ttl_only_drop_parts = 1
