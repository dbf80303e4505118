-- Sessions as numbers, in both tables that are compared by them: the hash of a session's id, as `visitor` is that of a
-- visitor's. The filters by events then look for numbers of fixed size, and no text is unpacked for it. Until the columns
-- are filled in the last two statements, the number is worked out from the text when it is read.
ALTER TABLE heatmaps
    ADD COLUMN IF NOT EXISTS session UInt128 MATERIALIZED reinterpretAsUInt128(sipHash128(session_id)) CODEC(LZ4);

ALTER TABLE events
    ADD COLUMN IF NOT EXISTS session UInt128 MATERIALIZED reinterpretAsUInt128(sipHash128(`$session_id`)) CODEC(LZ4);

-- What one visitor does stands together often enough: a number of 16 bytes takes 4, and is read as fast.
ALTER TABLE heatmaps
    MODIFY COLUMN visitor CODEC(LZ4);

ALTER TABLE heatmaps
    MATERIALIZE COLUMN session, MATERIALIZE COLUMN visitor
    SETTINGS mutations_sync = 2;

ALTER TABLE events
    MATERIALIZE COLUMN session
    SETTINGS mutations_sync = 2
