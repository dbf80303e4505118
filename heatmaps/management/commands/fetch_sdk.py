import base64
import hashlib
import re
import shutil
import subprocess
import tarfile
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
_SECONDS = 300
_LAST_CHARS = 300


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

    def run(self, **options: Any) -> dict[str, Any]:
        if not _VERSION.fullmatch(options["version"]):
            raise CommandError("--version is a version of posthog-js such as 1.449.2, or latest.")
        if not settings.SDK_DIRECTORY:
            raise CommandError("SDK_DIRECTORY is empty: set it to the directory that the scripts go to.")
        npm = shutil.which("npm")
        if npm is None:
            raise CommandError(
                "npm is not there, which gets the SDK. Install Node.js, or run `npm pack posthog-js` elsewhere, "
                f"unpack what it makes, and copy its folder `package` to {settings.SDK_DIRECTORY}."
            )
        target = Path(settings.SDK_DIRECTORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place, so that it is moved there whole.
        with TemporaryDirectory(prefix=".sdk-", dir=target.parent) as directory:
            self.say(f"Asking npm for posthog-js {options['version']}.")
            version, integrity = _known(npm, options["version"])
            self.say(f"Fetching posthog-js {version}.")
            archive = _packed(npm, version, Path(directory))
            _check(archive, integrity)
            fetched = _unpacked(archive, Path(directory, "unpacked"))
            _put(fetched, target, Path(directory, "replaced"))
        self.say("Pages may load /static/array.js from this service now: docs/capture.md says how.")
        scripts = len(list((target / "dist").glob("*.js")))
        return {"version": version, "directory": str(target), "scripts": scripts}


def _known(npm: str, version: str) -> tuple[str, str]:
    """The whole number of a version, and the digest that the registry has of its package."""
    said = _npm(npm, "view", f"posthog-js@{version}", "version", "dist.integrity", "--json")
    try:
        found = orjson.loads(said) if said.strip() else None
    except orjson.JSONDecodeError as error:
        raise CommandError("npm's answer is not understood. Is it a newer npm? Try another version of it.") from error
    if not isinstance(found, dict) or not {"version", "dist.integrity"} <= found.keys():
        raise CommandError(f"npm knows no version {version} of posthog-js.")
    return str(found["version"]), str(found["dist.integrity"])


def _packed(npm: str, version: str, directory: Path) -> Path:
    _npm(npm, "pack", f"posthog-js@{version}", "--pack-destination", str(directory), "--silent")
    archives = list(directory.glob("*.tgz"))
    if len(archives) != 1:
        raise CommandError("npm left no package. Try again.")
    return archives[0]


def _npm(npm: str, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 -- npm, with a version that has letters, digits, dots and hyphens
            [npm, *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"npm took longer than {_SECONDS} seconds. Is the network there?") from error
    if "E404" in done.stderr or "ETARGET" in done.stderr:
        raise CommandError(f"npm knows no such version: {arguments[1]}.")
    if done.returncode:
        lines = [line.removeprefix("npm error ").removeprefix("npm ERR! ") for line in done.stderr.splitlines()]
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
    """Only the scripts and package.json: a whole package is ten times as large."""
    directory.mkdir()
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                path = Path(member.name)
                is_script = path.parent == Path("package/dist") and path.suffix == ".js"
                if member.isfile() and (is_script or path in {Path("package/package.json"), Path("package/LICENSE")}):
                    packed.extract(member, directory, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise CommandError(f"The package cannot be unpacked ({error}). Nothing was changed.") from error
    if not (directory / "package" / "dist" / sdk.MAIN).is_file():
        raise CommandError(f"This version of posthog-js has no dist/{sdk.MAIN}. Nothing was changed.")
    return directory / "package"


def _put(fetched: Path, target: Path, replaced: Path) -> None:
    if target.exists():
        if any(target.iterdir()) and not (target / "package.json").exists() and not (target / "dist").exists():
            raise CommandError(f"{target} has other files in it. Set SDK_DIRECTORY to a directory of its own.")
        target.rename(replaced)
    fetched.rename(target)
