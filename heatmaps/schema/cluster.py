"""The same statements for a cluster: each table becomes a replicated one on every shard, `sharded_…`, and one over all
of them that has the name and is what everybody reads and writes."""

import re
from dataclasses import dataclass

# Which shard a row belongs to. PostHog's expression for interactions, so that those of a session and day are together;
# all versions of a row that replaces another are on one shard.
SHARDING = {
    "heatmaps": "cityHash64(concat(toString(team_id), '-', session_id, '-', toString(toDate(timestamp))))",
    "events": "cityHash64(concat(toString(team_id), '-', `$session_id`, '-', toString(toDate(timestamp))))",
    "person_distinct_id2": "cityHash64(team_id, distinct_id)",
    "person": "cityHash64(team_id, id)",
    "cohortpeople": "cityHash64(team_id, person_id)",
    "person_static_cohort": "cityHash64(team_id, person_id)",
    "cohort_visitors": "cityHash64(team_id, distinct_id)",
    "captured_events": "cityHash64(team_id, key)",
}
# What tells which migrations have run is small, and whole on every server.
WHOLE = "heatmaps_migrations"

_CREATE = re.compile(r"CREATE TABLE (?P<guard>IF NOT EXISTS )?(?P<name>\w+)\n(?P<rest>.*)", re.DOTALL)
_ALTER = re.compile(r"ALTER TABLE (?P<name>\w+)\s(?P<rest>.*)", re.DOTALL)
_EXCHANGE = re.compile(r"EXCHANGE TABLES (?P<one>\w+) AND (?P<other>\w+)")
_DROP = re.compile(r"DROP TABLE (?:IF EXISTS )?(?P<name>\w+)")
_INSERT = re.compile(r"INSERT INTO .*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cluster:
    name: str
    database: str

    @property
    def everywhere(self) -> str:
        return f"ON CLUSTER `{self.name}`"

    def stored(self, table: str) -> str:
        """The table that has the rows, as an ALTER names it."""
        return f"sharded_{table} {self.everywhere}"

    def statements(self, statement: str) -> tuple[str, ...]:
        """What does on the cluster what the statement does on one server. Each can run again, as it can."""
        text = re.sub(r"^ *--.*\n", "", statement, flags=re.MULTILINE)
        if found := _CREATE.fullmatch(text):
            return self._create(found["guard"] or "", found["name"], found["rest"])
        if found := _ALTER.fullmatch(text):
            return f"ALTER TABLE {self.stored(found['name'])} {found['rest']}", self._over_all(found["name"])
        if found := _EXCHANGE.fullmatch(text):
            one, other = found["one"], found["other"]
            exchange = f"EXCHANGE TABLES sharded_{one} AND sharded_{other} {self.everywhere}"
            return exchange, self._over_all(one), self._over_all(other)
        if found := _DROP.fullmatch(text):
            name = found["name"]
            return (
                f"DROP TABLE IF EXISTS {name} {self.everywhere} SYNC",
                f"DROP TABLE IF EXISTS {self.stored(name)} SYNC",
            )
        if _INSERT.fullmatch(text):
            # Over the whole cluster as it stands: from all shards, and to the shard of each row.
            return (text,)
        raise ValueError(f"It is not known what this does on a cluster: {text}")

    def _create(self, guard: str, name: str, rest: str) -> tuple[str, ...]:
        if name == WHOLE:
            replicated = "\nENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/whole', '{shard}-{replica}')\n"
            return (
                f"CREATE TABLE {guard}{name} {self.everywhere}\n" + rest.replace("\nENGINE = MergeTree\n", replicated),
            )
        # Without arguments the path is the server's own default, which has the table's UUID: names can be exchanged.
        rest, number = re.subn(r"\nENGINE = (\w*MergeTree)", r"\nENGINE = Replicated\1", rest)
        if number != 1:
            raise ValueError(f"{name} has no engine of the MergeTree family.")
        return f"CREATE TABLE {guard}{self.stored(name)}\n{rest}", self._over_all(name)

    def _over_all(self, name: str) -> str:
        """Made anew whenever its columns may have changed; it has no rows of its own."""
        sharding = SHARDING[name.partition("_by_")[0]]
        return (
            f"CREATE OR REPLACE TABLE {name} {self.everywhere} AS sharded_{name}\n"
            f"ENGINE = Distributed('{self.name}', '{self.database}', 'sharded_{name}', {sharding})"
        )
