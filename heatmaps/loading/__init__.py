"""Files of rows into ClickHouse: checked whole before the first row is kept, and repeatable without doubling any.

`files` reads rows from the formats, `columns` says what fits where, `spool` holds checked rows on disk, `load` stores
what is not stored yet.
"""
