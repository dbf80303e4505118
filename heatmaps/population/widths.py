"""Widths of viewports: callers say CSS px, a row counts steps of as many px as its scale_factor says."""

from heatmaps.population.binding import Binder

# Far beyond twice the widest viewport that fits a row.
_LIMIT = 2**40


def width_conditions(at_least: int | None, at_most: int | None, binder: Binder) -> list[str]:
    """Conditions on a row for bounds in CSS px, both included.

    A bound is rounded as capture rounds a width, floor(px / scale_factor + 0.5), so that every width lies within its
    own bounds. These are the same comparisons without a division: it would be slower, and 0 has none. A row whose scale
    is not above 0 has no width in CSS px, and lies within no bounds.
    """
    if at_least is None and at_most is None:
        return []
    conditions = ["scale_factor > 0"]
    if at_least is not None:
        conditions.append(f"toInt64(scale_factor) * (2 * viewport_width + 1) > {_twice(at_least, binder)}")
    if at_most is not None:
        conditions.append(f"toInt64(scale_factor) * (2 * viewport_width - 1) <= {_twice(at_most, binder)}")
    return conditions


def _twice(px: int, binder: Binder) -> str:
    return binder.bind(max(-_LIMIT, min(_LIMIT, 2 * px)), "Int64")
