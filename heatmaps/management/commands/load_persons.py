from collections.abc import Iterator, Mapping
from typing import Any

from heatmaps.engine import Client
from heatmaps.loading.columns import PERSONS
from heatmaps.loading.persons import store_persons
from heatmaps.loading.spool import Spool
from heatmaps.management.load_command import LoadCommand
from heatmaps.models import Project


class Command(LoadCommand):
    help = "Load which visitor is which person: cohorts are made of persons. Without person_id, each is their own."
    table = PERSONS
    can_repeat = False

    def store(
        self, client: Client, project: Project, spool: Spool, digest: bytes, options: Mapping[str, Any]
    ) -> Iterator[tuple[int, int]]:
        return store_persons(client, spool, project.pk)
