-- A filter that leaves the own staff out reads the address of every person, so addresses are compressed for speed: they take
-- twice the space, and two thirds of the time.
ALTER TABLE person
    MODIFY COLUMN property_email CODEC(LZ4);

ALTER TABLE person
    MATERIALIZE COLUMN property_email
    SETTINGS mutations_sync = 2
