"""Made-up visitors of two sides of one page, many pages of them at once, to try comparisons on: the same rows for everyone,
made by the engine out of hashes of row numbers.

A visitor makes a few clicks. The first is on one of 2,000 places, some of which are far more popular than others; each
further one is on the same place as the one before as often as not. So a visitor's clicks hang together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from heatmaps.statistics import fisher
from heatmaps.statistics.sides import adjusted

PLACES = 2_000
COLUMNS = 50
DAY_A, DAY_B = "2026-03-30", "2026-03-29"
# Where the button is on side a, and where on side b: one row of the grid further down.
BUTTON, MOVED = 777, 777 + COLUMNS

INSERT = """
INSERT INTO heatmaps
    (session_id, team_id, distinct_id, timestamp, x, y, scale_factor, viewport_width, viewport_height,
     pointer_target_fixed, current_url, type)
WITH
    -- Chances, from 0 to 1, of a visitor, of a click of a visitor, and of a click as every side has it.
    (salt) -> sipHash64({seed:UInt64}, page, who, salt) / 18446744073709551616. AS of_visitor,
    (salt, click) -> sipHash64({seed:UInt64}, page, who, side * {is_new:UInt8}, salt, click) / 18446744073709551616. AS of_click
SELECT
    concat('session ', toString(who), ' ', toString(side)),
    {team_id:Int64},
    concat('visitor ', toString(page), ' ', toString(who)),
    toDateTime64(if(side = 0, {day_a:String}, {day_b:String}), 6, 'UTC') + toIntervalSecond(who % 80000),
    toInt16(place % {columns:UInt32} * 2),
    -- Nothing at x = 0, y = 0, which is left out.
    toInt16(intDiv(place, {columns:UInt32}) * 2 + 2),
    16, 100, 50, false,
    concat('https://shop.example.com/', toString(page)),
    'click'
FROM (
    SELECT
        page,
        side,
        who,
        toUInt32(if(of_visitor(1) < {heavy:Float64},
            30 + of_visitor(2) * 100, 1 + floor(log(1 - of_click(3, 0)) / log(0.6)))) AS clicks,
        of_visitor(4) < if(side = 0, {button_a:Float64}, {button_b:Float64}) AS uses_button,
        arrayJoin(arrayMap(
            click -> if(click = 1 AND uses_button, if(side = 0, {place_a:UInt32}, {place_b:UInt32}),
                toUInt32(pow(of_click(5,
                    arrayMax(arrayFilter(fresh -> fresh = 1 OR of_click(6, fresh) < 0.5, range(1, click + 1)))), 2.5)
                    * {places:UInt32})),
            range(1, clicks + 1))) AS place
    FROM (
        SELECT
            intDiv(number, {visitors_a:UInt64} + {visitors_b:UInt64}) AS page,
            number % ({visitors_a:UInt64} + {visitors_b:UInt64}) AS one,
            one >= {visitors_a:UInt64} AS side,
            -- Some visitors of side b are those of side a.
            if(side = 1 AND one - {visitors_a:UInt64} < {both:UInt64}, one - {visitors_a:UInt64}, one) AS who
        FROM numbers({pages:UInt64} * ({visitors_a:UInt64} + {visitors_b:UInt64}))
    )
)
"""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """So many visitors on each side, some of them on both, some who click thirty times as often; the part of each side
    that uses a button, which may be somewhere else on side b. Those on both sides do the same on both, unless they
    are `new` to it."""

    visitors_a: int
    visitors_b: int
    both: int = 0
    is_new: bool = True
    heavy: float = 0.0
    button_a: float = 0.0
    button_b: float = 0.0
    is_moved: bool = False

    def rows(self, *, pages: int, seed: int, team_id: int) -> dict[str, Any]:
        """What INSERT asks for."""
        return {
            "pages": pages,
            "seed": seed,
            "team_id": team_id,
            "day_a": DAY_A,
            "day_b": DAY_B,
            "visitors_a": self.visitors_a,
            "visitors_b": self.visitors_b,
            "both": self.both,
            "is_new": int(self.is_new),
            "heavy": self.heavy,
            "button_a": self.button_a,
            "button_b": self.button_b,
            "place_a": BUTTON,
            "place_b": MOVED if self.is_moved else BUTTON,
            "places": PLACES,
            "columns": COLUMNS,
        }


def question(page: int) -> dict[str, str]:
    """How the two sides of a page are compared: a day with the one before it."""
    url = f"https://shop.example.com/{page}"
    return {"url_exact": url, "date_from": DAY_A, "date_to": DAY_A, "against": "previous", "limit": "0"}


def place_of(result: dict[str, Any]) -> int:
    return int(result["pointer_relative_x"] * 50 + 0.5) + (int(result["pointer_y"]) // 32 - 1) * COLUMNS


def is_different(answer: dict[str, Any]) -> bool:
    """Whether a comparison says that anything differs."""
    return any(result["verdict"] in {"more", "less"} for result in answer["results"])


def finds_the_button(answer: dict[str, Any], *, is_moved: bool) -> bool:
    """Whether a comparison says of the button what became of it."""
    verdicts = {place_of(result): result["verdict"] for result in answer["results"]}
    if is_moved:
        return (verdicts.get(BUTTON), verdicts.get(MOVED)) == ("more", "less")
    return verdicts.get(BUTTON) == "less"


def false_alarms_elsewhere(answer: dict[str, Any]) -> tuple[int, int]:
    """Of the cells that are said to differ, how many are none of the button's; and how many there are."""
    found = [place_of(result) for result in answer["results"] if result["verdict"] in {"more", "less"}]
    return sum(place not in {BUTTON, MOVED} for place in found), len(found)


def naive_difference(answer: dict[str, Any]) -> tuple[bool, bool]:
    """Whether clicks, tested cell by cell as if each were a visitor's only one, differ at p < 0.05; and with Benjamini's
    and Hochberg's adjustment."""
    clicks = np.array([(one["a"]["count"], one["b"]["count"]) for one in answer["results"]], dtype=np.int64)
    n_a, n_b = clicks.sum(axis=0).tolist()
    p = fisher.p_values(clicks[:, 0], clicks[:, 1], n_a, n_b)
    return bool((p < 0.05).any()), bool((adjusted(p) <= 0.05).any())
