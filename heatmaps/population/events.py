"""Which rows of `events` a question is about, in SQL.

Conditions on the elements of an event stand by themselves, since they take long. They speak of `elements`, those of
`chain`, and a file of SQL has room for them where chains are put together.
"""

from heatmaps.population.binding import Binder
from heatmaps.population.conditions import ELEMENTS, condition
from heatmaps.population.filters import CapturedEvents
from heatmaps.population.layout import Layout
from heatmaps.population.predicates import bounds_of, of_urls
from heatmaps.population.property_filters import PropertyType
from heatmaps.population.sql import FILTERS_MARK, with_slot

# The page that an event was sent from.
_URL = "JSONExtractString(properties, '$current_url')"
_NUMBERS = 2**64


def about(sql: str, events: CapturedEvents, layout: Layout, binder: Binder) -> str:
    """The SQL of a question, about some events."""
    bounds = bounds_of(events.window, binder).condition
    conditions = [f"event IN {binder.bind(list(events.names), 'Array(String)', 'events')}", bounds]
    if events.sampling_factor < 1:
        end = int(events.sampling_factor * _NUMBERS)
        conditions.append(f"sipHash64(uuid) < {binder.bind(end, 'UInt64', 'sampled')}")
    conditions += filter(None, [of_urls(events, _URL, binder)])
    of_elements = ["1"]
    for one in events.properties:
        found = of_elements if one.type is PropertyType.ELEMENT else conditions
        found.append(condition(one, binder, events.timezone, layout, bounds=bounds))
    sql = with_slot(sql, "elements", ELEMENTS.replace("elements_chain", "chain"))
    sql = with_slot(sql, "conditions on elements", " AND ".join(of_elements))
    return sql.replace(FILTERS_MARK, "\n  ".join(f"AND {one}" for one in conditions))
