"""The heatmap's answer, drawn."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings

from heatmaps.drawing import bands, files, layers, marks
from heatmaps.drawing.counting import count_around
from heatmaps.drawing.palettes import DIVERGING
from heatmaps.drawing.sheet import Sheet
from heatmaps.drawing.svg import svg
from heatmaps.engine import EngineBusy
from heatmaps.engine.slots import FairSemaphore
from heatmaps.population.filters import Aggregation
from heatmaps.questions.heatmap.image import found
from heatmaps.questions.heatmap.image.question import ImageQuestion
from heatmaps.replies.pictures import Picture

# What the first screenful is where nobody's is known, as in the viewer.
_SCREEN_PX = 600
# A picture with a line for the fold goes on for this much below it.
_BELOW_FOLD_PX = 20
# Pictures whose cells are held at once, some of them until they may be drawn, and those of one project.
_MOST_HELD, _MOST_HELD_OF_ONE = 4, 2
_MATCHED, _MATCHED_AGAINST, _BELOW = "Heatmaps-Matched", "Heatmaps-Matched-Against", "Heatmaps-Cells-Below"
HEADERS = {
    _MATCHED: "How many interactions the filters leave.",
    _MATCHED_AGAINST: "The same of side b, with `against`.",
    _BELOW: "How many cells are further down than the picture ends; not told of scroll depth.",
}
_NOUNS = {
    Aggregation.TOTAL_COUNT: "interactions",
    Aggregation.UNIQUE_VISITORS: "visitors",
    Aggregation.UNIQUE_PERSONS: "persons",
}


def answer(question: ImageQuestion) -> Picture:
    team_id = question.filters.team_id
    with _place_of(_held(), team_id):
        if question.is_depth:
            return _drawn_depths(question, found.depths(question))
        return _drawn_cells(question, found.cells(question))


@cache
def _held() -> FairSemaphore:
    return FairSemaphore(_MOST_HELD, _MOST_HELD_OF_ONE)


@cache
def _drawing() -> FairSemaphore:
    return FairSemaphore(settings.IMAGE_MAX_DRAWINGS)


@contextmanager
def _place_of(places: FairSemaphore, team_id: int) -> Iterator[None]:
    if not places.acquire(team_id, settings.CLICKHOUSE_QUEUE_SECONDS):
        raise EngineBusy("All places for pictures stayed taken (IMAGE_MAX_DRAWINGS).", code=202)
    try:
        yield
    finally:
        places.release(team_id)


# --- Cells ---------------------------------------------------------------------------------------------------------


def _drawn_cells(question: ImageQuestion, cells: found.FoundCells) -> Picture:
    fold_height = _SCREEN_PX if cells.fold_height is None else cells.fold_height
    screen = max(fold_height, question.radius)
    height = question.height or min(question.max_height, _height(question, cells, screen))
    sheet = _sheet(question, height)
    with _place_of(_drawing(), question.filters.team_id):
        drawn, hottest = _heat(question, cells, sheet, min(height, screen))
        above = []
        if question.with_fold and cells.fold_height is not None:
            above.append(marks.fold_mark(sheet, cells.fold_height))
        if question.with_legend and hottest:
            above.append(marks.legend_mark(sheet, _legend_of_cells(question, hottest, cells.unit)))
        content = _written(question.format, sheet, drawn, above)
    below = int((cells.of_page.ys >= height).sum())
    headers = _headers(cells.matched) | {_BELOW: str(below)}
    return Picture(content=content, format=question.format, headers=headers)


def _height(question: ImageQuestion, cells: found.FoundCells, screen: int) -> int:
    """Down to the deepest cell, with all that is seen of it; what is fixed is within the first screenful."""
    of_page = int(cells.of_page.ys.max(initial=-question.radius)) + question.radius
    of_screen = min(screen, int(cells.of_screen.ys.max(initial=-question.radius)) + question.radius)
    fold = cells.fold_height + _BELOW_FOLD_PX if question.with_fold and cells.fold_height is not None else 0
    is_empty = not (len(cells.of_page.ys) or len(cells.of_screen.ys))
    return max(1, of_page, of_screen, fold, _SCREEN_PX if is_empty else 0)


def _heat(
    question: ImageQuestion, cells: found.FoundCells, sheet: Sheet, screen: int
) -> tuple[list[layers.Layer], int]:
    """The page, and what is fixed to the screen above it, on one scale; and the hottest value of both."""
    counted = [
        (some, height, count_around(some, width=sheet.width, height=height, radius=question.radius))
        for some, height in ((cells.of_page, sheet.height), (cells.of_screen, screen))
        if len(some.values)
    ]
    hottest = max((places.hottest for _, _, places in counted), default=0)
    return [
        layers.heat(places, some, sheet, hottest=hottest, height=height) for some, height, places in counted
    ], hottest


def _legend_of_cells(question: ImageQuestion, hottest: int, unit: int) -> marks.Legend:
    noun = _NOUNS[question.aggregation]
    if question.side_b:
        most = f"{hottest / unit:.3g}"
        ticks = ((0.0, f"-{most}"), (0.5, "0"), (1.0, f"+{most}"))
        return marks.Legend(ticks=ticks, unit=f"{noun} a visitor, more or less, within {question.radius} px")
    # Near the middle.
    quarter = round(hottest / 4)
    between = [(math.sqrt(quarter / hottest), f"{quarter:,}")] if quarter else []
    return marks.Legend(ticks=((0.0, "0"), *between, (1.0, f"{hottest:,}")), unit=f"{noun} within {question.radius} px")


# --- Scroll depth --------------------------------------------------------------------------------------------------


def _drawn_depths(question: ImageQuestion, depths: found.FoundBands) -> Picture:
    deepest = depths.bands[-1].bottom if depths.bands else _SCREEN_PX
    sheet = _sheet(question, question.height or min(question.max_height, max(1, deepest)))
    legend = _legend_of_depths(question, depths.largest) if question.with_legend and depths.bands else None
    if question.format == "svg":
        content = svg(depths.bands, sheet, legend)
    else:
        above = [marks.legend_mark(sheet, legend)] if legend else []
        with _place_of(_drawing(), question.filters.team_id):
            content = _written(question.format, sheet, [bands.rows(depths.bands, sheet)], above)
    return Picture(content=content, format=question.format, headers=_headers(depths.matched))


def _legend_of_depths(question: ImageQuestion, largest: float) -> marks.Legend:
    noun = _NOUNS[question.aggregation]
    if question.side_b:
        most = f"{100 * largest:.3g} %"
        return marks.Legend(
            ticks=((0.0, f"-{most}"), (0.5, "0 %"), (1.0, f"+{most}")), unit=f"more or less of {noun} got this far"
        )
    return marks.Legend(ticks=((0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")), unit=f"of {noun} got this far")


# -------------------------------------------------------------------------------------------------------------------


def _sheet(question: ImageQuestion, height: int) -> Sheet:
    return Sheet(
        width=question.width,
        height=height,
        opacity=question.opacity,
        palette=DIVERGING if question.side_b else question.palette,
        background=question.background,
    )


def _written(format: str, sheet: Sheet, drawn: list[layers.Layer], above: list[layers.Mark]) -> bytes:  # noqa: A002
    strips = layers.strips(sheet, drawn, above)
    return files.webp(strips, sheet) if format == "webp" else files.png(strips, sheet)


def _headers(matched: tuple[int, ...]) -> dict[str, str]:
    return {name: str(number) for name, number in zip((_MATCHED, _MATCHED_AGAINST), matched, strict=False)}
