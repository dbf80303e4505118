"""What a heatmaps table has beyond PostHog's columns. The queries run without any of it, only slower."""

from dataclasses import dataclass

# The columns of our own table that the predicates may use; schema/004_heatmaps_by_page.sql says what they are.
KEY_COLUMNS = frozenset({"page_key", "slashes", "quarter", "visitor"})


@dataclass(frozen=True, slots=True)
class Layout:
    """`has_keys` when pages, time and visitors are there as numbers beside the texts."""

    has_keys: bool


PLAIN = Layout(has_keys=False)
OURS = Layout(has_keys=True)
