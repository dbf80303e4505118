"""Scripts and styles: under names that change with their contents for ever, and never a mixture of two versions."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from backports import zstd
from django.core.management import call_command
from django.http import HttpResponse
from django.templatetags.static import static
from django.test import Client
from pytest_django import Settings

from heatmaps.demo import account
from heatmaps.front import static_files
from heatmaps.models import User
from tests.conftest import body

FOREVER = "public, max-age=31536000, immutable"
NAMED = re.compile(r"""["'(]([^"'()\s]*/static/[^"'()\s]+)["')]""")
HASHED = re.compile(r"/static/[\w-]+\.[0-9a-f]{12}/.+")
PAGES = ["/", "/admin/login/", "/admin/", "/api/schema/swagger-ui/", "/api/schema/redoc/", "/demo/", "/demo/sign-in/x"]


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A folder of ours, `shelf`, whose modules import each other in a circle, where nothing has been looked at yet."""
    settings.STATICFILES_DIRS = [tmp_path / "files"]
    made = tmp_path / "files" / "shelf"
    made.mkdir(parents=True)
    (made / "one.js").write_text('import "./two.js";\n')
    (made / "two.js").write_text('import "./one.js";\n' + "// long\n" * 1000)
    look_anew()
    yield made
    look_anew()


def look_anew() -> None:
    """As a new process does."""
    static_files.files_once.cache_clear()
    static_files.hash_once.cache_clear()


def get(address: str, accept: str = "", **more: str) -> HttpResponse:
    """A reply that was read to its end, so that its file is closed."""
    found = Client().get(address, headers={"Accept-Encoding": accept, **more})
    return HttpResponse(body(found), status=found.status_code, headers=dict(found.items()))


@pytest.mark.django_db
@pytest.mark.parametrize("is_debug", [False, True])
@pytest.mark.parametrize("path", PAGES)
def test_every_file_of_every_page_has_a_hashed_name(path: str, is_debug: bool, settings: Settings) -> None:
    settings.DEMO, settings.DEBUG, settings.WHITENOISE_AUTOREFRESH = True, is_debug, is_debug
    account.make()
    client = Client()
    if path == "/admin/":
        client.force_login(User.objects.create_superuser("ann@example.com", "correct horse battery"))
    names = set(NAMED.findall(body(client.get(path)).decode()))
    assert names
    for name in names:
        assert HASHED.fullmatch(name), name
        response = get(name)
        assert (response.status_code, response["Cache-Control"]) == (200, FOREVER), name
        assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("is_debug", [False, True])
def test_relative_names_lead_to_files_of_the_same_state(folder: Path, is_debug: bool, settings: Settings) -> None:
    settings.DEBUG = settings.WHITENOISE_AUTOREFRESH = is_debug
    one = static("shelf/one.js")
    two = one.replace("one.js", "two.js")
    assert HASHED.fullmatch(one)
    assert two == static("shelf/two.js")
    assert get(two).content == (folder / "two.js").read_bytes()


@pytest.mark.parametrize("is_debug", [False, True])
@pytest.mark.parametrize("change", ["content", "name", "another file", "one less"])
def test_a_change_of_any_file_changes_the_address_of_all(
    folder: Path, change: str, is_debug: bool, settings: Settings
) -> None:
    settings.DEBUG = settings.WHITENOISE_AUTOREFRESH = is_debug
    before, other = static("shelf/one.js"), static("viewer/main.js")
    if change == "content":
        (folder / "two.js").write_text("// other")
    elif change == "name":
        (folder / "two.js").rename(folder / "three.js")
    elif change == "another file":
        (folder / "three.js").touch()
    else:
        (folder / "two.js").unlink()
    if not is_debug:
        look_anew()
    after = static("shelf/one.js")
    assert after != before
    assert static("viewer/main.js") == other
    assert [get(address).status_code for address in (before, after, other)] == [404, 200, 200]
    assert get(before).headers.get("Cache-Control") != FOREVER


def test_a_file_that_was_exchanged_under_a_running_service_is_not_kept_under_its_old_name(folder: Path) -> None:
    address = static("shelf/one.js")
    assert get(address).status_code == 200
    (folder / "one.js").write_text("// of the next version")
    assert get(address).status_code == 404
    (folder / "one.js").unlink()
    assert get(address).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["shelf.000000000000/one.js", "shelf.{hash}/none.js", "shelf.{hash}/../viewer/main.js", "none.{hash}/one.js"],
)
@pytest.mark.parametrize("is_debug", [False, True])
def test_other_hashes_and_names_lead_nowhere(folder: Path, name: str, is_debug: bool, settings: Settings) -> None:
    settings.DEBUG = settings.WHITENOISE_AUTOREFRESH = is_debug
    address = f"/static/{name.format(hash=static_files.hash_of('shelf'))}"
    assert get(address).status_code == 404


@pytest.mark.parametrize("name", ["viewer/main.js", "admin/css/base.css", "rest_framework/css/default.css"])
def test_plain_names_work_and_are_kept_for_a_short_while(name: str) -> None:
    response = get(f"/static/{name}")
    assert (response.status_code, response["Cache-Control"]) == (200, "max-age=60, public")


def test_a_folder_may_have_a_name_that_looks_like_ours(folder: Path) -> None:
    (folder.parent / "v.0123456789ab").mkdir()
    (folder.parent / "v.0123456789ab" / "a.js").write_text("// a")
    look_anew()
    address = static("v.0123456789ab/a.js")
    assert re.fullmatch(r"/static/v\.0123456789ab\.[0-9a-f]{12}/a\.js", address)
    assert [get(each).content for each in (address, "/static/v.0123456789ab/a.js")] == [b"// a"] * 2


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br, zstd", "zstd"), ("gzip", "gzip"), ("gzip;q=0", None), ("br", None), ("", None)],
)
def test_text_is_compressed_for_who_takes_that(folder: Path, accepted: str, encoding: str | None) -> None:
    response = get(static("shelf/two.js"), accepted)
    content, whole = response.content, (folder / "two.js").read_bytes()
    assert response.headers.get("Content-Encoding") == encoding
    assert {"zstd": zstd.decompress, "gzip": gzip.decompress}.get(encoding or "", bytes)(content) == whole
    assert (len(content) < len(whole) / 2) == bool(encoding)
    assert response["Content-Length"] == str(len(content))
    assert response["Vary"] == "Accept-Encoding"
    assert response["Content-Type"].startswith("text/javascript")
    head = Client().head(static("shelf/two.js"), headers={"Accept-Encoding": accepted})
    assert (head["Content-Length"], body(head)) == (str(len(content)), b"")


def test_a_changed_file_is_compressed_anew(folder: Path) -> None:
    file = folder / "two.js"
    assert gzip.decompress(get("/static/shelf/two.js", "gzip").content) == file.read_bytes()
    file.write_text("// other " * 1000)
    look_anew()
    assert gzip.decompress(get("/static/shelf/two.js", "gzip").content) == file.read_bytes()


def test_pictures_short_files_and_parts_are_sent_as_they_are(folder: Path) -> None:
    (folder / "a.png").write_bytes(bytes(5_000))
    look_anew()
    for name in ("a.png", "one.js"):
        response = get(static(f"shelf/{name}"), "gzip")
        assert "Content-Encoding" not in response.headers
    part = get(static("shelf/two.js"), "gzip", Range="bytes=0-9")
    assert (part.status_code, part.content) == (206, b'import "./')


def test_who_has_a_file_is_told_so(folder: Path) -> None:
    for address in (static("shelf/two.js"), "/static/shelf/two.js"):
        first = get(address, "gzip")
        again = get(address, "gzip", **{"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again["Cache-Control"] == first["Cache-Control"]


def test_collected_files_are_served_under_the_same_names(folder: Path, tmp_path: Path, settings: Settings) -> None:
    before = static("shelf/one.js")
    settings.STATIC_ROOT = str(tmp_path / "collected")
    call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / "collected" / "shelf" / "one.js").exists()
    assert static("shelf/one.js") == before
    response = get(before)
    assert (response.status_code, response["Cache-Control"]) == (200, FOREVER)


def test_a_storage_asked_for_something_else_says_what_it_always_did() -> None:
    assert static("none/one.js") == "/static/none/one.js"
    assert static("one.js") == "/static/one.js"
