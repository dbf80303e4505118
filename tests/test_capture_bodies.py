"""Every way in which an SDK has ever written a post is understood, and only those that are none are refused."""

import base64
import gzip
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import orjson
import pytest

from heatmaps.capture import bodies
from tests.capture import STORED, Browser, event, rows, stored, stored_events
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture

ROUTES = ["/e", "/i/v0/e", "/batch", "/capture", "/track"]


def form(text: bytes) -> bytes:
    return b"data=" + quote_plus(base64.b64encode(text)).encode()


ENCODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip-without-a-hint": ("", gzip.compress),
    "gzip-js": ("?compression=gzip-js", gzip.compress),
    "gzip": ("?compression=gzip", gzip.compress),
    "base64-form": ("?compression=base64", form),
    "form-with-unescaped-plus": ("", lambda text: b"data=" + base64.b64encode(text)),
    "form-with-more-fields": ("", lambda text: b"ip=0&" + form(text) + b"&ver=1"),
    "form-with-json": ("", lambda text: b"data=" + quote(text).encode()),
    "form-with-gzip": ("?compression=gzip-js", lambda text: form(gzip.compress(text))),
    "base64": ("?compression=base64", base64.b64encode),
    "base64-for-urls-without-padding": ("", lambda text: base64.urlsafe_b64encode(text).rstrip(b"=")),
    "base64-of-gzip": ("", lambda text: base64.b64encode(gzip.compress(text))),
    "plain": ("", bytes),
    "plain-after-a-mark": ("", lambda text: b"\xef\xbb\xbf \n" + text),
    "plain-though-said-to-be-gzip": ("?compression=gzip-js", bytes),
}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_takes_a_post_with_and_without_a_slash(browser: Browser, route: str, slash: str) -> None:
    response = browser.ask("POST", route + slash, browser.zipped(event()))
    assert (response.status_code, response.content) == (200, b'{"status":"Ok"}')
    assert stored() == [STORED]


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_is_understood(browser: Browser, name: str) -> None:
    query, encode = ENCODINGS[name]
    # A text whose base64 has a plus sign and a slash.
    text = orjson.dumps({"api_key": browser.token, "batch": [event(properties={"$title": "~~~>>>???ÿÿÿ"})]})
    assert browser.ask("POST", f"/e/{query}", encode(text)).status_code == 200
    assert stored() == [STORED]


@pytest.mark.parametrize("encode", [form, lambda text: b"data=" + quote(text).encode()], ids=["base64", "json"])
def test_a_get_carries_the_data_in_its_query(browser: Browser, encode: Any) -> None:
    text = orjson.dumps({**event(), "token": browser.token})
    response = browser.ask("GET", "/e/?ip=0&" + encode(text).decode())
    assert (response.status_code, response.content) == (200, b'{"status":"Ok"}')
    assert stored() == [STORED]


def shapes(token: str) -> dict[str, Any]:
    one = event()
    root = {"api_key": token}
    now = "2026-03-31T02:30:00.000Z"
    return {
        "batch-api_key": {**root, "batch": [one]},
        "batch-token": {"token": token, "batch": [one], "sent_at": None},
        "one-api_key": {**one, "api_key": token},
        "one-token": {**one, "token": token},
        "one-properties": event(properties={"token": token}),
        "array-token": [{**one, "token": token}],
        "array-$token": [{**one, "$token": token}],
        "array-api_key": [{**one, "api_key": token}],
        "array-properties": [event(properties={"token": token})],
        "batch-of-events-with-tokens": {"batch": [{**one, "token": token}]},
        "the-root-goes-first": {**root, "batch": [{**one, "token": "phc_other"}]},
        "distinct_id-in-properties": {**root, "batch": [event(distinct_id=..., properties={"distinct_id": "ann"})]},
        "no-uuid": {**root, "batch": [event(uuid=...)]},
        "sdk-1.150-to-1.407": [event(offset=0, properties={"token": token, "$lib": "web"})],
        "sdk-1.408-to-1.418": {**root, "batch": [event(offset=0)], "sent_at": now},
        "sdk-1.430": {**root, "batch": [event(timestamp=now)], "sent_at": now},
    }


@pytest.mark.parametrize("name", shapes(""))
def test_every_shape_and_generation_is_understood(browser: Browser, name: str) -> None:
    assert browser.post(shapes(browser.token)[name]).status_code == 200
    assert stored() == [STORED]


@pytest.mark.parametrize("name", shapes(""))
@pytest.mark.parametrize("encode", [gzip.compress, form, base64.b64encode], ids=["gzip", "form", "base64"])
def test_every_shape_comes_in_every_encoding(browser: Browser, name: str, encode: Any) -> None:
    assert browser.ask("POST", "/i/v0/e/", encode(orjson.dumps(shapes(browser.token)[name]))).status_code == 200
    assert stored() == [STORED]


@pytest.mark.parametrize(
    "document",
    [
        None, 1, "text", {}, [1], [None], [[]],
        {"event": 1}, {"event": None}, {"distinct_id": "ann"},
        {"batch": {}}, {"batch": None}, {"batch": "x"}, {"batch": [1]}, {"batch": [{"event": "x", "properties": []}]},
    ],
)  # fmt: skip
def test_what_is_no_post_is_400(browser: Browser, document: Any) -> None:
    if isinstance(document, dict):
        document["api_key"] = browser.token
    response = browser.post(document)
    assert (response.status_code, orjson.loads(response.content)["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ({"distinct_id": "ann"}, " has no name: an event has it as a text in event."),
        ({"event": 5}, " has no name: an event has it as a text in event."),
        ("click", " is no event: an event is an object with its name in event."),
        ({"event": "x", "properties": []}, " has properties that are no object."),
    ],
)
def test_the_event_that_cannot_be_taken_is_named_by_its_index(browser: Browser, bad: Any, problem: str) -> None:
    events = [event(token=browser.token), event(token=browser.token), bad, event(), bad]
    for document, name in (({"api_key": browser.token, "batch": events}, "batch[2]"), (events, "[2]")):
        response = browser.post(document)
        assert (response.status_code, orjson.loads(response.content)["detail"]) == (400, name + problem)
    if isinstance(bad, dict):
        response = browser.post({**bad, "api_key": browser.token})
        assert (response.status_code, orjson.loads(response.content)["detail"]) == (400, "The event" + problem)
    assert stored() == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"   ", b"{", b"[", b"nonsense!", b"\x00", b"\xff\xfe", b"data=", b"data=%", b"a=b", b'"text"', b"null",
        gzip.compress(b'{"event": "x"}', mtime=0)[:-9], gzip.compress(b"x" * 100_000, mtime=0)[:30],
        gzip.compress(gzip.compress(b"[]", mtime=0), mtime=0), b"\x1f\x8b", b"\x1f\x8b" + b"x" * 50,
        b"[" * 100_000, b'{"a":' * 100_000, b'{"x": NaN}', b'{"x": 1e999}',
        b'{"event": "\xff"}', b'{"event": "a\nb"}',
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_400(browser: Browser, body: bytes) -> None:
    response = browser.ask("POST", "/e/", body)
    assert (response.status_code, orjson.loads(response.content)["code"]) == (400, "malformed")


def test_half_a_character_costs_nothing_but_itself(browser: Browser) -> None:
    """SDKs cut texts at a length, and so an emoji in two, and JSON.stringify says so."""
    text = orjson.dumps({"api_key": browser.token, "batch": [event(event="click", properties={"$el_text": "TEXT"})]})
    cut = text.replace(b"TEXT", rb"a\ud83d b\ude00 c\ud83d\ude00 d\\ud83d")
    assert browser.ask("POST", "/e/", cut).status_code == 200
    [kept] = stored_events("JSONExtractString(properties, '$el_text') AS text")
    assert kept == {"text": "a\ufffd b\ufffd c😀 d\\ud83d"}


def test_nul_is_a_character_like_any_other(browser: Browser) -> None:
    browser.send(event(distinct_id="a\0b", properties={"$session_id": "\0"}))
    [row] = stored()
    assert row == {**STORED, "distinct_id": "a\0b", "session_id": "\0"}


@pytest.mark.parametrize("token", [None, "", 5, "phc_unknown", "\0", "é" * 30, "x" * 5000])
def test_a_missing_or_unknown_token_is_401(browser: Browser, token: Any) -> None:
    response = browser.post({"api_key": token, "batch": [event()]})
    assert (response.status_code, orjson.loads(response.content)["code"]) == (401, "authentication_failed")
    assert stored() == []


def test_two_tokens_in_one_request_are_400(browser: Browser) -> None:
    mine, others = {**event(), "token": browser.token}, {**event(), "token": "phc_other"}
    response = browser.post([mine, mine, others])
    assert (response.status_code, orjson.loads(response.content)["detail"]) == (
        400,
        "The events of one request have one token, and that of [2] is another one.",
    )


def test_a_batch_of_nothing_is_fine(browser: Browser) -> None:
    browser.send()
    assert stored() == []


@pytest.mark.parametrize(
    ("route", "limit"), [("/e/", 2 * 1024**2), ("/capture/", 2 * 1024**2), ("/batch/", 20 * 1024**2)]
)
def test_a_body_may_have_so_many_bytes_and_no_more(browser: Browser, route: str, limit: int) -> None:
    text = orjson.dumps({"api_key": browser.token, "batch": [event()]})
    # The event is the same each time, so that it is stored once.
    fits, too_long = text.ljust(limit), text.ljust(limit + 1)
    for encode in (bytes, gzip.compress):
        assert browser.ask("POST", route, encode(fits)).status_code == 200
        response = browser.ask("POST", route, encode(too_long))
        assert (response.status_code, orjson.loads(response.content)["code"]) == (413, "request_too_large")
    assert stored() == [STORED]


def test_a_bomb_is_413(browser: Browser) -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    assert browser.ask("POST", "/e/", bomb).status_code == 413
    assert browser.ask("POST", "/e/", base64.b64encode(bomb)).status_code == 413


def test_bodies_that_need_more_memory_than_there_is_are_asked_to_come_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_BYTES_AT_ONCE", 2_000)
    post = orjson.dumps({"api_key": browser.token, "batch": [event()]})
    response = browser.ask("POST", "/e/", post.ljust(2_050))
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    for body in (b"{", post):
        assert browser.ask("POST", "/e/", body).status_code in {200, 400}
    # The room is given back, also by those that were refused.
    assert bodies._taken == 0


def test_large_texts_are_understood_one_at_a_time(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_SECONDS_WAITING", 0.01)
    post = orjson.dumps({"api_key": browser.token, "batch": [event()]})
    with bodies.turn_for(1_000_000):
        response = browser.ask("POST", "/e/", post.ljust(100_000))
        assert (response.status_code, response["Retry-After"]) == (503, "1")
        assert browser.ask("POST", "/e/", post).status_code == 200
    assert browser.ask("POST", "/e/", post.ljust(100_000)).status_code == 200


def test_a_hundred_thousand_points_in_one_event_are_one_part(browser: Browser) -> None:
    points = [{"x": place, "y": place, "target_fixed": False, "type": "mousemove"} for place in range(100_000)]
    assert browser.ask("POST", "/batch/", browser.zipped(event(*points))).status_code == 200
    assert rows("SELECT count() AS count, uniqExact(_part) AS parts FROM heatmaps") == [{"count": 100_000, "parts": 1}]
