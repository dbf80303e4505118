"""Replies are compressed for callers who take it, and say the same."""

import gzip

import orjson
import pytest
from backports import zstd

from heatmaps.front.compression import preferred
from tests.conftest import Api, Interactions, body

DECOMPRESS = {"gzip": gzip.decompress, "zstd": zstd.decompress}


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("identity", None),
        ("br", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0", "gzip"),
        ("gzip ; q=0", None),
        ("*", "zstd"),
        ("*;q=0, gzip", "gzip"),
        ("gzip;q=many", None),
    ],
)
def test_the_encoding_is_one_that_the_caller_takes(accepted: str, chosen: str | None) -> None:
    assert preferred(accepted) == chosen


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("cells", [100, 150_000])
def test_a_compressed_reply_says_the_same(api: Api, interactions: Interactions, encoding: str, cells: int) -> None:
    """A hundred cells are one piece, a hundred and fifty thousand are sent as they come."""
    interactions.add_all([{"x": number % 300, "y": number // 300, "viewport_width": 1} for number in range(1, cells)])
    plain = api.list(limit=0)
    compressed = api.get("/api/projects/1/heatmaps/", {"limit": 0}, accept_encoding=encoding)
    assert compressed["Content-Encoding"] == encoding
    assert "Accept-Encoding" in compressed["Vary"]
    assert compressed.streaming == plain.streaming == (cells > 100_000)
    data = body(compressed)
    # A reply that nobody reads would hold its place among the queries.
    assert len(data) < len(body(plain)) / 3
    assert len(orjson.loads(DECOMPRESS[encoding](data))["results"]) == cells - 1


def test_short_replies_and_errors_are_sent_as_they_are(api: Api) -> None:
    assert not api.get("/api/projects/1/heatmaps/", {}, accept_encoding="gzip").has_header("Content-Encoding")
    error = api.get("/api/projects/99/heatmaps/", {}, accept_encoding="gzip")
    assert (error.status_code, error.has_header("Content-Encoding")) == (404, False)
