"""Share tokens in what SDKs send are cut out wherever they stand, and all else stays as it was."""

import base64
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatmaps import engine
from heatmaps.capture import share_links
from heatmaps.engine import Query
from tests.capture import POINT, Browser, event
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture

TOKEN = "phs_Ab-9_" + "x" * 42


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (f"https://shop.example/#heatmap={TOKEN}", "https://shop.example/"),
        (f"https://shop.example/?a=1#heatmap={TOKEN}", "https://shop.example/?a=1"),
        (f"https://shop.example/#/cart#heatmap={TOKEN}", "https://shop.example/#/cart"),
        (f"https://shop.example/#!/cart?b=2#heatmap={TOKEN}", "https://shop.example/#!/cart?b=2"),
        (f"https://shop.example/#a=1&heatmap={TOKEN}", "https://shop.example/#a=1"),
        (f"https://shop.example/#heatmap={TOKEN}&a=1", "https://shop.example/#a=1"),
        (f"https://shop.example/#a=1&heatmap={TOKEN}&b=2", "https://shop.example/#a=1&b=2"),
        (f"https://shop.example/?heatmap={TOKEN}#top", "https://shop.example/#top"),
        (f"https://shop.example/?next=%2Fcart%23heatmap%3D{TOKEN}", "https://shop.example/?next=%2Fcart"),
        (f"#heatmap={TOKEN}", ""),
        (f"heatmap={TOKEN}", ""),
        (f'a:href="/x#heatmap={TOKEN}"nth-child="1"', 'a:href="/x"nth-child="1"'),
        ("https://shop.example/#heatmap=phs_", "https://shop.example/"),
        ("https://shop.example/#heatmap=phx_x", "https://shop.example/#heatmap=phx_x"),
        (f"https://shop.example/#myheatmap={TOKEN}", f"https://shop.example/#myheatmap={TOKEN}"),
        ("https://shop.example/?q=phs_", "https://shop.example/?q=phs_"),
    ],
)
def test_a_token_is_cut_out_of_a_text(sent: str, kept: str) -> None:
    assert share_links.without_tokens(sent) == kept


def test_keys_that_become_one_are_put_together() -> None:
    page = "https://shop.example/"
    one, other = {**POINT, "x": 1}, {**POINT, "x": 2}
    sent = {f"{page}#heatmap={TOKEN}": [one], page: [other], "n": 1}
    assert share_links.without_tokens(sent) == {page: [one, other], "n": 1}
    assert share_links.without_tokens({"a": 1, f"a#heatmap={TOKEN}": 2}) == {"a": 1}
    assert share_links.without_tokens({f"a#heatmap={TOKEN}": 2, "a": 1}) == {"a": 1}


_TEXTS = st.text(max_size=5) | st.sampled_from(["phs_", "#", "heatmap=", f"#heatmap={TOKEN}", "heatmap%3Dphs_x"])
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.lists(_TEXTS).map("".join),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.lists(_TEXTS).map("".join), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=100)
@given(_DOCUMENTS)
def test_no_token_stays_and_what_has_none_is_as_it_was(document: Any) -> None:
    kept = share_links.without_tokens(document)
    if "phs_" not in orjson.dumps(document).decode():
        assert kept == document
    assert f"heatmap={TOKEN}" not in orjson.dumps(kept).decode()


@pytest.mark.django_db(transaction=True)
def test_nothing_that_is_stored_has_a_token(browser: Browser) -> None:
    """Whatever way the body comes."""
    link = f"https://shop.example/#heatmap={TOKEN}"
    properties = {
        "$current_url": link,
        "$referrer": link,
        "$heatmap_data": {link: [POINT], f"https://shop.example/#/cart#heatmap={TOKEN}": [POINT]},
        "$set": {"$current_url": link},
        "$set_once": {"$initial_current_url": link},
        "mine": [{"deep": [link]}],
        f"key#heatmap={TOKEN}": 1,
        "$prev_pageview_pathname": "/left",
        "$prev_pageview_max_scroll": 100,
    }
    clicked = {
        "event": "$autocapture",
        "distinct_id": "ann",
        "properties": {**properties, "$elements": [{"tag_name": "a", "attr__href": link, "href": link}]},
    }
    sent = [event(properties=properties), clicked]
    document = orjson.dumps({"api_key": browser.token, "batch": sent})
    bodies = [document, browser.zipped(*sent), b"data=" + base64.b64encode(document).replace(b"+", b"%2B")]
    bodies.append(document.replace(b"=", b"\\u003d"))
    for body in bodies:
        assert browser.ask("POST", "/e/", body).status_code == 200
    for table in ("heatmaps", "events", "person"):
        found = engine.rows(Query(f"SELECT toString(tuple(*)) FROM {table}", {}))
        assert "phs_" not in str(found)
    urls = engine.rows(Query("SELECT DISTINCT current_url FROM heatmaps ORDER BY current_url", {}))
    assert [url for (url,) in urls] == [
        "https://shop.example/",
        "https://shop.example/#/cart",
        "https://shop.example/left",
    ]
    assert engine.rows(Query("SELECT count() FROM events WHERE event = '$autocapture'", {}))[0][0] > 0


def test_a_body_that_is_nested_beyond_reason_is_no_fault(browser: Browser) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        deep = f'{opening * 900}"#heatmap={TOKEN}"{closing * 900}'
        sent = (
            f'{{"api_key":"{browser.token}","batch":[{{"event":"x","distinct_id":"a","properties":{{"p":{deep}}}}}]}}'
        )
        assert browser.ask("POST", "/e/", sent.encode()).status_code == 200


def test_it_costs_nothing_where_there_is_none(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        share_links, "without_tokens", lambda _: pytest.fail("A body without tokens was walked through.")
    )
    browser.send(event())
