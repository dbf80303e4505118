"""The page of the viewer as it is served: what it may do, and that all it names is there."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils.http import urlencode
from pytest_django import Settings

from heatmaps.models import User
from heatmaps.viewer import views
from tests.conftest import body

STATIC_FILES = Path(views.__file__).parent / "static" / "viewer"
STATIC = re.compile(r"""(?:src|href)="(/static/viewer\.[0-9a-f]{12}/[^"]+)\"""")
IMPORT = re.compile(r'from "\./([^"]+)"')
HANDLERS = re.compile(r"<[^>]*\son\w+=|<[^>]*\sstyle=|<script(?![^>]*\ssrc=)|<style", re.IGNORECASE)


def test_the_page_is_for_everyone_and_the_api_decides_the_rest() -> None:
    response = Client().get("/")
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.cookies == {}
    assert response["Content-Security-Policy"] == views.CONTENT_SECURITY_POLICY
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_state_in_the_address_is_nothing_to_the_server() -> None:
    query = urlencode({"url": "https://example.com/\0<script>", "project": "' OR 1"})
    assert body(Client().get(f"/?{query}")) == body(Client().get("/"))


def test_the_page_needs_no_more_than_its_policy_allows() -> None:
    for refused in ('<p onclick="x"', '<i style="x"', "<script>"):
        assert HANDLERS.search(refused)
    assert HANDLERS.search(body(Client().get("/")).decode()) is None


def test_the_link_for_sessions_is_an_attribute_of_the_page_and_never_more(settings: Settings) -> None:
    assert 'data-session-url=""' in body(Client().get("/")).decode()
    settings.SESSION_URL = 'https://replay.example/{session_id}?"><script>&'
    page = body(Client().get("/")).decode()
    assert 'data-session-url="https://replay.example/{session_id}?&quot;&gt;&lt;script&gt;&amp;"' in page


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_there_is_nothing_to_send(method: str) -> None:
    assert getattr(Client(), method)("/").status_code == 405


def test_every_file_that_the_page_names_is_served_with_its_type() -> None:
    names = set(STATIC.findall(body(Client().get("/")).decode()))
    types = {"css": "text/css", "svg": "image/svg+xml", "js": "text/javascript"}
    seen = set[str]()
    while names:
        seen.add(name := names.pop())
        response = Client().get(name)
        assert response.status_code == 200, name
        assert response["Content-Type"].split(";")[0] == types[name.rpartition(".")[2]]
        names |= {f"{name.rpartition('/')[0]}/{other}" for other in IMPORT.findall(body(response).decode())} - seen
    assert len(seen) == len([one for one in STATIC_FILES.iterdir() if one.is_file()])


def test_browsers_find_its_icon_on_every_page() -> None:
    response = Client().get("/favicon.ico")
    assert (response.status_code, response["Location"]) == (302, "/static/viewer/icon.svg")


def test_the_scripts_are_looked_at_with_the_browser_that_they_drive() -> None:
    """Two lists of packages, for `make lint` and for the tests, of which none names a place that packages come from."""
    root = Path(__file__).parent.parent
    versions = []
    for directory in (root / "lint", root / "tests" / "browser"):
        lock = json.loads((directory / "package-lock.json").read_text())
        assert not [name for name, package in lock["packages"].items() if "resolved" in package]
        versions.append(lock["packages"]["node_modules/playwright-core"]["version"])
    assert versions[0] == versions[1]


@pytest.mark.parametrize("path", sorted(STATIC_FILES.glob("*.js")), ids=lambda path: path.name)
def test_a_module_says_in_its_first_line_what_is_in_it(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 300


@pytest.mark.django_db
def test_who_is_signed_in_finds_the_way_out_and_staff_the_admin() -> None:
    for email, is_staff in (("ann@example.com", True), ("bob@example.com", False)):
        client = Client(enforce_csrf_checks=True)
        client.force_login(User.objects.create_user(email, is_staff=is_staff))
        response = client.get("/")
        page = body(response).decode()
        assert (email in page, 'href="/admin/"' in page) == (True, is_staff)
        assert "private" in response["Cache-Control"]
        assert "Cookie" in response["Vary"]
        assert client.get("/sign-out/").status_code == 405
        assert client.post("/sign-out/").status_code == 403
        (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        out = client.post("/sign-out/", {"csrfmiddlewaretoken": token})
        assert (out.status_code, out["Location"]) == (302, "/")
        assert email not in body(client.get("/")).decode()
