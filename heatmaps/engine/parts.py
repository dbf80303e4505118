"""Parts of tables that the engine set aside because it could not read them. It goes on without their rows, and says
nothing."""

from heatmaps.engine.asking import rows
from heatmaps.engine.errors import EngineError
from heatmaps.engine.query import Query

_SET_ASIDE = """
SELECT table, name, reason FROM system.detached_parts
WHERE database = currentDatabase() AND reason IN ('broken', 'broken-on-start', 'unexpected', 'covered-by-broken')
ORDER BY table, name
"""


def set_aside() -> list[str]:
    """Each as `table/name (reason)`; none where the account may not ask."""
    try:
        return [f"{table}/{name} ({reason})" for table, name, reason in rows(Query(_SET_ASIDE, {}))]
    except EngineError:
        return []
