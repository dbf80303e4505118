"""What load_interactions, load_events and load_persons share: options, progress, and what is reported of a file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import CommandError
from tqdm import tqdm

from heatmaps import engine
from heatmaps.engine import Client
from heatmaps.loading.columns import Table
from heatmaps.loading.files import BadFile, open_source
from heatmaps.loading.load import finish, oldest_kept, store, wait_for_inserts
from heatmaps.loading.spool import BadRow, Spool
from heatmaps.loading.turns import turn
from heatmaps.management.service_command import ServiceCommand, project_by_id
from heatmaps.models import Project

FILES_HELP = """\
FILE is JSON Lines (.jsonl, .ndjson), CSV with a header (.csv) or Parquet (.parquet), each also gzipped (.gz);
- reads JSON Lines from standard input. CSV is separated by comma, semicolon or tab, in UTF-8 or UTF-16.
The whole file is checked before its first row is stored.
"""
# Of unknown columns, where a file has more than anyone would read.
_NAMES_SHOWN = 20


class LoadCommand(ServiceCommand):
    """Loads files into one table. A bad row keeps nothing of its file, unless bad rows are to be skipped."""

    table: ClassVar[Table]
    can_repeat = True
    # What becomes of a row that is there already.
    repeats: ClassVar[str] = (
        "A row that is already stored is not stored again. So a file can be loaded again after a kill or when it has\n"
        "grown, and files may overlap. Equal rows within one file are all stored."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.epilog = f"{FILES_HELP}{self.repeats}\n\nColumns: {self._columns_help()}."
        parser.add_argument("files", metavar="FILE", nargs="+", help="file to load; - for standard input")
        parser.add_argument("--project", type=int, metavar="ID", required=True, help="id of the project")
        parser.add_argument(
            "--skip-invalid",
            action="store_true",
            help="skip bad rows instead of refusing the file; they are counted by reason",
        )
        if self.can_repeat:
            parser.add_argument(
                "--again", action="store_true", help="store all rows once more, even those that are already stored"
            )

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_by_id(options["project"])
        reports = [self._load(name, project, options) for name in options["files"]]
        if added := sum(report["added"] for report in reports):
            self._finish()
        return {
            "files": reports,
            "added": added,
            "invalid": sum(sum(report["invalid"].values()) for report in reports),
        }

    def show(self, result: Mapping[str, Any]) -> str:
        return ""

    def store(
        self, client: Client, project: Project, spool: Spool, digest: bytes, options: Mapping[str, Any]
    ) -> Iterator[tuple[int, int]]:
        """Yields for each block its rows, and how many of them were added."""
        return store(client, self.table, spool, digest, team_id=project.pk, again=options["again"])

    def _load(self, name: str, project: Project, options: Mapping[str, Any]) -> dict[str, Any]:
        with Spool(self.table, skip_invalid=options["skip_invalid"], oldest=oldest_kept(self.table)) as spool:
            try:
                digest = self._check(name, spool)
            except BadFile as error:
                raise CommandError(str(error)) from error
            except BadRow as error:
                raise CommandError(f"{error}. Nothing of this file was loaded.") from error
            added = self._store(name, project, spool, digest, options)
            self._report(name, spool, added)
            return {
                "file": name,
                "added": added,
                "already_there": spool.rows - added,
                "expired": spool.expired,
                "invalid": dict(spool.invalid),
            }

    def _check(self, name: str, spool: Spool) -> bytes:
        with self._bar(f"{name}: checking", None, "B") as bar, open_source(name, bar.update) as source:
            bar.total = source.size
            spool.fill(source)
            return source.digest

    def _store(self, name: str, project: Project, spool: Spool, digest: bytes, options: Mapping[str, Any]) -> int:
        added = 0
        with (
            turn(project.pk, lambda: self.say(f"{name}: waits until another load of the project is done.")) as check,
            self._bar(f"{name}: storing", spool.rows, "rows") as bar,
        ):
            wait_for_inserts(project.pk)
            with engine.writer() as client:
                for rows, new in self.store(client, project, spool, digest, options):
                    added += new
                    bar.update(rows)
                    check()
        return added

    def _finish(self) -> None:
        with self._bar("counting by weeks", None, "steps") as bar:

            def progress(done: int, steps: int) -> None:
                bar.total = steps
                bar.update(done - bar.n)

            finish(self.table, progress)

    def _report(self, name: str, spool: Spool, added: int) -> None:
        if spool.unknown_columns:
            self.say(f"{name}: ignored unknown columns {_listed(list(spool.unknown_columns))}.")
        parts = [f"{added:,} rows added"]
        if spool.rows - added:
            parts.append(f"{spool.rows - added:,} were there already")
        if spool.expired:
            parts.append(f"{spool.expired:,} older than {settings.RETENTION_DAYS} days left out")
        parts += [f"{count:,} bad rows skipped: {reason}" for reason, count in spool.invalid.most_common()]
        self.say(f"{name}: {'; '.join(parts)}.")

    @contextmanager
    def _bar(self, what: str, total: int | None, unit: str) -> Iterator[Any]:
        with tqdm(desc=what, total=total, unit=unit, unit_scale=True, leave=False, disable=not self.is_watched) as bar:
            yield bar

    def _columns_help(self) -> str:
        aliases = {name: alias for alias, name in self.table.aliases.items()}
        return (
            ", ".join(
                aliases.get(column.name, column.name) + ("" if column.is_required else "?")
                for column in self.table.columns
            )
            + " (those with ? may be left out)"
        )


def _listed(names: list[str]) -> str:
    rest = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {rest:,} more" if rest > 0 else "")
