"""The picture without a browser: what is drawn is what a slow drawing of the heatmap's own answer is."""

import io
import random
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import orjson
import pytest
from django.http.response import HttpResponseBase
from numpy.typing import NDArray
from PIL import Image
from pytest_django import Settings

from heatmaps.drawing import files
from heatmaps.drawing.counting import Cells, count_around
from heatmaps.drawing.palettes import PALETTES
from heatmaps.drawing.softness import weighed
from heatmaps.engine import clients
from heatmaps.questions.heatmap.image.answer import _drawing, _held
from heatmaps.questions.heatmap.queries import SCREENS
from tests import image_reference
from tests.conftest import Api, Interactions, body, document
from tests.image_reference import Cell, Drawing

PATH = "/api/projects/1/heatmaps/image/"
INFERNO = image_reference.mixed(PALETTES["inferno"].split(), 256)
DIVERGING_STOPS = ["0b3c7d", "1f63b0", "4f93d2", "9cc4e8", "f2f0eb", "f9c58d", "f0913a", "d05f0a", "8a3a00"]
DIVERGING = image_reference.mixed(DIVERGING_STOPS, 511)
# The background that a picture is seen over, in a comparison.
WHITE = 255.0


def ask(api: Api, **parameters: Any) -> HttpResponseBase:
    response = api.get(PATH, parameters)
    assert response.status_code == 200, body(response)
    return response


def pixels(response: HttpResponseBase) -> NDArray[np.float64]:
    """Rows of pixels of red, green, blue and opacity, as they stand in the file."""
    picture = Image.open(io.BytesIO(body(response)))
    assert picture.mode == "RGBA"
    return np.asarray(picture).astype(np.float64)


def seen(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """How it looks over a white page."""
    alpha = picture[:, :, 3:] / 255
    return picture[:, :, :3] * alpha + WHITE * (1 - alpha)


def assert_alike(picture: NDArray[np.float64], reference: list[list[image_reference.Pixel]]) -> None:
    """Nearly everywhere no more than one step of 255 apart, seen over white. Each step of mixing colours is rounded to
    one of 255, so that a few pixels are further off."""
    wanted = np.array(reference)
    apart = np.abs(seen(picture) - (wanted[:, :, :3] + WHITE * (1 - wanted[:, :, 3:])))
    assert (apart <= 1).mean() >= 0.95
    assert apart.max() <= 2.5
    assert np.abs(picture[:, :, 3] - 255 * wanted[:, :, 3]).max() <= 2


def alpha_at(picture: NDArray[np.float64], x: float, y: float) -> float:
    return float(picture[round(y), round(x), 3])


def cells_of(points: list[dict[str, Any]], width: int, *, is_fixed: bool) -> list[Cell]:
    return [
        Cell(x=one["pointer_relative_x"] * width, y=one["pointer_y"], value=one["count"])
        for one in points
        if one["pointer_target_fixed"] is is_fixed
    ]


def some_rows(seed: int) -> list[dict[str, Any]]:
    """On a page of 160 px, of which a screen shows 64; some of it beside or above the page, or further down."""
    chance = random.Random(seed)  # noqa: S311 -- the same rows in every run
    places = [(chance.randint(-1, 66), chance.randint(-1, 12), chance.random() < 0.3) for _ in range(12)]
    return [
        {"x": x, "y": y, "pointer_target_fixed": is_fixed, "viewport_height": 4, "distinct_id": chance.choice("abc")}
        for x, y, is_fixed in places
        for _ in range(chance.randint(1, 5))
    ]


@pytest.mark.parametrize(
    ("seed", "radius", "opacity", "aggregation"),
    [(1, 24, 0.8, "total_count"), (2, 7, 1, "unique_visitors"), (3, 40, 0.5, "total_count"), (4, 1, 1, "total_count")],
)
def test_a_picture_is_the_slow_drawing_of_all_points(
    api: Api, interactions: Interactions, seed: int, radius: int, opacity: float, aggregation: str
) -> None:
    interactions.add_all(some_rows(seed))
    points = api.points(limit=0, aggregation=aggregation)
    how = Drawing(width=320, height=160, radius=radius, opacity=opacity, colours=INFERNO, screen=64)
    reference = image_reference.drawn(cells_of(points, 320, is_fixed=False), cells_of(points, 320, is_fixed=True), how)
    asked = {"width": 320, "height": 160, "radius": radius, "opacity": opacity, "aggregation": aggregation}
    picture = pixels(ask(api, **asked))
    assert picture.shape == (160, 320, 4)
    assert picture.any()
    assert_alike(picture, reference)
    assert np.array_equal(pixels(ask(api, **asked, format="webp")), picture)
    over_blue = pixels(ask(api, **asked, background="0000ff"))
    assert (over_blue[:, :, 3] == 255).all()
    assert np.abs(over_blue[:, :, 0] - np.array(reference)[:, :, 0]).max() <= 3


@pytest.mark.parametrize("radius", [32, 48, 64, 100])
def test_a_lone_spot_is_whole_in_its_middle_and_all_but_gone_at_its_edge(radius: int) -> None:
    x, y = 300, 301
    cell = Cells(xs=np.array([x / 600]), ys=np.array([y]), values=np.array([1]))
    places = count_around(cell, width=600, height=600, radius=radius)
    soft = weighed(places, cell)
    across, down = ((np.arange(length) + 0.5) * places.grain for length in reversed(soft.shape))
    away = np.hypot(across[None, :] - x, down[:, None] - y)
    edge = (away <= radius) & (away > radius - places.grain)
    assert soft[away < radius / 2].min() == 1
    assert 0 < soft[edge].mean() < 0.05
    assert soft[away > radius].max() == 0


def test_a_picture_of_two_sides_is_orange_where_side_a_has_more_and_blue_where_it_has_less(
    api: Api, interactions: Interactions
) -> None:
    """Whole numbers of each visitor of a side: 2 visitors in a, 3 in b."""
    of_a = [{"x": 16, "distinct_id": "a1"}, {"x": 16, "distinct_id": "a2"}, {"x": 32, "distinct_id": "a1"}]
    of_b = [{"x": x, "distinct_id": f"b{x}"} for x in (32, 48, 49)]
    interactions.add_all([row | {"y": 4, "viewport_width": 64} for row in of_a])
    interactions.add_all([row | {"y": 4, "viewport_width": 80} for row in of_b])
    sides = {"viewport_width_max": 1024, "against": '{"viewport_width_min":1280,"viewport_width_max":null}'}
    response = ask(api, **sides, width=320, height=128, radius=20)
    assert (response["Heatmaps-Matched"], response["Heatmaps-Matched-Against"]) == ("3", "3")
    # x is a share of the width: 16 of 64, 32 of 64; 32, 48 and 49 of 80, in hundredths.
    cells = [
        Cell(x=0.25 * 320, y=64, value=2 * 3),
        Cell(x=0.5 * 320, y=64, value=1 * 3),
        *(Cell(x=share * 320, y=64, value=-1 * 2) for share in (0.4, 0.6, 0.61)),
    ]
    how = Drawing(width=320, height=128, radius=20, opacity=0.8, colours=DIVERGING, screen=768)
    picture = pixels(response)
    assert_alike(picture, image_reference.drawn(cells, [], how))
    red, _, blue, _ = picture[64, 80]
    assert red > blue
    red, _, blue, _ = picture[64, 200]
    assert red < blue
    # With both sides alike there is nothing to see.
    same = ask(api, against='{"hide_zero_coordinates":false}', width=320)
    assert (same["Heatmaps-Matched"], same["Heatmaps-Matched-Against"]) == ("6", "6")
    assert not pixels(same).any()


def test_all_cells_count(api: Api, interactions: Interactions) -> None:
    """More than the list returns where nothing is said of a limit."""
    interactions.add_all([{"x": x, "y": y} for x in range(64) for y in range(10)])
    response = ask(api)
    assert (response["Heatmaps-Matched"], response["Heatmaps-Cells-Below"]) == ("639", "0")
    picture = pixels(response)
    assert all(alpha_at(picture, x / 64 * 1280, y * 16 + 1) for x in range(1, 64) for y in range(10))


def test_the_height_is_that_of_the_deepest_cell_or_as_asked(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"y": 50, "viewport_height": 10}, {"y": 30, "pointer_target_fixed": True}])
    assert pixels(ask(api, radius=30)).shape == (830, 1280, 4)
    cut = ask(api, width=640, height=400)
    assert pixels(cut).shape == (400, 640, 4)
    assert cut["Heatmaps-Cells-Below"] == "1"
    interactions.add(y=20_000)
    assert pixels(ask(api, width=1280)).shape == (19_531, 1280, 4)
    assert pixels(ask(api, width=320)).shape == (20_000, 320, 4)
    webp = ask(api, width=320, format="webp")
    assert (pixels(webp).shape, webp["Heatmaps-Cells-Below"]) == ((16_383, 320, 4), "1")


@pytest.mark.parametrize("name", ["png", "webp"])
def test_a_picture_may_be_one_pixel_high(api: Api, interactions: Interactions, name: str) -> None:
    interactions.add()
    assert api.get("/api/projects/1/heatmaps/image/", {"height": 1, "width": 320, "format": name}).status_code == 200


def test_what_is_fixed_is_drawn_in_the_first_screenful(api: Api, interactions: Interactions) -> None:
    rows = [{"x": 32, "y": 5, "pointer_target_fixed": True}, {"x": 16, "y": 30, "pointer_target_fixed": True}]
    interactions.add_all([row | {"viewport_height": 20} for row in rows])
    picture = pixels(ask(api))
    # As high as a screen is: what is fixed below its end is on no screen of half of the visitors.
    assert picture.shape == (320, 1280, 4)
    assert alpha_at(picture, 640, 80)
    assert not alpha_at(picture, 320, 319)
    interactions.add(y=40, viewport_height=20)
    assert pixels(ask(api)).shape == (664, 1280, 4)


def test_nothing_is_an_empty_picture(api: Api, interactions: Interactions) -> None:
    interactions.add(team_id=2)
    for parameters in ({}, {"type": "scrolldepth"}, {"against": "previous", "legend": True}):
        response = ask(api, **parameters)
        assert response["Heatmaps-Matched"] == "0"
        picture = pixels(response)
        assert picture.shape == (600, 1280, 4)
        assert not picture.any()


def test_cells_are_those_of_the_grid_and_without_those_of_few_visitors(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"x": 16, "y": 4, "distinct_id": one} for one in "abc"])
    interactions.add_all([{"x": 48, "y": 4, "distinct_id": one} for one in "aaaa"])
    few = ask(api, min_visitors=2)
    assert few["Heatmaps-Matched"] == "7"
    assert alpha_at(pixels(few), 320, 64)
    assert not alpha_at(pixels(few), 960, 64)
    # In the middle of the 50 hundredths from 25 to 75, and of the 64 px from 64 to 128.
    grid = pixels(ask(api, cell_width=50, cell_height=64, radius=10))
    assert alpha_at(grid, (0.5 + 24.5 / 100) * 1280, 64 + 24)
    assert alpha_at(grid, 24.5 / 100 * 1280, 64 + 24)
    assert not alpha_at(grid, 640, 64)
    # Where either side has too few, nothing is told of both.
    interactions.add_all([{"x": 16, "y": 4, "distinct_id": one, "viewport_width": 128} for one in "ab"])
    against = {"viewport_width_max": 1040, "against": '{"viewport_width_max":null,"viewport_width_min":2000}'}
    assert pixels(ask(api, **against)).any()
    assert not pixels(ask(api, **against, min_visitors=5)).any()


def test_the_legend_and_the_fold_are_drawn_where_they_are_asked_for(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{"viewport_height": 20}] * 8)
    plain = pixels(ask(api))
    assert not plain[:, 700:].any()
    fold = pixels(ask(api, fold=True))
    assert fold.shape == (340, 1280, 4)
    assert (fold[320:322] == (214, 40, 40, 255)).all()
    assert np.array_equal(fold[:320], pixels(ask(api, height=340))[:320])
    legend = pixels(ask(api, legend=True, height=100))
    assert legend[12:40, 1000:1268, 3].all()
    # Also where a mark lies across the strips that a picture is drawn in.
    wide = pixels(ask(api, legend=True, fold=True, width=3840))
    assert np.array_equal(wide[12:74, 3840 - 292 :], legend[12:74, 1280 - 292 :])
    assert (wide[320:322] == (214, 40, 40, 255)).all()
    interactions.add_all([{"viewport_width": 128, "x": 60}] * 2)
    against = '{"viewport_width_max":null,"viewport_width_min":2000}'
    difference = pixels(ask(api, legend=True, viewport_width_max=1040, against=against))
    # From blue to orange.
    assert difference[25, 1000, 2] > difference[25, 1000, 0]
    assert difference[25, 1250, 0] > difference[25, 1250, 2]


# --- Scroll depth --------------------------------------------------------------------------------------------------


@pytest.fixture
def depths(interactions: Interactions) -> list[tuple[int, float]]:
    """The buckets, and the share of those who got there."""
    rows = [("ann", 0), ("ann", 13), ("bob", 13), ("bob", 40)]
    interactions.add_all(
        [{"type": "scrolldepth", "y": y, "viewport_height": 20, "distinct_id": who} for who, y in rows]
    )
    return [(300, 1.0), (500, 0.75), (900, 0.25)]


def test_bands_have_the_colour_of_the_share_that_got_there(api: Api, depths: list[tuple[int, float]]) -> None:
    response = ask(api, type="scrolldepth", opacity=1, width=320)
    assert response["Heatmaps-Matched"] == "4"
    picture = pixels(response)
    assert picture.shape == (900, 320, 4)
    taller = pixels(ask(api, type="scrolldepth", opacity=1, width=320, height=1000))
    assert np.array_equal(taller[:900], picture)
    for row, share in enumerate(image_reference.bands(depths, 1000)):
        wanted = (0, 0, 0, 0) if share is None else (*INFERNO[round(255 * share)], round(255 * 0.6))
        assert (taller[row] == wanted).all(), row
    # Two buckets have one visitor each. They are no bands of their own, and still count in those above.
    few = pixels(ask(api, type="scrolldepth", opacity=1, width=320, min_visitors=2))
    assert np.array_equal(few[:500], np.broadcast_to(few[0], (500, 320, 4)))
    assert tuple(few[0, 0]) == (*INFERNO[round(255 * 0.75)], round(255 * 0.6))
    assert few.shape == (500, 320, 4)


def test_bands_as_a_drawing_are_the_same(api: Api, depths: list[tuple[int, float]]) -> None:
    response = ask(api, type="scrolldepth", format="svg", background="#fff", legend=True)
    assert response["Content-Type"] == "image/svg+xml"
    root = ET.fromstring(body(response))  # noqa: S314 -- our own
    assert (root.get("width"), root.get("height")) == ("1280", "900")
    ground, *bands = root.findall("{*}rect")
    assert ground.get("fill") == "#ffffff"
    told = [tuple(band.get(name) for name in ("y", "height", "fill", "fill-opacity")) for band in bands]
    opacity = f"{round(255 * 0.8 * 0.6) / 255:.4g}"
    tops = [0, 300, 500]
    assert told == [
        (str(top), str(bottom - top), f"#{bytes(INFERNO[round(255 * share)]).hex()}", opacity)
        for top, (bottom, share) in zip(tops, depths, strict=True)
    ]
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["0 %", "50 %", "100 %", "of interactions got this far"]


@pytest.mark.usefixtures("depths")
def test_bands_of_two_sides_differ_by_the_share_that_got_there(api: Api, interactions: Interactions) -> None:
    """Of b half got to 500 px and nobody further, of a three quarters, and a quarter to 900."""
    interactions.add_all(
        [{"type": "scrolldepth", "y": y, "viewport_height": 20, "viewport_width": 128} for y in (0, 13)]
    )
    a, b = {"viewport_width_max": 1040, "viewport_width_min": None}, {"viewport_width_min": 2000}
    asked = {"type": "scrolldepth", "width": 320, "opacity": 1}
    of_b = orjson.dumps(b | {"viewport_width_max": None}).decode()
    response = ask(api, **asked, viewport_width_max=1040, against=of_b)
    assert (response["Heatmaps-Matched"], response["Heatmaps-Matched-Against"]) == ("4", "2")
    picture = pixels(response)
    assert picture.shape == (900, 320, 4)
    assert not picture[:300].any()
    assert (picture[300:] == (*DIVERGING[510], round(255 * 0.6))).all()
    other_way = pixels(ask(api, **asked, **b, against=orjson.dumps(a).decode()))
    assert (other_way[300:] == (*DIVERGING[0], round(255 * 0.6))).all()
    # The largest difference is a quarter.
    drawing = body(ask(api, **asked, **b, against=orjson.dumps(a).decode(), legend=True, format="svg")).decode()
    assert ">-25 %</text>" in drawing
    # Where a side has nobody, nothing can be said; where too few got on a side, nothing is.
    nobody = ask(api, **asked, against='{"viewport_width_min":5000}')
    assert (nobody["Heatmaps-Matched"], nobody["Heatmaps-Matched-Against"]) == ("6", "0")
    assert not pixels(nobody).any()
    assert not pixels(ask(api, **asked, **b, against=orjson.dumps(a).decode(), min_visitors=2)).any()


# --- What is refused, and how a picture is sent --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "attr"),
    [
        ({"width": 319}, "width"),
        ({"width": 3841}, "width"),
        ({"height": -1}, "height"),
        ({"height": 20_001}, "height"),
        ({"width": 1251, "height": 20_000}, "height"),
        ({"radius": 0}, "radius"),
        ({"radius": 201}, "radius"),
        ({"opacity": 1.1}, "opacity"),
        ({"opacity": "nan"}, "opacity"),
        ({"palette": "jet"}, "palette"),
        ({"background": "white"}, "background"),
        ({"background": "#ffff"}, "background"),
        ({"legend": "perhaps"}, "legend"),
        ({"fold": "2"}, "fold"),
        ({"format": "gif"}, "format"),
        ({"format": "json"}, "format"),
        ({"format": "svg"}, "format"),
        ({"format": "webp", "height": 16_384, "width": 320}, "height"),
        ({"against": '{"width":400}'}, "against"),
        ({"cell_height": 17}, "cell_height"),
        ({"min_visitors": 0}, "min_visitors"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_its_name(api: Api, asked: dict[str, Any], attr: str) -> None:
    response = api.get(PATH, asked)
    assert (response.status_code, document(response)["attr"]) == (400, attr), body(response)
    assert response["Content-Type"] == "application/json"


def test_the_accept_header_chooses_where_no_format_is_named(api: Api, interactions: Interactions) -> None:
    interactions.add(type="scrolldepth")
    asked = {"type": "scrolldepth", "width": 320, "height": 16}
    of_browsers = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
    for accept, media_type in {
        "*/*": "image/png",
        of_browsers: "image/png",
        "image/webp": "image/webp",
        "image/svg+xml": "image/svg+xml",
    }.items():
        assert api.get(PATH, asked, accept=accept)["Content-Type"] == media_type
    assert api.get(PATH, asked | {"format": "webp"}, accept="application/json")["Content-Type"] == "image/webp"
    refused = api.get(PATH, asked, accept="application/json")
    assert (refused.status_code, document(refused)["code"]) == (406, "not_acceptable")


def test_a_picture_may_be_kept_has_a_name_and_is_not_compressed_again(api: Api, interactions: Interactions) -> None:
    interactions.add_all([{}, {"type": "scrolldepth"}])
    for parameters, is_compressed in (({}, False), ({"format": "webp"}, False), ({"format": "svg"}, True)):
        response = api.get(PATH, parameters | {"type": "scrolldepth", "legend": True}, accept_encoding="gzip")
        assert response.has_header("Content-Encoding") is is_compressed
        assert response["Cache-Control"] == "private, max-age=30"
        ending = parameters.get("format", "png")
        assert response["Content-Disposition"] == f'inline; filename="heatmaps-image-of-project-1.{ending}"'
    environment = api.get("/api/environments/1/heatmaps/image/")
    assert body(environment) == body(ask(api))


def test_the_engine_is_free_while_a_picture_is_drawn(
    api: Api, interactions: Interactions, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    interactions.add()
    free: list[int] = []
    written = files.png

    def write(*parameters: Any) -> bytes:
        free.append(clients.readers()._places._free)
        return written(*parameters)

    monkeypatch.setattr(files, "png", write)
    ask(api)
    assert free == [settings.CLICKHOUSE_MAX_QUERIES]


def test_no_more_pictures_are_drawn_at_once_than_there_are_places(
    api: Api, interactions: Interactions, settings: Settings
) -> None:
    interactions.add()
    settings.CLICKHOUSE_QUEUE_SECONDS = 0
    assert _drawing().acquire("another", 0)
    try:
        response = api.get(PATH)
    finally:
        _drawing().release("another")
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert not _held()._held
    ask(api)


def test_more_cells_than_the_engine_may_answer_are_told(
    api: Api, interactions: Interactions, settings: Settings
) -> None:
    interactions.add_all([{"x": x} for x in range(1, 4)])
    # Three cells, and room for as many screens as the first question has.
    settings.CLICKHOUSE_MAX_RESULT_ROWS = 3 + SCREENS + 2
    ask(api)
    settings.CLICKHOUSE_MAX_RESULT_ROWS -= 1
    response = api.get(PATH)
    assert (response.status_code, document(response)["type"]) == (513, "server_error")
    assert "cell_width" in document(response)["detail"]
