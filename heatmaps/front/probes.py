"""Is it alive, can it answer, and what has it done?"""

import hmac
from functools import lru_cache
from time import monotonic

import structlog
from django.conf import settings
from django.db import Error as MetadataError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from heatmaps import engine, metrics
from heatmaps.engine import Query
from heatmaps.front import envelope

logger = structlog.get_logger(__name__)

# Looked for at most so often: there may be many directories to look into.
SET_ASIDE_SECONDS = 300
HEALTH = "/_health"
METRICS = "/metrics"
HEALTHY = b'{"status": "ok"}'


def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse(HEALTHY, content_type=envelope.JSON)


def readiness(request: HttpRequest) -> HttpResponse:
    """Both databases answer: 200, else 503 with the one that does not."""
    found = {"metadata": _metadata_answers(), "clickhouse": _clickhouse_answers()}
    is_ready = all(found.values())
    parts = _set_aside(int(monotonic() // SET_ASIDE_SECONDS)) if found["clickhouse"] else 0
    return JsonResponse(
        {
            "status": "ok" if is_ready else "unavailable",
            **{name: "ok" if answers else "unavailable" for name, answers in found.items()},
            **({"parts_set_aside": parts} if parts else {}),
        },
        status=200 if is_ready else 503,
    )


@lru_cache(1)
def _set_aside(moment: int) -> int:
    """How many parts of tables the engine could not read: it answers, without their rows."""
    parts = engine.set_aside()
    if parts:
        logger.error("ClickHouse could not read some parts, and goes on without their rows", parts=parts[:20])
    return len(parts)


def _metadata_answers() -> bool:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except MetadataError as error:
        logger.warning("The metadata database does not answer", cause=str(error))
        return False
    return True


def _clickhouse_answers() -> bool:
    try:
        engine.rows(Query("SELECT 1", {}))
    except engine.EngineError as error:
        logger.warning("ClickHouse does not answer", cause=str(error))
        return False
    return True


def counts(request: HttpRequest) -> HttpResponse:
    """What was counted, for whoever knows METRICS_TOKEN."""
    if not settings.METRICS_TOKEN:
        return envelope.endpoint_not_found(request)
    given = request.META.get("HTTP_AUTHORIZATION", "").encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return envelope.unauthenticated("The metrics are for those who send METRICS_TOKEN as a bearer token.")
    found = metrics.text(_rows_read() if engine.is_embedded() else None, request.META.get(metrics.FIGURES))
    return HttpResponse(*found) if found else envelope.endpoint_not_found(request)


def _rows_read() -> int | None:
    try:
        return engine.rows_read()
    except engine.EngineError:
        return None


ANSWERS = {HEALTH: health, "/_readyz": readiness, METRICS: counts}
