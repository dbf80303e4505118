"""Who a visitor is: persons, which visitors are which of them, and what is known of them.

`properties` is what is known of one, as it comes in any order. `changes` is what an event says of persons, `keeping`
applies such changes in the metadata database, which is the source of truth, and `following` tells ClickHouse.
"""
