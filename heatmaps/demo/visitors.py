"""The demo's people: who visits, what they do there, and when. The same for everyone, relative to the day.

They come in blocks of so many interactions. A block is made from its number and the day alone, so that one whose
filling was interrupted can be made again, row for row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import orjson

from heatmaps.demo import behaviour, elements, site
from heatmaps.demo.behaviour import KINDS
from heatmaps.demo.layouts import NO_ELEMENT, STAFF, Array
from heatmaps.demo.visits import DAYS, STAFF_VISITORS, VISITORS, Visits, sessions_of_a_month, visits_of

BLOCK_ROWS = 50_000

_SEED = 2026
# Where the roaster's own people work on the site.
_STAFF_HOST = "localhost:3000"
_NAMESPACE = uuid5(NAMESPACE_URL, site.ORIGIN)
_HOST = site.ORIGIN.partition("//")[2]
# The event that the browser's SDK sends of an element beside a click, a rage click and a dead click.
_AUTOCAPTURED = np.array(["$autocapture", "$rageclick", "$dead_click"])
_PAID = [page.path for page in site.PAGES].index(site.PAYMENT_DONE)
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
class Events:
    """Rows of the events table, column by column; `number` tells them apart in their block."""

    number: Array
    uuid: Array
    event: Array
    properties: Array
    timestamp: Array
    distinct_id: Array
    elements_chain: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`persons` has the person of each visitor who has one; `customers` are the persons who bought something."""

    interactions: Interactions
    events: Events
    persons: dict[str, UUID]
    customers: set[UUID]


def block(number: int, *, day: date, rows: int = BLOCK_ROWS) -> Block:
    """The first `rows` interactions of a block of people who came in the 30 days before `day`, and what belongs to
    them."""
    rng = np.random.default_rng([_SEED, number])
    first_day = day - timedelta(days=DAYS)
    sessions = sessions_of_a_month(rng, first_day)
    visits = visits_of(rng, sessions)
    done = behaviour.interactions(rng, sessions, visits)
    visit, kind, x, y, is_fixed, time, element = (column[:rows] for column in done)
    session = visits.session[visit]

    distinct_ids = _distinct_ids(number)
    session_ids = np.array([str(_uuid(f"session {day} {number} {n}")) for n in range(session[-1] + 1)])
    urls = _urls(rng, visits)
    epoch = int(datetime.combine(first_day, datetime.min.time(), UTC).timestamp()) * 1_000_000
    interactions = Interactions(
        number=np.arange(len(visit)),
        session_id=session_ids[session],
        distinct_id=distinct_ids[sessions.visitor[session]],
        timestamp=epoch + _milliseconds(time) * 1000,
        x=_stored(x),
        y=_stored(y),
        viewport_width=_stored(sessions.width[session]),
        viewport_height=_stored(sessions.height[session]),
        pointer_target_fixed=is_fixed,
        current_url=urls[visit],
        type=KINDS[kind],
    )

    session_of, page_of = visits.session[: visit[-1] + 1], visits.page[: visit[-1] + 1]
    is_of_staff = sessions.layout[session_of] == STAFF
    visited = _Visited(
        page=page_of,
        start=visits.start[: len(page_of)],
        visitor=distinct_ids[sessions.visitor[session_of]],
        price=(sessions.url_draw[session_of] * len(_PRICES)).astype(int),
        about=[
            {"$current_url": url, "$host": _STAFF_HOST if works_here else _HOST, "$session_id": session_id}
            for url, works_here, session_id in zip(
                urls[: len(page_of)], is_of_staff, session_ids[session_of].tolist(), strict=True
            )
        ],
    )
    clicks = np.flatnonzero(element != NO_ELEMENT)
    clicked = _Clicked(visit=visit[clicks], kind=kind[clicks], element=element[clicks], time=time[clicks])
    persons = {visitor: person for visitor in set(visited.visitor.tolist()) if (person := _person(visitor))}
    # The staff try out the payment, too, and are nobody's customers.
    buyers = visited.visitor[(page_of == _PAID) & ~is_of_staff].tolist()
    return Block(
        interactions=interactions,
        events=_events(str(_uuid(f"events {day} {number}")), epoch, visited, clicked),
        persons=persons,
        customers={persons[buyer] for buyer in buyers if buyer in persons},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visited:
    """Of each visit: when it began, in seconds, who came, at which price they would buy, what all its events say."""

    page: Array
    start: Array
    visitor: Array
    price: Array
    about: list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clicked:
    """Of each click on an element: in which visit, its kind, which element of the page, and when, in seconds."""

    visit: Array
    kind: Array
    element: Array
    time: Array


def _events(uuid: str, epoch: int, visited: _Visited, clicked: _Clicked) -> Events:
    """Every visit is a view of a page, and perhaps a purchase; what is clicked is told, too. The events have the UUID
    but for its last digits, which are their numbers; `epoch` is in microseconds."""
    views, pays = np.arange(len(visited.page)), np.flatnonzero(visited.page == _PAID)
    bought = [
        visited.about[n] | {"amount": _PRICES[price], "currency": "EUR"}
        for n, price in zip(pays, visited.price[pays], strict=True)
    ]
    said = _objects(orjson.dumps(one).decode() for one in visited.about)
    visit = np.concatenate([views, pays, clicked.visit])
    time = np.concatenate([visited.start, visited.start[pays] + 0.2, clicked.time])
    pages_and_elements = zip(visited.page[clicked.visit].tolist(), clicked.element.tolist(), strict=True)
    chains = [elements.chains(page)[element] for page, element in pages_and_elements]
    return Events(
        number=np.arange(len(visit)),
        uuid=_objects(f"{uuid[:-8]}{n:08x}" for n in range(len(visit))),
        event=np.concatenate([["$pageview"] * len(views), ["purchase"] * len(pays), _AUTOCAPTURED[clicked.kind]]),
        properties=np.concatenate(
            [said, _objects(orjson.dumps(one).decode() for one in bought), said[clicked.visit]],
        ),
        timestamp=epoch + _milliseconds(time) * 1000,
        distinct_id=visited.visitor[visit],
        elements_chain=_objects([""] * (len(views) + len(pays)) + chains),
    )


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


def _objects(texts: Iterable[str]) -> Array:
    return np.array(list(texts), dtype=object)


def _milliseconds(seconds: Array) -> Array:
    whole: Array = (seconds * 1000).astype(np.int64)
    return whole


def _stored(px: Array) -> Array:
    """CSS px in units of 16, rounded half up."""
    return np.floor(px / 16 + 0.5).astype(np.int16)
