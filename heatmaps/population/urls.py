"""Patterns of URLs as callers write them."""

import re

from heatmaps.population import regexes

Token = re.Match[str]

# What a pattern is made of, in RE2's language. The whole of a text is read, also where it is no expression.
PART = re.compile(
    # A quotation, which need not end.
    r"(?P<quotation>\\Q(?P<quoted>.*?)(?P<end>\\E|\Z))"
    # Another escaped character: a class of Unicode, a code, or one letter.
    r"|(?P<escape>\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[0-7]{1,3}|.))"
    # A class of characters, in which a bracket may come first, and classes with names may stand.
    r"|(?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*+(?:\]|\\?\Z))"
    # Flags for what follows, and how often something is repeated: nothing that could be repeated.
    r"|(?P<flags>\(\?[a-zA-Z-]+\))"
    r"|(?P<count>\{[0-9]+(?:,[0-9]*)?\})"
    r"|(?P<character>.)",
    re.DOTALL,
)
_REPEATABLE_CHARACTERS = frozenset(".])}")


def regular_expression(pattern: str) -> str:
    """The regular expression that a URL pattern stands for: of the whole URL, `*` for one or more characters.

    What is no expression is returned as it was written, so that it is refused for that: between our anchors `a)|(b`
    would become one.
    """
    body = _with_wildcards(pattern.removeprefix("^"))
    if pattern.startswith("^") and regexes.fault(body):
        # Repetitions of the anchor, such as ^?a, are expressions.
        body = f"^{body}"
    if regexes.fault(body):
        return body
    # The engine looks for the pages of an expression by the text that it begins with, up to the first bracket.
    return f"^(?:{body})$" if "|" in body or "(?" in body else f"^{body}$"


def _with_wildcards(pattern: str) -> str:
    """Wildcards as RE2 writes them, and no dollar at the end.

    A `*` repeats what is before it after a dot, a bracket that closes, or an escaped character. It is itself in a class
    of characters and in a quotation. Everywhere else it is a wildcard.
    """
    parts: list[str] = []
    is_repeatable = False
    last = None
    for match in PART.finditer(pattern):
        last, text = match.lastgroup, match[0]
        if text == "*" and not is_repeatable:
            text = ".+"
        parts.append(text)
        if last == "flags" or (last == "quotation" and not match["quoted"]):
            continue
        is_repeatable = last in {"escape", "class", "quotation"} or match[0] in _REPEATABLE_CHARACTERS
    if parts and parts[-1] == "$":
        parts.pop()
    return regexes.with_quotation_closed("".join(parts))
