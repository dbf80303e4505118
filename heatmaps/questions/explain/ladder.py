"""What each filter leaves, from one reading of a project's interactions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.population.binding import Binder
from heatmaps.population.filters import Filters
from heatmaps.population.firsts import FIRST
from heatmaps.population.layout import PLAIN, Layout
from heatmaps.population.predicates import by_filter, is_pointed_at
from heatmaps.population.sql import Rows, filtered, sql_file, with_slot

# In the order of the ladder. All but the first have a bit.
STEPS = (
    *("project", "dates", "type", "url", "viewport", "hide_zero_coordinates"),
    *("test_accounts", "cohorts", "events", "first_in_session"),
)


class Counted(NamedTuple):
    """How many interactions pass the same filters. `passed` are the bits of these filters; where `left_out` is not
    ALL_OF_THEM, only first ones are counted, of those that pass all filters but that of its bit. `kind` and `width` as
    ladder.sql says."""

    left_out: int
    passed: int
    kind_number: int
    kind: str
    width: int
    count: int  # type: ignore[assignment]  # the column's name, which hides a method of tuples
    first_seen: datetime
    last_seen: datetime


ALL_OF_THEM = -1


@dataclass(frozen=True, slots=True)
class Ladder:
    """The counts, and the bit of each filter."""

    counted: Sequence[Counted]
    bits: dict[str, int]
    filters: Filters

    def steps(self) -> list[tuple[str, int]]:
        """Each filter that is in use with what it and all before it leave."""
        counts = Counter[int]()
        for row in self._all():
            counts[row.passed] += row.count
        found, needed = [("project", counts.total())], 0
        for name in self.in_use():
            needed |= self.bits[name]
            found.append((name, sum(count for passed, count in counts.items() if passed & needed == needed)))
        if self.filters.first_in_session:
            found.append(("first_in_session", sum(row.count for row in self.without(None))))
        return found

    def in_use(self) -> list[str]:
        """The filters that can leave something out of what is asked for, but for project and first_in_session."""
        return [
            name
            for name in STEPS
            if name in self.bits and (name != "hide_zero_coordinates" or self.filters.hides_zero_coordinates)
        ]

    def without(self, name: str | None) -> list[Counted]:
        """What passes all filters, one left out."""
        bit, all_bits = self.bits.get(name or "", 0), sum(self.bits.values())
        if self.filters.first_in_session and name != "first_in_session":
            return [row for row in self.counted if row.left_out == bit]
        return [row for row in self._all() if row.passed | bit == all_bits]

    def last_seen(self) -> datetime | None:
        """The newest interaction of the project."""
        return max((row.last_seen for row in self._all()), default=None)

    def _all(self) -> list[Counted]:
        return [row for row in self.counted if row.left_out == ALL_OF_THEM]


def ladder(filters: Filters, layout: Layout) -> Ladder:
    query, bits = ladder_query(filters, layout)
    return Ladder(engine.rows(query, Counted), bits, filters)


def ladder_query(filters: Filters, layout: Layout = PLAIN) -> tuple[Query, dict[str, int]]:
    """Rows as Counted, and the bit of each filter that is in use."""
    binder = Binder()
    binder.name("team_id", filters.team_id)
    conditions = by_filter(filters, layout, binder, urls_of_all_types=True)
    # Where another type is asked for instead, this filter has something to leave out, even if scroll depths are now.
    conditions.pop("placed", None)
    if filters.hide_zero_coordinates:
        conditions["hide_zero_coordinates"] = is_pointed_at(layout)
    bits = {name: 1 << place for place, name in enumerate(conditions)}
    binder.name("all", sum(bits.values()))
    passed = " + ".join(f"toUInt16({conditions[name]}) * {bit}" for name, bit in bits.items())
    if filters.first_in_session:
        binder.name("bits", [0, *bits.values()])
        sql = with_slot(sql_file(__file__, "ladder_of_firsts.sql"), "first", FIRST)
    else:
        binder.name("type_bit", bits["type"])
        binder.name("viewport_bit", bits.get("viewport", 0))
        sql = sql_file(__file__, "ladder.sql")
    sql = with_slot(sql, "passed", passed)
    return Query(filtered(sql, Rows(conditions=()), layout), binder.parameters), bits
