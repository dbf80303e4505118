"""The list of pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from heatmaps import engine
from heatmaps.population.layout import current_layout
from heatmaps.population.page_urls import decoded_host, sendable
from heatmaps.questions.pages import queries
from heatmaps.questions.pages.question import By, PagesQuestion
from heatmaps.questions.pages.reply import PageColumns, TemplateColumns, UrlColumns
from heatmaps.questions.pages.templates import crowded, url_pattern
from heatmaps.questions.pages.together import Together, coded_origins
from heatmaps.replies.answer import Answer


class PageRow(NamedTuple):
    """A page with its `types`, or a type over all pages."""

    is_page: bool
    url: str
    type: str
    total_count: int
    first_seen: datetime
    last_seen: datetime
    types: list[tuple[str, int, datetime]]


class TogetherRow(NamedTuple):
    """The same where several URLs are one page."""

    is_page: bool
    page: str
    type: str
    total_count: int
    first_seen: datetime
    last_seen: datetime
    types: list[tuple[str, int, datetime]]
    urls: int
    a_url: str
    forms: Sequence[str]


class VisitorsRow(NamedTuple):
    """How many visitors a page had."""

    page: str | int
    visitors: int


def answer(question: PagesQuestion) -> Answer:
    if question.by is By.URL and question.min_visitors == 1:
        return _urls(question)
    return _together(question)


def _urls(question: PagesQuestion) -> Answer:
    layout = current_layout()
    found = engine.rows(queries.pages(question, layout), PageRow)
    listed = [row for row in found if row.is_page][: question.limit]
    # Only of those that are listed: telling visitors apart costs more than all the rest.
    asked = queries.page_visitors(question, [row.url for row in listed], layout)
    visitors = dict(engine.rows(asked, VisitorsRow)) if listed else {}
    columns = {
        "url": [row.url for row in listed],
        **_columns(listed, [visitors.get(queries.page_key(row.url, layout), 0) for row in listed]),
    }
    return Answer(item=UrlColumns, blocks=iter([columns]), tail=_tail(found, question))


def _together(question: PagesQuestion) -> Answer:
    coded = [] if question.by is By.URL else engine.rows(coded_origins(question.team_id))
    together = Together(question, {origin: decoded_host(origin) for (origin,) in coded}, current_layout())
    places = crowded(engine.rows(together.places())) if question.by is By.TEMPLATE else []
    found = engine.rows(together.pages(places), TogetherRow)
    listed = [row for row in found if row.is_page][: question.limit]
    asked = together.visitors([row.page for row in listed], places)
    visitors = dict(engine.rows(asked, VisitorsRow)) if listed else {}
    columns: dict[str, Sequence[Any]] = {
        "url": [row.page for row in listed],
        **_columns(listed, [visitors.get(row.page, 0) for row in listed]),
        "urls": [row.urls for row in listed],
    }
    tail = _tail(found, question)
    match question.by:
        case By.URL:
            return Answer(item=UrlColumns, blocks=iter([columns]), tail=tail)
        case By.PAGE:
            columns |= {"url_page": [sendable(row.page) for row in listed]}
            return Answer(item=PageColumns, blocks=iter([columns]), tail=tail)
        case By.TEMPLATE:
            columns |= {"template": columns["url"], "url_pattern": [url_pattern(row.forms) for row in listed]}
            return Answer(item=TemplateColumns, blocks=iter([columns]), tail=tail)


def _columns(listed: Sequence[PageRow | TogetherRow], visitors: Sequence[int]) -> Mapping[str, Sequence[Any]]:
    return {
        "total_count": [row.total_count for row in listed],
        "visitors": visitors,
        "first_seen": [row.first_seen for row in listed],
        "last_seen": [row.last_seen for row in listed],
        "types": [[_type(*one) for one in row.types] for row in listed],
    }


def _tail(found: Sequence[PageRow | TogetherRow], question: PagesQuestion) -> dict[str, Any]:
    return {
        "types": [_type(row.type, row.total_count, row.last_seen) for row in found if not row.is_page],
        "has_more": sum(row.is_page for row in found) > question.limit,
    }


def _type(kind: str, count: int, last_seen: datetime) -> dict[str, Any]:
    return {"type": kind, "count": count, "last_seen": last_seen}
