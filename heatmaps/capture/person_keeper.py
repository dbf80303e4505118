"""What events say of persons into the metadata database, on behalf of the thread that stores everybody's events: one
database that is away or taken must not hold the others up."""

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import structlog
from django.db import Error as MetadataError
from django.db import connection

from heatmaps import metrics
from heatmaps.persons import following, keeping
from heatmaps.persons.changes import Change, Outcome

logger = structlog.get_logger(__name__)

# For how long nothing is tried after a failure.
REST_SECONDS = 5
# In one transaction.
CHANGES_AT_ONCE = 2_000


class PersonKeeper:
    def __init__(self) -> None:
        self._rests_until = float("-inf")
        # The last batch with persons, until the claims of the next one say whether it is complete; and those that are.
        self._last: int | None = None
        self._complete: list[int] = []

    def keep(self, changes: Sequence[Change], batch: int) -> Outcome | None:
        """None where they could not be kept, and are to be sent again."""
        if time.monotonic() < self._rests_until:
            return None
        whole = Outcome()
        try:
            _be_impatient()
            for first in range(0, len(changes), CHANGES_AT_ONCE):
                part = keeping.apply(changes[first : first + CHANGES_AT_ONCE], batch, self._complete)
                self._complete.clear()
                whole.made += part.made
                whole.tied += part.tied
                whole.refused |= {first + place: refused for place, refused in part.refused.items()}
        except MetadataError as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            logger.error("Persons could not be kept", cause=" ".join(str(error).split())[:500])  # noqa: TRY400 -- one line
            connection.close()
            return None
        keeping.release_connection()
        self._last = batch
        metrics.persons(whole.made, whole.tied)
        following.begin()
        return whole

    def note_complete(self, batches: Collection[int]) -> None:
        """ClickHouse knows of these, all that were complete, that they are stored. Their notes go with the next change,
        or after a rest."""
        if self._last is not None and self._last in batches:
            self._complete.append(self._last)
        self._last = None

    def rest(self) -> None:
        """Tidies up while there is nothing else to do."""
        if not self._complete:
            return
        try:
            _be_impatient()
            keeping.forget(self._complete)
            keeping.forget_old(datetime.now(UTC))
            self._complete.clear()
        except MetadataError as error:
            logger.warning("Notes of persons' events could not be dropped", cause=" ".join(str(error).split())[:500])
            connection.close()
        keeping.release_connection()


def _be_impatient() -> None:
    """The connection is this thread's own; PostgreSQL is told with every transaction."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {keeping.PATIENCE_MILLISECONDS}")
