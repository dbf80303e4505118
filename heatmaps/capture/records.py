"""From a post to what is to be stored of it."""

import hashlib
from collections import Counter
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from heatmaps.capture import elements, parsing, points, skips
from heatmaps.capture.parsing import Post
from heatmaps.capture.points import HEATMAP_EVENT, Skip
from heatmaps.capture.projects import Owner
from heatmaps.capture.storage import Captured, Key, StoredEvent

_DAY = 86_400 * 1_000_000


def all_of(post: Post, owner: Owner, text: bytes, received_at: int) -> list[Captured]:
    """The events of which something is kept. `text` is what they were read from."""
    oldest = received_at - settings.RETENTION_DAYS * _DAY if settings.RETENTION_DAYS else None
    body_digest = b""
    found = []
    for index, event in enumerate(post.events):
        number = parsing.known_by(event)
        if number is None:
            body_digest = body_digest or hashlib.blake2b(text, digest_size=16).digest()
            number = parsing.known_by_place(body_digest, index)
        one = _captured(
            event,
            Key(owner.team_id, number),
            parsing.happened_at(event, received_at=received_at, sent_at=post.sent_at),
        )
        if oldest is not None and one.happened_at < oldest:
            one.skips[Skip.EXPIRED] += len(one.points)
            skips.count(one.skips)
        elif len(one.points) or one.event is not None:
            found.append(one)
        else:
            skips.count(one.skips)
    return found


def _captured(event: dict[str, Any], key: Key, happened_at: int) -> Captured:
    properties = event.get("properties") or {}
    skipped: Counter[Skip] = Counter()
    distinct_id = parsing.distinct_id(event)
    return Captured(
        key=key,
        happened_at=happened_at,
        distinct_id=distinct_id,
        session_id=_as_text(properties.get("$session_id")),
        points=points.points(properties, distinct_id, skipped),
        event=None if event["event"] == HEATMAP_EVENT else _row(event["event"], properties, key),
        skips=skipped,
    )


def _row(name: str, properties: dict[str, Any], key: Key) -> StoredEvent:
    kept = {name: value for name, value in properties.items() if name != "$heatmap_data"}
    return StoredEvent(
        uuid=str(UUID(int=key.number)),
        name=name,
        properties=orjson.dumps(kept).decode(),
        elements_chain=elements.chain(properties),
    )


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()
