"""The origins of pages, as browsers write them: scheme, host in ASCII, and a port that is not the scheme's own."""

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from urllib.parse import SplitResult, urlsplit

from heatmaps.population.page_urls import ACE_PREFIX, MAX_LABEL
from heatmaps.population.urls import PART, Token

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?:[\w-]+\.)*[\w-]+\.?|\[[0-9a-f:.]+\]")
_NO_URL = "must be a full URL with http or https and a host, such as https://shop.example/pricing."
_NO_LITERAL = (
    "must begin with a scheme and a host that are written out, such as https://shop.example/blog/*, in each of its "
    "alternatives."
)
# Scheme and host of a pattern, and what ends the host.
_BEGINNING = re.compile(r"(https?://[^/?#@\\]+)([/?#]|\Z)", re.IGNORECASE)
_ESCAPED_NUMBER = re.compile(r"\\x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))")
# What may follow a slash that need not be there: queries and fragments, as templates have them.
_NOTHING_MORE = re.compile(r"(?:\(\?:\\\?\[\^#\]\{0,\}\)\?)?(?:\\x\{23\}|#|\(\?:#|\Z)")


class BadPage(ValueError):
    """The text is for the caller, and follows the name of a parameter."""


def origins_of_url(url: str) -> list[str]:
    if origin := _origin(url):
        return [origin]
    raise BadPage(_NO_URL)


def origins_of_pattern(pattern: str) -> list[str]:
    """Those of each alternative. A dot in a host stands for itself here, though as an expression it is any character:
    this is how people write patterns."""
    tokens = list(PART.finditer(pattern.removeprefix("^")))
    if tokens and tokens[-1][0] == "$":
        tokens.pop()
    found = [_origin_of_beginning(alternative) for alternative in _alternatives(_unwrapped(tokens))]
    origins = [origin for origin in found if origin is not None]
    if len(origins) < len(found):
        raise BadPage(_NO_LITERAL)
    return sorted(set(origins))


def _origin(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, port = _ascii_host(parts), parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    return f"{scheme}://{host}" + ("" if port in {None, _PORTS[scheme]} else f":{port}")


def _ascii_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if ":" in host:
        return f"[{host}]"
    return ".".join(_ascii_label(label) for label in host.split("."))


def _ascii_label(label: str) -> str:
    if label.isascii() or len(label) > MAX_LABEL:
        return label
    return ACE_PREFIX + label.encode("punycode").decode("ascii")


def _unwrapped(tokens: list[Token]) -> list[Token]:
    """Without a group around the whole, as templates have it."""
    if "".join(token[0] for token in tokens[:3]) != "(?:" or tokens[-1][0] != ")":
        return tokens
    inner = tokens[3:-1]
    return inner if all(depth >= 0 for _, depth in _with_depth(inner)) else tokens


def _alternatives(tokens: Iterable[Token]) -> list[list[Token]]:
    found: list[list[Token]] = [[]]
    for token, depth in _with_depth(tokens):
        if token[0] == "|" and token.lastgroup == "character" and not depth:
            found.append([])
        else:
            found[-1].append(token)
    return found


def _with_depth(tokens: Iterable[Token]) -> Iterator[tuple[Token, int]]:
    """Each with the number of groups that it is in; one that closes a group is outside."""
    depth = 0
    for token in tokens:
        if token.lastgroup == "character":
            depth += {"(": 1, ")": -1}.get(token[0], 0)
        yield token, depth


def _origin_of_beginning(tokens: list[Token]) -> str | None:
    literals = [text for text in takewhile(lambda text: text is not None, map(_literal, tokens)) if text is not None]
    text, after = "".join(literals), "".join(token[0] for token in tokens[len(literals) :])
    beginning = _BEGINNING.match(text)
    if beginning is None or (not beginning[2] and after):
        return None
    # Where the host's end is the last character that stands for itself, it may be one that need not be there.
    if beginning.end() == len(text):
        is_escaped = bool(literals) and len(tokens[len(literals) - 1][0]) > 1
        behind = re.sub(r"\A(?:\?|\{0,\})", "", after)
        if (after[:1] in {"?", "{"} and not (behind != after and _NOTHING_MORE.match(behind))) or (
            after.startswith("*") and is_escaped
        ):
            return None
    return _origin(beginning[1])


def _literal(token: Token) -> str | None:
    """What a part of a pattern stands for, where that is nothing but itself."""
    text = token[0]
    match token.lastgroup:
        case "character":
            return None if text in "*+?()[]{}|^$" else text
        case "end" | "quotation":
            return str(token["quoted"])
        case "escape":
            if number := _ESCAPED_NUMBER.fullmatch(text):
                code = int(number[1] or number[2], 16)
                return chr(code) if code < 0x110000 else None
            return text[1:] if re.fullmatch(r"\\[^\w\s]", text) else None
    return None
