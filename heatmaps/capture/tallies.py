"""What came in and what was refused, by project and reason, in the metadata database: added up by the processes that
serve, read by `check_capture`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from heatmaps.models import CaptureTally, Project

# What is counted of what was stored.
POINTS, EVENTS = "points stored", "events stored"
# A row has the counts of so many minutes.
MINUTES = 60
# What did not happen for so long is not told any more.
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The last one."""

    at: datetime
    host: str
    origin: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many there were of a reason and project, by minutes since 1970; `team_id` is None where nobody knows."""

    team_id: int | None
    reason: str
    minutes: Mapping[int, int]
    example: Example


def add(tallies: Sequence[Tally]) -> None:
    with transaction.atomic():
        wanted = {tally.team_id for tally in tallies if tally.team_id is not None}
        known = {None, *Project.objects.filter(pk__in=wanted).values_list("pk", flat=True)}
        rows = CaptureTally.objects.select_for_update().filter(Q(project__in=wanted) | Q(project=None))
        by_key = {(row.project_id, row.reason): row for row in rows.order_by("-pk")}
        changed: list[CaptureTally] = []
        new: list[CaptureTally] = []
        for tally in tallies:
            if tally.team_id not in known:
                continue
            row = by_key.get((tally.team_id, tally.reason))
            (changed if row else new).append(_added(row, tally))
        CaptureTally.objects.bulk_update(changed, ["total", "minutes", "last_at", "host", "origin", "detail"])
        CaptureTally.objects.bulk_create(new)
        CaptureTally.objects.filter(last_at__lt=datetime.now(UTC) - KEPT_FOR).delete()


def _added(row: CaptureTally | None, tally: Tally) -> CaptureTally:
    last = tally.example
    row = row or CaptureTally(project_id=tally.team_id, reason=tally.reason, first_at=last.at)
    minutes = Counter({int(minute): count for minute, count in row.minutes.items()})
    minutes.update(tally.minutes)
    row.total += sum(tally.minutes.values())
    row.minutes = {str(minute): minutes[minute] for minute in sorted(minutes)[-MINUTES:]}
    row.last_at, row.host, row.origin, row.detail = last.at, last.host, last.origin, last.detail
    return row


def of_project(project: Project | None, now: datetime) -> list[CaptureTally]:
    """One row for each reason, the newest first; of what has no project for None."""
    found: dict[str, CaptureTally] = {}
    for row in CaptureTally.objects.filter(project=project).order_by("-last_at"):
        # Two processes that began at once may have made a row each.
        if newest := found.get(row.reason):
            newest.total += row.total
            newest.first_at = min(newest.first_at, row.first_at)
            newest.minutes = Counter(newest.minutes) + Counter(row.minutes)
        else:
            found[row.reason] = row
    first_minute = int(now.timestamp()) // 60 - MINUTES
    for row in found.values():
        row.minutes = {minute: count for minute, count in row.minutes.items() if int(minute) > first_minute}
    return list(found.values())
