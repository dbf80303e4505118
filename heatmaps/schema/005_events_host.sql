-- The property that the test-account filter of every new project looks at, so that no event's JSON has to be read for it.
-- Rows that are there already work it out when they are read, until they are merged.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS `property_$host` LowCardinality(Nullable(String))
        MATERIALIZED JSONExtract(properties, '$host', 'Nullable(String)')
