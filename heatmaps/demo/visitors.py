"""The demo's people: who visits, what they do there, and when. The same for everyone, relative to the day.

They come in blocks of so many interactions. A block is made from its number and the day alone, so that one whose
filling was interrupted can be made again, row for row.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np

from heatmaps.demo import behaviour, site
from heatmaps.demo.behaviour import KINDS
from heatmaps.demo.layouts import STAFF, Array
from heatmaps.demo.visits import DAYS, STAFF_VISITORS, VISITORS, Visits, sessions_of_a_month, visits_of

BLOCK_ROWS = 50_000

_SEED = 2026
# Where the roaster's own people work on the site.
_STAFF_HOST = "localhost:3000"
_NAMESPACE = uuid5(NAMESPACE_URL, site.ORIGIN)
_PRICES = (11.9, 12.9, 23.8, 34.7, 49.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    """Rows of the heatmaps table, column by column, in the stored units; `number` tells them apart in their block."""

    number: Array
    session_id: Array
    distinct_id: Array
    timestamp: Array
    x: Array
    y: Array
    viewport_width: Array
    viewport_height: Array
    pointer_target_fixed: Array
    current_url: Array
    type: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    number: int
    uuid: UUID
    event: str
    properties: dict[str, Any]
    timestamp: datetime
    distinct_id: str
    person_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`persons` has the person of each visitor who has one; `customers` are the persons who bought something."""

    interactions: Interactions
    events: list[Event]
    persons: dict[str, UUID]
    customers: set[UUID]


def block(number: int, *, day: date, rows: int = BLOCK_ROWS) -> Block:
    """The first `rows` interactions of a block of people who came in the 30 days before `day`, and what belongs to
    them."""
    rng = np.random.default_rng([_SEED, number])
    first_day = day - timedelta(days=DAYS)
    sessions = sessions_of_a_month(rng, first_day)
    visits = visits_of(rng, sessions)
    visit, kind, x, y, is_fixed, time = (column[:rows] for column in behaviour.interactions(rng, sessions, visits))
    session = visits.session[visit]
    last_visit = int(visit[-1]) + 1

    distinct_ids = _distinct_ids(number)
    session_ids = np.array([str(_uuid(f"session {day} {number} {n}")) for n in range(session[-1] + 1)])
    urls = _urls(rng, visits)
    epoch = datetime.combine(first_day, datetime.min.time(), UTC)
    interactions = Interactions(
        number=np.arange(len(visit)),
        session_id=session_ids[session],
        distinct_id=distinct_ids[sessions.visitor[session]],
        timestamp=int(epoch.timestamp()) * 1_000_000 + (time * 1000).astype(np.int64) * 1000,
        x=_stored(x),
        y=_stored(y),
        viewport_width=_stored(sessions.width[session]),
        viewport_height=_stored(sessions.height[session]),
        pointer_target_fixed=is_fixed,
        current_url=urls[visit],
        type=KINDS[kind],
    )
    events: list[Event] = []
    for n in range(last_visit):
        visitor = distinct_ids[sessions.visitor[visits.session[n]]]
        host = _STAFF_HOST if sessions.layout[visits.session[n]] == STAFF else site.ORIGIN.partition("//")[2]
        about = {"$current_url": str(urls[n]), "$host": host, "$session_id": str(session_ids[visits.session[n]])}
        names: list[tuple[str, dict[str, Any]]] = [("$pageview", about)]
        if site.PAGES[visits.page[n]].path == site.PAYMENT_DONE:
            price = _PRICES[int(sessions.url_draw[visits.session[n]] * len(_PRICES))]
            names.append(("purchase", {**about, "amount": price, "currency": "EUR"}))
        events += [
            Event(
                number=len(events) + i,
                uuid=_uuid(f"event {day} {number} {len(events) + i}"),
                event=name,
                properties=properties,
                timestamp=epoch + timedelta(milliseconds=int(visits.start[n] * 1000) + 200 * i),
                distinct_id=str(visitor),
                person_id=_person(str(visitor)),
            )
            for i, (name, properties) in enumerate(names)
        ]
    persons = {event.distinct_id: event.person_id for event in events if event.person_id}
    # The staff try out the payment, too, and are nobody's customers.
    customers = {
        event.person_id
        for event in events
        if event.event == "purchase" and event.person_id and event.properties["$host"] != _STAFF_HOST
    }
    return Block(interactions=interactions, events=events, persons=persons, customers=customers)


def _urls(rng: np.random.Generator, visits: Visits) -> Array:
    """The URL of each visit as the browser tells it, now and then with more behind the path."""
    suffix = rng.random(len(visits.page))
    urls = np.empty(len(suffix), dtype=object)
    for number in np.unique(visits.page):
        page = site.PAGES[number]
        those = visits.page == number
        urls[those] = site.url(page.path)
        reached = 0.0
        for text, share in page.suffixes:
            urls[those & (suffix >= reached) & (suffix < reached + share)] = site.url(page.path) + text
            reached += share
    return urls


def _distinct_ids(number: int) -> Array:
    """The visitors of a block; the staff is the same in all of them."""
    visitors = [str(_uuid(f"visitor {number} {n}")) for n in range(VISITORS)]
    return np.array(visitors + [f"staff-{n + 1}@demo.example.com" for n in range(STAFF_VISITORS)])


@cache
def _person(distinct_id: str) -> UUID | None:
    """Every other visitor has told who they are, and so is a person."""
    person = _uuid(f"person {distinct_id}")
    return person if person.int % 2 else None


def _uuid(name: str) -> UUID:
    return uuid5(_NAMESPACE, name)


def _stored(px: Array) -> Array:
    """CSS px in units of 16, rounded half up."""
    return np.floor(px / 16 + 0.5).astype(np.int16)
