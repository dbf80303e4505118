"""What a program in Python asks the service, through the client that openapi-python-client makes."""

import base64
import json
import sys

from heatmaps_client import AuthenticatedClient
from heatmaps_client.api.heatmaps import heatmaps_events_retrieve, heatmaps_list
from heatmaps_client.models import (
    HeatmapAggregation,
    HeatmapError,
    HeatmapEventsResponse,
    HeatmapScrollDepthResponse,
    HeatmapsResponse,
)

base_url, key = sys.argv[1:]
client = AuthenticatedClient(base_url=base_url, token=key)
FILTERS = {"date_from": "2026-11-16", "date_to": "2026-11-22", "url_exact": "https://shop.example.com/pricing"}


def heatmap(kind: str, limit: int = 2) -> HeatmapsResponse | HeatmapScrollDepthResponse | HeatmapError | None:
    return heatmaps_list.sync(
        "1", client=client, **FILTERS, type_=kind, limit=limit, aggregation=HeatmapAggregation.UNIQUE_VISITORS
    )


clicks = heatmap("click")
assert isinstance(clicks, HeatmapsResponse)
assert clicks.fold.median_viewport_height is not None
hottest = clicks.results[0]
point = {
    "x": hottest.pointer_relative_x,
    "y": hottest.pointer_y,
    "target_fixed": hottest.pointer_target_fixed,
}
behind = heatmaps_events_retrieve.sync("1", client=client, **FILTERS, points=json.dumps([point]))
assert isinstance(behind, HeatmapEventsResponse)
depth = heatmap("scrolldepth")
assert isinstance(depth, HeatmapScrollDepthResponse)
refused = heatmap("click", limit=-1)
assert isinstance(refused, HeatmapError)
# The generated functions read JSON alone. The client beneath them sends the key, too, and hands over bytes.
asked = {**FILTERS, "limit": 2, "aggregation": "unique_visitors", "format": "parquet"}
download = client.get_httpx_client().get("/api/projects/1/heatmaps/", params=asked).raise_for_status()

told = {
    "points": [[point.count, point.pointer_relative_x, point.pointer_y] for point in clicks.results],
    "buckets": [[bucket.scroll_depth_bucket, bucket.bucket_count] for bucket in depth.results],
    "behind": [[one.distinct_id, one.timestamp.isoformat().replace("+00:00", "Z")] for one in behind.results],
    "total": behind.total_count,
    "error": {"type": refused.type_.value, "code": refused.code, "attr": refused.attr},
    "parquet": base64.b64encode(download.content).decode(),
}
sys.stdout.write(json.dumps(told))
