"""Searching pages by a part of their URL, whichever way it is written."""

import re
import unicodedata
from collections.abc import Callable

from heatmaps.population.binding import Binder
from heatmaps.population.conditions import caseless
from heatmaps.population.page_urls import ACE_PREFIX, MAX_LABEL, from_punycode

_ESCAPES = "(?:%[0-9a-fA-F]{2})+"
# A URL's host, or what of a text may be one: what comes before the first slash that is not of the scheme.
_HOST = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*:)?(?://)?([^/?#]*)")
_LABEL = re.compile(r"[^.:@]+")

# The URL with its escapes decoded once, as UTF-8; those that are none stay as they are. Nearly always all or none of
# them are, and then it need not be taken apart.
_IS_DECODABLE = "(isValidUTF8(decodeURLComponent({url})) AND position({url}, '%00') = 0)"
_PART_BY_PART = (
    "arrayStringConcat(arrayMap(part -> if(startsWith(part, '%') AND isValidUTF8(decodeURLComponent(part))"
    " AND position(part, '%00') = 0, decodeURLComponent(part), part),"
    f" extractAll(if({_IS_DECODABLE}, '', {{url}}), '{_ESCAPES}|[^%]+|%')))"
)
_DECODED = f"if({_IS_DECODABLE}, decodeURLComponent({{url}}), {_PART_BY_PART})"


def search_condition(search: str, url: str, binder: Binder) -> str:
    """Whether a URL, an expression in SQL without slashes at its end, has the text in it, in any case.

    It is found as it is written. Escapes, and names of hosts in their encoded form, are found decoded, and the other
    way round. It takes some microseconds: have it worked out once a URL, not once a row.
    """
    # People write the URL of a page with a slash at its end and without, and mean the same page.
    written = f"concat({url}, '/')"
    found = [_has(written, search, binder)]
    decoded = re.sub(_ESCAPES, _decoded, search)
    forms = dict.fromkeys([decoded, _with_host(decoded, _encoded_label), _with_host(decoded, from_punycode)])
    found += [_has(_DECODED.replace("{url}", written), form, binder) for form in forms]
    return f"({' OR '.join(found)})"


def _has(text: str, part: str, binder: Binder) -> str:
    return f"position({caseless(text)}, {caseless(binder.bind(part, 'String'))}) > 0"


def _decoded(escapes: re.Match[str]) -> str:
    try:
        text = bytes.fromhex(escapes[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return escapes[0]
    return escapes[0] if "\0" in text else text


def _with_host(text: str, convert: Callable[[str], str]) -> str:
    host = _HOST.match(text)
    if host is None:
        return text
    labels = _LABEL.sub(lambda label: convert(label[0]) if len(label[0]) <= MAX_LABEL else label[0], host[2])
    return text[: host.start(2)] + labels + text[host.end(2) :]


def _encoded_label(label: str) -> str:
    """As browsers send a name of other letters than A to Z."""
    name = unicodedata.normalize("NFKC", label).lower()
    return label if name.isascii() else ACE_PREFIX + name.encode("punycode").decode()
