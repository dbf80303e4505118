"""Moments: those that the engine can keep, and those that programs write. Knows no Django."""

from datetime import UTC, datetime

from dateutil.parser import isoparse

# The engine's DateTime64 begins and ends here. From the first one our tables count quarters of an hour.
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)


def read_iso(text: str) -> datetime | None:
    """What a text of ISO 8601 means, naive where it has no offset; None where it is none."""
    # The first is quick and reads what nearly all programs write; the second reads the rare forms.
    for read in (datetime.fromisoformat, isoparse):
        try:
            moment: datetime = read(text)
        except (ValueError, OverflowError):
            continue
        return moment
    return None
