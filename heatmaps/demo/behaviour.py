"""What people do on the demo's pages: where they click, where their pointers rest, how far they scroll."""

import numpy as np

from heatmaps.demo import site
from heatmaps.demo.layouts import MOBILE, NO_ELEMENT, Array, by_layout
from heatmaps.demo.visits import Sessions, Visits

KINDS = np.array(["click", "rageclick", "deadclick", "mousemove", "scrolldepth"])
CLICK, RAGECLICK, DEADCLICK, MOUSEMOVE, SCROLLDEPTH = range(5)


def interactions(rng: np.random.Generator, sessions: Sessions, visits: Visits) -> list[Array]:
    """Columns visit, kind, x, y, whether fixed, second, and which of the page's elements was clicked, -1 for none: all
    that is done in the visits, in their order."""
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
    rng: np.random.Generator, sessions: Sessions, visits: Visits, scrolled: Array, way: Array
) -> list[tuple[Array, ...]]:
    """Clicks, and the rage clicks and dead clicks that come with some of them. Whoever clicks further down the page has
    scrolled there: raises `scrolled`."""
    leaves = np.flatnonzero(visits.exit_element >= 0)
    others = np.repeat(np.arange(len(scrolled)), rng.poisson(3.2, len(scrolled)))
    visit = np.concatenate([leaves, others])
    element = np.concatenate([visits.exit_element[leaves], np.full(len(others), NO_ELEMENT)])
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
    element[strays] = NO_ELEMENT

    time = visits.start[visit] + visits.seconds[visit] * (0.05 + 0.85 * rng.random(len(visit)))
    time[: len(leaves)] = (visits.start + visits.seconds)[leaves] - 0.3

    # Who rages clicks three to six times in a row, a finger's breadth apart at most.
    times = np.where(is_broken & (rng.random(len(visit)) < 0.7), rng.integers(3, 7, len(visit)), 1)
    first = np.repeat(np.arange(len(visit)), times)
    nth = np.arange(len(first)) - np.repeat(np.cumsum(times) - times, times)
    shake = np.where(nth[:, None] > 0, rng.integers(-3, 4, (len(first), 2)), 0)
    at = x[first] + shake[:, 0], y[first] + shake[:, 1]
    columns = visit[first], *at, is_fixed[first], time[first] + 0.25 * nth, element[first]
    rages = tuple(column[np.isin(nth, (2, 5))] for column in columns)
    dies = is_dead & (rng.random(len(visit)) < 0.7)
    dead = visit[dies], x[dies], y[dies], is_fixed[dies], time[dies], element[dies]
    return [
        (those[0], np.full(len(those[0]), kind), *those[1:])
        for kind, those in ((CLICK, columns), (RAGECLICK, rages), (DEADCLICK, dead))
    ]


def _moves(rng: np.random.Generator, sessions: Sessions, visits: Visits, scrolled: Array) -> list[tuple[Array, ...]]:
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
    nothing = np.full(len(hovers), NO_ELEMENT)
    _, near_x, near_y, near_is_fixed, *_ = _at_elements(rng, sessions, visits, visit[hovers], nothing, spread=0.3)
    is_seen = near_is_fixed | (near_y < scrolled[visit[hovers]] + sessions.height[session[hovers]])
    hovers = hovers[is_seen]
    x[hovers], y[hovers], is_fixed[hovers] = near_x[is_seen], near_y[is_seen], near_is_fixed[is_seen]
    time = visits.start[visit] + visits.seconds[visit] * rng.random(len(visit))
    return [_part(visit, MOUSEMOVE, x, y, time, is_fixed)]


def _at_elements(
    rng: np.random.Generator, sessions: Sessions, visits: Visits, visit: Array, element: Array, *, spread: float
) -> tuple[Array, ...]:
    """Positions at the given elements of what is shown of the visited pages, at any for -1, around the middle of each:
    columns number (of the element among all of its page), x, y, is_fixed, is_dead, is_broken."""
    session = visits.session[visit]
    element, number = element.copy(), np.empty(len(visit), dtype=int)
    boxes = np.zeros((len(visit), 4))
    flags = np.zeros((3, len(visit)), dtype=bool)
    for layout, those in by_layout(visits.page[visit], sessions.layout[session], sessions.is_new[session]):
        free = those[element[those] == NO_ELEMENT]
        element[free] = rng.choice(len(layout.shares), len(free), p=layout.shares)
        number[those] = layout.numbers[element[those]]
        boxes[those] = layout.boxes[element[those]]
        flags[:, those] = np.array([layout.is_fixed, layout.is_dead, layout.is_broken])[:, element[those]]
    at = np.clip(rng.normal(0.5, spread, (2, len(visit))), 0.02, 0.98)
    x = (boxes[:, 0] + boxes[:, 2] * at[0]) * sessions.stretch[session]
    y = boxes[:, 1] + boxes[:, 3] * at[1]
    y += np.where(boxes[:, 1] < 0, sessions.height[session], 0)
    return number, x, y, *flags


def _part(visit: Array, kind: int, x: Array, y: Array, time: Array, is_fixed: Array | None = None) -> tuple[Array, ...]:
    """Of what is done without a click."""
    fixed = np.zeros(len(visit), dtype=bool) if is_fixed is None else is_fixed
    return visit, np.full(len(visit), kind), x, y, fixed, time, np.full(len(visit), NO_ELEMENT)
