"""The site of bench.scale: one project of which half is one page. Prints a key, the table's size, and what inserts cost.

python -m bench.scale_data ROWS INSERTS ROWS_OF_AN_INSERT
"""

import json
import sys
import time

from django.core.management import call_command

from bench import data
from bench.reading import DAYS
from heatmaps import engine
from heatmaps.engine import Client
from heatmaps.models import Membership, Organization, PersonalAPIKey, Project, User

ROWS = (
    data.INTERACTIONS.replace("upstream_heatmaps", "heatmaps")
    .replace("[1, 1, 1, 1, 1, 1, 1, 2, 2, 3][1 + session % 10]", str(data.BUSY_PROJECT))
    .replace("< 0.08", "< 0.5")
)
# What browsers send is of one day.
OF_A_DAY = ROWS.replace(f"{DAYS - 1} * 86400", "86400 / 2")


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
        data.merge(client)
    return PersonalAPIKey.make(user, "bench")[1]


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
        data.wait_for_merges(client)
        sql = OF_A_DAY.replace("INSERT INTO heatmaps", f"INSERT INTO {table}")
        began = time.process_time()
        for one in range(number):
            client.command(sql, parameters={"first": one * rows, "rows": rows})
        data.wait_for_merges(client)
        found[name] = (time.process_time() - began) / number * 1000
        client.command(f"DROP TABLE {table} SYNC")
    return found


if __name__ == "__main__":
    made, number, rows = (int(argument) for argument in sys.argv[1:])
    key = make(made)
    with engine.writer() as writer:
        told = {"key": key, **size(writer), **inserts(writer, number, rows)}
    sys.stdout.write(json.dumps(told) + "\n")
