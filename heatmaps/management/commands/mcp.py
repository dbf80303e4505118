import argparse
import os
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError

from heatmaps.management.service_command import ServiceCommand

# How clients of agents hand over a key, as docs/agents.md has it for others as well.
VARIABLE = "HEATMAPS_KEY"


class Command(ServiceCommand):
    help = (
        "Give an agent on this machine the heatmaps as tools: it starts this command and speaks with it through"
        " standard input and output, in the Model Context Protocol. The service may be elsewhere; no database is opened"
        " here."
    )
    # Standard output is the protocol's.
    has_result = False

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--url",
            type=_url,
            default="http://127.0.0.1:8000",
            help="address of the service, with its path where it has one (%(default)s)",
        )
        parser.add_argument(
            "--key-file",
            type=Path,
            metavar="FILE",
            help="file with a personal API key, readable for its owner alone; without it the key is that of"
            f" {VARIABLE} in the environment",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        file = options["key_file"]
        given = file.read_text(errors="replace") if file else os.environ.get(VARIABLE)
        if given is None:
            raise CommandError(f"No key: name a file that has one with --key-file, or set {VARIABLE}.")
        key = given.strip()
        if not key.isascii() or not key.isprintable() or not key or " " in key:
            raise CommandError(f"{file or VARIABLE} has no personal API key. Make one with `manage.py create_api_key`.")
        # Here alone, because the other commands need no SDK.
        import_module("heatmaps.mcp.stdio").run(options["url"], key)
        return {}


def _url(text: str) -> str:
    try:
        url = urlsplit(text)
        is_good = url.scheme in {"http", "https"} and bool(url.hostname) and not url.query and not url.fragment
        _ = url.port
    except ValueError:
        is_good = False
    if not is_good or not text.isascii() or not text.isprintable() or " " in text:
        raise argparse.ArgumentTypeError(f"type an address such as https://heatmaps.example, not {text!r}")
    return text
