"""Visitors whom their browser does not name, so that nothing is kept in it: known for a day by a keyed hash of where
they come from, and by nothing after the day's key is destroyed."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog
from django.db import Error as MetadataError
from django.db import connection
from django.http import HttpRequest

from heatmaps.access.failed_attempts import address_of
from heatmaps.capture.projects import Owner
from heatmaps.capture.refusals import busy
from heatmaps.metadata.connections import close_connection
from heatmaps.models import CookielessSalt

logger = structlog.get_logger(__name__)

# From the beginning of its day.
KEPT_FOR = timedelta(hours=48)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Of projects and days, with the moment when they are to be destroyed. There are few: of two or three days at a time.
_salts: dict[tuple[int, date], tuple[bytes, datetime]] = {}


@dataclass(frozen=True, slots=True)
class Caller:
    """What tells one browser from another. Never stored."""

    address: str
    agent: str


def caller_of(request: HttpRequest) -> Caller:
    address = address_of(request)
    return Caller("" if address == "unknown" else address, request.META.get("HTTP_USER_AGENT", ""))


def visitor(properties: Mapping[str, Any], owner: Owner, caller: Caller, happened_at: int, received_at: int) -> str:
    """Who an unnamed visitor is. Raises Refused while the metadata database does not give the day's salt."""
    zone = ZoneInfo(owner.timezone)
    day = (_EPOCH + timedelta(microseconds=happened_at)).astimezone(zone).date()
    destroyed_at = datetime.combine(day, time(), zone).astimezone(UTC) + KEPT_FOR
    now = _EPOCH + timedelta(microseconds=received_at)
    if not (caller.address and caller.agent) or now >= destroyed_at:
        return f"cookieless_{uuid4().hex}"
    # A length in front of each, so that no two lists of parts look the same.
    parts = (str(owner.team_id), caller.address, caller.agent, _host(properties))
    text = b"".join(len(part).to_bytes(4) + part for part in (one.encode("utf-8", "replace") for one in parts))
    return f"cookieless_{hmac.digest(_salt(owner.team_id, day, destroyed_at, now), text, hashlib.sha256).hex()[:32]}"


def _host(properties: Mapping[str, Any]) -> str:
    host, url = properties.get("$host"), properties.get("$current_url")
    if isinstance(host, str) and host:
        return host
    try:
        return urlsplit(url).netloc if isinstance(url, str) else ""
    except ValueError:
        return ""


def _salt(team_id: int, day: date, destroyed_at: datetime, now: datetime) -> bytes:
    known = _salts.get((team_id, day))
    if known is None:
        destroy_old(now)
        try:
            row, _ = CookielessSalt.objects.get_or_create(
                project_id=team_id, day=day, defaults={"salt": secrets.token_hex(32), "destroyed_at": destroyed_at}
            )
        except MetadataError as error:
            logger.warning("The metadata database does not answer", cause=str(error))
            raise busy() from error
        finally:
            close_connection()
        known = _salts[team_id, day] = bytes.fromhex(row.salt), destroyed_at
    return known[0]


def destroy_old(now: datetime) -> None:
    """Forgets the salts of which the time has come, in this process and in the metadata database."""
    for key in [key for key, (_, destroyed_at) in list(_salts.items()) if destroyed_at <= now]:
        _salts.pop(key, None)
    try:
        if CookielessSalt.objects.filter(destroyed_at__lte=now).exists():
            if connection.vendor == "sqlite":
                with connection.cursor() as cursor:
                    # Else the file has them until their place is written anew.
                    cursor.execute("PRAGMA secure_delete = ON")
            CookielessSalt.objects.filter(destroyed_at__lte=now).delete()
    except MetadataError as error:
        logger.warning("Salts could not be destroyed yet", cause=str(error))


def forget() -> None:
    _salts.clear()
