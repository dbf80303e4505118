-- What is known of persons, as told by the metadata database. The row of the highest version is the current one.
CREATE TABLE IF NOT EXISTS person
(
    id UUID,
    created_at DateTime64(6, 'UTC'),
    team_id Int64,
    properties String CODEC(ZSTD(3)),
    -- Most filters on persons ask for it: their own staff is to be left out.
    property_email Nullable(String) MATERIALIZED JSONExtract(properties, 'email', 'Nullable(String)') CODEC(ZSTD(1)),
    is_identified Int8,
    is_deleted Int8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, id);

-- Cohorts that are lists of visitors. Who these are is looked up when it is asked.
CREATE TABLE IF NOT EXISTS cohort_visitors
(
    team_id Int64,
    cohort_id Int64,
    distinct_id String
)
ENGINE = ReplacingMergeTree
ORDER BY (team_id, cohort_id, distinct_id)
