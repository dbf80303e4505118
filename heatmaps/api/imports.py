"""Interactions in the body of a request, loaded as a file of them is."""

import gzip
import io
from collections.abc import Mapping
from typing import IO, Any, cast

from django.conf import settings
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from heatmaps import engine
from heatmaps.access.authentication import PersonalAPIKeyAuthentication
from heatmaps.access.scopes import WRITE
from heatmaps.api.errors import BadRequest, EngineRefused
from heatmaps.api.files import announced_length
from heatmaps.api.openapi import OF_THE_ENGINE, Operation
from heatmaps.api.views import ApiViewSet
from heatmaps.front.envelope import Refusal
from heatmaps.loading.columns import INTERACTIONS
from heatmaps.loading.files import BadFile, Source
from heatmaps.loading.load import finish, oldest_kept, store, wait_for_inserts
from heatmaps.loading.spool import BadRow, Spool
from heatmaps.loading.turns import turn
from heatmaps.metadata.connections import release_connection
from heatmaps.models import Project

# As files are named, by media type.
_NAMES = {
    "application/x-ndjson": "body.jsonl",
    "application/jsonl": "body.jsonl",
    "text/csv": "body.csv",
    "application/vnd.apache.parquet": "body.parquet",
}
_ENCODINGS = {"", "identity", "gzip"}
_UNDER_WAY = Refusal(503, "Another load of the project is under way. Try again when it is done.", retry_after=10)


class HeatmapImportResponse(serializers.Serializer[None]):
    rows = serializers.IntegerField(help_text="Rows of the body: those of the other three together.")
    added = serializers.IntegerField(help_text="Rows that were stored.")
    skipped = serializers.IntegerField(help_text="Rows that are stored already.")
    expired = serializers.IntegerField(help_text="Rows that are older than what is kept (`RETENTION_DAYS`).")


class ImportsViewSet(ApiViewSet):
    """Interactions that a program sends in one body."""

    # Not a session, which another site could make use of. Nor is a key looked for in the body.
    authentication_classes = [PersonalAPIKeyAuthentication]
    parser_classes: list[Any] = []
    body_is_file = True
    scopes: Mapping[str, str] = {"POST": WRITE}
    project: Project
    operation = Operation(
        operation_id="heatmaps_imports_list",
        description="""Stores interactions, as `load_interactions` loads them from a file.

The body is JSON Lines (`application/x-ndjson`), CSV with a header (`text/csv`) or Parquet
(`application/vnd.apache.parquet`), also with `Content-Encoding: gzip`. A bad row refuses the whole body and is named.
A row that is stored already is not stored again, so a body can be sent again whatever became of it.
A personal API key needs the scope `heatmap:write`.""",
        reply=HeatmapImportResponse,
        reply_description="How many rows there were, and what became of them.",
        body=tuple(name for name in _NAMES if name != "application/jsonl"),
        errors=(
            (400, "The body cannot be read, or has a bad row."),
            (413, "The body, or what it unpacks to, is longer than the service takes (`IMPORT_MAX_BYTES`)."),
            (415, "The body is neither JSON Lines nor CSV nor Parquet, or packed otherwise than by gzip."),
        ),
        without=OF_THE_ENGINE,
        may_be_kept=False,
    )

    def load(self, request: Request, **path: str) -> HttpResponseBase:
        name = _NAMES.get((request.content_type or "").partition(";")[0].strip().lower())
        encoding = request.headers.get("Content-Encoding", "").strip().lower()
        if name is None or encoding not in _ENCODINGS:
            raise UnsupportedMediaType(
                request.content_type or "",
                "Send JSON Lines as application/x-ndjson, CSV as text/csv or Parquet as application/vnd.apache.parquet,"
                " each as it is or with Content-Encoding: gzip.",
            )
        # Before anything of it is read.
        if announced_length(request) > settings.IMPORT_MAX_BYTES:
            raise _too_long()
        # Django's own request, which is a stream.
        sent = cast("IO[bytes]", request._request)  # noqa: SLF001 -- it has no other name in DRF's
        unpacked = cast("IO[bytes]", gzip.GzipFile(fileobj=sent)) if encoding == "gzip" else sent
        release_connection()
        return Response(_load(name, io.BufferedReader(_Limited(unpacked)), self.project))


def _load(name: str, stream: IO[bytes], project: Project) -> dict[str, int]:
    with Spool(INTERACTIONS, skip_invalid=False, oldest=oldest_kept(INTERACTIONS)) as spool:
        source = Source(name, stream, None, lambda _: None)
        try:
            spool.fill(source)
        except (BadFile, BadRow) as error:
            raise ParseError(f"{str(error).removesuffix('.')}. Nothing was stored.") from error
        added = 0
        with turn(project.pk, _refuse_to_wait) as check:
            wait_for_inserts(project.pk)
            with engine.writer() as client:
                for _, new in store(client, INTERACTIONS, spool, source.digest, team_id=project.pk, again=False):
                    added += new
                    check()
        if added:
            finish(INTERACTIONS)
        return {
            "rows": spool.rows + spool.expired,
            "added": added,
            "skipped": spool.rows - added,
            "expired": spool.expired,
        }


def _refuse_to_wait() -> None:
    """A load may take hours, and a request holds a thread."""
    raise EngineRefused(_UNDER_WAY)


def _too_long() -> BadRequest:
    return BadRequest(
        413, "request_too_large", f"The body is longer than {settings.IMPORT_MAX_BYTES:,} bytes. Send it in parts."
    )


class _Limited(io.RawIOBase):
    """A stream that may not be longer than a body, whatever it was packed to."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left = settings.IMPORT_MAX_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise _too_long()
        buffer[: len(data)] = data
        return len(data)
