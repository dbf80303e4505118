"""The demo's people: who visits, what they do there, and when. The same for everyone, relative to the day.

They come in blocks of so many interactions. A block is made from its number and the day alone, so that one whose
filling was interrupted can be made again, row for row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import numpy.typing as npt

from heatmaps.demo import site

Array = npt.NDArray[Any]

BLOCK_ROWS = 50_000
DAYS = 30
KINDS = np.array(["click", "rageclick", "deadclick", "mousemove", "scrolldepth"])
CLICK, RAGECLICK, DEADCLICK, MOUSEMOVE, SCROLLDEPTH = range(5)
# Layouts: the roaster's own people have the desktop's, and a few buttons more.
DESKTOP, MOBILE, STAFF = range(3)

_SEED = 2026
# Where the roaster's own people work on the site.
_STAFF_HOST = "localhost:3000"
_NAMESPACE = uuid5(NAMESPACE_URL, site.ORIGIN)
_DAY_SECONDS = 24 * 60 * 60
# A third more sessions than a block needs; it is cut to its size.
_SESSIONS = 2000
_VISITORS = 1200
_STAFF_VISITORS = 4
_MAX_VISITS = 12
# How many start in each hour of the day. None after 23:00, so that a session ends on the day on which it began.
_HOURS = (2, 1, 1, 1, 1, 2, 5, 10, 14, 15, 15, 16, 17, 15, 14, 14, 15, 17, 19, 22, 24, 20, 11, 0)
_WEEKDAYS = (10, 10, 10, 10, 11, 13, 15)
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


@dataclass(frozen=True, slots=True)
class _Layout:
    """The elements of a page as one kind of window shows it."""

    boxes: Array
    shares: Array
    # The share of each element among those that lead to another page, and the number of that page.
    link_shares: Array
    links: Array
    is_fixed: Array
    is_dead: Array
    is_broken: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sessions:
    visitor: Array
    layout: Array
    width: Array
    height: Array
    start: Array
    url_draw: Array

    @property
    def stretch(self) -> Array:
        """How much wider the window is than the one that the boxes are drawn for."""
        return self.width / np.where(self.layout == MOBILE, site.MOBILE_WIDTH, site.DESKTOP_WIDTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visits:
    """Visits of a page, in the order of sessions and time. `exit_element` is what was clicked last, -1 for none."""

    session: Array
    page: Array
    start: Array
    seconds: Array
    exit_element: Array


def block(number: int, *, day: date, rows: int = BLOCK_ROWS) -> Block:
    """The first `rows` interactions of a block of people who came in the 30 days before `day`, and what belongs to
    them."""
    rng = np.random.default_rng([_SEED, number])
    first_day = day - timedelta(days=DAYS)
    sessions = _sessions(rng, first_day)
    visits = _visits(rng, sessions)
    visit, kind, x, y, is_fixed, time = (column[:rows] for column in _interactions(rng, sessions, visits))
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


def _sessions(rng: np.random.Generator, first_day: date) -> _Sessions:
    """Who comes when, and with which window. Some visitors come again and again, most only once or twice."""
    visitor = (_VISITORS * rng.random(_SESSIONS) ** 1.7).astype(int)
    is_staff = rng.random(_SESSIONS) < 0.03
    visitor[is_staff] = _VISITORS + rng.integers(0, _STAFF_VISITORS, is_staff.sum())

    is_mobile = rng.random(_VISITORS + _STAFF_VISITORS) < 0.45
    is_mobile[_VISITORS:] = False
    windows = np.zeros((len(is_mobile), 2), dtype=int)
    for chosen, sizes in ((is_mobile, site.MOBILE_WINDOWS), (~is_mobile, site.DESKTOP_WINDOWS)):
        windows[chosen] = rng.choice(np.array(list(sizes)), chosen.sum(), p=_shares(sizes.values()))
    windows[_VISITORS:] = (1440, 789)

    weekdays = np.array([_WEEKDAYS[(first_day + timedelta(days=n)).weekday()] for n in range(DAYS)])
    day = rng.choice(DAYS, _SESSIONS, p=_shares(weekdays * np.linspace(1, 1.3, DAYS)))
    hour = rng.choice(24, _SESSIONS, p=_shares(_HOURS))
    return _Sessions(
        visitor=visitor,
        layout=np.where(is_staff, STAFF, np.where(is_mobile[visitor], MOBILE, DESKTOP)),
        width=windows[visitor, 0],
        height=windows[visitor, 1],
        start=day * _DAY_SECONDS + hour * 3600 + rng.random(_SESSIONS) * 3600,
        url_draw=rng.random(_SESSIONS),
    )


def _visits(rng: np.random.Generator, sessions: _Sessions) -> _Visits:
    """From page to page: what a visitor clicks last on a page decides which one comes next."""
    paths = [page.path for page in site.PAGES]
    page = rng.choice(len(paths), _SESSIONS, p=_shares([page.entry for page in site.PAGES]))
    page[sessions.layout == STAFF] = paths.index("/coffee")
    clock = sessions.start.copy()
    here = np.arange(_SESSIONS)
    steps: list[tuple[Array, ...]] = []
    for step in range(_MAX_VISITS):
        at, layout = page[here], sessions.layout[here]
        seconds = np.clip(rng.lognormal(3.6, 0.7, len(here)), 6, 170)
        goes_on = rng.random(len(here)) < np.where(layout == STAFF, 0.85, 0.7)
        goes_on &= step < _MAX_VISITS - 1
        exit_element = np.full(len(here), -1)
        for drawn, those in _by_layout(at, layout):
            exit_element[those] = rng.choice(len(drawn.links), len(those), p=drawn.link_shares)
            page[here[those]] = drawn.links[exit_element[those]]
        exit_element[~goes_on] = -1
        steps.append((here, at, clock[here], seconds, exit_element))
        clock[here] += seconds
        here = here[goes_on]
    session, at, start, seconds, exit_element = (np.concatenate(column) for column in zip(*steps, strict=True))
    order = np.lexsort((start, session))
    return _Visits(
        session=session[order],
        page=at[order],
        start=start[order],
        seconds=seconds[order],
        exit_element=exit_element[order],
    )


def _interactions(rng: np.random.Generator, sessions: _Sessions, visits: _Visits) -> list[Array]:
    """Columns visit, kind, x, y, whether fixed, and second: all that is done in the visits, in their order."""
    height = sessions.height[visits.session]
    is_mobile = (sessions.layout[visits.session] == MOBILE).astype(int)
    page_heights = np.array([page.heights for page in site.PAGES])[visits.page, is_mobile]
    patience = np.array([page.patience for page in site.PAGES])[visits.page]
    way = np.maximum(0, page_heights - height)
    scrolled = way * np.minimum(1, rng.exponential(patience))

    parts = _clicks(rng, sessions, visits, scrolled, way)
    parts += _moves(rng, sessions, visits, scrolled)
    told = np.flatnonzero(rng.random(len(scrolled)) < 0.7)
    end = visits.start[told] + visits.seconds[told]
    parts.append(_part(told, SCROLLDEPTH, np.zeros(len(told)), scrolled[told], end))

    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[5], columns[0]))
    return [column[order] for column in columns]


def _clicks(
    rng: np.random.Generator, sessions: _Sessions, visits: _Visits, scrolled: Array, way: Array
) -> list[tuple[Array, ...]]:
    """Clicks, and the rage clicks and dead clicks that come with some of them. Whoever clicks further down the page has
    scrolled there: raises `scrolled`."""
    leaves = np.flatnonzero(visits.exit_element >= 0)
    others = np.repeat(np.arange(len(scrolled)), rng.poisson(3.2, len(scrolled)))
    visit = np.concatenate([leaves, others])
    element = np.concatenate([visits.exit_element[leaves], np.full(len(others), -1)])
    element, x, y, is_fixed, is_dead, is_broken = _at_elements(rng, sessions, visits, visit, element, spread=0.16)
    window = sessions.height[visits.session[visit]]
    np.maximum.at(scrolled, visit[~is_fixed], (y - 0.8 * window)[~is_fixed])
    np.minimum(scrolled, way, out=scrolled)

    # A few clicks go anywhere.
    strays = np.flatnonzero((rng.random(len(visit)) < 0.07) & (np.arange(len(visit)) >= len(leaves)))
    x[strays] = rng.random(len(strays)) * sessions.width[visits.session[visit[strays]]]
    y[strays] = rng.random(len(strays)) * (scrolled[visit[strays]] + window[strays])
    for flag in (is_fixed, is_dead, is_broken):
        flag[strays] = False

    time = visits.start[visit] + visits.seconds[visit] * (0.05 + 0.85 * rng.random(len(visit)))
    time[: len(leaves)] = (visits.start + visits.seconds)[leaves] - 0.3

    # Who rages clicks three to six times in a row, a finger's breadth apart at most.
    times = np.where(is_broken & (rng.random(len(visit)) < 0.7), rng.integers(3, 7, len(visit)), 1)
    first = np.repeat(np.arange(len(visit)), times)
    nth = np.arange(len(first)) - np.repeat(np.cumsum(times) - times, times)
    shake = np.where(nth[:, None] > 0, rng.integers(-3, 4, (len(first), 2)), 0)
    columns = visit[first], x[first] + shake[:, 0], y[first] + shake[:, 1], time[first] + 0.25 * nth, is_fixed[first]
    rages = tuple(column[np.isin(nth, (2, 5))] for column in columns)
    dies = is_dead & (rng.random(len(visit)) < 0.7)
    dead = visit[dies], x[dies], y[dies], time[dies], is_fixed[dies]
    return [_part(at[0], kind, *at[1:]) for kind, at in ((CLICK, columns), (RAGECLICK, rages), (DEADCLICK, dead))]


def _moves(rng: np.random.Generator, sessions: _Sessions, visits: _Visits, scrolled: Array) -> list[tuple[Array, ...]]:
    """Where pointers rest: along the text, more at the left and at the top, and over what could be clicked. Fingers
    hardly do."""
    layout = sessions.layout[visits.session]
    visit = np.repeat(np.arange(len(layout)), rng.poisson(np.array([10.5, 2, 6])[layout]))
    session = visits.session[visit]
    is_mobile = (sessions.layout[session] == MOBILE).astype(int)
    boxes = np.array([page.reading for page in site.PAGES])[visits.page[visit], is_mobile]
    seen = np.minimum(scrolled[visit] + sessions.height[session], boxes[:, 1] + boxes[:, 3])
    x = (boxes[:, 0] + boxes[:, 2] * rng.beta(1.2, 3, len(visit))) * sessions.stretch[session]
    y = boxes[:, 1] + np.maximum(40, seen - boxes[:, 1]) * rng.random(len(visit)) ** 1.8
    is_fixed = np.zeros(len(visit), dtype=bool)

    hovers = np.flatnonzero(rng.random(len(visit)) < 0.08)
    nothing = np.full(len(hovers), -1)
    _, near_x, near_y, near_is_fixed, *_ = _at_elements(rng, sessions, visits, visit[hovers], nothing, spread=0.3)
    is_seen = near_is_fixed | (near_y < scrolled[visit[hovers]] + sessions.height[session[hovers]])
    hovers = hovers[is_seen]
    x[hovers], y[hovers], is_fixed[hovers] = near_x[is_seen], near_y[is_seen], near_is_fixed[is_seen]
    time = visits.start[visit] + visits.seconds[visit] * rng.random(len(visit))
    return [_part(visit, MOUSEMOVE, x, y, time, is_fixed)]


def _at_elements(
    rng: np.random.Generator, sessions: _Sessions, visits: _Visits, visit: Array, element: Array, *, spread: float
) -> tuple[Array, ...]:
    """Positions at the given elements of the visited pages, at any for -1, around the middle of each: columns element,
    x, y, is_fixed, is_dead, is_broken."""
    session = visits.session[visit]
    element = element.copy()
    boxes = np.zeros((len(visit), 4))
    flags = np.zeros((3, len(visit)), dtype=bool)
    for layout, those in _by_layout(visits.page[visit], sessions.layout[session]):
        free = those[element[those] < 0]
        element[free] = rng.choice(len(layout.shares), len(free), p=layout.shares)
        boxes[those] = layout.boxes[element[those]]
        flags[:, those] = np.array([layout.is_fixed, layout.is_dead, layout.is_broken])[:, element[those]]
    at = np.clip(rng.normal(0.5, spread, (2, len(visit))), 0.02, 0.98)
    x = (boxes[:, 0] + boxes[:, 2] * at[0]) * sessions.stretch[session]
    y = boxes[:, 1] + boxes[:, 3] * at[1]
    y += np.where(boxes[:, 1] < 0, sessions.height[session], 0)
    return element, x, y, *flags


def _part(visit: Array, kind: int, x: Array, y: Array, time: Array, is_fixed: Array | None = None) -> tuple[Array, ...]:
    fixed = np.zeros(len(visit), dtype=bool) if is_fixed is None else is_fixed
    return visit, np.full(len(visit), kind), x, y, fixed, time


def _by_layout(page: Array, layout: Array) -> Iterator[tuple[_Layout, Array]]:
    """Each page and kind of window that occur, with where they do."""
    both = page * 3 + layout
    for value in np.unique(both):
        yield _layout(int(value) // 3, int(value) % 3), np.flatnonzero(both == value)


@cache
def _layout(page: int, layout: int) -> _Layout:
    paths = [page.path for page in site.PAGES]
    found = [
        (element, box)
        for element in site.PAGES[page].elements
        if (box := element.mobile if layout == MOBILE else element.desktop)
        if layout == STAFF or not element.is_for_staff
    ]
    elements = [element for element, _ in found]
    return _Layout(
        boxes=np.array([box for _, box in found], dtype=float),
        shares=_shares([element.weight for element in elements]),
        link_shares=_shares([element.weight if element.to else 0 for element in elements]),
        links=np.array([paths.index(element.to) if element.to else -1 for element in elements]),
        is_fixed=np.array([element.is_fixed for element in elements]),
        is_dead=np.array([element.is_dead for element in elements]),
        is_broken=np.array([element.is_broken for element in elements]),
    )


def _urls(rng: np.random.Generator, visits: _Visits) -> Array:
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
    visitors = [str(_uuid(f"visitor {number} {n}")) for n in range(_VISITORS)]
    return np.array(visitors + [f"staff-{n + 1}@demo.example.com" for n in range(_STAFF_VISITORS)])


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


def _shares(weights: Any) -> Array:
    values: Array = np.array(list(weights), dtype=float)
    values /= values.sum()
    return values
