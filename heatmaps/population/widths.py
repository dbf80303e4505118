"""Widths of viewports: callers say CSS px, a row counts steps of as many px as its scale_factor says."""

from heatmaps.population.binding import Binder

# What the SDK sends.
USUAL_SCALE = 16
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


def by_key(at_least: int | None, at_most: int | None, binder: Binder) -> list[str]:
    """Conditions that hold wherever those above do. A row of the usual scale is known by its width alone, so that the
    key of a rollup finds it."""
    half = USUAL_SCALE // 2
    conditions = []
    if at_least is not None:
        first = binder.bind((_limited(at_least) - half) // USUAL_SCALE + 1, "Int64")
        conditions.append(f"(scale_factor != {USUAL_SCALE} OR viewport_width >= {first})")
    if at_most is not None:
        last = binder.bind((_limited(at_most) + half) // USUAL_SCALE, "Int64")
        conditions.append(f"(scale_factor != {USUAL_SCALE} OR viewport_width <= {last})")
    return conditions


def _twice(px: int, binder: Binder) -> str:
    return binder.bind(_limited(2 * px), "Int64")


def _limited(px: int) -> int:
    return max(-_LIMIT, min(_LIMIT, px))
