"""Replies as they were recorded, one line a request, and what differs from them today.

A recording is a file of JSON Lines in tests/recorded/, one for each group of requests. A line has what was asked, the
status, the body and the headers that are not as USUAL. A body that is compact JSON stands as JSON: `_as_written`
makes the same bytes of it again, so bodies are compared byte for byte.
"""

import gzip
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from backports import zstd
from django.http.response import HttpResponseBase

from heatmaps.access import shared_cache
from tests.conftest import Api, body

DIRECTORY = Path(__file__).parent / "recorded"
IS_RECORDING = os.environ.get("RECORD") == "1"

# What most replies of the API have, and what most others have. A line tells only what is otherwise, and null for what
# is missing. Names of headers are in lower case, since their case means nothing.
USUAL = {
    "allow": "GET, HEAD, OPTIONS",
    "cache-control": "private, max-age=30",
    "content-type": "application/json",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "ratelimit-limit": "240",
    "ratelimit-remaining": "239",
    "referrer-policy": "same-origin",
    "vary": "Authorization, Cookie, Accept, Accept-Encoding, origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
USUAL_ELSEWHERE = {
    "content-type": "application/json",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
# Moments, and names that are new each time. That a reply says how long to wait is told; how long is not.
NOT_RECORDED = {"date", "server", "expires", "last-modified", "etag", "ratelimit-reset", "retry-after", "x-request-id"}
# Where only these are told apart, the text of the reply is expected to change.
STATUS_AND_HEADERS = "status and headers"
# A body that is too long to be read is told by what it begins with, its length and its SHA-256.
LONGEST_CHARS = 20_000

_WAITING = re.compile(rb"\bin \d+ second")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. `{key of ann}` anywhere in it stands for the key of the caller of that name."""

    by: str
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    # How the content is packed: "gzip", or "gzip, cut off". What that makes differs between versions of the packer.
    packed: str = ""
    compared: str = ""

    @property
    def usual(self) -> Mapping[str, str]:
        return USUAL if self.target.startswith("/api") else USUAL_ELSEWHERE

    def described(self) -> dict[str, Any]:
        """What identifies it in a recording."""
        told: dict[str, Any] = {"by": self.by, "ask": f"{self.method} {_shortened(self.target)}"}
        if self.headers:
            told["with"] = dict(self.headers)
        if self.content:
            told["content"] = _shortened(self.content.decode("utf-8", "backslashreplace"))
        if self.packed:
            told["packed"] = self.packed
        return told


def check(group: str, asked: Iterable[Asked], callers: Mapping[str, Api], *, is_budget_whole: bool = True) -> None:
    """Compares the replies to a group of requests with what was recorded; with RECORD=1, records them anew."""
    file = DIRECTORY / f"{group}.jsonl"
    replies: dict[str, dict[str, Any]] = {}
    usual = {}
    for one in asked:
        request = _line(one.described())
        assert request not in replies, f"asked twice: {request}"
        if is_budget_whole:
            # Each request meets a whole budget, so that a new one among them changes none of the others.
            shared_cache.forget()
        usual[request] = one.usual
        replies[request] = _recorded_form(_reply(one, callers), one)
    if IS_RECORDING:
        file.write_text("".join(f"{request[:-1]},{_line(reply)[1:]}\n" for request, reply in replies.items()))
        return
    recorded = dict(map(_parted, file.read_text().removesuffix("\n").split("\n")))
    differences = [
        f"{request}\n{difference}"
        for request in dict.fromkeys([*recorded, *replies])
        if (difference := _difference(recorded.get(request), replies.get(request), usual.get(request, {})))
    ]
    if differences:
        pytest.fail(
            f"{len(differences)} of {len(replies)} replies are not as recorded in {file.name}. If that is meant, "
            f"record anew with RECORD=1 and read the diff.\n\n" + "\n\n".join(differences),
            pytrace=False,
        )


def _reply(asked: Asked, callers: Mapping[str, Api]) -> HttpResponseBase:
    headers = {name: _with_keys(value, callers) for name, value in asked.headers.items()}
    content = _with_keys(asked.content.decode("latin-1"), callers).encode("latin-1")
    if asked.packed:
        content = gzip.compress(content)[: -4 if "cut off" in asked.packed else None]
    return callers[asked.by].ask(asked.method, _with_keys(asked.target, callers), None, content, **headers)


def _recorded_form(response: HttpResponseBase, asked: Asked) -> dict[str, Any]:
    raw = body(response)
    is_body_compared = asked.compared != STATUS_AND_HEADERS
    headers = {name.lower(): value for name, value in response.headers.items()}
    if headers.get("content-length") == str(len(raw)) or not is_body_compared:
        headers.pop("content-length", None)
    elif "content-length" not in headers and not response.streaming:
        headers["content-length"] = "missing"
    if response.cookies:
        headers["set-cookie"] = " ".join(sorted(response.cookies))
    waits = headers.get("retry-after")
    is_echoed = "x_request_id" in asked.headers
    told = {
        name: headers.get(name)
        for name in sorted({*asked.usual, *headers} - (NOT_RECORDED - {"x-request-id"} if is_echoed else NOT_RECORDED))
        if headers.get(name) != asked.usual.get(name)
    }
    form: dict[str, Any] = {"status": response.status_code}
    if told:
        form["headers"] = told
    if waits is not None:
        form["waits"] = waits.isdigit()
    if is_body_compared and raw:
        form |= _told_body(_unpacked(raw, headers.get("content-encoding", "")))
    return form


def _unpacked(raw: bytes, encoding: str) -> bytes:
    """How well it is packed is the business of the packer's version; what is in it is not."""
    if encoding == "gzip":
        return gzip.decompress(raw)
    return zstd.decompress(raw) if encoding == "zstd" else raw


def _told_body(raw: bytes) -> dict[str, Any]:
    raw = _WAITING.sub(b"in N second", raw)
    if len(raw) > LONGEST_CHARS:
        return {"begins": raw[:200].decode(), "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {"text": raw.decode("utf-8", "backslashreplace")}
    return {"json": value} if _as_written(value) == raw else {"text": raw.decode("utf-8", "backslashreplace")}


def _as_written(value: Any) -> bytes:
    return orjson.dumps(value)


def _with_keys(text: str, callers: Mapping[str, Api]) -> str:
    return re.sub(r"\{key of ([^}]*)\}", lambda found: callers[found[1]].key or "", text)


def _shortened(text: str) -> str:
    return text if len(text) <= 600 else f"{text[:100]}… ({len(text)} characters)"


def _line(value: Any) -> str:
    return orjson.dumps(value).decode()


def _parted(line: str) -> tuple[str, dict[str, Any]]:
    whole = orjson.loads(line)
    request = {name: whole.pop(name) for name in ("by", "ask", "with", "content", "packed") if name in whole}
    return _line(request), whole


def _difference(was: dict[str, Any] | None, is_now: dict[str, Any] | None, usual: Mapping[str, str]) -> str:
    """What is otherwise, a line for each member; empty when nothing is."""
    if was is None or is_now is None:
        return "  was not recorded" if was is None else "  is not asked any more"
    before, today = _members(was, usual), _members(is_now, usual)
    return "\n".join(
        f"  {name}:\n    recorded {_near(old, new)}\n    today    {_near(new, old)}"
        for name in {**before, **today}
        if (old := before.get(name, "nothing")) != (new := today.get(name, "nothing"))
    )


def _members(reply: Mapping[str, Any], usual: Mapping[str, str]) -> dict[str, str]:
    headers = {**usual, **reply.get("headers", {})}
    return {name: _line(value) for name, value in reply.items() if name != "headers"} | {
        f"header {name}": _line(value) for name, value in headers.items() if value is not None
    }


def _near(text: str, other: str) -> str:
    """A text, of a long one what is around the first place where the other one is different."""
    if len(text) <= 400:
        return text
    same = next((place for place, pair in enumerate(zip(text, other, strict=False)) if pair[0] != pair[1]), len(other))
    start = max(0, same - 100)
    return f"(from character {start}) …{text[start : same + 200]}…"
