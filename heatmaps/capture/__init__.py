"""What browsers send becomes rows, each exactly once.

`views` read a request and answer it; `decoding` turns its body into JSON, `parsing` that into events, `points` an event
into points. `batching` gathers the events of concurrent requests, and `storage` puts such a group into ClickHouse.
`traffic` counts what was stored and refused, for the log and `check_capture`.
"""
