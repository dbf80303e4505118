"""Is it alive, and can it answer?"""

import logging

from django.db import Error as MetadataError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from heatmaps import clickhouse
from heatmaps.queries import Query

logger = logging.getLogger(__name__)


def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readiness(request: HttpRequest) -> HttpResponse:
    """Both databases answer: 200, else 503 with the one that does not."""
    found = {"metadata": _metadata_answers(), "clickhouse": _clickhouse_answers()}
    is_ready = all(found.values())
    return JsonResponse(
        {
            "status": "ok" if is_ready else "unavailable",
            **{name: "ok" if answers else "unavailable" for name, answers in found.items()},
        },
        status=200 if is_ready else 503,
    )


def _metadata_answers() -> bool:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except MetadataError as error:
        logger.warning("The metadata database does not answer: %s", error)
        return False
    return True


def _clickhouse_answers() -> bool:
    try:
        clickhouse.rows(Query("SELECT 1", {}))
    except clickhouse.EngineError as error:
        logger.warning("ClickHouse does not answer: %s", error)
        return False
    return True


PROBES = {"/_health": health, "/_readyz": readiness}
