"""The SQL of the list of pages where several URLs are one page."""

from collections.abc import Sequence

from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.page_urls import origin_of
from heatmaps.population.search import search_condition
from heatmaps.population.sql import Rows, filtered, sql_file, with_slot
from heatmaps.questions.pages.queries import binder_of, in_parts, of_window
from heatmaps.questions.pages.question import By, PagesQuestion
from heatmaps.questions.pages.templates import Templates, page_with_hosts

# So many hosts that are punycode are decoded.
MOST_HOSTS = 1_000
_LIST_OF_URLS = "/* the list of URLs */"


class Together:
    """The questions for pages, once it is known which hosts are punycode and which places are crowded."""

    def __init__(self, question: PagesQuestion, hosts: dict[str, str], layout: Layout = PLAIN) -> None:
        self._question, self._hosts, self._layout = question, hosts, layout

    def places(self) -> Query:
        """Rows (beginning, segments): each path of the window once, where what is no word is a star."""
        binder = binder_of(self._question)
        templates = self._templates("url", (), binder)
        sql = in_parts(sql_file(__file__, "places.sql"), self._question, self._layout, binder)
        sql = with_slot(sql, "beginning", templates.beginning)
        return Query(with_slot(sql, "segments", templates.segments), binder.parameters)

    def pages(self, crowded: Sequence[str] = ()) -> Query:
        """Rows as those of `queries.pages`, and of each page its number, how many URLs it has,
        one of them, and their forms."""
        binder = binder_of(self._question)
        binder.name("limit", self._question.limit)
        binder.name("offset", self._question.offset)
        sql = in_parts(sql_file(__file__, "together.sql"), self._question, self._layout, binder)
        page, form = self._page("url", crowded, binder), "''"
        if self._question.by is By.TEMPLATE:
            form = self._templates("url", crowded, binder).form
        sql = with_slot(with_slot(sql, "page", page), "form", form)
        if self._question.min_visitors > 1:
            visitors = self._visitors(None, crowded, binder)
            sql = with_slot(sql, "pages", f"OR page IN (SELECT page FROM ({visitors}))")
        if self._question.search is not None:
            # A page is found by any of its URLs, and whole.
            found = self._found(self._question.search, crowded, binder)
            sql = sql.replace("GROUP BY page, type", f"WHERE page IN ({found}) GROUP BY page, type")
        return Query(sql, binder.parameters)

    def visitors(self, numbers: Sequence[int], crowded: Sequence[str] = ()) -> Query:
        """Rows (page, visitors) of some pages, by their numbers."""
        binder = binder_of(self._question)
        return Query(self._visitors(numbers, crowded, binder), binder.parameters)

    def _visitors(self, numbers: Sequence[int] | None, crowded: Sequence[str], binder: Binder) -> str:
        binder.name("min_visitors", self._question.min_visitors)
        sql = sql_file(__file__, "visitors_together.sql")
        conditions = of_window(self._question, self._layout, binder)
        if numbers is not None:
            wanted = binder.bind(list(numbers), "Array(UInt64)", "numbers")
            page = self._page("trimRight(current_url, '/')", crowded, binder)
            listed = f"SELECT {_key(self._layout)} FROM heatmaps WHERE team_id = {{team_id:Int64}}"
            conditions.append(f"key IN ({listed} AND sipHash64({page}) IN {wanted} GROUP BY 1)")
        rows, urls = sql.split(_LIST_OF_URLS)
        sql = filtered(rows, Rows(conditions=tuple(conditions)), self._layout)
        sql += filtered(urls, Rows(conditions=()), self._layout)
        return with_slot(sql, "page", self._page("url", crowded, binder))

    def _found(self, search: str, crowded: Sequence[str], binder: Binder) -> str:
        """The pages that have a URL in which a text is, from the list of URLs."""
        urls = "SELECT trimRight(current_url, '/') AS url FROM heatmaps WHERE team_id = {team_id:Int64} GROUP BY url"
        page, condition = self._page("url", crowded, binder), search_condition(search, "url", binder)
        return f"SELECT {page} FROM ({urls}) WHERE {condition}"

    def _page(self, url: str, crowded: Sequence[str], binder: Binder) -> str:
        match self._question.by:
            case By.URL:
                return url
            case By.PAGE:
                return page_with_hosts(url, self._hosts, binder)
            case By.TEMPLATE:
                return self._templates(url, crowded, binder).template

    def _templates(self, url: str, crowded: Sequence[str], binder: Binder) -> Templates:
        return Templates(url, page_with_hosts(url, self._hosts, binder), crowded, binder)


def coded_origins(team_id: int) -> Query:
    """Rows (origin): scheme and host of the project's URLs, where a part of the host is punycode. Not more than can be
    sent back."""
    origin = origin_of("current_url")
    return Query(
        f"SELECT {origin} AS origin FROM heatmaps WHERE team_id = {{team_id:Int64}} AND match(current_url, '(?i)xn--')"
        " GROUP BY origin ORDER BY origin LIMIT {most:UInt32}",
        {"team_id": team_id, "most": MOST_HOSTS},
    )


def _key(layout: Layout) -> str:
    return "page" if layout.has_keys else "trimRight(current_url, '/')"
