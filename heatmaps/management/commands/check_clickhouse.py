import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import CommandError

from heatmaps import engine
from heatmaps.engine import Query
from heatmaps.management.service_command import ServiceCommand
from heatmaps.population.layout import current_layout

_TEXT, _UUID = r"(LowCardinality\()?(Nullable\()?String\)*", r"(Nullable\()?UUID\)?"
_WHOLE, _MOMENT = r"U?Int(8|16|32|64)", r"DateTime64\([0-9]+(, 'UTC')?\)"
# What the questions read, and of which types: PostHog's, and any that answer the same.
COLUMNS = {
    "heatmaps": {
        "session_id": _TEXT,
        "team_id": _WHOLE,
        "distinct_id": _TEXT,
        "timestamp": r"DateTime64\(6, 'UTC'\)",
        "x": "Int16",
        "y": "Int16",
        "scale_factor": "Int16",
        "viewport_width": "Int16",
        "viewport_height": "Int16",
        "pointer_target_fixed": "Bool|UInt8",
        "current_url": _TEXT,
        "type": _TEXT,
    },
    "events": {
        "event": _TEXT,
        "properties": _TEXT,
        "timestamp": _MOMENT,
        "team_id": _WHOLE,
        "distinct_id": _TEXT,
        "elements_chain": _TEXT,
        "person_properties": _TEXT,
        "$session_id": _TEXT,
    },
    "person_distinct_id2": {
        "team_id": _WHOLE,
        "distinct_id": _TEXT,
        "person_id": _UUID,
        "is_deleted": _WHOLE,
        "version": _WHOLE,
    },
    "cohortpeople": {
        "person_id": _UUID,
        "cohort_id": _WHOLE,
        "team_id": _WHOLE,
        "sign": _WHOLE,
        "version": _WHOLE,
    },
    "person_static_cohort": {"person_id": _UUID, "cohort_id": _WHOLE, "team_id": _WHOLE},
}
# Each with the tables that it takes.
USES = {
    "points, scroll depth and interactions": ["heatmaps"],
    "filter_test_accounts and events": ["heatmaps", "events"],
    "cohort_ids of lists": ["heatmaps", "person_distinct_id2", "person_static_cohort"],
    "cohort_ids of calculated cohorts": ["heatmaps", "person_distinct_id2", "cohortpeople"],
}
# Of these tables the newest version of a row is read.
_OF_VERSIONS = {"person_distinct_id2"}
_LIMITS = ("CLICKHOUSE_MAX_SECONDS", "CLICKHOUSE_MAX_MEMORY_BYTES", "CLICKHOUSE_MAX_RESULT_ROWS")


class Command(ServiceCommand):
    help = (
        "Check which questions the service can answer from the tables of an existing ClickHouse, such as PostHog's, and"
        " what is missing. Only reads. Fails if nothing can be answered."
    )

    def run(self, **options: Any) -> dict[str, Any]:
        [(version, database)] = engine.rows(Query("SELECT version(), currentDatabase()", {}))
        problems = {table: list(_problems(table)) for table in COLUMNS}
        works = [use for use, tables in USES.items() if not any(problems[table] for table in tables)]
        result = {
            "version": version,
            "database": database,
            "works": works,
            "missing": [problem for table in problems for problem in problems[table]],
            "notes": list(_notes()),
        }
        if not works:
            raise CommandError(" ".join(problems["heatmaps"]))
        return result

    def show(self, result: Mapping[str, Any]) -> str:
        lines = [f"ClickHouse {result['version']}, database {result['database']}"]
        lines += [f"works: {use}" for use in result["works"]]
        lines += [f"does not work: {use}" for use in USES if use not in result["works"]]
        lines += [f"missing: {problem}" for problem in result["missing"]]
        return "\n".join([*lines, *(f"note: {note}" for note in result["notes"])])


def _problems(table: str) -> Iterator[str]:
    found = dict(
        engine.rows(
            Query(
                "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}",
                {"table": table},
            )
        )
    )
    if not found:
        yield f"There is no table {table}, or the account may not see it."
        return
    is_whole = True
    for name, kind in COLUMNS[table].items():
        if name not in found:
            is_whole = False
            yield f"{table} has no column {name}."
        elif not re.fullmatch(kind, found[name]):
            yield f"{table}.{name} is {found[name]}, which the service does not read."
    if is_whole:
        names = ", ".join(f"`{name}`" for name in COLUMNS[table])
        try:
            of_newest = "FINAL" if table in _OF_VERSIONS else ""
            engine.rows(Query(f"SELECT {names} FROM {table} {of_newest} WHERE team_id = 0 LIMIT 1", {}))  # noqa: S608 -- names of our own
        except engine.EngineUnavailable:
            raise
        except engine.EngineError as error:
            yield f"{table} cannot be read: {' '.join(str(error).split())[:200]}"


def _notes() -> Iterator[str]:
    # Of an account that reads only and without settings. The service itself asks for 2.
    if engine.rows(Query("SELECT value FROM system.settings WHERE name = 'readonly'", {})) == [("1",)]:
        yield (
            f"The account may not change settings, so its own limits hold and not {', '.join(_LIMITS)}. "
            "With readonly = 2 in its profile, the service sets them."
        )
    if parts := engine.set_aside():
        yield (
            f"{len(parts)} parts could not be read and are set aside; their rows are in no answer: {', '.join(parts)}."
        )
    if not current_layout().has_keys:
        yield "heatmaps is not the service's own table. All answers are the same; large ones take longer."
