"""Colours as colour-blind eyes have them: the order is seen by lightness, and steps are told apart."""

import math
import re
from itertools import pairwise
from pathlib import Path

import pytest

from heatmaps.drawing.palettes import stops as stops_of_picture
from heatmaps.viewer import views

Vector = tuple[float, float, float]
FILES = Path(views.__file__).parent / "static" / "viewer"
# What is left of red, green and blue of light: G. M. Machado et al., 2009, at full severity.
EYES = {
    "all": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
WHITE = (0.95047, 1.0, 1.08883)
STEPS = 9
LEAST_APART = 5.0


def times(matrix: tuple[Vector, ...], vector: Vector) -> Vector:
    x, y, z = (sum(one * other for one, other in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def lab(colour: Vector, eye: str) -> Vector:
    """CIELAB of red, green and blue of 0 to 255, as an eye has it."""
    red, green, blue = (c / 12.92 if (c := part / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for part in colour)
    seen = times(EYES[eye], (red, green, blue))
    light = times(TO_XYZ, (min(1, max(0, seen[0])), min(1, max(0, seen[1])), min(1, max(0, seen[2]))))
    x, y, z = (
        t ** (1 / 3) if (t := part / white) > 0.008856 else 7.787 * t + 16 / 116
        for part, white in zip(light, WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one: Vector, other: Vector) -> float:
    return math.dist(one, other)


def shades(stops: list[Vector], count: int = STEPS) -> list[Vector]:
    """So many of what the viewer mixes between the stops."""
    found = []
    for step in range(count):
        place = step / (count - 1) * (len(stops) - 1)
        first = min(len(stops) - 2, int(place))
        red, green, blue = (a + (place - first) * (b - a) for a, b in zip(stops[first], stops[first + 1], strict=True))
        found.append((red, green, blue))
    return found


def palettes() -> dict[str, list[Vector]]:
    text = (FILES / "palettes.js").read_text()
    named = re.findall(r"^  (\w+): stops\((.*?)\)", text, re.MULTILINE | re.DOTALL)
    return {name: [tuple_of(code) for code in re.findall(r"\b[0-9a-f]{6}\b", codes)] for name, codes in named}


def tuple_of(code: str) -> Vector:
    red, green, blue = bytes.fromhex(code)
    return red, green, blue


def differences(name: str) -> list[Vector]:
    """The stops for less or for more, from the weakest to the strongest."""
    (codes,) = re.findall(rf"const {name} = \[(.*)\];", (FILES / "two_colours.js").read_text())
    return [(int(r), int(g), int(b)) for r, g, b in re.findall(r"\[(\d+), (\d+), (\d+)\]", codes)]


def test_the_viewer_has_three_palettes_of_which_two_are_those_of_the_picture() -> None:
    assert list(palettes()) == ["inferno", "viridis", "cividis"]
    for name in ("viridis", "cividis"):
        assert palettes()[name] == [colour for _, colour in stops_of_picture(name)]


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("name", ["inferno", "viridis", "cividis"])
def test_the_order_of_a_palette_is_seen_with_all_eyes(name: str, eye: str) -> None:
    seen = [lab(shade, eye) for shade in shades(palettes()[name])]
    assert all(one[0] < other[0] for one, other in pairwise(seen))
    assert min(apart(one, other) for one, other in pairwise(seen)) > LEAST_APART


@pytest.mark.parametrize("eye", EYES)
def test_less_and_more_are_told_apart_with_all_eyes(eye: str) -> None:
    less, more = ([lab(shade, eye) for shade in shades(differences(name), 5)] for name in ("LESS", "MORE"))
    for side in (less, more):
        assert all(one[0] > other[0] for one, other in pairwise(side))
        assert min(apart(one, other) for one, other in pairwise(side)) > LEAST_APART
    assert min(apart(one, other) for one, other in zip(less, more, strict=True)) > 4 * LEAST_APART


def test_a_palette_that_only_changes_its_hue_would_be_found_out() -> None:
    red_to_green = [lab(shade, "deuteranopia") for shade in shades([(200, 60, 0), (0, 110, 0)])]
    assert min(apart(one, other) for one, other in pairwise(red_to_green)) < LEAST_APART
