"""Who comes to the demo's site and when, with which window, and from which page they go to which."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from heatmaps.demo import site
from heatmaps.demo.layouts import DESKTOP, MOBILE, NO_ELEMENT, STAFF, Array, by_layout, shares

DAYS = 30
VISITORS = 1200
STAFF_VISITORS = 4

_DAY_SECONDS = 24 * 60 * 60
# A third more sessions than a block needs; it is cut to its size.
_SESSIONS = 2000
_MAX_VISITS = 12
# How many start in each hour of the day. None after 23:00, so that a session ends on the day on which it began.
_HOURS = (2, 1, 1, 1, 1, 2, 5, 10, 14, 15, 15, 16, 17, 15, 14, 14, 15, 17, 19, 22, 24, 20, 11, 0)
_WEEKDAYS = (10, 10, 10, 10, 11, 13, 15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
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

    @property
    def is_new(self) -> Array:
        """Whether the shop looked as it does now."""
        return self.start >= (DAYS - site.NEW_DAYS) * _DAY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Visits of a page, in the order of sessions and time. `exit_element` is what was clicked last, -1 for none."""

    session: Array
    page: Array
    start: Array
    seconds: Array
    exit_element: Array


def sessions_of_a_month(rng: np.random.Generator, first_day: date) -> Sessions:
    """Who comes when, and with which window. Some visitors come again and again, most only once or twice."""
    visitor = (VISITORS * rng.random(_SESSIONS) ** 1.7).astype(int)
    is_staff = rng.random(_SESSIONS) < 0.03
    visitor[is_staff] = VISITORS + rng.integers(0, STAFF_VISITORS, is_staff.sum())

    is_mobile = rng.random(VISITORS + STAFF_VISITORS) < 0.45
    is_mobile[VISITORS:] = False
    windows = np.zeros((len(is_mobile), 2), dtype=int)
    for chosen, sizes in ((is_mobile, site.MOBILE_WINDOWS), (~is_mobile, site.DESKTOP_WINDOWS)):
        windows[chosen] = rng.choice(np.array(list(sizes)), chosen.sum(), p=shares(sizes.values()))
    windows[VISITORS:] = (1440, 789)

    weekdays = np.array([_WEEKDAYS[(first_day + timedelta(days=n)).weekday()] for n in range(DAYS)])
    day = rng.choice(DAYS, _SESSIONS, p=shares(weekdays * np.linspace(1, 1.3, DAYS)))
    hour = rng.choice(24, _SESSIONS, p=shares(_HOURS))
    return Sessions(
        visitor=visitor,
        layout=np.where(is_staff, STAFF, np.where(is_mobile[visitor], MOBILE, DESKTOP)),
        width=windows[visitor, 0],
        height=windows[visitor, 1],
        start=day * _DAY_SECONDS + hour * 3600 + rng.random(_SESSIONS) * 3600,
        url_draw=rng.random(_SESSIONS),
    )


def visits_of(rng: np.random.Generator, sessions: Sessions) -> Visits:
    """From page to page: what a visitor clicks last on a page decides which one comes next."""
    paths = [page.path for page in site.PAGES]
    page = rng.choice(len(paths), _SESSIONS, p=shares([page.entry for page in site.PAGES]))
    page[sessions.layout == STAFF] = paths.index("/coffee")
    clock, is_new = sessions.start.copy(), sessions.is_new
    here = np.arange(_SESSIONS)
    steps: list[tuple[Array, ...]] = []
    for step in range(_MAX_VISITS):
        at, layout = page[here], sessions.layout[here]
        seconds = np.clip(rng.lognormal(3.6, 0.7, len(here)), 6, 170)
        goes_on = rng.random(len(here)) < np.where(layout == STAFF, 0.85, 0.7)
        goes_on &= step < _MAX_VISITS - 1
        exit_element = np.full(len(here), NO_ELEMENT)
        for drawn, those in by_layout(at, layout, is_new[here]):
            exit_element[those] = rng.choice(len(drawn.links), len(those), p=drawn.link_shares)
            page[here[those]] = drawn.links[exit_element[those]]
        exit_element[~goes_on] = NO_ELEMENT
        steps.append((here, at, clock[here], seconds, exit_element))
        clock[here] += seconds
        here = here[goes_on]
    session, at, start, seconds, exit_element = (np.concatenate(column) for column in zip(*steps, strict=True))
    order = np.lexsort((start, session))
    return Visits(
        session=session[order],
        page=at[order],
        start=start[order],
        seconds=seconds[order],
        exit_element=exit_element[order],
    )
