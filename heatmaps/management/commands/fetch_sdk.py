import base64
import hashlib
import re
import shutil
import subprocess
import tarfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from heatmaps.capture import sdk
from heatmaps.management.service_command import ServiceCommand

# The newest with which the tests capture in a browser.
TESTED = "1.449.2"
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,63}")
# Nothing that leads out of the folder.
_WANTED = re.compile(r"package/(?:dist/[0-9A-Za-z_-][0-9A-Za-z_.-]*\.js|package\.json|LICENSE)")
_SECONDS = 300
_LAST_CHARS = 300
_AWAY = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONN[A-Z]+|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT")


class Command(ServiceCommand):
    help = (
        "Get the browser SDK's own scripts with npm, into SDK_DIRECTORY, from where pages may load them:"
        " /static/array.js. Another version that is there is replaced. The service needs no restart."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django's own --version, which no help shows, gives way to ours.
        parser = super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)
        for action in parser._actions:  # noqa: SLF001 -- argparse offers no other way
            if "--version" in action.option_strings:
                action.help = "of posthog-js, or latest (%(default)s, with which this service is tested)"
        return parser

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--version", default=TESTED, metavar="X")
        parser.add_argument("--directory", help="where the scripts go to, in place of SDK_DIRECTORY")

    def run(self, **options: Any) -> dict[str, Any]:
        if not _VERSION.fullmatch(options["version"]):
            raise CommandError("--version is a version of posthog-js such as 1.449.2, or latest.")
        directory = options["directory"] or settings.SDK_DIRECTORY
        if not directory:
            raise CommandError("SDK_DIRECTORY is empty: set it to the directory that the scripts go to.")
        npm = shutil.which("npm")
        if npm is None:
            raise CommandError(
                "npm is not there, which gets the SDK. Install Node.js, or run `npm pack posthog-js` elsewhere, "
                f"unpack what it makes, and copy its folder `package` to {directory}."
            )
        # What a link leads to is replaced, and not the link.
        target = Path(directory).resolve()
        _refuse_what_is_no_sdk(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place, so that it is moved there whole.
        with TemporaryDirectory(prefix=".sdk-", dir=target.parent) as name:
            room = Path(name)
            self.say(f"Asking npm for posthog-js {options['version']}.")
            version, integrity = _known(npm, options["version"], room)
            self.say(f"Fetching posthog-js {version}.")
            archive = _packed(npm, version, room)
            _check(archive, integrity)
            _put(_unpacked(archive, room / "unpacked"), target, room / "replaced")
        self._tell_what_next(directory)
        scripts = len(list((target / "dist").glob("*.js")))
        return {"version": version, "directory": directory, "scripts": scripts}

    def _tell_what_next(self, directory: str) -> None:
        if directory != settings.SDK_DIRECTORY:
            self.say(
                f"Start the service with SDK_DIRECTORY={Path(directory).absolute()}. docs/capture.md says how to go on."
            )
        else:
            self.say("Pages may load /static/array.js from this service now: docs/capture.md says how.")


def _known(npm: str, version: str, room: Path) -> tuple[str, str]:
    """The whole number of a version, and the digest that the registry has of its package."""
    said = _npm(npm, room, "view", f"posthog-js@{version}", "version", "dist.integrity", "--json")
    try:
        found = orjson.loads(said) if said.strip() else None
    except orjson.JSONDecodeError as error:
        raise CommandError("npm's answer is not understood. Is it a newer npm? Try another version of it.") from error
    if not isinstance(found, dict) or not {"version", "dist.integrity"} <= found.keys():
        raise CommandError(f"npm knows no version {version} of posthog-js.")
    return str(found["version"]), str(found["dist.integrity"])


def _packed(npm: str, version: str, room: Path) -> Path:
    _npm(npm, room, "pack", f"posthog-js@{version}", "--pack-destination", str(room), "--ignore-scripts")
    archives = list(room.glob("*.tgz"))
    if len(archives) != 1:
        raise CommandError("npm left no package. Try again.")
    return archives[0]


def _npm(npm: str, room: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 -- npm, with a version that has letters, digits, dots and hyphens
            [npm, *arguments],
            # Where no project's settings are.
            cwd=room,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"npm took longer than {_SECONDS} seconds. Is the network there?") from error
    if "E404" in done.stderr or "ETARGET" in done.stderr:
        raise CommandError(f"npm knows no such version: {arguments[1]}.")
    if done.returncode:
        lines = [line.removeprefix("npm error ").removeprefix("npm ERR! ") for line in done.stderr.splitlines()]
        if away := _AWAY.search(done.stderr):
            raise CommandError(
                f"npm does not reach its registry ({away[0]}). Nothing was changed; `npm ping` tries it."
            )
        reason = " ".join(line.strip() for line in lines if line.strip())[:_LAST_CHARS]
        raise CommandError(f"npm failed: {reason or f'exit status {done.returncode}'}")
    return done.stdout


def _check(archive: Path, integrity: str) -> None:
    """Raises CommandError unless the package is the one that the registry describes."""
    algorithm, _, expected = integrity.partition("-")
    if algorithm != "sha512":
        raise CommandError(
            f"The registry tells {algorithm or 'no digest'} where SHA-512 is expected. Nothing was changed."
        )
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != expected:
        raise CommandError("What came is not what the registry describes: the digests differ. Nothing was changed.")


def _unpacked(archive: Path, directory: Path) -> Path:
    """Only the scripts, package.json and the licence, each by its own name: a whole package is ten times as large."""
    package = directory / "package"
    (package / "dist").mkdir(parents=True)
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                if _WANTED.fullmatch(member.name) and member.isreg() and (content := packed.extractfile(member)):
                    with (directory / member.name).open("wb") as file:
                        shutil.copyfileobj(content, file)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise CommandError(f"The package cannot be unpacked ({error}). Nothing was changed.") from error
    if not (package / "dist" / sdk.MAIN).is_file():
        raise CommandError(f"This version of posthog-js has no dist/{sdk.MAIN}. Nothing was changed.")
    return package


def _refuse_what_is_no_sdk(target: Path) -> None:
    """Nothing is removed but a package of posthog-js: what else is there is somebody's."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    try:
        about = orjson.loads((target / "package.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        about = None
    if not (isinstance(about, dict) and about.get("name") == "posthog-js"):
        raise CommandError(
            f"{target} has other files in it, and is left alone. Name a directory of its own, or remove this one."
        )


def _put(fetched: Path, target: Path, replaced: Path) -> None:
    if target.exists():
        target.rename(replaced)
    try:
        fetched.rename(target)
    except OSError:
        if replaced.exists():
            replaced.rename(target)
        raise
