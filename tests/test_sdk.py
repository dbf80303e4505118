"""The SDK's own scripts: where they are served, to whom, for how long, and what fetches them."""

import base64
import errno
import hashlib
import json
import os
import tarfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from heatmaps.capture import projects, traffic
from heatmaps.capture.sdk import complaint
from heatmaps.front.paths import Area, area_of
from heatmaps.management.commands import fetch_sdk
from heatmaps.models import Project
from tests.capture import POINT, Browser, event
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture
from tests.commands import Commands
from tests.node import BROWSER

SCRIPT = b"/* the whole SDK */" + b"x" * 3_000
LATER = b"/* dead clicks */"
VERSION = "1.449.2"
HOUR = "public, max-age=3600"
FOR_EVER = "public, max-age=31536000, immutable"


def unpacked(directory: Path, version: str = VERSION) -> Path:
    """A package as npm unpacks it."""
    (directory / "dist").mkdir(parents=True)
    (directory / "dist" / "array.js").write_bytes(SCRIPT)
    (directory / "dist" / "dead-clicks-autocapture.js").write_bytes(LATER)
    (directory / "dist" / "array.d.ts").write_text("types")
    (directory / "secret.js").write_text("not of dist")
    (directory / "package.json").write_text(json.dumps({"name": "posthog-js", "version": version}))
    return directory


@pytest.fixture
def sdk(tmp_path: Path, settings: Settings) -> Path:
    settings.SDK_DIRECTORY = str(tmp_path / "sdk")
    return unpacked(tmp_path / "sdk")


@pytest.fixture
def without(tmp_path: Path, settings: Settings) -> None:
    settings.SDK_DIRECTORY = str(tmp_path / "nothing")


def get(client: Client, path: str, **headers: str) -> Any:
    response = client.get(path, headers={"Origin": "https://shop.example", **headers})
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    return response


# --- Served --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content", "kept"),
    [
        ("/static/array.js", SCRIPT, HOUR),
        ("/static/array.js?v=1.150.1", SCRIPT, HOUR),
        ("/static/dead-clicks-autocapture.js?v=1.449.2", LATER, HOUR),
        ("/static/1.449.2/array.js", SCRIPT, FOR_EVER),
        ("/static/1.449.2/dead-clicks-autocapture.js", LATER, FOR_EVER),
        ("/static/1/array.js", SCRIPT, HOUR),
        # As the SDK asks for it next.
        ("/static/1.440.0/dead-clicks-autocapture.js", LATER, HOUR),
    ],
)
def test_scripts_are_served_to_pages_of_every_origin(
    client: Client, sdk: Path, path: str, content: bytes, kept: str
) -> None:
    response = get(client, path)
    assert (response.status_code, response["Content-Type"]) == (200, "application/javascript")
    assert (response.content, response["Cache-Control"]) == (content, kept)
    assert response["Content-Length"] == str(len(content))


@pytest.mark.parametrize(
    "path",
    [
        "/static/1.449.1/array.js",
        "/static/2/array.js",
        "/static/1.449/array.js",
        "/static/surveys.js",
        "/static/array.d.ts.js",
        "/static/secret.js",
        "/static/..js",
        "/static/a%00.js",
        "/static/%0a.js",
        "/static/" + "x" * 5_000 + ".js",
        "/static/1.449.2/surveys.js",
    ],
)
def test_what_is_not_there_is_404_that_pages_may_read(client: Client, sdk: Path, path: str) -> None:
    response = get(client, path)
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../package.json",
        "/static/%2e%2e/secret.js",
        "/static/1.449.2/../../secret.js",
        "/static/x/..%2fsecret.js",
    ],
)
def test_nothing_leads_out_of_the_folder(client: Client, sdk: Path, path: str) -> None:
    assert client.get(path).status_code == 404


def test_scripts_are_compressed_for_those_who_take_it(client: Client, sdk: Path) -> None:
    zipped = get(client, "/static/array.js", **{"Accept-Encoding": "gzip, deflate"})
    assert zipped["Content-Encoding"] == "gzip"
    assert zlib.decompress(zipped.content, wbits=zlib.MAX_WBITS | 16) == SCRIPT
    modern = get(client, "/static/array.js", **{"Accept-Encoding": "gzip, br, zstd"})
    assert modern["Content-Encoding"] == "zstd"
    assert zstd.decompress(modern.content) == SCRIPT
    assert modern["Vary"] == "Accept-Encoding"
    assert len(modern.content) < len(SCRIPT) / 10


def test_a_script_that_was_replaced_is_read_anew(client: Client, sdk: Path) -> None:
    assert get(client, "/static/array.js").content == SCRIPT
    (sdk / "dist" / "array.js").write_bytes(b"newer")
    assert get(client, "/static/array.js").content == b"newer"


def test_another_release_is_told_from_one_of_the_same_length_and_time(
    client: Client, tmp_path: Path, settings: Settings
) -> None:
    """All files of npm's packages are of the same moment."""
    for version in ("1.449.2", "1.449.3"):
        script = unpacked(tmp_path / version, version) / "dist" / "array.js"
        script.write_text(version)
        os.utime(script, (499_162_500, 499_162_500))
    settings.SDK_DIRECTORY = str(tmp_path / "sdk")
    (tmp_path / "1.449.2").rename(tmp_path / "sdk")
    assert get(client, "/static/1.449.2/array.js").content == b"1.449.2"
    (tmp_path / "sdk").rename(tmp_path / "old")
    (tmp_path / "1.449.3").rename(tmp_path / "sdk")
    for path in ("/static/array.js", "/static/1.449.3/array.js"):
        assert get(client, path).content == b"1.449.3"


@pytest.mark.parametrize("accepted", ["", "gzip", "zstd"])
def test_who_has_a_script_already_is_told_so(client: Client, sdk: Path, accepted: str) -> None:
    tag = get(client, "/static/array.js", **{"Accept-Encoding": accepted})["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = get(client, "/static/array.js", **{"Accept-Encoding": accepted, "If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert (again["ETag"], again["Cache-Control"]) == (tag, HOUR)
        assert not again.has_header("Content-Length")
    (sdk / "dist" / "array.js").write_bytes(b"newer")
    assert get(client, "/static/array.js", **{"If-None-Match": tag}).content == b"newer"


@pytest.mark.parametrize("text", ['var c={DEBUG:!1,LIB_VERSION:"1.449.2"};', 'c.LIB_VERSION = "1.449.2";'])
def test_the_version_of_scripts_alone_is_the_one_that_they_tell(
    client: Client, tmp_path: Path, settings: Settings, text: str
) -> None:
    (tmp_path / "array.js").write_text(text)
    settings.SDK_DIRECTORY = str(tmp_path)
    assert get(client, "/static/1.449.2/array.js")["Cache-Control"] == FOR_EVER
    assert get(client, "/static/1.449.1/array.js").status_code == 404


def test_an_old_sdk_without_the_script_for_dead_clicks_is_no_error_either(
    browser: Browser, client: Client, sdk: Path
) -> None:
    (sdk / "dist" / "dead-clicks-autocapture.js").unlink()
    assert get(client, "/static/1.449.2/dead-clicks-autocapture.js").status_code == 204
    told = json.loads(browser.ask("GET", f"/array/{browser.token}/config").content)
    assert told["captureDeadClicks"] is False


def test_a_folder_of_scripts_alone_is_enough_but_for_versions(
    client: Client, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "array.js").write_bytes(SCRIPT)
    settings.SDK_DIRECTORY = str(tmp_path)
    assert get(client, "/static/array.js").content == SCRIPT
    assert get(client, "/static/1.449.2/array.js").status_code == 404


def test_what_npm_pack_unpacks_is_found_in_its_folder(client: Client, tmp_path: Path, settings: Settings) -> None:
    unpacked(tmp_path / "package")
    settings.SDK_DIRECTORY = str(tmp_path)
    assert get(client, f"/static/{VERSION}/array.js").content == SCRIPT


def test_other_methods(client: Client, sdk: Path) -> None:
    head = client.head("/static/array.js")
    assert (head.status_code, head.content) == (200, b"")
    preflight = client.options("/static/array.js", headers={"Access-Control-Request-Method": "GET"})
    assert (preflight.status_code, preflight["Access-Control-Allow-Origin"]) == (204, "*")
    for method in ("post", "put", "delete"):
        refused = getattr(client, method)("/static/array.js")
        assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_without_the_sdk_only_what_is_always_asked_for_is_no_error(client: Client, without: None) -> None:
    for asked in ("1.449.2/dead-clicks-autocapture.js", "dead-clicks-autocapture.js?v=1.449.2"):
        response = get(client, f"/static/{asked}")
        # Browsers take no other type for a script, be it as empty as this one.
        assert (response.status_code, response["Content-Type"]) == (204, "application/javascript")
    response = get(client, "/static/array.js")
    assert response.status_code == 404
    assert response.json()["detail"] == "This service has no scripts of the SDK. `manage.py fetch_sdk` gets them."
    assert get(client, "/static/1.449.2/array.js").status_code == 404


def test_the_services_own_files_are_no_scripts_of_the_sdk() -> None:
    assert area_of("/static/array.js") is Area.CAPTURE
    assert area_of("/static/1.449.2/array.js") is Area.CAPTURE
    assert area_of("/static/viewer/main.js") is Area.STATIC
    assert area_of("/static/admin/js/core.js") is Area.STATIC


# --- What browsers are told ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("is_there", "is_opted_in"), [(True, True), (True, False), (False, True)])
def test_the_configuration_turns_off_what_has_no_script(
    browser: Browser, project: Project, tmp_path: Path, settings: Settings, is_there: bool, is_opted_in: bool
) -> None:
    settings.SDK_DIRECTORY = str(unpacked(tmp_path / "sdk") if is_there else tmp_path / "nothing")
    Project.objects.update(heatmaps_opt_in=is_opted_in)
    projects.forget()
    told = json.loads(browser.ask("GET", f"/array/{browser.token}/config").content)
    assert told["captureDeadClicks"] is (is_there and is_opted_in)
    others = ("capturePerformance", "autocaptureExceptions", "sessionRecording")
    assert {name: told[name] for name in others} == dict.fromkeys(others, False)
    # The SDK asks for the script of surveys when it is told anything of them.
    assert "surveys" not in told


# --- Where it is not there -----------------------------------------------------------------------------------------


def test_check_capture_tells_of_a_directory_without_the_sdk(
    project: Project, sdk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_capture", project=1, json=True)
    assert "SDK_DIRECTORY" not in capsys.readouterr().err
    (sdk / "dist" / "array.js").unlink()
    call_command("check_capture", project=1, json=True)
    printed = capsys.readouterr()
    assert printed.err.startswith(f"SDK_DIRECTORY is {sdk}, which has no array.js: pages cannot load it. ")
    assert json.loads(printed.out)["project"] == 1


def test_the_usual_directory_need_not_be_there(tmp_path: Path, settings: Settings) -> None:
    settings.SDK_DIRECTORY = settings.DEFAULT_SDK_DIRECTORY = str(tmp_path / "sdk")
    assert complaint() == ""
    (tmp_path / "sdk").mkdir()
    assert complaint() != ""
    unpacked(tmp_path / "sdk" / "package")
    assert complaint() == ""


def test_check_capture_tells_of_the_usual_directory_while_nothing_was_stored(
    browser: Browser, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SDK_DIRECTORY = settings.DEFAULT_SDK_DIRECTORY = str(tmp_path / "sdk")
    call_command("check_capture", project=1)
    assert capsys.readouterr().err.startswith(f"SDK_DIRECTORY is {tmp_path / 'sdk'}, which has no array.js: ")
    browser.send(event(POINT))
    traffic.write()
    call_command("check_capture", project=1)
    assert capsys.readouterr().err == ""


# --- Fetched -------------------------------------------------------------------------------------------------------


class Npm:
    """A program of npm's name that answers from files, as npm does from the registry."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self.hand_out(VERSION)

    def hand_out(self, version: str, *, integrity: str | None = None, names: tuple[str, ...] = ("package",)) -> None:
        package = unpacked(self.directory / f"of-{version}-{integrity}-{len(names)}", version)
        archive = self.directory / "posthog-js.tgz"
        with tarfile.open(archive, "w:gz") as packed:
            for name in names:
                packed.add(package, name)
        self._tell(version, integrity)

    def cut_off(self, bytes_: int) -> None:
        archive = self.directory / "posthog-js.tgz"
        archive.write_bytes(archive.read_bytes()[:-bytes_])
        self._tell(VERSION, None)

    def _tell(self, version: str, integrity: str | None) -> None:
        archive = self.directory / "posthog-js.tgz"
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        told = {"version": version, "dist.integrity": integrity or f"sha512-{digest}"}
        (self.directory / "told.json").write_text(json.dumps(told))
        self.does(f'[ "$1" = view ] && exec cat "{self.directory}/told.json"\ncp "{archive}" "$4"/')

    def does(self, script: str) -> None:
        program = self.directory / "npm"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Npm:
    settings.SDK_DIRECTORY = str(tmp_path / "var" / "sdk")
    made = Npm(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{made.directory}:/usr/bin:/bin")
    return made


def test_what_is_fetched_is_served_at_once(commands: Commands, npm: Npm, client: Client, settings: Settings) -> None:
    result = commands.run("fetch_sdk")
    assert result == {"version": VERSION, "directory": settings.SDK_DIRECTORY, "scripts": 2}
    assert get(client, f"/static/{VERSION}/array.js").content == SCRIPT
    kept = sorted(path.name for path in Path(settings.SDK_DIRECTORY).rglob("*"))
    assert kept == ["array.js", "dead-clicks-autocapture.js", "dist", "package.json"]


def test_another_version_replaces_the_one_that_is_there(
    commands: Commands, npm: Npm, client: Client, settings: Settings
) -> None:
    commands.run("fetch_sdk")
    npm.hand_out("1.500.0")
    assert commands.run("fetch_sdk", "--version", "1.500.0")["version"] == "1.500.0"
    assert get(client, f"/static/{VERSION}/array.js").status_code == 404
    assert get(client, "/static/1.500.0/array.js").status_code == 200
    assert [path.name for path in Path(settings.SDK_DIRECTORY).parent.iterdir()] == ["sdk"]


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'npm error code E404' >&2; exit 1", "npm knows no such version: posthog-js@1.449.2."),
        ("echo 'npm error network down' >&2; exit 1", "npm failed: network down"),
        (
            "echo 'npm error code ECONNREFUSED' >&2; exit 1",
            "npm does not reach its registry (ECONNREFUSED). Nothing was changed; `npm ping` tries it.",
        ),
        ("exit 3", "npm failed: exit status 3"),
        ('[ "$1" = view ] && echo', "npm knows no version 1.449.2 of posthog-js."),
        (
            '[ "$1" = view ] && echo nonsense',
            "npm's answer is not understood. Is it a newer npm? Try another version of it.",
        ),
    ],
)
def test_a_failure_is_one_sentence_and_changes_nothing(
    commands: Commands, npm: Npm, client: Client, script: str, sentence: str
) -> None:
    commands.run("fetch_sdk")
    npm.does(script)
    assert commands.refusal("fetch_sdk").endswith(sentence)
    assert get(client, "/static/array.js").content == SCRIPT


def test_a_package_that_is_not_the_registrys_is_refused(commands: Commands, npm: Npm, client: Client) -> None:
    commands.run("fetch_sdk")
    npm.hand_out("1.500.0", integrity="sha512-" + "A" * 86 + "==")
    assert "the digests differ" in commands.refusal("fetch_sdk")
    npm.hand_out("1.500.1", integrity="sha1-abc")
    assert "where SHA-512 is expected" in commands.refusal("fetch_sdk")
    npm.hand_out("1.500.2", names=("elsewhere",))
    assert "has no dist/array.js" in commands.refusal("fetch_sdk")
    assert get(client, f"/static/{VERSION}/array.js").status_code == 200


def test_without_npm_it_says_what_to_do(commands: Commands, npm: Npm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "Install Node.js" in commands.refusal("fetch_sdk")


def test_a_directory_with_other_files_is_left_alone(commands: Commands, npm: Npm, settings: Settings) -> None:
    other = Path(settings.SDK_DIRECTORY, "letters.txt")
    other.parent.mkdir(parents=True)
    other.write_text("mine")
    assert "has other files in it" in commands.refusal("fetch_sdk")
    assert other.read_text() == "mine"


def test_a_project_of_somebodys_is_no_sdk_though_it_has_a_package(
    commands: Commands, npm: Npm, settings: Settings
) -> None:
    site = Path(settings.SDK_DIRECTORY)
    for name, text in {"package.json": '{"name": "my-site"}', "dist/index.js": "mine", "thesis.txt": "mine"}.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    npm.does("exit 9")
    # It is told before npm is asked.
    assert "is left alone" in commands.refusal("fetch_sdk")
    assert (site / "thesis.txt").read_text() == (site / "dist" / "index.js").read_text() == "mine"
    assert "is left alone" in commands.refusal("fetch_sdk", "--directory", str(site / "thesis.txt"))


def test_the_sdk_that_was_there_stays_when_the_new_one_cannot_be_moved(
    commands: Commands, npm: Npm, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.run("fetch_sdk")
    move = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "package":
            raise OSError(errno.EIO, "Input/output error")
        return move(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    assert "Input/output error" in commands.refusal("fetch_sdk")
    assert get(client, f"/static/{VERSION}/array.js").content == SCRIPT


def test_another_directory_may_be_named(commands: Commands, npm: Npm, tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target")
    assert commands.run("fetch_sdk", "--directory", str(tmp_path / "link"))["directory"] == str(tmp_path / "link")
    assert (tmp_path / "target" / "dist" / "array.js").read_bytes() == SCRIPT
    assert (tmp_path / "link").is_symlink()
    assert f"Start the service with SDK_DIRECTORY={tmp_path / 'link'}." in commands.said
    assert not Path(settings.SDK_DIRECTORY).exists()


def test_only_files_of_the_package_are_unpacked_and_each_in_its_place(
    commands: Commands, npm: Npm, tmp_path: Path, settings: Settings
) -> None:
    npm.hand_out("1.500.0", names=("package", "package/dist/../../../outside", "../outside", "package/dist/inner"))
    assert commands.run("fetch_sdk")["scripts"] == 2
    kept = sorted(path.name for path in Path(settings.SDK_DIRECTORY).parent.rglob("*"))
    assert kept == ["array.js", "dead-clicks-autocapture.js", "dist", "package.json", "sdk"]
    assert not list(tmp_path.rglob("*outside*"))


@pytest.mark.parametrize("cut", [40, 400])
def test_a_package_that_is_cut_off_changes_nothing(commands: Commands, npm: Npm, client: Client, cut: int) -> None:
    commands.run("fetch_sdk")
    npm.cut_off(cut)
    assert commands.refusal("fetch_sdk").endswith("Nothing was changed.")
    assert get(client, f"/static/{VERSION}/array.js").content == SCRIPT


@pytest.mark.parametrize("version", ["", "../../x", "1;ls", "-g", "x" * 70])
def test_a_version_is_one(commands: Commands, npm: Npm, version: str) -> None:
    assert "--version is a version of posthog-js" in commands.refusal("fetch_sdk", f"--version={version}")


def test_what_is_fetched_unless_told_is_what_the_browser_tests_use() -> None:
    named = json.loads((BROWSER / "package.json").read_text())["dependencies"]["posthog-js-1.449"]
    assert named == f"npm:posthog-js@{fetch_sdk.TESTED}"
