"""What browsers send becomes rows, each exactly once.

`views` read a request and answer it; `encoding` turns its body into JSON, `events` that into events, `extraction` an
event into points. `writing` gathers the events of concurrent requests, and `store` puts such a group into ClickHouse.
"""
