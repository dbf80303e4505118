"""Regular expressions, in RE2's language: the engine's own, so that what is accepted here runs there."""

import re
from collections.abc import Sequence

import re2

_QUIET = re2.Options()
_QUIET.log_errors = False
# A quarter of what the engine gives an expression: none fails there, and none takes long to read here.
_QUIET.max_mem = 2 * 1024 * 1024
# A quotation from \Q to \E, which need not end, or another escaped character.
_ESCAPED = re.compile(r"\\Q.*?(?P<end>\\E|\Z)|\\.", re.DOTALL)


def fault(expression: str) -> str | None:
    """Why an expression cannot be understood; None when it can."""
    try:
        re2.compile(expression, options=_QUIET)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else error
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return None


def any_of(expressions: Sequence[str]) -> str:
    """One expression that finds what any of these finds."""
    if len(expressions) == 1:
        return expressions[0]
    return "|".join(f"(?:{with_quotation_closed(expression)})" for expression in expressions)


def with_quotation_closed(expression: str) -> str:
    is_open = any(match["end"] == "" for match in _ESCAPED.finditer(expression))
    return expression + r"\E" if is_open else expression


def quoted(expression: str) -> str:
    """One of our own expressions, as it is written between quotes in SQL."""
    return expression.replace("\\", "\\\\").replace("'", "\\'")
