-- What is known of persons, as told by the metadata database. The row of the highest version is the current one.
CREATE TABLE IF NOT EXISTS person
(
    id UUID,
    created_at DateTime64(6, 'UTC'),
    team_id Int64,
    properties String CODEC(ZSTD(3)),
    is_identified Int8,
    is_deleted Int8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, id)
