"""Templates of pages: URLs in which the segments that are no words are stars.

Whether a segment is one of many at its place shows only from all URLs: `crowded` finds the beginnings of such places.
"""

import re
from collections.abc import Iterable, Sequence

from heatmaps.population.binding import Binder
from heatmaps.population.page_urls import ORIGIN, page_of

# From so many different segments on, a place has no names but values.
MOST_NAMES = 100
# Numbers, hexadecimal of 8 digits or more, UUIDs, dates. In RE2's language, without a star, which a caller's pattern
# would take for a wildcard.
_NO_WORD = (
    "(?:[0-9]+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    "|[0-9]{4}[-_.][0-9]{1,2}[-_.][0-9]{1,2})"
)
_IS_NO_WORD = f"^{_NO_WORD}$"
_ANY_SEGMENT = "[^/?#]+"
# In a form: a segment that is no word, one of a crowded place, and what a hash route stands behind.
_STAR, _CROWDED_STAR, _ROUTE = "\x01", "\x02", "\x03"
_ANYTHING = "(?s:.{0,})"
_NO_ROUTE = f"(?:#(?:[^/!]{_ANYTHING}|!|![^/]{_ANYTHING}|!?/{{1,}}(?:\\?{_ANYTHING})?)?)?"
_QUERY = "(?:\\?[^#]{0,})?"


class Templates:
    """The SQL over a URL that puts it into its template. `page` is that of its page."""

    def __init__(self, url: str, page: str, crowded: Sequence[str], binder: Binder) -> None:
        self._url, self._page = url, page
        self._crowded = binder.bind(list(crowded), "Array(String)", "crowded")
        self._origin = f"extract({page}, '{ORIGIN}')"
        path = f"extract(substring({page}, length({self._origin}) + 1), '^[^#]*')"
        self._segments = f"splitByChar('/', {path})"
        self._route = f"extract({page}, '#(?s:.*)$')"

    @property
    def beginning(self) -> str:
        """Everything before the first slash of the path."""
        return f"concat({self._origin}, {self._segments}[1])"

    @property
    def segments(self) -> str:
        return f"arrayMap(segment -> {_star('segment')}, arraySlice({self._segments}, 2))"

    @property
    def template(self) -> str:
        return (
            "concat(arrayFold((beginning, segment) -> concat(beginning, '/',"
            f" if(segment != '' AND has({self._crowded}, beginning), '*', {_star('segment')})),"
            f" arraySlice({self._segments}, 2), {self.beginning}), {self._route})"
        )

    @property
    def form(self) -> str:
        """How the URL is written: as its template, but nothing is normalised."""
        origin = f"extract({self._url}, '{ORIGIN}')"
        path = f"trimRight(substring(extract({self._url}, '^[^?#]*'), length({origin}) + 1), '/')"
        route = f"trimRight(extract({self._url}, '^[^#]*(#!?/[^?]*)'), '/')"
        written = f"splitByChar('/', {path})"
        return (
            "concat(arrayFold((done, segment, written) -> ("
            f"concat(done.1, '/', if(segment != '' AND has({self._crowded}, done.1), '*', {_star('segment')})),"
            f" concat(done.2, '/', multiIf(segment != '' AND has({self._crowded}, done.1), char({ord(_CROWDED_STAR)}),"
            f" match(written, '{_IS_NO_WORD}'), char({ord(_STAR)}), written))),"
            f" arraySlice({self._segments}, 2), arraySlice({written}, 2),"
            f" ({self.beginning}, concat({origin}, {written}[1]))).2,"
            f" char({ord(_ROUTE)}), if({route} IN ('#', '#!'), '', {route}))"
        )


def page_with_hosts(url: str, hosts: dict[str, str], binder: Binder) -> str:
    """The page of a URL, in SQL, with hosts that are punycode as what they stand for."""
    page = page_of(url)
    if not hosts:
        return page
    origin = f"extract({page}, '{ORIGIN}')"
    coded = binder.bind(list(hosts), "Array(String)", "coded")
    decoded = binder.bind(list(hosts.values()), "Array(String)", "decoded")
    return f"concat(transform({origin}, {coded}, {decoded}, {origin}), substring({page}, length({origin}) + 1))"


def crowded(paths: Iterable[tuple[str, Sequence[str]]]) -> list[str]:
    """The beginnings of templates after which there are more different segments than a place has names."""
    found: list[str] = []
    at_depth = [(beginning, list(segments)) for beginning, segments in paths]
    depth = 0
    while at_depth:
        following: dict[str, set[str]] = {}
        for beginning, segments in at_depth:
            if segments[depth:] and segments[depth]:
                following.setdefault(beginning, set()).add(segments[depth])
        here = {beginning for beginning, different in following.items() if len(different) > MOST_NAMES}
        found += sorted(here)
        at_depth = [
            (f"{beginning}/{'*' if segments[depth] and beginning in here else segments[depth]}", segments)
            for beginning, segments in at_depth
            if segments[depth:]
        ]
        depth += 1
    return found


def url_pattern(forms: Iterable[str]) -> str:
    """The regular expression, in RE2's language, of exactly the URLs that are written in these forms."""
    return f"^(?:{'|'.join(_expression(form) for form in forms)})$"


def _expression(form: str) -> str:
    path, _, route = form.partition(_ROUTE)
    literal = "".join(_written(letter) for letter in path)
    fragment = f"{_quoted(route)}/{{0,}}(?:\\?{_ANYTHING})?" if route else _NO_ROUTE
    return f"{literal}/{{0,}}{_QUERY}{fragment}"


def _written(letter: str) -> str:
    return {_STAR: _NO_WORD, _CROWDED_STAR: _ANY_SEGMENT}.get(letter) or _quoted(letter)


def _quoted(text: str) -> str:
    """As itself: letters, digits and what has no meaning; all else by its number, a star above all."""
    return re.sub(r"[^\w/:%#=&~@!,;' -]", lambda match: f"\\x{{{ord(match[0]):x}}}", text)


def _star(segment: str) -> str:
    return f"if(match({segment}, '{_IS_NO_WORD}'), '*', {segment})"
