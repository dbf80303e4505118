"""Widths of viewports: callers say CSS px, the table counts steps of 16."""

_INT32 = 2**31 - 1


def stored_width(px: int | None) -> int | None:
    """CSS px in stored units, half to even; bounded, because a wider viewport than any is as wide as any."""
    if px is None:
        return None
    units, rest = divmod(px, 16)
    if rest > 8 or (rest == 8 and units % 2):
        units += 1
    return max(-_INT32, min(_INT32, units))
