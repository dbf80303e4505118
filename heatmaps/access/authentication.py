"""Who is asking: a personal API key, or a session that began at the admin's login."""

import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError
from django.db.models import Q
from django.utils import timezone
from rest_framework import authentication
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from heatmaps.access import failed_attempts
from heatmaps.metadata import keys
from heatmaps.models import PersonalAPIKey, User

BEARER = re.compile(r"bearer\s+(\S.*)", re.IGNORECASE | re.DOTALL)
# A write for every request would cost more than the request.
LAST_USED_EVERY = timedelta(hours=1)

# As it stands, for every request: putting the same text together anew took longer than the answer.
_WITH_DIGEST = """
SELECT key.* FROM heatmaps_personalapikey AS key JOIN heatmaps_user AS owner ON owner.id = key.user_id
WHERE key.digest = %s AND owner.is_active
"""


class PersonalAPIKeyAuthentication(BaseAuthentication):
    """Tries one candidate: the header's, else the body's, else the query's. `request.auth` becomes the key."""

    def authenticate(self, request: Request) -> tuple[User, PersonalAPIKey] | None:
        candidate, place = self._candidate(request)
        if candidate is None:
            return None
        digest, address = keys.digest(candidate), failed_attempts.address_of(request._request)  # noqa: SLF001 -- as below
        is_known = failed_attempts.is_known(address, digest)
        if not is_known and (wait := failed_attempts.BAD_KEYS.seconds_to_wait(address)):
            raise Throttled(wait, "Too many keys from this address were invalid.")
        key = next(iter(PersonalAPIKey.objects.raw(_WITH_DIGEST, [digest])), None)
        if key is None:
            failed_attempts.BAD_KEYS.failed(address)
            raise AuthenticationFailed(f"Personal API key found in request {place} is invalid.")
        if not is_known:
            failed_attempts.remember(address, digest)
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > LAST_USED_EVERY:
            is_due = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_EVERY)
            # Nobody is kept from reading because this cannot be noted, as on a full disk.
            with suppress(OperationalError):
                PersonalAPIKey.objects.filter(is_due, pk=key.pk).update(last_used_at=now)
        # What else there is to know of the user is looked up when somebody asks, and the API never does.
        return User.from_db(DEFAULT_DB_ALIAS, ["id"], [key.user_id]), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    @staticmethod
    def _candidate(request: Request) -> tuple[str | None, str]:
        if header := BEARER.fullmatch(request.headers.get("Authorization", "").strip()):
            return header[1], "Authorization header"
        places: list[tuple[Any, str]] = [(request.query_params, "query string")]
        # What no parser is for is a file, in which no key is looked for.
        if request.parsers:
            # Read as a whole first, so that a body of any size meets the one limit for bodies.
            _ = request._request.body  # noqa: SLF001 -- Django's request has no other name in DRF's
            places.insert(0, (request.data, "body"))
        for source, place in places:
            value: Any = source.get("personal_api_key") if hasattr(source, "get") else None
            if value and isinstance(value, str):
                return value, place
        return None, ""


class SessionAuthentication(authentication.SessionAuthentication):
    """A session. Its CSRF token is asked for where a method changes something; elsewhere a POST is to be told 405."""

    def enforce_csrf(self, request: Request) -> None:
        if request.method in getattr(request.parser_context.get("view"), "changing_methods", ()):
            super().enforce_csrf(request)
