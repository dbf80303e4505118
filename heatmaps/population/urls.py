"""Patterns of URLs as callers write them."""

import re


def regular_expression(pattern: str) -> str:
    """The regular expression that a URL pattern stands for: anchored at both ends, `*` for one or more characters."""
    pattern = pattern if pattern.startswith("^") else f"^{pattern}"
    pattern = pattern if pattern.endswith("$") else f"{pattern}$"
    return re.sub(r"(?<=[^.])\*", ".+", pattern)
