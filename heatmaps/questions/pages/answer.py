"""The list of pages."""

from datetime import datetime
from typing import Any, NamedTuple

from heatmaps import engine
from heatmaps.population.layout import current_layout
from heatmaps.questions.pages import queries
from heatmaps.questions.pages.question import PagesQuestion
from heatmaps.questions.pages.reply import HeatmapPageItem
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


class VisitorsRow(NamedTuple):
    """How many visitors a page had."""

    page: str | int
    visitors: int


def answer(question: PagesQuestion) -> Answer:
    layout = current_layout()
    found = engine.rows(queries.pages(question, layout), PageRow)
    pages = [row for row in found if row.is_page]
    listed = pages[: question.limit]
    # Only of those that are listed: telling visitors apart costs more than all the rest.
    asked = queries.page_visitors(question, [row.url for row in listed], layout)
    visitors = dict(engine.rows(asked, VisitorsRow)) if listed else {}
    return Answer(
        item=HeatmapPageItem,
        blocks=iter(
            [
                {
                    "url": [row.url for row in listed],
                    "total_count": [row.total_count for row in listed],
                    "visitors": [visitors.get(queries.page_key(row.url, layout), 0) for row in listed],
                    "first_seen": [row.first_seen for row in listed],
                    "last_seen": [row.last_seen for row in listed],
                    "types": [[_type(*one) for one in row.types] for row in listed],
                }
            ]
        ),
        tail={
            "types": [_type(row.type, row.total_count, row.last_seen) for row in found if not row.is_page],
            "has_more": len(pages) > question.limit,
        },
    )


def _type(kind: str, count: int, last_seen: datetime) -> dict[str, Any]:
    return {"type": kind, "count": count, "last_seen": last_seen}
