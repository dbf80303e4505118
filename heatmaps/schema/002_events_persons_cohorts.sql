-- What the filters look at beside the interactions. Names and types are PostHog's, of the columns that they need.
CREATE TABLE IF NOT EXISTS events
(
    uuid UUID,
    event String CODEC(ZSTD(1)),
    properties String CODEC(ZSTD(3)),
    timestamp DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    team_id Int64 CODEC(ZSTD(1)),
    distinct_id String CODEC(ZSTD(1)),
    elements_chain String CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta(8), ZSTD(1)),
    person_id UUID CODEC(ZSTD(1)),
    person_properties String CODEC(ZSTD(3)),
    `$session_id` String DEFAULT JSONExtractString(properties, '$session_id') CODEC(ZSTD(1)),
    _offset UInt64 CODEC(Delta(8), ZSTD(1)),
    _partition UInt64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (team_id, toDate(timestamp), event, cityHash64(distinct_id));

-- Which visitor is which person. The row of the highest version is the current one.
CREATE TABLE IF NOT EXISTS person_distinct_id2
(
    team_id Int64,
    distinct_id String,
    person_id UUID,
    is_deleted Int8,
    version Int64 DEFAULT 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, distinct_id);

-- Members of cohorts that are calculated, by the version of the calculation.
CREATE TABLE IF NOT EXISTS cohortpeople
(
    person_id UUID,
    cohort_id Int64,
    team_id Int64,
    sign Int8,
    version UInt64
)
ENGINE = CollapsingMergeTree(sign)
ORDER BY (team_id, cohort_id, person_id, version);

-- Members of cohorts that are lists.
CREATE TABLE IF NOT EXISTS person_static_cohort
(
    id UUID,
    person_id UUID,
    cohort_id Int64,
    team_id Int64
)
ENGINE = ReplacingMergeTree
ORDER BY (team_id, cohort_id, person_id, id)
