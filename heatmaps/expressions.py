"""Regular expressions, in RE2's language: the engine's own, so that what is accepted here runs there."""

import re2

_QUIET = re2.Options()
_QUIET.log_errors = False


def fault(expression: str) -> str | None:
    """Why an expression cannot be understood; None when it can."""
    try:
        re2.compile(expression, options=_QUIET)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else error
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return None
