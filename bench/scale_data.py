"""The site of bench.scale: one project of which half is one page. Prints a key, the table's size, and what inserts cost.

python -m bench.scale_data ROWS INSERTS ROWS_OF_AN_INSERT
"""

import json
import sys
import time

from django.core.management import call_command

from bench import data
from bench.reading import DAYS
from heatmaps import engine, schema
from heatmaps.engine import Client
from heatmaps.models import Membership, Organization, PersonalAPIKey, Project, User

ROWS = (
    data.INTERACTIONS.replace("upstream_heatmaps", "heatmaps")
    .replace("[1, 1, 1, 1, 1, 1, 1, 2, 2, 3][1 + session % 10]", str(data.BUSY_PROJECT))
    .replace("< 0.08", "< 0.5")
)
# What browsers send is of one day.
OF_A_DAY = ROWS.replace(f"{DAYS - 1} * 86400", "86400 / 2")
SETTLED_SECONDS = 1


def make(rows: int) -> str:
    """Fills the databases of the settings; a key."""
    call_command("migrate", verbosity=0)
    call_command("migrate_clickhouse")
    organization = Organization.objects.create(name="Bench")
    Project.objects.create(pk=data.BUSY_PROJECT, name="Busy", organization=organization)
    user = User.objects.create_user("bench@example.com", current_project_id=data.BUSY_PROJECT)
    Membership.objects.create(user=user, organization=organization)
    with engine.writer() as client:
        for first, number in data.parts(0, rows):
            client.command(ROWS, parameters={"first": first, "rows": number})
            sys.stderr.write(f"  {first + number:,} interactions\n")
        merge(client)
    return PersonalAPIKey.make(user, "bench")[1]


def merge(client: Client) -> None:
    """One part a week. Parts with projections and parts without cannot be merged with each other."""
    _wait(client, "SELECT count() FROM system.merges")
    for statement in schema.making_projections(client):
        client.command(statement)
    client.command("OPTIMIZE TABLE heatmaps FINAL")


def size(client: Client) -> dict[str, int]:
    """Bytes on disk of the table, and of its rollups."""
    ((whole,),) = client.query(
        "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'heatmaps'"
    ).result_rows
    ((rollups,),) = client.query(
        "SELECT sum(bytes_on_disk) FROM system.projection_parts"
        " WHERE active AND table = 'heatmaps' AND (name LIKE '%cells%' OR name LIKE '%screens')"
    ).result_rows
    return {"bytes": whole, "rollups": rollups}


def inserts(client: Client, number: int, rows: int) -> dict[str, float]:
    """CPU milliseconds of an insert, the merges behind it included: with the rollups, and as before there were any."""
    client.command("CREATE TABLE with_rollups AS heatmaps")
    client.command("CREATE TABLE without_rollups AS heatmaps")
    names = client.query("SELECT name FROM system.projections WHERE table = 'without_rollups'").result_rows
    for (name,) in names:
        if "cells" in name or "screens" in name:
            client.command(f"ALTER TABLE without_rollups DROP PROJECTION {name}")
    client.command(
        "ALTER TABLE without_rollups"
        " MODIFY SETTING materialize_projections_on_insert = 1, materialize_projections_on_merge = 0"
    )
    found = {}
    for table, name in (("without_rollups", "before"), ("with_rollups", "insert")):
        _wait(client, "SELECT count() FROM system.merges")
        sql = OF_A_DAY.replace("INSERT INTO heatmaps", f"INSERT INTO {table}")
        began = time.process_time()
        for one in range(number):
            client.command(sql, parameters={"first": one * rows, "rows": rows})
        _wait(client, "SELECT count() FROM system.merges")
        found[name] = (time.process_time() - began) / number * 1000
        client.command(f"DROP TABLE {table} SYNC")
    return found


def _wait(client: Client, count: str) -> None:
    """Until a count has been zero for some time."""
    quiet_since = time.monotonic()
    while time.monotonic() < quiet_since + SETTLED_SECONDS:
        if client.query(count).result_rows != [(0,)]:
            quiet_since = time.monotonic()
        time.sleep(0.1)


if __name__ == "__main__":
    made, number, rows = (int(argument) for argument in sys.argv[1:])
    key = make(made)
    with engine.writer() as writer:
        told = {"key": key, **size(writer), **inserts(writer, number, rows)}
    sys.stdout.write(json.dumps(told) + "\n")
