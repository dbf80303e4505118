"""From a post to what is to be stored of it."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.conf import settings

from heatmaps.capture import cookieless, elements, parsing, persons, points, traffic
from heatmaps.capture.captured import Captured, Key, StoredEvent
from heatmaps.capture.cookieless import Caller
from heatmaps.capture.parsing import Post
from heatmaps.capture.points import HEATMAP_EVENT, Skip
from heatmaps.capture.projects import Owner
from heatmaps.capture.traffic import Source
from heatmaps.population import wildcards

_DAY = 86_400 * 1_000_000


def all_of(post: Post, owner: Owner, received_at: int, source: Source, caller: Caller) -> list[Captured]:
    """The events of which something is kept."""
    oldest = received_at - settings.RETENTION_DAYS * _DAY if settings.RETENTION_DAYS else None
    found = []
    for place, event in enumerate(post.events):
        happened_at = parsing.happened_at(event, received_at=received_at, sent_at=post.sent_at)
        # Nothing tells an event without a UUID from an equal one, so it is a new one at every post.
        key = Key(owner.team_id, parsing.known_by(event) or uuid4().int)
        one = _captured(event, key, happened_at, source, owner.captures)
        if oldest is not None and happened_at < oldest:
            one.skips[Skip.EXPIRED] += len(one.points)
            traffic.not_kept(owner.team_id, one.not_kept, source)
            continue
        if one.distinct_id == persons.COOKIELESS:
            # The session is that visitor's day. Such a visitor is nobody's person.
            properties = event.get("properties") or {}
            visitor = cookieless.visitor(properties, owner, caller, happened_at, received_at)
            one.distinct_id = one.session_id = visitor
        else:
            one.person, one.refused = persons.change(
                event, one.distinct_id, owner.team_id, happened_at, place, key.number
            )
        if len(one.points) or one.event is not None or one.person is not None:
            found.append(one)
        else:
            traffic.not_kept(owner.team_id, one.not_kept, source)
    return found


def _captured(
    event: dict[str, Any], key: Key, happened_at: int, source: Source, captures: wildcards.Test | None
) -> Captured:
    properties = event.get("properties") or {}
    skipped: Counter[Skip] = Counter()
    distinct_id = parsing.distinct_id(event)
    return Captured(
        key=key,
        happened_at=happened_at,
        distinct_id=distinct_id,
        session_id=_as_text(properties.get("$session_id")),
        points=points.points(properties, distinct_id, skipped, captures),
        event=None if event["event"] == HEATMAP_EVENT else _row(event["event"], properties, key, skipped),
        skips=skipped,
        source=source,
    )


def _row(name: str, properties: dict[str, Any], key: Key, skipped: Counter[Skip]) -> StoredEvent:
    kept = {name: value for name, value in properties.items() if name != "$heatmap_data"}
    return StoredEvent(
        uuid=str(UUID(int=key.number)),
        name=name,
        properties=_json(kept, skipped),
        elements_chain=elements.chain(properties),
    )


def _json(properties: dict[str, Any], skipped: Counter[Skip]) -> str:
    try:
        return orjson.dumps(properties).decode()
    except TypeError:
        # What can be read may be nested more deeply than what can be written.
        shallow = {name: value for name, value in properties.items() if _can_be_written([value])}
        skipped[Skip.TOO_DEEP] += len(properties) - len(shallow)
        return orjson.dumps(shallow).decode()


def _can_be_written(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None or not _can_be_written(value) else orjson.dumps(value).decode()
