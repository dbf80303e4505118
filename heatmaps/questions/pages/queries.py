"""The SQL of the list of pages.

Our own table knows the pages of whole days (of UTC) from a projection. What is left of the window before and after them
is counted from the interactions.
"""

import re
from collections.abc import Iterable
from datetime import timedelta

from heatmaps import moments
from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.layout import PLAIN, Layout, page_number
from heatmaps.population.predicates import bounds_of, of_types, within
from heatmaps.population.search import search_condition
from heatmaps.population.sql import Rows, filtered, sql_file
from heatmaps.questions.pages.question import PagesQuestion

SEARCH_MARK = "/* HAVING search */"
_PARTS = re.compile(r"/\* (?:a part of the window|end of part) \*/")
_DAY = timedelta(days=1)


def pages(question: PagesQuestion, layout: Layout = PLAIN) -> Query:
    """Rows (is_page, url, type, total_count, first_seen, last_seen, types): first one for each type, over all pages,
    without its `types`; then the pages, one more than limit asks for where there is one, each with its `types` as
    (type, count, last_seen)."""
    binder = binder_of(question)
    binder.name("limit", question.limit)
    binder.name("offset", question.offset)
    sql = in_parts(sql_file(__file__, "pages.sql"), question, layout, binder)
    if question.search is not None:
        # Worked out once a URL and type, and not once a row.
        sql = sql.replace(SEARCH_MARK, f"HAVING {search_condition(question.search, 'url', binder)}")
    return Query(sql, binder.parameters)


def page_visitors(question: PagesQuestion, urls: Iterable[str], layout: Layout = PLAIN) -> Query:
    """Rows (page, visitors) of the pages that have any; a page is `page_key` of its URL."""
    binder = binder_of(question)
    conditions = of_window(question, layout, binder)
    keys = [page_key(url, layout) for url in urls]
    kind = "Array(UInt128)" if layout.has_keys else "Array(String)"
    conditions.append(f"page IN {binder.bind(keys, kind, 'pages')}")
    sql = filtered(sql_file(__file__, "page_visitors.sql"), Rows(conditions=tuple(conditions)), layout)
    return Query(sql, binder.parameters)


def page_key(url: str, layout: Layout = PLAIN) -> str | int:
    return page_number(url) if layout.has_keys else url


def binder_of(question: PagesQuestion) -> Binder:
    binder = Binder()
    binder.name("team_id", question.team_id)
    return binder


def of_window(question: PagesQuestion, layout: Layout, binder: Binder) -> list[str]:
    """What keeps a row in the window, of the types that are asked about."""
    return [within(bounds_of(question.window, binder), layout, binder), *of_types(question.types, binder)]


def in_parts(sql: str, question: PagesQuestion, layout: Layout, binder: Binder) -> str:
    """The SQL of a question, asked of each part of the window."""
    before, part, after = _PARTS.split(sql)
    parts = [
        filtered(part, Rows(conditions=tuple(conditions)), layout)
        for conditions in _parts_of_window(question, layout, binder)
    ]
    return before + "UNION ALL".join(parts) + after


def _parts_of_window(question: PagesQuestion, layout: Layout, binder: Binder) -> list[list[str]]:
    """The conditions of each part of the window."""
    others = of_types(question.types, binder)
    window, bounds = question.window, bounds_of(question.window, binder)
    first_day, end_day = -((moments.FIRST - window.start) // _DAY), (window.end - moments.FIRST) // _DAY
    if not layout.has_keys or first_day >= end_day:
        return [[within(bounds, layout, binder), *others]]
    first, end = binder.bind(first_day, "UInt32", "first_day"), binder.bind(end_day, "UInt32", "end_day")
    parts = [[f"intDiv(quarter, 96) >= {first} AND intDiv(quarter, 96) < {end}", *others]]
    if moments.FIRST + first_day * _DAY > window.start or moments.FIRST + end_day * _DAY < window.end:
        outside = f"(quarter < {first} * 96 OR quarter >= {end} * 96)"
        parts.append([within(bounds, layout, binder), outside, *others])
    return parts
