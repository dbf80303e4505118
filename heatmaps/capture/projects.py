"""Which project a token belongs to, without a question to the metadata database for every post."""

import re
import threading
import time
from dataclasses import dataclass

import structlog
from django.db import Error as MetadataError

from heatmaps.capture.refusals import busy
from heatmaps.metadata.connections import close_connection
from heatmaps.models import CaptureMode, Project
from heatmaps.population import wildcards

logger = structlog.get_logger(__name__)

KNOWN_FOR_SECONDS = 10.0
MAX_TOKENS = 10_000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Owner:
    """The project that a token belongs to, and whether it wants what browsers send."""

    team_id: int
    is_opted_in: bool
    timezone: str
    # The URLs of which interactions are stored, with wildcards; None for all.
    url_allowlist: tuple[str, ...] | None = None

    @property
    def captures(self) -> wildcards.Test | None:
        """Tells whether interactions of a URL are stored; None where all are."""
        return None if self.url_allowlist is None else wildcards.any_of(self.url_allowlist)


# The owner of each token, None for nobody's, and when that was looked up.
_known: dict[str, tuple[Owner | None, float]] = {}
_one_looks = threading.Lock()


def owner(token: str) -> Owner | None:
    """The token's project, as it was at most a few seconds ago; None when there is none."""
    found = _fresh(token)
    if found is not None:
        return found[0]
    if not _TOKEN.fullmatch(token):
        return None
    with _one_looks:
        found = _fresh(token)
        return found[0] if found is not None else _look_up(token)


def forget() -> None:
    _known.clear()


def _fresh(token: str) -> tuple[Owner | None, float] | None:
    found = _known.get(token)
    return found if found is not None and time.monotonic() - found[1] < KNOWN_FOR_SECONDS else None


def _look_up(token: str) -> Owner | None:
    try:
        row = Project.objects.filter(token=token).first()
    except MetadataError as error:
        # What was true a while ago is better than turning browsers away.
        logger.warning("The metadata database does not answer", cause=str(error))
        if token in _known:
            return _known[token][0]
        raise busy() from error
    finally:
        close_connection()
    if len(_known) >= MAX_TOKENS:
        _known.clear()
    _known[token] = (_owner(row) if row else None, time.monotonic())
    return _known[token][0]


def _owner(project: Project) -> Owner:
    return Owner(
        team_id=project.pk,
        is_opted_in=project.heatmaps_opt_in,
        timezone=project.timezone,
        url_allowlist=tuple(project.url_allowlist) if project.capture_mode == CaptureMode.URL_ALLOWLIST else None,
    )
