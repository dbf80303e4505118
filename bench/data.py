"""The bench's site: the same rows for everyone, made by the engine out of hashes of row numbers."""

import os
import sys
import time
from collections.abc import Iterator

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heatmaps_service.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from bench.reading import DAYS, HOME, STILL_PROJECT, TODAY  # noqa: E402
from heatmaps import engine, schema  # noqa: E402
from heatmaps.models import Cohort, Membership, Organization, PersonalAPIKey, Project, User  # noqa: E402

PAGES = 2_000
BUSY_PROJECT, WIDE_PROJECT = 1, 9
WIDE_CELLS = 1_000_000
ROWS_AT_ONCE = 5_000_000
SETTLED_SECONDS = 1

COLUMNS = (
    "session_id, team_id, distinct_id, timestamp, x, y, scale_factor, viewport_width, viewport_height,"
    " pointer_target_fixed, current_url, type"
)

# PostHog's physical layout, the baseline: its types, key and partitions, no codecs.
UPSTREAM_TABLE = """
CREATE TABLE upstream_heatmaps
(
    session_id String, team_id Int64, distinct_id String, timestamp DateTime64(6, 'UTC'), x Int16, y Int16,
    scale_factor Int16, viewport_width Int16, viewport_height Int16, pointer_target_fixed Bool, current_url String,
    type LowCardinality(String), _timestamp DateTime, _offset UInt64, _partition UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (type, team_id, toDate(timestamp), current_url, viewport_width)
TTL toDate(timestamp) + toIntervalDay(36500)
"""


def chance(salt: int, of: str = "number") -> str:
    """A number from 0 to 1 that is the same in every run."""
    return f"(sipHash64({of}, {salt}) / 18446744073709551616.)"


# Seven tenths of the sessions are the first project's; a few pages have most of the visits.
INTERACTIONS = f"""
INSERT INTO upstream_heatmaps ({COLUMNS})
SELECT
    lower(hex(sipHash128(session, 1))),
    [1, 1, 1, 1, 1, 1, 1, 2, 2, 3][1 + session % 10],
    lower(hex(sipHash128(intDiv(session, 40), session % 10))),
    toDateTime64('{TODAY} 23:59:59', 6, 'UTC')
        - toIntervalMicrosecond(toInt64(({chance(1, "session")} * {DAYS - 1} * 86400 + {chance(2)} * 1800) * 1000000)),
    if(type = 'scrolldepth', 0, toInt16({chance(3)} * viewport_width)),
    toInt16(pow({chance(4)}, 2) * 500),
    16,
    [90, 67, 24, 120, 96, 26][1 + intDiv(session, 7) % 6] AS viewport_width,
    [48, 50, 56, 42, 60, 40, 45][1 + intDiv(session, 7) % 7],
    {chance(5)} < 0.05,
    if({chance(6)} < 0.08, '{HOME}',
       concat('{HOME}', ['blog', 'product', 'docs', 'category', 'help'][1 + page % 5], '/page-', toString(page))),
    multiIf({chance(7)} < 0.62, 'mousemove', {chance(7)} < 0.85, 'click', {chance(7)} < 0.97, 'scrolldepth',
            {chance(7)} < 0.99, 'deadclick', 'rageclick') AS type
FROM
(
    SELECT number, intDiv(number, 30) AS session, toUInt32(pow({chance(8)}, 3) * {PAGES}) AS page
    FROM numbers({{first:UInt64}}, {{rows:UInt64}})
)
SETTINGS max_partitions_per_insert_block = 0
"""

# One project whose map has a million cells, with 1 to 9 interactions in each, most with few.
WIDE = f"""
INSERT INTO upstream_heatmaps ({COLUMNS})
SELECT
    'session', {WIDE_PROJECT}, 'visitor', toDateTime64('{TODAY} 12:00:00', 6, 'UTC'),
    number % 100, intDiv(number, 100), 16, 100, 50, false, '{HOME}', 'click'
FROM numbers({WIDE_CELLS} + 10)
ARRAY JOIN range(1 + toUInt8(pow({chance(14)}, 4) * 9)) AS nth
WHERE NOT (number = 0)
"""

# One project that stays as it is while the others grow: a page of it, with 3,000 rows a type and week.
STILL = f"""
INSERT INTO upstream_heatmaps ({COLUMNS})
SELECT
    lower(hex(sipHash128(number, 2))), {STILL_PROJECT}, lower(hex(sipHash128(intDiv(number, 9), 3))),
    toDateTime64('{TODAY} 23:59:59', 6, 'UTC') - toIntervalSecond(toInt64({chance(11)} * {DAYS - 1} * 86400)),
    toInt16({chance(12)} * 90), toInt16({chance(13)} * 500), 16, 90, 50, false, '{HOME}', ['click', 'mousemove'][1 + number % 2]
FROM numbers(50000)
"""

# The first tenth once more, so that a question can be asked of both in turn.
SMALL_TABLE = "CREATE TABLE small_heatmaps AS heatmaps"

COPY = f"""
INSERT INTO heatmaps ({COLUMNS}) SELECT {COLUMNS} FROM upstream_heatmaps
SETTINGS max_partitions_per_insert_block = 0
"""

# A page view for two thirds of the busy project's sessions of the last week, three for most; a few are purchases.
EVENTS = f"""
INSERT INTO events (event, properties, timestamp, team_id, distinct_id, `$session_id`)
SELECT
    if({chance(9, "(session_id, copy)")} < 0.02, 'purchase', '$pageview'),
    concat('{{"$host":"', if({chance(10, "distinct_id")} < 0.1, 'localhost:3000', 'shop.example.com'),
           '","$browser":"Firefox","$current_url":"{HOME}","$lib_version":"1.430.1","amount":', toString(copy), '}}'),
    moment, {BUSY_PROJECT}, distinct_id, session_id
FROM
(
    SELECT session_id, any(distinct_id) AS distinct_id, min(timestamp) AS moment, arrayJoin(range({{copies:UInt32}})) AS copy
    FROM heatmaps
    WHERE team_id = {BUSY_PROJECT} AND timestamp >= toDateTime64('{TODAY} 00:00:00', 6, 'UTC') - toIntervalDay(6)
    GROUP BY session_id
    HAVING sipHash64(session_id) % 3 > 0
)
"""

PERSONS = f"""
INSERT INTO person_distinct_id2 (team_id, distinct_id, person_id, is_deleted, version)
SELECT DISTINCT {BUSY_PROJECT}, distinct_id, reinterpretAsUUID(sipHash128(distinct_id)), 0, 1
FROM heatmaps WHERE team_id = {BUSY_PROJECT}
"""

# All of them have an address, one in a hundred that of the own staff; with those who have not come lately, a million.
MILLION = 1_000_000
OTHER_PERSONS = f"""
INSERT INTO person_distinct_id2 (team_id, distinct_id, person_id, is_deleted, version)
SELECT {BUSY_PROJECT}, lower(hex(sipHash128(number, 15))), reinterpretAsUUID(sipHash128(number, 16)), 0, 1
FROM numbers({{missing:UInt64}})
"""

PROPERTIES = f"""
INSERT INTO person (id, created_at, team_id, properties, is_identified, is_deleted, version)
SELECT
    person_id, toDateTime64('{TODAY} 00:00:00', 6, 'UTC'), {BUSY_PROJECT},
    concat('{{"email":"', distinct_id, if({chance(14, "person_id")} < 0.01, '@shop.example.com', '@visitors.example'),
           '","plan":"free"}}'), 1, 0, 1
FROM person_distinct_id2 WHERE team_id = {BUSY_PROJECT}
"""

COHORT = f"""
INSERT INTO person_static_cohort (id, person_id, cohort_id, team_id)
SELECT person_id, person_id, {{cohort:Int64}}, {BUSY_PROJECT}
FROM person_distinct_id2 WHERE team_id = {BUSY_PROJECT} AND sipHash64(distinct_id) % 5 = 0
"""


def parts(first: int, end: int) -> Iterator[tuple[int, int]]:
    for begin in range(first, end, ROWS_AT_ONCE):
        yield begin, min(ROWS_AT_ONCE, end - begin)


def make(rows: int) -> None:
    """Fills the databases of the settings, and prints a key and a cohort's id."""
    call_command("migrate", verbosity=0)
    call_command("migrate_clickhouse")
    organization = Organization.objects.create(name="Bench")
    for project_id in (1, 2, 3, STILL_PROJECT, WIDE_PROJECT):
        Project.objects.create(pk=project_id, name=f"Project {project_id}", organization=organization)
    user = User.objects.create_user("bench@example.com", current_project_id=BUSY_PROJECT)
    Membership.objects.create(user=user, organization=organization)
    cohort = Cohort.objects.create(project_id=BUSY_PROJECT, name="Every fifth visitor")
    _, key = PersonalAPIKey.make(user, "bench")
    with engine.writer() as client:
        client.command(UPSTREAM_TABLE)
        client.command(STILL)
        client.command(WIDE)
        client.command(COPY)
    grow(0, rows // 10)
    with engine.writer() as client:
        client.command(SMALL_TABLE)
        client.command(COPY.replace("heatmaps", "small_heatmaps", 1).replace("upstream_heatmaps", "heatmaps"))
        client.command("OPTIMIZE TABLE small_heatmaps FINAL")
    grow(rows // 10, rows)
    add_events(cohort.pk)
    sys.stdout.write(f"{key} {cohort.pk}\n")


def grow(first: int, end: int) -> None:
    """Adds the rows with these numbers to both tables, and merges what can be merged."""
    with engine.writer() as client:
        for number, rows in parts(first, end):
            client.command(INTERACTIONS, parameters={"first": number, "rows": rows})
            client.command(
                INTERACTIONS.replace("upstream_heatmaps", "heatmaps"), parameters={"first": number, "rows": rows}
            )
            sys.stderr.write(f"  {number + rows:,} interactions\n")
        client.command("OPTIMIZE TABLE upstream_heatmaps FINAL")
        merge(client)


def merge(client: engine.Client) -> None:
    """One part a week. Parts with projections and parts without cannot be merged with each other."""
    wait_for_merges(client)
    for statement in schema.making_projections(client):
        client.command(statement)
    client.command("OPTIMIZE TABLE heatmaps FINAL")


def wait_for_merges(client: engine.Client) -> None:
    """Until there have been none for some time."""
    quiet_since = time.monotonic()
    while time.monotonic() < quiet_since + SETTLED_SECONDS:
        if client.query("SELECT count() FROM system.merges").result_rows != [(0,)]:
            quiet_since = time.monotonic()
        time.sleep(0.1)


def add_events(cohort: int) -> None:
    """Adds a million events of the last week, a million persons, and the members of a cohort."""
    with engine.writer() as client:
        sessions = client.query(
            f"SELECT uniqExact(session_id) FROM heatmaps WHERE team_id = {BUSY_PROJECT}"
            f" AND timestamp >= toDateTime64('{TODAY} 00:00:00', 6, 'UTC') - toIntervalDay(6)"
        ).result_rows[0][0]
        client.command(EVENTS, parameters={"copies": max(1, 1_000_000 // max(1, sessions * 2 // 3))})
        client.command(PERSONS)
        of_visitors = client.query("SELECT count() FROM person_distinct_id2").result_rows[0][0]
        client.command(OTHER_PERSONS, parameters={"missing": max(0, MILLION - of_visitors)})
        client.command(PROPERTIES)
        client.command(COHORT, parameters={"cohort": cohort})


if __name__ == "__main__":
    make(int(sys.argv[1]))
