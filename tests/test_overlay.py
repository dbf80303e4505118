"""The script for sites and its modules, as they are served: small, and for every origin."""

import gzip
import re
from pathlib import Path

import pytest
from django.templatetags.static import static
from django.test import Client

from heatmaps.front.paths import Area, area_of
from heatmaps.viewer import overlay
from tests.conftest import body

IMPORT = re.compile(r'from "(\.{1,2}/[^"]+)"')
MODULES = overlay.LOADER.parent
LOADER_BYTES, ALL_BYTES = 1_000, 20_000


def modules() -> dict[Path, str]:
    """Every module that the overlay loads, with its text."""
    found: dict[Path, str] = {}
    waiting = [MODULES / "main.js"]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = path.read_text()
            waiting += [(path.parent / name).resolve() for name in IMPORT.findall(found[path])]
    return found


def test_the_script_is_for_every_page() -> None:
    response = Client().get("/overlay.js")
    assert (response.status_code, response["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Cache-Control"] == "public, max-age=600"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response.cookies == {}
    assert f'new URL("{static("viewer/overlay/main.js")}", src)' in body(response).decode()
    assert area_of("/overlay.js") == Area.STATIC
    assert Client().post("/overlay.js").status_code == 405
    again = Client().get("/overlay.js", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, body(again)) == (304, b"")


def test_the_script_is_below_a_kilobyte_compressed() -> None:
    plain = Client().get("/overlay.js")
    short = Client().get("/overlay.js", headers={"Accept-Encoding": "gzip, br, zstd"})
    assert (short["Content-Encoding"], "Content-Encoding" in plain) == ("gzip", False)
    assert "Accept-Encoding" in short["Vary"]
    assert len(body(short)) < LOADER_BYTES
    assert gzip.decompress(body(short)) == body(plain)


def test_all_of_it_is_below_20_kilobytes_compressed() -> None:
    sizes = {path.name: len(gzip.compress(text.encode(), 9)) for path, text in modules().items()}
    sizes["loader.js"] = len(gzip.compress(overlay.LOADER.read_bytes(), 9))
    assert len(sizes) > 10
    assert sum(sizes.values()) < ALL_BYTES, sizes


def test_its_modules_are_served_for_every_origin() -> None:
    place = static("viewer/overlay/main.js").removesuffix("overlay/main.js")
    for path in modules():
        name = path.relative_to(MODULES.parent).as_posix()
        response = Client().get(place + name, headers={"Origin": "https://a.example"})
        assert body(response) == path.read_bytes()
        assert response.status_code == 200, path
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Content-Type"].startswith("text/javascript")


def test_it_needs_nothing_of_the_viewers_page() -> None:
    """Modules that look for the viewer's own elements, or keep its key, would fail on any other page."""
    names = {path.name for path in modules()}
    assert {"counting.js", "heat.js", "softness.js", "layers.js", "depths.js"} < names
    assert not names & {"picture.js", "api.js", "state.js", "current.js", "words.js"}
    for path, text in modules().items():
        assert not re.search(r"localStorage|sessionStorage|document\.cookie|innerHTML|\beval\b|\.cssText", text), path


@pytest.mark.parametrize("path", sorted(MODULES.glob("*.js")), ids=lambda path: path.name)
def test_a_module_says_in_its_first_line_what_is_in_it(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 250
    assert path.name == "loader.js" or path in modules()
