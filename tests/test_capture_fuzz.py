"""Whatever is posted, it is taken or refused: never an error of ours, never more memory than the limits allow."""

import gzip
import random
import subprocess
import sys
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heatmaps.capture import decoding
from heatmaps.capture.refusals import Refused
from tests.capture import Browser, event
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture

pytestmark = pytest.mark.slow

URL = "https://e.com/"
MEMBERS = ["timestamp", "offset", "uuid", "distinct_id", "event"]
PROPERTIES = [
    "$viewport_width",
    "$viewport_height",
    "$session_id",
    "$heatmap_data",
    "$current_url",
    "$elements_chain",
    "$prev_pageview_pathname",
    "$prev_pageview_max_scroll",
]
NAMES = ["batch", "properties", "token", "api_key", "sent_at", "x", "y", "type", "target_fixed", URL]
ANY_VALUE = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["$$heatmap", "click", "1970-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z", URL])
)
ANY_JSON = st.recursive(
    ANY_VALUE,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*MEMBERS, *PROPERTIES, *NAMES]), inner, max_size=8)
    ),
    max_leaves=30,
)
THROUGH_HTTP = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])


@THROUGH_HTTP
@given(document=ANY_JSON, has_token=st.booleans(), is_zipped=st.booleans())
def test_no_json_is_too_strange(browser: Browser, document: Any, *, has_token: bool, is_zipped: bool) -> None:
    if has_token and isinstance(document, dict):
        document["api_key"] = browser.token
    text = orjson.dumps(document)
    response = browser.ask("POST", "/e/", gzip.compress(text) if is_zipped else text)
    assert response.status_code in {200, 400, 401}


@THROUGH_HTTP
@given(
    members=st.dictionaries(st.sampled_from(MEMBERS), ANY_JSON),
    properties=st.dictionaries(st.sampled_from(PROPERTIES), ANY_JSON),
)
def test_no_event_is_too_strange(browser: Browser, members: dict[str, Any], properties: dict[str, Any]) -> None:
    document = {"api_key": browser.token, "batch": [event(**members, properties=properties)]}
    assert browser.post(document).status_code in {200, 400}


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    for text in (body, b"\x1f\x8b\x08" + body, b"data=" + body, b"{" + body, gzip.compress(body)):
        try:
            decoding.document(decoding.plain(text, 1_000))
        except Refused as refused:
            # Most are refused, some are JSON.
            assert refused.status in {400, 413}  # noqa: PT017


def test_a_spoiled_post_is_taken_or_refused(browser: Browser) -> None:
    chance = random.Random(4)  # noqa: S311 -- no secret
    good = browser.zipped(event()), orjson.dumps({"api_key": browser.token, "batch": [event()]})
    for _ in range(300):
        body = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        del body[chance.choice([len(body), chance.randrange(len(body))]) :]
        assert browser.ask("POST", "/e/", bytes(body)).status_code in {200, 400, 401, 413}


# In a process of its own, whose highest memory is nobody else's.
MEASURE = """
import gzip, resource, zlib
from heatmaps.capture import decoding
from heatmaps.capture.refusals import Refused
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
spaces = zlib.compressobj(9, wbits=31)
bomb = b"".join(spaces.compress(b" " * 1_000_000) for _ in range(1_000)) + spaces.flush()
bodies = [
    bomb,
    gzip.compress(b"[" * 2_000_000),
    b"[" * 2_000_000,
    b"data=" + b"%" * 2_000_000,
    b'{"' + b"\\\\ud800" * 300_000,
    bomb[:-8] * 2,
    b"A" * 2_000_000,
]
for body in bodies:
    try:
        decoding.document(decoding.plain(body, 2 * 1024**2))
    except Refused as refused:
        print(refused.status)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_hostile_bodies_need_little_memory() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)  # noqa: S603
    *statuses, megabytes = map(int, done.stdout.split())
    assert statuses == [413, 400, 400, 400, 400, 413, 400]
    assert megabytes < 60
