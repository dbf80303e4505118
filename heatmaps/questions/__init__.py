"""The register of questions. Routes, views, the OpenAPI document and the tests take every list from here.

To add a question, make a folder with its SQL, its form and its answer, and name its entry below.
"""

from typing import Any

from heatmaps.questions import (
    areas,
    capture_pages,
    compare,
    element_stats,
    element_values,
    explain,
    heatmap,
    interactions,
    pages,
)
from heatmaps.questions.entry import Entry
from heatmaps.questions.heatmap import image

REGISTER: tuple[Entry[Any], ...] = (
    heatmap.ENTRY,
    interactions.ENTRY,
    pages.ENTRY,
    explain.ENTRY,
    compare.ENTRY,
    areas.ENTRY,
    element_stats.ENTRY,
    element_values.ENTRY,
    capture_pages.ENTRY,
    image.ENTRY,
)
