"""Pictures drawn slowly, place by place and pixel by pixel, in plain Python. They are as their documentation says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Red, green, blue and opacity from 0 to 1, the colours times the opacity.
Pixel = tuple[float, float, float, float]
Grid = list[list[float]]
Colours = Sequence[tuple[int, int, int]]

NOTHING: Pixel = (0, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """x and y in px, and what it counts for; less than nothing where side b has more."""

    x: float
    y: float
    value: float


def mixed(stops: Sequence[str], length: int) -> list[tuple[int, int, int]]:
    """So many colours from evenly spaced ones, given in hexadecimal."""
    named = [bytes.fromhex(stop) for stop in stops]
    colours = []
    for number in range(length):
        place = number / (length - 1) * (len(named) - 1)
        before = min(int(place), len(named) - 2)
        part = place - before
        red, green, blue = (
            round(one + part * (other - one)) for one, other in zip(named[before], named[before + 1], strict=True)
        )
        colours.append((red, green, blue))
    return colours


def counted(cells: Sequence[Cell], width: int, height: int, radius: float) -> tuple[Grid, float]:
    """What is within the radius of the middle of each place, and how many px places are apart."""
    grain = min(radius, max(2, math.sqrt(width * height / 1_500_000)))
    grid = [
        [
            sum(
                cell.value
                for cell in cells
                if math.hypot((column + 0.5) * grain - cell.x, (row + 0.5) * grain - cell.y) <= radius
            )
            for column in range(math.ceil(width / grain))
        ]
        for row in range(math.ceil(height / grain))
    ]
    return grid, grain


def softened(cells: Sequence[Cell], grid: Grid, grain: float, radius: float) -> Grid:
    """The same, each cell weighing the less, the further away it is: never more than what is counted."""
    rows, columns = len(grid), len(grid[0])
    sums = [[0.0] * columns for _ in range(rows)]
    for cell in cells:
        row, column = math.floor(cell.y / grain), min(columns - 1, max(0, math.floor(cell.x / grain)))
        if 0 <= row < rows:
            sums[row][column] += cell.value
    whole = math.floor(radius / grain)
    halves = [whole // 4, (whole + 1) // 4, (whole + 2) // 4, (whole + 3) // 4]
    for half in halves:
        rows_summed = [boxes(row, half) for row in sums]
        columns_summed = [boxes(list(column), half) for column in zip(*rows_summed, strict=True)]
        sums = [list(row) for row in zip(*columns_summed, strict=True)]
    of_all = math.prod(2 * half + 1 for half in halves) ** 2
    area = math.pi * (radius / grain) ** 2
    return [
        [
            min(value, most) if most >= 0 else max(value, most) if value < 0 else 0
            for value, most in zip([value / of_all * area for value in of_row], row, strict=True)
        ]
        for of_row, row in zip(sums, grid, strict=True)
    ]


def boxes(values: list[float], half: int) -> list[float]:
    return [sum(values[max(0, place - half) : place + half + 1]) for place in range(len(values))]


def painted(grid: Grid, soft: Grid, hottest: float, colours: Colours, opacity: float) -> list[list[Pixel]]:
    def pixel(value: float, weight: float) -> Pixel:
        if not value:
            return NOTHING
        warmth = math.floor(255 * math.sqrt(min(1, abs(value) / hottest)) + 0.5)
        red, green, blue = colours[warmth if len(colours) == 256 else 255 + int(math.copysign(warmth, value))]
        share = math.floor(255 * math.sqrt(min(1, max(0, weight / value * abs(value)) / hottest)) + 0.5) / 255
        alpha = round(255 * opacity * min(1, share / 0.45) ** 1.4) / 255
        return red * alpha, green * alpha, blue * alpha, alpha

    return [
        [pixel(value, weight) for value, weight in zip(row, of_row, strict=True)]
        for row, of_row in zip(grid, soft, strict=True)
    ]


def enlarged(places: list[list[Pixel]], grain: float, width: int, height: int) -> list[list[Pixel]]:
    """Pixels between the middles of four places are mixed of those."""

    def around(pixel: int, number: int) -> tuple[int, int, float]:
        at = (pixel + 0.5) / grain - 0.5
        before = math.floor(at)
        return max(0, before), min(number - 1, before + 1), at - before

    def between(one: Pixel, other: Pixel, part: float) -> Pixel:
        red, green, blue, alpha = (a + part * (b - a) for a, b in zip(one, other, strict=True))
        return red, green, blue, alpha

    pixels = []
    for y in range(height):
        upper, lower, down = around(y, len(places))
        line = [between(a, b, down) for a, b in zip(places[upper], places[lower], strict=True)]
        pixels.append([between(line[a], line[b], part) for a, b, part in (around(x, len(line)) for x in range(width))])
    return pixels


def over(above: Pixel, below: Pixel) -> Pixel:
    red, green, blue, alpha = (a + b * (1 - above[3]) for a, b in zip(above, below, strict=True))
    return red, green, blue, alpha


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What a picture is drawn with."""

    width: int
    height: int
    radius: float
    opacity: float
    colours: Colours
    # How tall the first screenful is.
    screen: int


def drawn(of_page: Sequence[Cell], of_screen: Sequence[Cell], how: Drawing) -> list[list[Pixel]]:
    """The page, and what is fixed to the screen above it, on one scale."""
    layers = [(of_page, how.height), (of_screen, min(how.height, max(how.screen, int(how.radius))))]
    grids = [counted(cells, how.width, height, how.radius) for cells, height in layers]
    hottest = max(abs(value) for grid, _ in grids for row in grid for value in row)
    picture = [[NOTHING] * how.width for _ in range(how.height)]
    for (cells, height), (grid, grain) in zip(layers, grids, strict=True):
        soft = softened(cells, grid, grain, how.radius)
        places = painted(grid, soft, hottest, how.colours, how.opacity)
        for y, line in enumerate(enlarged(places, grain, how.width, height)):
            picture[y] = [over(one, other) for one, other in zip(line, picture[y], strict=True)]
    return picture


def bands(depths: Sequence[tuple[int, float]], height: int) -> list[float | None]:
    """The share of those who got there, for each row of pixels; None where nobody did. `depths` are buckets with their
    shares, the shallowest first."""
    edges = [(0, 0.0), *depths]
    shares: list[float | None] = [None] * height
    for (top, _), (bottom, share) in pairwise(edges):
        shares[top:bottom] = [share] * (min(bottom, height) - min(top, height))
    return shares
