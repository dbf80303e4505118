"""Files as people bring them, what loading them says, and what is stored afterwards."""

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from heatmaps import engine

ROW = {
    "session_id": "session",
    "distinct_id": "ann",
    "timestamp": "2026-03-30 12:00:00.000000",
    "x": 4,
    "y": 1,
    "scale_factor": 16,
    "viewport_width": 64,
    "viewport_height": 48,
    "pointer_target_fixed": False,
    "current_url": "https://example.com/",
    "type": "click",
}
TABLES = ("heatmaps", "events", "person", "person_distinct_id2", "person_static_cohort", "cohort_visitors")


def contents(name: str, rows: Sequence[dict[str, Any]]) -> bytes:
    """The rows as a file of that name has them."""
    plain = name.removesuffix(".gz")
    if plain.endswith(".csv"):
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(dict.fromkeys(column for row in rows for column in row)))
        writer.writeheader()
        writer.writerows(rows)
        data = text.getvalue().encode()
    elif plain.endswith(".parquet"):
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(rows)), file)
        data = file.getvalue()
    else:
        data = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    return gzip.compress(data, mtime=0) if name.endswith(".gz") else data


class Loading:
    """Loads files into project 1, unless told otherwise."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self._capsys = capsys
        # What was said to the person, of the last load.
        self.said = ""

    def file(self, name: str, rows: Sequence[dict[str, Any]] | bytes) -> str:
        path = self.directory / name
        path.write_bytes(rows if isinstance(rows, bytes) else contents(name, rows))
        return str(path)

    def load(self, *files: str, command: str = "load_interactions", project: int = 1, **options: Any) -> Any:
        """The command's whole result."""
        self._capsys.readouterr()
        try:
            call_command(command, *files, project=project, json=True, **options)
        finally:
            printed = self._capsys.readouterr()
            self.said = printed.err.replace(f"{self.directory}/", "")
        return orjson.loads(printed.out)

    def refusal(self, *files: str, **options: Any) -> str:
        """Why the command failed."""
        with pytest.raises(CommandError) as refused:
            self.load(*files, **options)
        return str(refused.value).replace(f"{self.directory}/", "")

    def rows(self, name: str, rows: Sequence[dict[str, Any]] | bytes, **options: Any) -> Any:
        """What is stored after a file was loaded."""
        self.load(self.file(name, rows), **options)
        return self.stored()

    def stored(self, project: int = 1, columns: Sequence[str] = tuple(ROW), table: str = "heatmaps") -> Any:
        names = ", ".join(f"toString({name}) AS {name}" if name == "timestamp" else f"`{name}`" for name in columns)
        return select(f"SELECT {names} FROM {table} WHERE team_id = {project} ORDER BY _partition, _offset")


def select(sql: str) -> Any:
    with engine.writer() as client:
        return list(client.query(sql).named_results())


def command(sql: str) -> None:
    with engine.writer() as client:
        client.command(sql)


def empty_tables() -> Iterator[None]:
    yield
    for table in TABLES:
        command(f"TRUNCATE TABLE {table}")
