"""Which URLs are one page, whatever their query strings and fragments, as SQL over a URL.

The engine cannot decode punycode, so a host that is asked about is written in every way that stands for it.
"""

import re
from dataclasses import dataclass
from itertools import chain, islice, product
from urllib.parse import unquote_to_bytes

# Scheme and authority. What has none, such as a bare path, has no host either.
ORIGIN = "^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*"
# A URL up to its query string or fragment.
_BEFORE = "^[^?#]*"
# The fragment of a hash route, up to a question mark in it.
_ROUTE = "^[^#]*(#!?/[^?]*)"
# The characters that have a meaning in a URL, and the one that writes them: these stay encoded.
_RESERVED = "[%](2[Ff]|3[Ff]|23|25)"
ACE_PREFIX = "xn--"
# Longer parts of a host are none, and take long to convert.
MAX_LABEL = 63
# So many spellings of a host are looked for, and so many characters of them all. Each part that is not ASCII has two.
_MOST_SPELLINGS, _MOST_CHARACTERS = 64, 100_000


def page_of(url: str) -> str:
    """The page of a URL: as text, where equal pages have equal texts. Both in SQL."""
    before, origin = f"extract({url}, '{_BEFORE}')", f"extract({url}, '{ORIGIN}')"
    path = f"trim(TRAILING '/' FROM substring({before}, length({origin}) + 1))"
    # One more encoding of what stays encoded, so that decoding once brings it back.
    decoded = f"decodeURLComponent(replaceRegexpAll({path}, '{_RESERVED}', '%25\\\\1'))"
    route = f"trim(TRAILING '/' FROM extract({url}, '{_ROUTE}'))"
    return (
        f"concat({origin_of(url)},"
        f" if(isValidUTF8({decoded}), {decoded}, {path}),"
        # A route of nothing but slashes is the page itself.
        f" if({route} IN ('#', '#!'), '', {route}))"
    )


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as its page begins. Both in SQL."""
    origin = f"lowerUTF8(extract({url}, '{ORIGIN}'))"
    return f"replaceRegexpOne({origin}, '^(http://.*):80$|^(https://.*):443$', '\\\\1\\\\2')"


def spellings(url: str) -> list[str]:
    """A URL with its host in all the ways, of punycode and not, that stand for the same host. Itself comes first."""
    origin = re.match(ORIGIN, url)
    if origin is None:
        return [url]
    scheme, _, host = origin[0].partition("://")
    hosts = product(*(_ways_to_write(label) for label in host.lower().split(".")))
    written = (f"{scheme}://{'.'.join(labels)}{url[origin.end() :]}" for labels in hosts)
    most = max(1, min(_MOST_SPELLINGS, _MOST_CHARACTERS // len(url)))
    return list(islice(dict.fromkeys(chain([url], islice(written, most))), most))


def _ways_to_write(label: str) -> tuple[str, ...]:
    """A part of a host, which may have a port behind it."""
    name, colon, port = label.partition(":")
    if len(name) > MAX_LABEL:
        return (label,)
    if name.isascii():
        decoded = decoded_label(name)
        return (label,) if decoded == name else (label, f"{decoded}{colon}{port}")
    return label, f"{ACE_PREFIX}{name.encode('punycode').decode('ascii')}{colon}{port}"


def decoded_label(label: str) -> str:
    """What a part of a host stands for when it is punycode of other letters than those of ASCII; else itself."""
    decoded = from_punycode(label)
    return label if decoded.isascii() else decoded


def from_punycode(label: str) -> str:
    """A part of a host, decoded where it is punycode."""
    if not label.lower().startswith(ACE_PREFIX) or len(label) > MAX_LABEL:
        return label
    try:
        decoded = label[len(ACE_PREFIX) :].encode("ascii").decode("punycode")
        # Half of a character is none.
        decoded.encode()
    except (UnicodeError, OverflowError):
        return label
    return decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a URL is made of, so that it can be told in what another one differs. `slashes` stand behind the path, which
    is told without them, as it is written and decoded. Port, query and fragment are empty where there is none."""

    scheme: str
    is_www: bool
    host: str
    port: str
    path: str
    decoded: str
    slashes: int
    query: str
    fragment: str


def parts_of(url: str) -> Parts:
    before, *_ = re.split("[?#]", url, maxsplit=1)
    scheme, authority, whole_path = re.fullmatch(
        r"(?:([a-zA-Z][a-zA-Z0-9+.-]*)://([^/]*))?(.*)", before, re.DOTALL
    ).groups(default="")  # type: ignore[union-attr]  # it matches every text
    host, _, port = re.fullmatch(r"(.*?)(:([0-9]*))?", authority, re.DOTALL).groups(default="")  # type: ignore[union-attr]
    path = whole_path.rstrip("/")
    beyond, mark, fragment = url.removeprefix(before).partition("#")
    return Parts(
        scheme=scheme,
        is_www=host[:4].lower() == "www.",
        host=host[4:] if host[:4].lower() == "www." else host,
        port=port,
        path=path,
        decoded=_decoded(path),
        slashes=len(whole_path) - len(path),
        query=beyond,
        fragment=mark + fragment,
    )


def _decoded(path: str) -> str:
    try:
        return unquote_to_bytes(re.sub(_RESERVED, r"%25\1", path)).decode()
    except UnicodeDecodeError:
        return path


def decoded_host(origin: str) -> str:
    """Scheme and host in lower case, the host as what it stands for where it is punycode."""
    scheme, separator, host = origin.partition("://")
    labels = (label.partition(":") for label in host.split("."))
    return f"{scheme}{separator}{'.'.join(f'{decoded_label(name)}{colon}{port}' for name, colon, port in labels)}"


def sendable(page: str) -> str:
    """A URL of a page, as it can be sent: a parameter is not empty, and loses spaces at its ends."""
    end = len(page.rstrip())
    ending = "".join("%" + f"{byte:02X}" for byte in page[end:].encode())
    return (page[:end] + ending).replace("\0", "%00") or "/"
