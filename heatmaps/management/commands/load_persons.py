from collections.abc import Iterator, Mapping
from typing import Any

from heatmaps.engine import Client
from heatmaps.loading.columns import PERSONS
from heatmaps.loading.persons import store_persons
from heatmaps.loading.spool import Spool
from heatmaps.management.load_command import LoadCommand
from heatmaps.models import Project


class Command(LoadCommand):
    help = (
        "Load persons: which visitor is which person, and the properties of persons. A visitor without person_id keeps"
        " the person they have, or becomes a person of their own."
    )
    table = PERSONS
    can_repeat = False
    repeats = "Of several rows of one visitor the last one wins. A row that changes nothing counts as already there."

    def store(
        self, client: Client, project: Project, spool: Spool, digest: bytes, options: Mapping[str, Any]
    ) -> Iterator[tuple[int, int]]:
        return store_persons(client, spool, project.pk)
